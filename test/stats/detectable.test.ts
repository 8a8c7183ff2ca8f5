/** The smallest change a design can see: the worked example, and how it grows. */
import { describe, expect, it } from 'vitest';
import {
  detectablePaired,
  detectableUnpaired,
  pooledDeviation,
  standardDeviation,
} from '../../src/stats/detectable.ts';

describe('detectablePaired', () => {
  it('is about 10 % for eight blocks with a spread of 8.5 %', () => {
    // exp((2.364624 + 0.896030) x 0.085 / sqrt(8)) - 1
    expect(detectablePaired(0.085, 8, 0.05)).toBeCloseTo(Math.exp((3.260654 * 0.085) / Math.sqrt(8)) - 1, 6);
    expect(detectablePaired(0.085, 8, 0.05)).toBeCloseTo(0.103, 3);
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
  it('is that of the two-sample t-test', () => {
    // t(0.975, 14) = 2.144786687916927 and t(0.8, 14) = 0.8680548; the standard error is 0.06 x sqrt(1/8 + 1/8) = 0.03.
    expect(detectableUnpaired(0.06, 8, 8, 0.05)).toBeCloseTo(Math.exp((2.144786688 + 0.868054785) * 0.03) - 1, 7);
    expect(detectableUnpaired(0.06, 4, 12, 0.05)).toBeGreaterThan(detectableUnpaired(0.06, 8, 8, 0.05)!);
  });

  it('is unknown where nothing could be significant', () => {
    expect([detectableUnpaired(0.1, 3, 4, 0.05), detectableUnpaired(0.1, 4, 4, 0.05) === null]).toEqual([null, false]);
    expect([detectableUnpaired(null, 8, 8, 0.05), detectableUnpaired(0.1, 0, 8, 0.05)]).toEqual([null, null]);
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
