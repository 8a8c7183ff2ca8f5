/** The test for uniformity: values of scipy, agreement with @stdlib, and its extremes. */
import kstest from '@stdlib/stats-kstest';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uniformityTest } from '../../src/stats/kolmogorov.ts';

/** `count` values whose greatest distance from the uniform distribution is `d`: all a little too small. */
function at(d: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => Math.max(0, (index + 1) / count - d));
}

describe('uniformityTest', () => {
  it('finds the greatest distance', () => {
    // At 0.58, where six of seven values are reached: 6/7 - 0.58. p of scipy.stats.kstest(method='exact').
    const found = uniformityTest([0.5, 0.02, 0.81, 0.11, 0.35, 0.58, 0.36]);
    expect(found.d).toBeCloseTo(6 / 7 - 0.58, 15);
    expect(found.p).toBeCloseTo(0.5628384166053514, 12);
  });

  // scipy.stats.kstwo.sf. D = 0.409246 is the published critical value of n = 10 at 5 %.
  it.each([
    [0.274, 10, 0.3715203845434957],
    [0.409246, 10, 0.05000007682103036],
    [0.6, 5, 0.03008],
    [0.2, 20, 0.352720173623415],
    [0.3, 60, 2.7617543388165356e-5],
    [0.12, 100, 0.1033037490181987],
    [0.05, 100, 0.9532159710635725],
  ])('d = %d of %i values', (d, count, p) => {
    const found = uniformityTest(at(d, count));
    expect(found.d).toBeCloseTo(d, 12);
    expect(Math.abs(found.p - p)).toBeLessThan(1e-11);
  });

  it.each([
    [0.06, 500, 0.05243463489026223],
    [0.04, 1000, 0.07933956059000224],
  ])('approximates d = %d of %i values', (d, count, p) => {
    expect(Math.abs(uniformityTest(at(d, count)).p - p)).toBeLessThan(5e-4);
  });

  it('passes over to the approximation without a jump', () => {
    // Close where a p-value decides, within 0.01 everywhere.
    for (const [d, most] of [
      [0.03, 0.01],
      [0.08, 0.01],
      [0.12, 0.003],
      [0.135, 0.001],
      [0.2, 0.0005],
    ] as const) {
      const [exact, approximate] = [uniformityTest(at(d, 100)).p, uniformityTest(at(d, 100), 0).p];
      expect(Math.abs(exact - approximate)).toBeLessThan(most);
    }
  });

  it('agrees with @stdlib', () => {
    // From two values on: of one it takes only one of the two distances.
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 40 }), (ps) => {
        const { d, p } = uniformityTest(ps);
        const theirs = kstest(ps, 'uniform', 0, 1);
        expect(d).toBeCloseTo(theirs.statistic, 12);
        expect(p).toBeCloseTo(theirs.pValue, 6);
      }),
    );
  });

  it('goes from as even as can be to all in one place', () => {
    expect(uniformityTest([0.5]).p).toBe(1);
    expect(uniformityTest([0.125, 0.375, 0.625, 0.875])).toEqual({ d: 0.125, p: 1 });
    expect(uniformityTest(Array<number>(60).fill(0.001)).p).toBe(0);
    // P(D >= 1 - x) of one value is the chance to be so far out on either side.
    expect(uniformityTest([0.1]).p).toBeCloseTo(0.2, 14);
  });

  it('refuses no value, and what is no probability', () => {
    for (const ps of [[], [-0.1], [1.1], [0.5, NaN], [Infinity]]) expect(() => uniformityTest(ps)).toThrow(RangeError);
  });
});
