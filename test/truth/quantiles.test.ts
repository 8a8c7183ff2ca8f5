/** Exact quantiles, and what counts as true. */
import { describe, expect, it } from 'vitest';
import { deviation, isTrue, quantilesOf } from './quantiles.ts';

describe('quantilesOf', () => {
  it('is number ceil(p N) in order', () => {
    const values = Array.from({ length: 1000 }, (_, index) => 1000 - index);
    expect(quantilesOf(values)).toEqual([500, 900, 990, 999]);
  });

  it('rounds the number up: 0.5 x 3 = 1.5 is the second, 0.9 x 3 the third', () => {
    expect(quantilesOf([30, 10, 20])).toEqual([20, 30, 30, 30]);
  });

  it('sorts by value, not by text', () => {
    expect(quantilesOf([9, 100])).toEqual([9, 100, 100, 100]);
  });

  it('refuses an empty sample', () => {
    expect(() => quantilesOf([])).toThrow(RangeError);
  });
});

describe('deviation', () => {
  it('is measured less true, and its share of the true', () => {
    expect(deviation(118, 180)).toEqual({ absolute: -62, relative: -62 / 180 });
    expect(deviation(0, 0)).toEqual({ absolute: 0, relative: 0 });
    expect(deviation(5, 0)).toEqual({ absolute: 5, relative: Infinity });
  });
});

describe('isTrue', () => {
  it.each([
    ['100 us of 1 ms', 1_100_000, 1_000_000, true],
    ['more than that', 1_100_001, 1_000_000, false],
    ['less than the truth by 100 us', 900_000, 1_000_000, true],
    ['2 % of 180 ms', 183_600_000, 180_000_000, true],
    ['more than 2 %', 183_600_001, 180_000_000, false],
    ['less than the truth by more than 2 %', 176_399_999, 180_000_000, false],
  ])('%s', (_, measuredNs, truthNs, expected) => {
    expect(isTrue(measuredNs, truthNs)).toBe(expected);
  });
});
