import { expect, test } from 'vitest';
import { LoopWatch } from '../../src/clients/loop-watch.ts';

const second = 1e9;

test('what is not waiting is busy, second by second, and the last one is as long as it was', async () => {
  const watch = new LoopWatch(0, 3 * second);
  watch.waited(0, 0.25 * second);
  watch.waited(0.5 * second, 0.75 * second);
  watch.waited(0.9 * second, 1.1 * second); // over the border: the second ends with the wait
  watch.waited(1.2 * second, 1.4 * second);
  const seconds = await watch.finish(1.6 * second);
  expect(
    seconds.map(({ startNs, endNs, busyNs }) => [startNs, endNs, busyNs].map((ns) => Math.round(ns / 1e6))),
  ).toEqual([
    // 1.1 s less 0.25 + 0.25 + 0.2.
    [0, 1100, 400],
    [1100, 1600, 300],
  ]);
});

test('a second that could not be ended in time is longer, and the next ends on the old grid', async () => {
  const watch = new LoopWatch(0, 10 * second);
  watch.waited(0, 3.2 * second);
  watch.waited(3.2 * second, 4.1 * second);
  watch.tick(4.9 * second);
  const seconds = await watch.finish(5 * second);
  expect(seconds.map(({ endNs }) => endNs / second)).toEqual([3.2, 4.1, 5]);
  expect(seconds.map(({ busyNs }) => busyNs)).toEqual([0, 0, expect.closeTo(0.9 * second, -3)]);
});

test('a long trial has 600 seconds, each as much longer', async () => {
  const watch = new LoopWatch(0, 1200 * second);
  for (let at = 0; at < 1200; at++) watch.waited(at * second, (at + 1) * second);
  expect(await watch.finish(1200 * second)).toHaveLength(600);
});

test.runIf(process.platform === 'linux')('a thread that works runs for the time that it takes', async () => {
  const { nowNs } = await import('../../src/kernel/clock.ts');
  const startNs = nowNs();
  const watch = new LoopWatch(startNs, second);
  let sum = 0;
  while (nowNs() < startNs + 0.1 * second) sum += Math.sqrt(sum + 1);
  const [only] = await watch.finish(nowNs());
  expect(only!.processors).toMatch(/^\d/);
  // Null where this kernel keeps no account; else it ran or was kept from it all the time but for a tick or two of 10 ms.
  if (only!.cpuNs !== null) expect(only!.cpuNs + only!.runDelayNs!).toBeGreaterThan(0.07 * second);
});

test('an event loop tells of its waits itself', async () => {
  const { nowNs } = await import('../../src/kernel/clock.ts');
  const startNs = nowNs();
  const watch = new LoopWatch(startNs, second, 'event loop');
  await new Promise((resolve) => setTimeout(resolve, 50));
  const [only] = await watch.finish(nowNs());
  expect(only!.busyNs).toBeLessThan(only!.endNs - only!.startNs - 20e6);
});
