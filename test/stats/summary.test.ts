/** Figures of small samples, and sums of sparse histograms. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Histogram, type SparseCounts } from '../../src/stats/histogram.ts';
import { exactQuantile, mean, median, mergeSparse } from '../../src/stats/summary.ts';

describe('small samples', () => {
  it.each([
    ['one', [7], 7, 7],
    ['odd', [9, 1, 2], 2, 4],
    ['even', [4, 1, 3, 2], 2.5, 2.5],
    ['numbers that sort otherwise as text', [10, 9, 100], 10, 119 / 3],
  ])('%s', (_name, values, middle, average) => {
    expect(median(values)).toBe(middle);
    expect(mean(values)).toBe(average);
  });

  it('have no figures when empty', () => {
    expect([median([]), mean([]), exactQuantile([], 0.5)]).toEqual([null, null, null]);
  });

  it('quantile is the value of rank ceil(p n)', () => {
    const values = [50, 10, 40, 20, 30];
    expect([0, 0.2, 0.21, 0.5, 0.8, 0.99, 1].map((p) => exactQuantile(values, p))).toEqual([
      10, 10, 20, 30, 40, 50, 50,
    ]);
    expect(values).toEqual([50, 10, 40, 20, 30]);
    expect(() => exactQuantile(values, 1.5)).toThrow(RangeError);
  });
});

describe('mergeSparse', () => {
  const part: fc.Arbitrary<SparseCounts> = fc
    .array(fc.integer({ min: 0, max: 1e12 }), { maxLength: 50 })
    .map((values) => {
      const histogram = new Histogram();
      for (const value of values) histogram.record(value);
      return histogram.toSparse();
    });

  it('sums counts, whatever the order and the grouping', () => {
    fc.assert(
      fc.property(part, part, part, (a, b, c) => {
        const all = mergeSparse([a, b, c]);
        expect(mergeSparse([c, a, b])).toEqual(all);
        expect(mergeSparse([mergeSparse([a, b]), c])).toEqual(all);
        expect(mergeSparse([a, mergeSparse([b, c])])).toEqual(all);
        const total = (sparse: SparseCounts): number => sparse.counts.reduce((sum, count) => sum + count, 0);
        expect(total(all)).toBe(total(a) + total(b) + total(c));
      }),
      { numRuns: 30 },
    );
  });

  it('adds shared buckets and keeps the others in order', () => {
    const a = { indices: [1, 5], counts: [2, 3] };
    const b = { indices: [0, 5, 9], counts: [1, 2 ** 32, 4] };
    expect(mergeSparse([a, b])).toEqual({ indices: [0, 1, 5, 9], counts: [1, 2, 2 ** 32 + 3, 4] });
    expect(mergeSparse([])).toEqual({ indices: [], counts: [] });
  });

  it('refuses a malformed part', () => {
    expect(() => mergeSparse([{ indices: [1], counts: [] }])).toThrow('1 indices but 0 counts');
  });
});
