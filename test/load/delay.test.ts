/** Delay distributions: means, medians and percentiles of seeded samples, and the exact inversion of percentile tables. */
import { describe, expect, it } from 'vitest';
import { delaySampler } from '../../src/load/delay.ts';
import { Random } from '../../src/load/random.ts';
import type { DelayConfig } from '../../src/scenario/config.ts';
import { exactQuantile, mean, median } from '../../src/stats/summary.ts';

const n = 40_000;

function sample(config: DelayConfig, seed = 1): number[] {
  const draw = delaySampler(config, new Random(seed));
  return Array.from({ length: n }, () => draw());
}

describe('delaySampler', () => {
  it('constant', () => {
    expect(new Set(sample({ distribution: 'constant', valueMs: 2.5 }))).toEqual(new Set([2.5]));
  });

  it('uniform fills its range', () => {
    const delays = sample({ distribution: 'uniform', minMs: 10, maxMs: 30 });
    expect(Math.min(...delays.slice(0, 10_000))).toBeGreaterThanOrEqual(10);
    expect(Math.max(...delays.slice(0, 10_000))).toBeLessThan(30);
    // Standard error of the mean: 20 / sqrt(12 n) = 0.029.
    expect(Math.abs(mean(delays)! - 20)).toBeLessThan(0.12);
    expect(Math.abs(exactQuantile(delays, 0.9)! - 28)).toBeLessThan(0.15);
  });

  it('exponential has its mean and its 90th percentile at mean x ln 10', () => {
    const delays = sample({ distribution: 'exponential', meanMs: 5 });
    expect(delays.every((delay) => delay >= 0)).toBe(true);
    // Standard errors: 5 / sqrt(n) = 0.025 and 5 x 3 / sqrt(n) = 0.075.
    expect(Math.abs(mean(delays)! - 5)).toBeLessThan(0.1);
    expect(Math.abs(exactQuantile(delays, 0.9)! - 5 * Math.LN10)).toBeLessThan(0.3);
  });

  it('lognormal has its median and its sigma', () => {
    const delays = sample({ distribution: 'lognormal', medianMs: 8, sigma: 0.5 });
    // In log scale: standard errors 0.5 x 1.25 / sqrt(n) = 0.003 for the median, 0.5 / sqrt(2n) = 0.0018 for sigma.
    const logs = delays.map((delay) => Math.log(delay / 8));
    expect(Math.abs(median(logs)!)).toBeLessThan(0.0125);
    expect(Math.abs(Math.sqrt(mean(logs.map((log) => log * log))!) - 0.5)).toBeLessThan(0.0075);
    // Normal: 97.7 % lie below two standard deviations.
    expect(logs.filter((log) => log < 1).length / n).toBeCloseTo(0.9772, 2);
  });

  it('percentiles are met', () => {
    const points = [
      { p: 0, valueMs: 1 },
      { p: 0.5, valueMs: 3 },
      { p: 0.9, valueMs: 10 },
      { p: 1, valueMs: 100 },
    ];
    const delays = sample({ distribution: 'percentiles', points });
    expect(Math.abs(exactQuantile(delays, 0.25)! - 2)).toBeLessThan(0.04);
    expect(Math.abs(exactQuantile(delays, 0.5)! - 3)).toBeLessThan(0.2);
    expect(Math.abs(exactQuantile(delays, 0.95)! - 55)).toBeLessThan(4);
  });

  it('is reproducible', () => {
    const config = { distribution: 'lognormal', medianMs: 8, sigma: 0.5 } as const;
    expect(sample(config, 3)).toEqual(sample(config, 3));
    expect(sample(config, 3)).not.toEqual(sample(config, 4));
  });
});

describe('a percentile table', () => {
  /** A stream that gives these units. */
  function units(...values: readonly number[]): Random {
    const random = new Random(1);
    let at = 0;
    random.nextUnit = () => values[at++]!;
    return random;
  }

  it('holds its first and last value outside, is linear inside, and jumps where points share their p', () => {
    const points = [
      { p: 0.2, valueMs: 10 },
      { p: 0.5, valueMs: 40 },
      { p: 0.5, valueMs: 100 },
      { p: 0.75, valueMs: 200 },
    ];
    const draw = delaySampler({ distribution: 'percentiles', points }, units(0, 0.2, 0.375, 0.5, 0.625, 0.75, 0.99));
    const delays = Array.from({ length: 7 }, () => draw());
    expect(delays.map((delay) => Number(delay.toFixed(9)))).toEqual([10, 10, 27.5, 100, 150, 200, 200]);
  });

  it('of one point is constant; of none is refused', () => {
    const one = delaySampler({ distribution: 'percentiles', points: [{ p: 0.5, valueMs: 7 }] }, units(0, 0.5, 0.9));
    expect([one(), one(), one()]).toEqual([7, 7, 7]);
    expect(() => delaySampler({ distribution: 'percentiles', points: [] }, new Random(1))).toThrow(RangeError);
  });
});
