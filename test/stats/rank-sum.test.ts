/** The rank-sum test and its interval: published values, every choice enumerated, and their duality. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { largestRejectedCount, rankSumTest, shiftEstimate } from '../../src/stats/rank-sum.ts';

/** Twice the smaller tail, by looking at every choice of `second.length` of all values. */
function enumerated(first: readonly number[], second: readonly number[]): number {
  const all = [...first, ...second];
  const doubledU = (chosen: (index: number) => boolean): number =>
    all.reduce((sum, b, i) => {
      if (!chosen(i)) return sum;
      return sum + all.reduce((wins, a, j) => wins + (chosen(j) ? 0 : b > a ? 2 : b === a ? 1 : 0), 0);
    }, 0);
  const seen = doubledU((index) => index >= first.length);
  let [choices, upTo, from] = [0, 0, 0];
  for (let mask = 0; mask < 2 ** all.length; mask++) {
    const chosen = (index: number): boolean => ((mask >> index) & 1) === 1;
    if (all.filter((_, index) => chosen(index)).length !== second.length) continue;
    const u = doubledU(chosen);
    choices++;
    if (u <= seen) upTo++;
    if (u >= seen) from++;
  }
  return Math.min(1, (2 * Math.min(upTo, from)) / choices);
}

const fewValues = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 5 });
const distinctSides = fc
  .uniqueArray(fc.integer({ min: 1, max: 10_000 }), { minLength: 8, maxLength: 24 })
  .chain((values) =>
    fc.integer({ min: 4, max: values.length - 4 }).map((cut) => [values.slice(0, cut), values.slice(cut)] as const),
  );

describe('rankSumTest', () => {
  // Diagnosis ages of men and women: the example of scipy.stats.mannwhitneyu, which gives these p-values for both methods.
  const women = [20, 11, 17, 12];
  const men = [19, 22, 16, 29, 24];

  it('gives the published values, exactly and by approximation', () => {
    expect(rankSumTest(women, men)).toEqual({ u: 17, p: 14 / 126, exact: true });
    const approximate = rankSumTest(women, men, 0);
    expect(approximate).toMatchObject({ u: 17, exact: false });
    expect(approximate.p).toBeCloseTo(0.11134688653314041, 12);
  });

  it('shares mean ranks among ties', () => {
    // 198 of the C(15,8) = 6435 choices have a rank sum as great (enumerated in Python); approximation by scipy, ties corrected.
    const first = [1, 2, 2, 3, 5, 5, 7];
    const second = [2, 4, 5, 6, 6, 8, 9, 9];
    expect(rankSumTest(first, second)).toMatchObject({ u: 44, exact: true });
    expect(rankSumTest(first, second).p).toBeCloseTo((2 * 198) / 6435, 14);
    expect(rankSumTest(first, second, 0).p).toBeCloseTo(0.07029422941876672, 12);
  });

  it.each([
    ['one value each', [1], [2], 1],
    ['apart', [1, 2, 3, 4], [5, 6, 7, 8], 2 / 70],
    ['apart, equal within', [1, 1, 1, 1], [2, 2, 2, 2], 2 / 70],
    ['all equal', [3, 3, 3, 3], [3, 3, 3, 3], 1],
    ['one against many', [0], Array.from({ length: 39 }, (_, index) => index + 1), 0.05],
  ])('%s', (_name, first, second, p) => {
    expect(rankSumTest(first, second).p).toBeCloseTo(p, 14);
  });

  it('equals the enumeration of every choice, ties and all', () => {
    fc.assert(
      fc.property(fewValues, fewValues, (first, second) => {
        expect(rankSumTest(first, second).p).toBeCloseTo(enumerated(first, second), 12);
      }),
      { numRuns: 60 },
    );
    expect(rankSumTest([1, 4, 4, 6, 2, 9, 3, 4], [5, 4, 7, 9, 8, 2, 9, 9]).p).toBeCloseTo(
      enumerated([1, 4, 4, 6, 2, 9, 3, 4], [5, 4, 7, 9, 8, 2, 9, 9]),
      12,
    );
  });

  it('does not care which side is called the first, nor which direction is up', () => {
    fc.assert(
      fc.property(fewValues, fewValues, (first, second) => {
        const there = rankSumTest(first, second);
        const back = rankSumTest(second, first);
        expect(back.u).toBe(first.length * second.length - there.u);
        expect(back.p).toBeCloseTo(there.p, 12);
        const mirrored = rankSumTest(
          first.map((value) => -value),
          second.map((value) => -value),
        );
        expect(mirrored.p).toBeCloseTo(there.p, 12);
      }),
    );
  });

  it('passes over to the approximation without a jump', () => {
    // The exact values of 30 a side, beside the approximation that 31 a side would get.
    const first = Array.from({ length: 30 }, (_, index) => index * 2);
    for (const shift of [1, 9, 15, 21]) {
      const second = first.map((value) => value + shift);
      const exact = rankSumTest(first, second);
      expect(exact.exact).toBe(true);
      expect(Math.abs(rankSumTest(first, second, 0).p - exact.p)).toBeLessThan(0.002);
    }
    expect(
      rankSumTest(
        first,
        Array.from({ length: 31 }, (_, index) => index),
      ).exact,
    ).toBe(false);
    expect(rankSumTest(Array<number>(40).fill(1), Array<number>(40).fill(1)).p).toBe(1);
  });

  it('refuses an empty side and what is no number', () => {
    for (const [first, second] of [
      [[], [1]],
      [[1], []],
      [[1], [NaN]],
      [[Infinity], [1]],
    ] as const) {
      expect(() => rankSumTest(first, second)).toThrow(RangeError);
      expect(() => shiftEstimate(first, second, 0.05, 'difference')).toThrow(RangeError);
    }
  });
});

describe('largestRejectedCount', () => {
  // Critical values of Mann & Whitney's U at 5 %, two-sided, with their levels by counting partitions in Python.
  it.each([
    [4, 4, 0, 0.02857142857142857],
    [3, 5, 0, 0.03571428571428571],
    [2, 8, 0, 0.044444444444444446],
    [5, 5, 2, 0.031746031746031744],
    [5, 9, 7, 0.04195804195804196],
    [6, 6, 5, 0.04112554112554113],
    [7, 7, 8, 0.03787878787878788],
    [8, 8, 13, 0.049883449883449886],
    [10, 10, 23, 0.04325705254497824],
    [20, 20, 127, 0.04909032518937244],
    [30, 30, 317, 0.049619999964656096],
  ])('%i and %i values', (first, second, count, p) => {
    const found = largestRejectedCount(first, second, 0.05);
    expect(found?.count).toBe(count);
    expect(found?.p).toBeCloseTo(p, 12);
    expect(largestRejectedCount(second, first, 0.05)?.count).toBe(count);
  });

  it('is one less by approximation for 30 and 30, whose level is close to 5 %', () => {
    // (317 + 0.5 - 450) / sqrt(30 x 30 x 61 / 12) = -1.9589, just short of -1.9600.
    expect(largestRejectedCount(30, 30, 0.05, 0)?.count).toBe(316);
  });

  it('does not exist where no order is rare enough', () => {
    expect(largestRejectedCount(3, 4, 0.05)).toBeNull();
    expect(largestRejectedCount(4, 4, 0.02)).toBeNull();
    for (const alpha of [0, 1, NaN]) expect(() => largestRejectedCount(4, 4, alpha)).toThrow(RangeError);
  });
});

describe('shiftEstimate', () => {
  it('of 4 and 4 values runs over all differences', () => {
    // The 16 differences: 1 4 6 8, 0 3 5 7, -3 0 2 4, -6 -3 -1 1; in the middle stand 1 and 2.
    expect(shiftEstimate([1, 2, 5, 8], [2, 5, 7, 9], 0.05, 'difference')).toEqual({
      estimate: 1.5,
      interval: { low: -6, high: 8 },
      confidence: 1 - 2 / 70,
    });
    expect(shiftEstimate([1, 2, 4, 8], [2, 4, 8, 16], 0.05, 'ratio')).toMatchObject({
      interval: { low: 0.25, high: 16 },
    });
  });

  it('of 5 and 5 values leaves out two at either end', () => {
    // With powers of 3 all 25 ratios are known: 3^(1 + j - i), each exponent 1 + k occurring 5 - |k| times.
    const first = [1, 3, 9, 27, 81];
    const second = first.map((value) => value * 3);
    const { estimate, interval } = shiftEstimate(first, second, 0.05, 'ratio');
    // Ascending exponents: -3, -2, -2, ...; the third from below is -2, from above 4.
    expect([estimate, interval?.low, interval?.high]).toEqual([3, 1 / 9, 81]);
  });

  it('excludes no change exactly where the test rejects', () => {
    fc.assert(
      fc.property(distinctSides, fc.constantFrom(0.05, 0.2), ([first, second], alpha) => {
        const { interval } = shiftEstimate(first, second, alpha, 'difference');
        expect(interval !== null && (interval.low > 0 || interval.high < 0)).toBe(
          rankSumTest(first, second).p <= alpha + 1e-12,
        );
      }),
    );
  });
});
