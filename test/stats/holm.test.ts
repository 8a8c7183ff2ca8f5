/** Holm's procedure: a worked example, its order, and what it must never do. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holm } from '../../src/stats/holm.ts';

const p = fc.double({ min: 0, max: 1, noNaN: true });

describe('holm', () => {
  it('works the example out', () => {
    // Sorted: 0.005 x 4, 0.01 x 3, 0.03 x 2, 0.04 x 1; the last is raised to the one before it.
    const found = holm([0.01, 0.04, 0.03, 0.005], 0.05);
    expect(found.map(({ rejected }) => rejected)).toEqual([true, false, false, true]);
    [0.03, 0.06, 0.06, 0.02].forEach((adjusted, index) => {
      expect(found[index]?.adjusted).toBeCloseTo(adjusted, 15);
    });
  });

  it('stops at the first that is not rejected, though a later one is below alpha', () => {
    expect(holm([0.04, 0.03], 0.05).map(({ rejected }) => rejected)).toEqual([false, false]);
  });

  it('lets five gates pass at the smallest p of eight blocks, not of seven', () => {
    expect(holm(Array<number>(5).fill(2 / 2 ** 8), 0.05).every(({ rejected }) => rejected)).toBe(true);
    expect(holm(Array<number>(5).fill(2 / 2 ** 7), 0.05).some(({ rejected }) => rejected)).toBe(false);
  });

  it('leaves one p-value alone, and nothing for none', () => {
    expect(holm([0.05], 0.05)).toEqual([{ adjusted: 0.05, rejected: true }]);
    expect(holm([], 0.05)).toEqual([]);
    expect(holm([1, 1], 0.05)).toEqual(Array(2).fill({ adjusted: 1, rejected: false }));
  });

  it('lies between no correction and Bonferroni, in the order of the p-values', () => {
    fc.assert(
      fc.property(fc.array(p, { minLength: 1, maxLength: 10 }), (ps) => {
        const found = holm(ps, 0.05);
        ps.forEach((value, index) => {
          expect(found[index]!.adjusted).toBeGreaterThanOrEqual(value);
          expect(found[index]!.adjusted).toBeLessThanOrEqual(Math.min(1, value * ps.length));
          ps.forEach((other, place) => {
            if (other < value) expect(found[place]!.adjusted).toBeLessThanOrEqual(found[index]!.adjusted);
          });
        });
        expect(holm(ps.toReversed(), 0.05)).toEqual(found.toReversed());
      }),
    );
  });

  it('refuses what is no probability', () => {
    for (const strange of [-0.1, 1.1, NaN]) expect(() => holm([strange], 0.05)).toThrow(RangeError);
    for (const alpha of [0, 1, NaN]) expect(() => holm([0.5], alpha)).toThrow(RangeError);
  });
});
