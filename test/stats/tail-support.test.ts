/** How many requests a quantile needs before it may be gated. */
import { describe, expect, it } from 'vitest';
import { tailSupport } from '../../src/stats/tail-support.ts';

describe('tailSupport', () => {
  it.each([
    [0.99, 10_000],
    [0.999, 100_000],
    [0.9999, 1_000_000],
    [0.9, 1000],
    [0.75, 400],
    [0.5, 200],
    // The 101st of 1,001 is the first with a hundred before it.
    [0.1, 1001],
  ])('of the quantile %d needs %i requests', (quantile, needed) => {
    expect(tailSupport([needed, needed + 5], quantile)).toMatchObject({ supported: true, requestsNeeded: needed });
    expect(tailSupport([needed, needed - 1], quantile)).toMatchObject({ supported: false, fewest: 99 });
  });

  it('is that of the trial with the fewest', () => {
    expect(tailSupport([20_000, 5000, 90_000], 0.99)).toEqual({ supported: false, fewest: 50, requestsNeeded: 10_000 });
    expect(tailSupport([0], 0.99).fewest).toBe(0);
    expect(tailSupport([], 0.99)).toMatchObject({ supported: false, fewest: 0 });
  });

  it('never is enough for the least and the greatest value', () => {
    for (const quantile of [0, 1]) {
      expect(tailSupport([1e9], quantile)).toMatchObject({ supported: false, requestsNeeded: null });
    }
  });

  it('refuses counts and quantiles that are none', () => {
    for (const count of [-1, 0.5, NaN, Infinity]) expect(() => tailSupport([count], 0.5)).toThrow(RangeError);
    expect(() => tailSupport([1], 99)).toThrow(RangeError);
  });
});
