/** The common clock: CLOCK_MONOTONIC in ns, the same in every thread and process. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { Worker } from 'node:worker_threads';
import { once } from 'node:events';
import { nowNs } from '../../src/kernel/clock.ts';

/** Readings taken one after another differ by at most this much more than they should: the error of the offset. */
const toleranceNs = 100e3;

const monotonicNs = (): number => Number(process.hrtime.bigint());

describe('nowNs', () => {
  it('is CLOCK_MONOTONIC: between two readings of it', () => {
    for (let round = 0; round < 1000; round++) {
      const before = monotonicNs();
      const now = nowNs();
      const after = monotonicNs();
      expect(now).toBeGreaterThanOrEqual(before - toleranceNs);
      expect(now).toBeLessThanOrEqual(after + toleranceNs);
    }
  });

  it('never goes back', () => {
    let last = nowNs();
    for (let round = 0; round < 100_000; round++) {
      const now = nowNs();
      if (now < last) expect(now).toBeGreaterThanOrEqual(last);
      last = now;
    }
  });

  it('agrees with other processes and threads that read the same clock', async () => {
    const before = nowNs();
    const child = Number(
      execFileSync(process.execPath, ['-p', 'String(process.hrtime.bigint())'], { encoding: 'utf8' }),
    );
    const between = nowNs();
    const worker = new Worker(
      'require("node:worker_threads").parentPort.postMessage(String(process.hrtime.bigint()))',
      {
        eval: true,
      },
    );
    const [thread] = (await once(worker, 'message')) as [string];
    const after = nowNs();
    const order = [before - toleranceNs, child, between, Number(thread), after + toleranceNs];
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  });
});
