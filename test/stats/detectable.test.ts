/** The smallest change a design can see: the worked example, and how it grows. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/load/random.ts';
import {
  detectablePaired,
  detectableUnpaired,
  pooledDeviation,
  standardDeviation,
} from '../../src/stats/detectable.ts';
import { largestRejectedCount } from '../../src/stats/rank-sum.ts';
import { largestRejectedSum } from '../../src/stats/signed-rank.ts';

describe('detectablePaired', () => {
  it('is about 11 % for eight blocks with a spread of 8.5 %', () => {
    // The real level is 10/256: t(1 - 5/256, 7) = 2.532980 and t(0.8, 7) = 0.896030 of scipy.stats.t. Its fineness is
    // ln(10/256) / ln(2/256) = 0.668296, so that the factor is 1.017 + 0.168296 / 0.2 x (1.043 - 1.017) = 1.038878.
    const factor = 1.0388785;
    expect(detectablePaired(0.085, 8, 0.05)).toBeCloseTo(Math.exp((factor * 3.4290097 * 0.085) / Math.sqrt(8)) - 1, 7);
    expect(detectablePaired(0.085, 8, 0.05)).toBeCloseTo(0.113, 3);
  });

  it('shrinks with blocks and grows with spread and confidence', () => {
    const at = (spread: number, blocks: number, alpha: number): number => detectablePaired(spread, blocks, alpha)!;
    expect(at(0.085, 16, 0.05)).toBeLessThan(at(0.085, 8, 0.05));
    expect(at(0.1, 8, 0.05)).toBeGreaterThan(at(0.085, 8, 0.05));
    expect(at(0.085, 8, 0.01)).toBeGreaterThan(at(0.085, 8, 0.05));
    expect(at(0, 8, 0.05)).toBe(0);
  });

  it('is unknown where nothing could be significant, or without a spread', () => {
    expect([5, 6].map((blocks) => detectablePaired(0.1, blocks, 0.05) === null)).toEqual([true, false]);
    expect([7, 8].map((blocks) => detectablePaired(0.1, blocks, 0.01) === null)).toEqual([true, false]);
    expect(detectablePaired(null, 8, 0.05)).toBeNull();
    expect(detectablePaired(0.1, 1, 0.05)).toBeNull();
    expect(detectablePaired(1e4, 8, 0.05)).toBeNull();
    expect(() => detectablePaired(0.1, 8, 0)).toThrow(RangeError);
  });
});

describe('detectableUnpaired', () => {
  it('is that of the two-sample t-test at the real level, times a factor', () => {
    // The level of U <= 13 is 0.0498834, its t(1 - level/2, 14) = 2.146040; t(0.8, 14) = 0.8680548; the standard error is
    // 0.06 x sqrt(1/8 + 1/8) = 0.03. The fineness is ln(level) / ln(2 / 12870) = 0.341874, the factor 1.028 + (0.341874 - 0.25) / 0.25 x 0.012.
    expect(detectableUnpaired(0.06, 8, 8, 0.05)).toBeCloseTo(
      Math.exp(1.0324099 * (2.1460404 + 0.868054785) * 0.03) - 1,
      7,
    );
    expect(detectableUnpaired(0.06, 4, 12, 0.05)).toBeGreaterThan(detectableUnpaired(0.06, 8, 8, 0.05)!);
  });

  it('is unknown where nothing could be significant', () => {
    expect([detectableUnpaired(0.1, 3, 4, 0.05), detectableUnpaired(0.1, 4, 4, 0.05) === null]).toEqual([null, false]);
    expect([detectableUnpaired(null, 8, 8, 0.05), detectableUnpaired(0.1, 0, 8, 0.05)]).toEqual([null, null]);
  });
});

/** Share of samples of normal values, moved by what is called detectable, of which the test says that they are moved. */
describe('the power that is promised', () => {
  const draws = 4000;
  const finenesses = [0.25, 0.5, 0.7, 0.8, 0.9, 1];
  // The standard error of a share of 4,000 is 0.6 %; tabulated factors are good to 1 %, which is 1 to 2 % of power, and between them
  // lines stand for curves.
  const expectFourOfFive = (found: number): void => {
    expect(found).toBeGreaterThan(0.76);
    expect(found).toBeLessThan(0.84);
  };

  /** T- of the signed-rank test is the number of pairs, each value with itself too, whose mean is below zero. */
  function pairedPower(blocks: number, alpha: number): number {
    const random = new Random(blocks);
    const shift = Math.log1p(detectablePaired(1, blocks, alpha)!);
    const { sum } = largestRejectedSum(blocks, alpha)!;
    let found = 0;
    for (let draw = 0; draw < draws; draw++) {
      const logs = Array.from({ length: blocks }, () => random.nextNormal() + shift);
      let below = 0;
      for (let i = 0; i < blocks; i++) for (let j = i; j < blocks; j++) if (logs[i]! + logs[j]! < 0) below++;
      if (below <= sum) found++;
    }
    return found / draws;
  }

  /** U is the number of pairs of a value of either side in which that of the second is the smaller. */
  function unpairedPower(first: number, second: number, alpha: number): number {
    const random = new Random(100 * first + second);
    const shift = Math.log1p(detectableUnpaired(1, first, second, alpha)!);
    const { count } = largestRejectedCount(first, second, alpha)!;
    let found = 0;
    for (let draw = 0; draw < draws; draw++) {
      const base = Array.from({ length: first }, () => random.nextNormal());
      const other = Array.from({ length: second }, () => random.nextNormal() + shift);
      const smaller = base.reduce((sum, from) => sum + other.filter((to) => to < from).length, 0);
      if (smaller <= count) found++;
    }
    return found / draws;
  }

  it.each([4, 5, 6, 8, 10, 15, 20, 30])('holds over all levels with %i blocks', (blocks) => {
    // A little more than the level, so that rounding does not lose the finest one.
    for (const fineness of finenesses) {
      expectFourOfFive(pairedPower(blocks, 2 ** ((1 - blocks) * fineness) * (1 + 1e-9)));
    }
  });

  it.each([3, 4, 5, 6, 8, 10, 15, 20])('holds over all levels with %i trials a side', (size) => {
    const orders = Array.from({ length: size }, (_, index) => 1 + size / (index + 1)).reduce(
      (product, one) => product * one,
      1,
    );
    for (const fineness of finenesses)
      expectFourOfFive(unpairedPower(size, size, (2 / orders) ** fineness * (1 + 1e-9)));
  });

  it.each([
    [6, 0.05],
    [7, 0.05],
    [8, 0.05],
    [8, 0.05 / 3],
    [8, 0.05 / 6],
    [9, 0.05 / 2],
    [10, 0.05],
    [12, 0.05 / 6],
    [20, 0.05],
    [25, 0.05 / 10],
    [40, 0.05],
  ])('holds with %i blocks at a level of %d', (blocks, alpha) => {
    expectFourOfFive(pairedPower(blocks, alpha));
  });

  it.each([
    [4, 4, 0.05],
    [4, 5, 0.05],
    [4, 8, 0.05],
    [5, 20, 0.05],
    [8, 8, 0.05 / 6],
    [8, 16, 0.05],
    [30, 30, 0.05],
  ])('holds with %i trials against %i at a level of %d', (first, second, alpha) => {
    expectFourOfFive(unpairedPower(first, second, alpha));
  });
});

describe('spread', () => {
  it('divides by the degrees of freedom', () => {
    expect(standardDeviation([2, 4, 4, 4, 5, 5, 7, 9])).toBeCloseTo(Math.sqrt(32 / 7), 14);
    // Squares about the means: 2 and 8; degrees of freedom: 3 + 3 - 2.
    expect(pooledDeviation([1, 2, 3], [10, 12, 14])).toBeCloseTo(Math.sqrt((2 + 8) / 4), 14);
  });

  it('of equal values is exactly 0, of too few null', () => {
    expect(standardDeviation([0.1, 0.1, 0.1])).toBe(0);
    expect([standardDeviation([1]), standardDeviation([])]).toEqual([null, null]);
    expect([pooledDeviation([1], [2]), pooledDeviation([], [1, 2, 3])]).toEqual([null, null]);
    expect(pooledDeviation([1], [2, 2])).toBe(0);
  });
});
