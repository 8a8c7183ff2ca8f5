import { expect, test } from 'vitest';
import { nowNs } from '../../src/kernel/clock.ts';
import { GcPauses, sumPauses } from '../../src/kernel/gc-pauses.ts';

test('a thread that blocks learns of its pauses when it is back in the event loop, with their times', async () => {
  const pauses = new GcPauses();
  const startNs = nowNs();
  // More than the young generation holds: it is collected several times.
  let kept: number[][] = [];
  for (let turn = 0; turn < 400_000; turn++) {
    kept.push(new Array<number>(30).fill(turn));
    if (kept.length > 10_000) kept = [];
  }
  const endNs = nowNs();
  expect(pauses.take()).toEqual([]);
  await pauses.settle();
  const found = pauses.take();
  pauses.close();
  expect(found.length).toBeGreaterThan(1);
  for (const { startNs: at, durationNs } of found) {
    expect(durationNs).toBeGreaterThan(0);
    expect(at + durationNs).toBeLessThan(nowNs());
  }
  expect(found.some(({ startNs: at }) => at > startNs && at < endNs)).toBe(true);
  expect(pauses.take()).toEqual([]);
});

test('pauses sum up', () => {
  expect(sumPauses([])).toEqual({ count: 0, totalNs: 0, longestNs: 0 });
  const pauses = [3e6, 1e6].map((durationNs) => ({ startNs: 0, durationNs }));
  expect(sumPauses(pauses)).toEqual({ count: 2, totalNs: 4e6, longestNs: 3e6 });
});
