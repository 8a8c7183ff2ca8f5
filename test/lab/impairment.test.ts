import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Impairment } from '../../src/lab/impairment.ts';
import { Random } from '../../src/load/random.ts';
import type { LinkConfig } from '../../src/scenario/config.ts';
import { linkConfig } from './link-config.ts';

function impairment(parts: Partial<LinkConfig>, seed = 1): Impairment {
  return new Impairment(linkConfig(parts), new Random(seed));
}

/** Due times in ms of packets of 1000 bytes; the admission where one did not pass. */
function dues(link: Impairment, arrivalsMs: readonly number[], bytes = 1000): (number | string)[] {
  return arrivalsMs.map((ms) => {
    const admission = link.admit(ms * 1e6, bytes, true);
    return admission === 'pass' ? link.dueNs / 1e6 : admission;
  });
}

describe('Impairment', () => {
  it('delays by half a round trip', () => {
    expect(dues(impairment({ rttMs: 20 }), [0, 0, 1, 7])).toEqual([10, 10, 11, 17]);
  });

  it('delivers at once on a perfect link', () => {
    expect(dues(impairment({}), [0, 3])).toEqual([0, 3]);
  });

  // 8 Mbit/s: 1000 bytes take 1 ms. The queue holds two of them besides the rest of the one that is sent.
  it('serialises at the bandwidth and drops what the queue cannot hold', () => {
    const link = impairment({ bandwidthBitsPerSecond: 8e6, queueBytes: 3000 });
    expect(dues(link, [0, 0, 0, 0, 0, 1])).toEqual([1, 2, 3, 'queueFull', 'queueFull', 4]);
    expect(link.peakQueueBytes).toBe(3000);
  });

  it('lets an idle bottleneck send a packet though the queue is none', () => {
    const link = impairment({ bandwidthBitsPerSecond: 8e6, queueBytes: 0, rttMs: 10 });
    expect(dues(link, [0, 0.5, 1])).toEqual([6, 'queueFull', 7]);
    expect(link.peakQueueBytes).toBe(0);
  });

  it('is never due before the packet before, and never later than its own jitter allows', () => {
    const arrivals = fc.array(fc.integer({ min: 0, max: 5_000_000 }), { minLength: 2, maxLength: 50 });
    fc.assert(
      fc.property(
        arrivals,
        fc.nat(20),
        fc.double({ min: 0, max: 5, noNaN: true }),
        fc.nat(),
        (gaps, rttMs, jitterMs, seed) => {
          const link = impairment({ rttMs, jitterMs }, seed);
          let nowNs = 0;
          let lastNs = 0;
          let worstNs = 0;
          for (const gap of gaps) {
            nowNs += gap;
            link.admit(nowNs, 100, true);
            worstNs = Math.max(worstNs, nowNs + rttMs * 5e5 + jitterMs * 1e6);
            expect(link.dueNs).toBeGreaterThanOrEqual(Math.max(lastNs, nowNs + rttMs * 5e5));
            expect(link.dueNs).toBeLessThanOrEqual(worstNs);
            lastNs = link.dueNs;
          }
        },
      ),
    );
  });

  it('draws jitter uniformly', () => {
    const link = impairment({ jitterMs: 4 });
    const late = Array.from({ length: 10_000 }, (_, index) => {
      link.admit(index * 1e9, 100, false);
      return (link.dueNs - index * 1e9) / 1e6;
    });
    expect(late.every((ms) => ms >= 0 && ms < 4)).toBe(true);
    // Mean 2, standard error 4 / sqrt(12 x 10,000) = 0.0115; the bounds are 5 of them.
    expect(Math.abs(late.reduce((sum, ms) => sum + ms, 0) / late.length - 2)).toBeLessThan(0.058);
  });

  it('loses, doubles and reorders about the share that was asked for', () => {
    const link = impairment({ rttMs: 10, loss: 0.1, duplicate: 0.2, reorder: 0.3 });
    const seen = { lost: 0, doubled: 0, overtook: 0 };
    for (let index = 0; index < 10_000; index++) {
      if (link.admit(index * 1e6, 100, true) === 'lost') seen.lost++;
      else {
        if (link.isDoubled) seen.doubled++;
        if (link.overtakes) {
          seen.overtook++;
          expect(link.dueNs).toBe(index * 1e6);
        }
      }
    }
    // Binomial: 5 standard deviations are 150 of 10,000 at 0.1, and at most 230 of the 9,000 that are left.
    expect(Math.abs(seen.lost - 1000)).toBeLessThan(150);
    expect(Math.abs(seen.doubled - 1800)).toBeLessThan(230);
    expect(Math.abs(seen.overtook - 2700)).toBeLessThan(230);
  });

  it('overtakes nothing where nothing waits', () => {
    const link = impairment({ rttMs: 10, reorder: 1 });
    link.admit(0, 100, false);
    expect([link.overtakes, link.dueNs]).toEqual([false, 5e6]);
  });

  it('draws the same fate for the same seed, and loses the same packets whatever else is switched on', () => {
    const none = { loss: 0.2 };
    const run = (parts: Partial<LinkConfig>, seed: number): string => {
      const link = impairment(parts, seed);
      return Array.from({ length: 200 }, () => (link.admit(0, 100, true) === 'lost' ? 'x' : '.')).join('');
    };
    expect(run(none, 7)).toBe(run(none, 7));
    expect(run(none, 7)).not.toBe(run(none, 8));
    expect(run({ loss: 0.2, duplicate: 0.5, jitterMs: 3, reorder: 0.5 }, 7)).toBe(run(none, 7));
  });
});
