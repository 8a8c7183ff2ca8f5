import { describe, expect, it } from 'vitest';
import { nowNs } from '../../src/kernel/clock.ts';
import { loadNative } from '../../src/kernel/native.ts';
import { PreciseSleep } from '../../src/kernel/precise-sleep.ts';

describe.skipIf(!loadNative().ok)('exact sleeps', () => {
  it('never end early, and end in the order of their times', async () => {
    const sleep = new PreciseSleep();
    const startNs = nowNs();
    const ended: number[] = [];
    // 3 of them fit into libuv's pool of 4 threads.
    for (const ms of [15, 5, 10]) {
      const atNs = startNs + ms * 1e6;
      const begun = sleep.until(atNs, () => {
        expect(nowNs()).toBeGreaterThanOrEqual(atNs);
        ended.push(ms);
      });
      expect(begun).toBe(true);
    }
    await sleep.close();
    expect(ended).toEqual([5, 10, 15]);
  });

  it('refuses the ninth at once, and takes another when one has ended', async () => {
    const sleep = new PreciseSleep();
    const atNs = nowNs() + 5e6;
    let ended = 0;
    let again = false;
    const count = (): void => {
      ended++;
      if (ended === 1) again = sleep.until(atNs, count);
    };
    for (let index = 0; index < 8; index++) expect(sleep.until(atNs, count)).toBe(true);
    expect(sleep.until(atNs, count)).toBe(false);
    await sleep.close();
    expect([ended, again]).toEqual([9, true]);
  });
});
