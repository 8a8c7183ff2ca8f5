/** Quantiles of merged histograms: those of the histogram that holds everything. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Histogram, type SparseCounts } from '../../src/stats/histogram.ts';
import { mergedQuantile } from '../../src/stats/merged-quantile.ts';

const part: fc.Arbitrary<SparseCounts> = fc
  .array(fc.integer({ min: 0, max: 1e10 }), { maxLength: 20 })
  .map((values) => {
    const histogram = new Histogram();
    for (const value of values) histogram.record(value);
    return histogram.toSparse();
  });

describe('mergedQuantile', () => {
  it('equals the quantile of one histogram with all values, asked again and again', () => {
    const parts = fc.array(part, { minLength: 1, maxLength: 5 });
    const quantile = fc.constantFrom(0.01, 0.5, 0.9, 0.99, 1);
    fc.assert(
      fc.property(parts, quantile, (histograms, p) => {
        const quantileOf = mergedQuantile(histograms);
        const whole = new Histogram();
        for (const histogram of histograms) whole.mergeSparse(histogram);
        expect(quantileOf(histograms, p)).toBe(whole.quantile(p));
        const first = Histogram.fromSparse(histograms[0]!);
        expect(quantileOf([histograms[0]!], p)).toBe(first.quantile(p));
        expect(quantileOf(histograms, p)).toBe(whole.quantile(p));
        expect(quantileOf([], p)).toBeNull();
      }),
      { numRuns: 40 },
    );
  });

  it('takes a histogram several times', () => {
    const low = { indices: [10], counts: [3] };
    const high = { indices: [20], counts: [2] };
    const quantileOf = mergedQuantile([low, high]);
    expect([quantileOf([low, high], 0.5), quantileOf([low, high, high], 0.5)]).toEqual([10, 20]);
  });

  it('refuses a malformed histogram, one that it does not know, and a quantile outside 0..1', () => {
    const known = { indices: [1], counts: [1] };
    expect(() => mergedQuantile([{ indices: [1, 1], counts: [1, 1] }])).toThrow(RangeError);
    expect(() => mergedQuantile([known])([{ indices: [1], counts: [1] }], 0.5)).toThrow(RangeError);
    expect(() => mergedQuantile([known])([known], 2)).toThrow(RangeError);
  });
});
