/** Spread and correlation within one run, worked out by hand. */
import { describe, expect, it } from 'vitest';
import { Histogram, type SparseCounts } from '../../src/stats/histogram.ts';
import { whatNarrows, withinRun } from '../../src/stats/sectioning.ts';

const empty: SparseCounts = { indices: [], counts: [] };
/** Intervals of ten equal values each; below 2048 ns every value has a bucket of its own. */
const intervalsOf = (values: readonly number[]): SparseCounts[] =>
  values.map((value) => ({ indices: [value], counts: [10] }));

describe('withinRun', () => {
  it('takes the distance of every section from the whole', () => {
    // Twenty sections at 1000 + 10 or - 10 in turn: squares 20 x 100, standard error sqrt(2000 / (20 x 19)).
    const found = withinRun(intervalsOf(Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 1010 : 990))), 0.5, 1000);
    expect(found?.standardError).toBeCloseTo(Math.sqrt(2000 / 380) / 1000, 14);
    // Neighbours always differ in sign: 19 products of -100 over 20 squares of 100.
    expect(found?.lag1).toBeCloseTo(-19 / 20, 14);
  });

  it('measures from the whole run, not from the mean of the sections', () => {
    const found = withinRun(intervalsOf(Array<number>(20).fill(1100)), 0.5, 1000);
    expect(found?.standardError).toBeCloseTo(Math.sqrt((20 * 100 ** 2) / 380) / 1000, 14);
    expect(found?.lag1).toBe(0);
  });

  it('sees a slow wave as correlated', () => {
    const wave = Array.from({ length: 60 }, (_, i) => Math.round(1000 + 100 * Math.sin((2 * Math.PI * i) / 60)));
    expect(withinRun(intervalsOf(wave), 0.5, 1000)?.lag1).toBeGreaterThan(0.9);
  });

  it('merges neighbours into twenty sections, all of the intervals used', () => {
    // 45 intervals: sections of 2 or 3. The quantile 1 of a section is its greatest value, so one high interval changes one section.
    const values = Array<number>(45).fill(1000);
    values[44] = 1200;
    const found = withinRun(intervalsOf(values), 1, 1000);
    expect(found?.standardError).toBeCloseTo(Math.sqrt(200 ** 2 / 380) / 1000, 14);
  });

  it('needs five intervals that hold something', () => {
    const four = intervalsOf([1000, 1001, 1002, 1003]);
    expect(withinRun([...four, empty, empty], 0.5, 1000)).toBeNull();
    // Squares of 0 1 2 3 4 are 30; five sections.
    const five = withinRun([...four, empty, ...intervalsOf([1004])], 0.5, 1000);
    expect(five?.standardError).toBeCloseTo(Math.sqrt(30 / 20) / 1000, 14);
    expect(withinRun([], 0.5, 1000)).toBeNull();
    expect(withinRun(intervalsOf([0, 0, 0, 0, 0]), 0.5, 0)).toBeNull();
  });

  it('gives the quantile of the merged histograms', () => {
    const histogram = new Histogram();
    for (let value = 1; value <= 1000; value++) histogram.record(value * 1e4);
    const intervals = Array.from({ length: 20 }, () => histogram.toSparse());
    expect(withinRun(intervals, 0.99, histogram.quantile(0.99)!)).toEqual({ standardError: 0, lag1: 0 });
  });

  it('refuses what is no histogram, quantile or figure', () => {
    const intervals = intervalsOf([1, 2, 3, 4, 5]);
    expect(() => withinRun([...intervals, { indices: [1], counts: [] }], 0.5, 1)).toThrow(RangeError);
    expect(() => withinRun(intervals, 1.5, 1)).toThrow(RangeError);
    for (const whole of [NaN, Infinity]) expect(() => withinRun(intervals, 0.5, whole)).toThrow(RangeError);
  });
});

describe('what follows from it', () => {
  it('advises longer trials where the spread comes from within, more blocks where it lies between', () => {
    // A spread of 0.08 is a variance of 0.0032 per run, of which half is 0.04^2.
    expect([whatNarrows(0.041, 0.08), whatNarrows(0.039, 0.08)]).toEqual(['longer trials', 'more blocks']);
    expect(whatNarrows(0, 0)).toBeNull();
  });
});
