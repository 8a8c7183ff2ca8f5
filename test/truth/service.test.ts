/** The seeded service times of a known-truth server. */
import { describe, expect, it } from 'vitest';
import { serviceTimes, type Service } from './service.ts';

function draw(service: Service, seed: number, count: number): readonly number[] {
  const next = serviceTimes(service, seed);
  return Array.from({ length: count }, () => next());
}

const lognormal: Service = { kind: 'lognormal', medianNs: 1e6, sigma: 0.5 };

describe('serviceTimes', () => {
  it('is constant where nothing is drawn', () => {
    expect(draw({ kind: 'constant', serviceNs: 7 }, 1, 3)).toEqual([7, 7, 7]);
  });

  it('gives the same times for the same seed, and others for another', () => {
    expect(draw(lognormal, 1, 50)).toEqual(draw(lognormal, 1, 50));
    expect(draw(lognormal, 1, 50)).not.toEqual(draw(lognormal, 2, 50));
  });

  it('draws from the lognormal distribution', () => {
    // Quantiles of the standard normal: 0, 1.2816, 2.3263 for 0.5, 0.9, 0.99. With 200,000 draws the standard error of each is below 0.8 %
    // (sqrt(p (1 - p) / n) / density x sigma: 0.14 %, 0.19 %, 0.42 %); 1.5 % are 3.6 of the largest.
    const sorted = Float64Array.from(draw(lognormal, 1, 200_000)).sort();
    for (const [p, z] of [
      [0.5, 0],
      [0.9, 1.2816],
      [0.99, 2.3263],
    ] as const) {
      const ratio = sorted[p * sorted.length]! / (1e6 * Math.exp(0.5 * z));
      expect(ratio).toBeGreaterThan(0.985);
      expect(ratio).toBeLessThan(1.015);
    }
  });

  it('makes exactly one of every N slow, not always the same', () => {
    const times = draw({ kind: 'one-slow', serviceNs: 1, slowNs: 9, oneIn: 10 }, 1, 1000);
    const places = Array.from({ length: 100 }, (_, row) => {
      const inRow = times.slice(row * 10, row * 10 + 10);
      expect(inRow.filter((value) => value === 9)).toHaveLength(1);
      return inRow.indexOf(9);
    });
    expect(new Set(places).size).toBe(10);
  });
});
