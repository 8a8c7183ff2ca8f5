/** Distributions: values of scipy, agreement with @stdlib, and quantiles that undo their distribution functions. */
import betaQuantileOfStdlib from '@stdlib/stats-base-dists-beta-quantile';
import studentQuantileOfStdlib from '@stdlib/stats-base-dists-t-quantile';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  betaQuantile,
  clopperPearson,
  normalCdf,
  regularizedBeta,
  studentQuantile,
} from '../../src/stats/distributions.ts';

/** Relative error. */
function off(found: number, expected: number): number {
  return Math.abs(found / expected - 1);
}

describe('normalCdf', () => {
  it.each([
    [-37, 5.725571222524e-300],
    [-20, 2.7536241186061556e-89],
    [-8, 6.22096057427174e-16],
    [-3.5, 0.00023262907903552502],
    [-3, 0.0013498980316300933],
    [-1.96, 0.024997895148220435],
    [0, 0.5],
    [0.5, 0.6914624612740131],
    [2.9, 0.998134186699616],
    [6, 0.9999999990134123],
  ])('%d', (z, p) => {
    expect(off(normalCdf(z), p)).toBeLessThan(1e-12);
  });

  it('ends at 0 and 1', () => {
    expect([normalCdf(-Infinity), normalCdf(-100), normalCdf(Infinity)]).toEqual([0, 0, 1]);
    expect(() => normalCdf(NaN)).toThrow(RangeError);
  });
});

describe('regularizedBeta', () => {
  // I_0.3(2, 5) = 1 - 0.7^6 - 6 x 0.3 x 0.7^5, being a binomial tail; the others from scipy.stats.beta.cdf.
  it.each([
    [0.3, 2, 5, 0.579825],
    [0.9, 0.5, 0.5, 0.7951672353008665],
    [0.001, 0.1, 9, 0.6524766870420385],
    [0.5, 1000, 1000, 0.5],
    [0, 2, 3, 0],
    [1, 2, 3, 1],
  ])('I_%d(%d, %d)', (x, a, b, p) => {
    expect(Math.abs(regularizedBeta(x, a, b) - p)).toBeLessThan(1e-12);
  });

  it('keeps nine digits with parameters of a million', () => {
    expect(off(regularizedBeta(0.09, 1e5, 1e6), 0.0004409371006219987)).toBeLessThan(1e-8);
  });

  it('of the uniform distribution is x', () => {
    for (const x of [0.001, 0.25, 0.7, 0.999]) expect(regularizedBeta(x, 1, 1)).toBeCloseTo(x, 14);
  });

  it('refuses what is out of range', () => {
    for (const [x, a, b] of [
      [-0.1, 1, 1],
      [1.1, 1, 1],
      [NaN, 1, 1],
      [0.5, 0, 1],
      [0.5, 1, NaN],
      [0.5, Infinity, 1],
    ] as const) {
      expect(() => regularizedBeta(x, a, b)).toThrow(RangeError);
      expect(() => betaQuantile(x, a, b)).toThrow(RangeError);
    }
  });
});

describe('studentQuantile', () => {
  it.each([
    [0.975, 7, 2.364624251592784],
    [0.8, 7, 0.8960296443137653],
    // tan(0.475 pi): with one degree of freedom it is the Cauchy distribution.
    [0.975, 1, Math.tan(0.475 * Math.PI)],
    [0.9995, 3, 12.923978636687961],
    [0.025, 120, -1.9799304050824411],
    [1e-10, 5, -156.82559270889433],
    [0.6, 1e6, 0.25334717053784184],
  ])('%d with %d degrees', (p, degrees, t) => {
    expect(off(studentQuantile(p, degrees), t)).toBeLessThan(1e-9);
  });

  it('agrees with @stdlib', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-6, max: 0.999999, noNaN: true }),
        fc.integer({ min: 1, max: 300 }),
        (p, degrees) => {
          expect(studentQuantile(p, degrees)).toBeCloseTo(studentQuantileOfStdlib(p, degrees), 5);
        },
      ),
    );
  });

  it('is odd around the median', () => {
    expect(studentQuantile(0.5, 3)).toBe(0);
    for (const p of [0.25, 0.125, 2 ** -20]) expect(studentQuantile(1 - p, 4)).toBe(-studentQuantile(p, 4));
  });

  it('refuses what is out of range', () => {
    for (const p of [0, 1, -1, NaN]) expect(() => studentQuantile(p, 5)).toThrow(RangeError);
    for (const degrees of [0, 0.5, NaN, Infinity]) expect(() => studentQuantile(0.9, degrees)).toThrow(RangeError);
  });
});

describe('betaQuantile', () => {
  it.each([
    [0.5, 2, 3, 0.3857275681323895],
    [0.025, 8, 3, 0.4439045376923585],
    [0.975, 0.5, 0.5, 0.9984586668665639],
    [0.01, 0.1, 20, 3.106083503723339e-22],
    [0.999, 300, 2, 0.9998489229554843],
    [0.05, 1e5, 1e6, 0.09045865795221979],
    [0, 2, 3, 0],
    [1, 2, 3, 1],
  ])('%d of (%d, %d)', (p, a, b, x) => {
    expect(Math.abs(betaQuantile(p, a, b) - x)).toBeLessThanOrEqual(1e-10 * x);
  });

  const parameter = fc.double({ min: 0.5, max: 200, noNaN: true });
  const probability = fc.double({ min: 1e-4, max: 0.9999, noNaN: true });

  it('agrees with @stdlib', () => {
    fc.assert(
      fc.property(probability, parameter, parameter, (p, a, b) => {
        expect(betaQuantile(p, a, b)).toBeCloseTo(betaQuantileOfStdlib(p, a, b), 7);
      }),
    );
  });

  it('undoes the distribution function', () => {
    fc.assert(
      fc.property(probability, parameter, parameter, (p, a, b) => {
        const x = betaQuantile(p, a, b);
        // Next to 1 a double is too coarse to tell neighbouring probabilities apart.
        if (x < 1 - 1e-9) expect(regularizedBeta(x, a, b)).toBeCloseTo(p, 8);
      }),
    );
  });
});

describe('clopperPearson', () => {
  // scipy.stats.binomtest(...).proportion_ci(method='exact'); 0 of 60 at confidence 0.9 is 1 - 0.05^(1/60).
  it.each([
    [0, 60, 0.9, 0, 0.04870291330998526],
    [3, 60, 0.95, 0.010432329644348218, 0.13924324672110006],
    [5, 10, 0.95, 0.1870860284474045, 0.8129139715525955],
    [8, 10, 0.95, 0.4439045376923585, 0.9747892736731665],
    [60, 60, 0.95, 0.9403705077136653, 1],
    [0, 0, 0.95, 0, 1],
  ])('%i of %i at %d', (successes, trials, confidence, low, high) => {
    const found = clopperPearson(successes, trials, confidence);
    expect(found.low).toBeCloseTo(low, 10);
    expect(found.high).toBeCloseTo(high, 10);
  });

  it('mirrors for the failures', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.nat(100), (successes, failures) => {
        const there = clopperPearson(successes, successes + failures, 0.95);
        const back = clopperPearson(failures, successes + failures, 0.95);
        expect(there.low + back.high).toBeCloseTo(1, 9);
        expect(there.high + back.low).toBeCloseTo(1, 9);
      }),
    );
  });

  it('refuses counts that do not fit', () => {
    for (const [successes, trials] of [
      [-1, 5],
      [6, 5],
      [0.5, 5],
      [1, NaN],
      [1, Infinity],
    ] as const) {
      expect(() => clopperPearson(successes, trials, 0.95)).toThrow(RangeError);
    }
    for (const confidence of [0, 1, NaN]) expect(() => clopperPearson(1, 5, confidence)).toThrow(RangeError);
  });
});
