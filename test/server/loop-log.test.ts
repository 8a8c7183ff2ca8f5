import { expect, test } from 'vitest';
import { nowNs } from '../../src/kernel/clock.ts';
import { LoopLog } from '../../src/server/loop-log.ts';

test('a blocked event loop was busy for as long as it was blocked, and late', async () => {
  const log = new LoopLog();
  // The loop must have turned before it counts its own waits, and its delay is measured from one tick to the next.
  await new Promise((resolve) => setTimeout(resolve, 60));
  const before = log.seconds();
  await new Promise((resolve) => setTimeout(resolve, 60));
  const startNs = nowNs();
  while (nowNs() < startNs + 80e6);
  await new Promise((resolve) => setTimeout(resolve, 60));
  const seconds = log.seconds();
  log.close();
  const last = seconds.at(-1)!;
  expect(seconds).toHaveLength(before.length + 1);
  expect(last.busyNs).toBeGreaterThan(79e6);
  expect(last.busyNs).toBeLessThanOrEqual(last.endNs - last.startNs);
  expect(last.eventLoopDelay.maxNs).toBeGreaterThan(50e6);
  expect(last.startNs).toBe(before.at(-1)!.endNs);
});

test('a loop that is blocked beyond the second is late by that, though its sampler had no two ticks', async () => {
  const log = new LoopLog();
  const startNs = nowNs();
  while (nowNs() < startNs + 1.3e9);
  await new Promise((resolve) => setTimeout(resolve, 1));
  const [second] = log.seconds();
  log.close();
  expect(second!.busyNs).toBeGreaterThan(1.2e9);
  expect(second!.eventLoopDelay.maxNs).toBeGreaterThan(0.25e9);
});
