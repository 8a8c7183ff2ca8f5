import { describe, expect, test } from 'vitest';
import { medianInterval } from '../../src/stats/median-interval.ts';

const oneTo = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at + 1);

describe('medianInterval', () => {
  // 2 P(X <= k) of Binomial(n, 1/2): n = 5, k = 0: 0.0625; n = 6: 0.031; n = 8: 0.0078 and, k = 1, 0.0703; n = 9, k = 1: 0.039;
  // n = 12, k = 2: 0.0386; n = 20, k = 5: 0.0414, k = 6: 0.115.
  test.each([
    [6, 1, 6],
    [8, 1, 8],
    [9, 2, 8],
    [12, 3, 10],
    [20, 6, 15],
  ])('of %i values it reaches from the %i. to the %i.', (count, low, high) => {
    expect(medianInterval(oneTo(count).toReversed(), 0.05)).toEqual({ low, high });
  });

  test('five values are too few at 0.05, and enough at 0.1', () => {
    expect(medianInterval(oneTo(5), 0.05)).toBeNull();
    expect(medianInterval(oneTo(5), 0.1)).toEqual({ low: 1, high: 5 });
    expect(medianInterval([], 0.05)).toBeNull();
  });

  test('equal values give one point', () => {
    expect(medianInterval([7, 7, 7, 7, 7, 7], 0.05)).toEqual({ low: 7, high: 7 });
  });
});
