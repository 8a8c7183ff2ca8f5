/** Shares of failed requests: differences, verdicts, and when latencies no longer compare. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparePairedRates, compareUnpairedRates, ratesDifferMaterially } from '../../src/stats/error-rates.ts';

const options = { margin: 0.001, better: 'lower', alpha: 0.05 } as const;
const none = Array<number>(8).fill(0);
const rate = fc.double({ min: 0, max: 1, noNaN: true });
const bothSides = fc
  .array(fc.tuple(rate, rate), { minLength: 6, maxLength: 12 })
  .map((pairs) => ({ base: pairs.map(([a]) => a), other: pairs.map(([, b]) => b) }));

describe.each([
  ['comparePairedRates', comparePairedRates, 2 / 256, 10 / 256],
  ['compareUnpairedRates', compareUnpairedRates, 2 / 12870, 0.049883449883449886],
])('%s', (_name, compare, leastP, level) => {
  it('calls no failure on either side equivalent', () => {
    const found = compare(none, none, options);
    expect(found).toMatchObject({ n: 8, difference: 0, interval: { low: 0, high: 0 }, p: 1, verdict: 'equivalent' });
    expect(found.warn).toBe(false);
    expect(found.confidence).toBeCloseTo(1 - level, 12);
  });

  it('calls failures where there were none a regression', () => {
    const found = compare(none, Array<number>(8).fill(0.02), options);
    expect(found).toMatchObject({ verdict: 'regression', warn: false });
    expect(found.p).toBeCloseTo(leastP, 14);
    // At a base of 0 the difference is the other side's rate.
    expect(found.difference).toBeCloseTo(0.02, 14);
    expect(found.interval?.low).toBeCloseTo(0.02, 14);
    expect(compare(Array<number>(8).fill(0.02), none, options)).toMatchObject({ verdict: 'improvement' });
    expect(compare(none, Array<number>(8).fill(0.02), { ...options, better: 'higher' })).toMatchObject({
      verdict: 'improvement',
    });
  });

  it('calls a difference within the margin equivalent, and warns', () => {
    const found = compare(none, Array<number>(8).fill(0.0005), options);
    expect(found).toMatchObject({ verdict: 'equivalent', warn: true });
  });

  it('does not pass over one block in which half of the requests failed', () => {
    // The estimate and its interval are 0, as seven of eight blocks are; the mean is 0.5 / 8 = 6.25 %.
    const found = compare(none, [...none.slice(1), 0.5], options);
    expect(found).toMatchObject({ difference: 0, verdict: 'inconclusive', worseOnAverage: true });
    expect(compare([...none.slice(1), 0.5], none, options)).toMatchObject({
      verdict: 'equivalent',
      worseOnAverage: false,
    });
    // 0.012 / 12 is just the margin, 0.013 / 12 more than it. (Of eight blocks the interval itself reaches beyond it.)
    const twelve = Array<number>(12).fill(0);
    const verdictAt = (rate: number): unknown => compare(twelve, [...twelve.slice(1), rate], options).verdict;
    expect([0.012, 0.013].map(verdictAt)).toEqual(['equivalent', 'inconclusive']);
  });

  it('nor calls that an improvement', () => {
    // Seven blocks from 2 % to none, and one from 2 % to half: (7 x -2 + 48) / 8 = 4.25 points more.
    const before = Array<number>(8).fill(0.02);
    expect(compare(before, [...none.slice(1), 0.5], options)).toMatchObject({
      verdict: 'inconclusive',
      worseOnAverage: true,
    });
  });

  it('does not know from too few, and says nothing of none', () => {
    expect(compare([0, 0, 0], [0.5, 0.5, 0.5], options)).toMatchObject({
      n: 3,
      interval: null,
      confidence: null,
      verdict: 'inconclusive',
      warn: false,
    });
    const nothing = {
      difference: null,
      interval: null,
      confidence: null,
      p: null,
      verdict: 'inconclusive',
      warn: false,
      worseOnAverage: false,
    };
    expect(compare([], [], options)).toEqual({ n: 0, ...nothing });
  });

  it('changes sign when base and other have one median and change places', () => {
    // The difference is told at the base's median rate, so only there it is the same both ways.
    const base = [0.01, 0.02, 0.03, 0.02, 0.01, 0.03, 0.02];
    const other = [0.015, 0.02, 0.02, 0.02, 0.03, 0.01, 0.025];
    const there = compare(base, other, options);
    const back = compare(other, base, options);
    expect(back.p).toBeCloseTo(there.p!, 12);
    expect(Math.sign(back.difference!) + Math.sign(there.difference!)).toBe(0);
  });

  it('holds the estimate in the interval and both between -1 and 1', () => {
    fc.assert(
      fc.property(bothSides, ({ base, other }) => {
        const { difference, interval } = compare(base, other, options);
        expect(interval!.low).toBeGreaterThanOrEqual(-1);
        expect(interval!.high).toBeLessThanOrEqual(1);
        expect(difference).toBeGreaterThanOrEqual(interval!.low - 1e-12);
        expect(difference).toBeLessThanOrEqual(interval!.high + 1e-12);
      }),
    );
  });

  it('refuses what is no rate', () => {
    for (const strange of [-0.1, 1.1, NaN, Infinity])
      expect(() => compare([0.5], [strange], options)).toThrow(RangeError);
    expect(() => compare([0.5], [0.5], { ...options, alpha: 0 })).toThrow(RangeError);
    expect(() => compare([0.5], [0.5], { ...options, margin: 0 })).toThrow(RangeError);
  });
});

describe('the two designs', () => {
  it('differ in what they ask of the sides', () => {
    expect(() => comparePairedRates([0], [0, 0], options)).toThrow(RangeError);
    expect(compareUnpairedRates([0, 0, 0, 0], [0.1, 0.1, 0.1, 0.1, 0.1], options)).toMatchObject({ n: 4 });
  });

  it('tell a difference at the base rate: twice the angle is not twice the rate', () => {
    // arcsin(sqrt(0.25)) = 30 degrees, arcsin(sqrt(0.75)) = 60: every block moves by 30 degrees, from the median 30 to 60.
    const found = comparePairedRates(Array<number>(6).fill(0.25), Array<number>(6).fill(0.75), options);
    expect(found.difference).toBeCloseTo(0.5, 14);
  });
});

describe('ratesDifferMaterially', () => {
  it.each([
    ['p99, one in a thousand', 0, 0.001, 0.99, false],
    ['p99, more', 0, 0.0011, 0.99, true],
    ['p99, fewer failures', 0.0011, 0, 0.99, true],
    ['p50, five in a hundred', 0, 0.05, 0.5, false],
    ['p50, six in a hundred', 0.01, 0.07, 0.5, true],
    ['p99.9', 0, 0.0002, 0.999, true],
    ['as many failures on both', 0.3, 0.3, 0.99, false],
    ['the greatest value', 0, 1e-9, 1, true],
  ])('%s', (_name, base, other, quantile, expected) => {
    expect(ratesDifferMaterially([base, base], [other, other], quantile)).toBe(expected);
  });

  it('looks at the mean over the trials', () => {
    // One bad trial of eight with 1 % failures is 0.125 % of all.
    expect(ratesDifferMaterially(none, [...none.slice(1), 0.01], 0.99)).toBe(true);
    expect(ratesDifferMaterially(none, [...none.slice(1), 0.005], 0.99)).toBe(false);
    expect(ratesDifferMaterially([], [0.5], 0.99)).toBe(false);
    expect(() => ratesDifferMaterially([0], [2], 0.99)).toThrow(RangeError);
    expect(() => ratesDifferMaterially([0], [0], 99)).toThrow(RangeError);
  });
});
