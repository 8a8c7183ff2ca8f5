/** The text is that of hdr-histogram-js, whose own is that of HdrHistogram's Java library. */
import fc from 'fast-check';
import { build } from 'hdr-histogram-js';
import { expect, test } from 'vitest';
import { Histogram, highestEquivalentAt, indexOf, lowestAt, type SparseCounts } from '../../src/stats/histogram.ts';
import { percentileDistribution } from '../../src/stats/percentile-distribution.ts';

function byLibrary(sparse: SparseCounts): string {
  const hdr = build({
    bitBucketSize: 64,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: 3.6e12,
    numberOfSignificantValueDigits: 3,
  });
  sparse.indices.forEach((index, at) => {
    hdr.recordValueWithCount(lowestAt(index), sparse.counts[at]!);
  });
  return hdr.outputPercentileDistribution(5, 1e6);
}

function sparseOf(values: readonly number[]): SparseCounts {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram.toSparse();
}

/** The library prints the lower edge of the highest bucket as maximum; Java, and we, its upper edge. */
const withoutMax = (text: string): string => text.replace(/#\[Max {5}= +[\d.]+/, '');

test('is the text of the library, but for the maximum', () => {
  const value = fc.oneof(
    fc.integer({ min: 0, max: 5000 }),
    fc.integer({ min: 1e5, max: 1e7 }),
    fc.double({ min: 1e6, max: 3.5e12, noNaN: true }).map(Math.floor),
  );
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 400 }), (values) => {
      const sparse = sparseOf(values);
      expect(withoutMax(percentileDistribution(sparse, 1e6))).toBe(withoutMax(byLibrary(sparse)));
    }),
    { numRuns: 60 },
  );
});

test('of counts beyond 32 bits', () => {
  const sparse = { indices: [indexOf(1e6), indexOf(2e6)], counts: [2 ** 40, 3] };
  // So far out, the twelfth decimal of a percentile is a tie that the library rounds by another rule.
  const rounded = (text: string): string => withoutMax(text).replaceAll(/ (\d\.\d{11})\d /g, ' $1 ');
  expect(rounded(percentileDistribution(sparse, 1e6))).toBe(rounded(byLibrary(sparse)));
  expect(percentileDistribution(sparse, 1e6)).toContain('Total count    = 1099511627779]');
});

test('the maximum is the upper edge of its bucket, as in Java', () => {
  // 3,000,000 ns lies in a bucket of 2,048 ns: 2,998,272 to 3,000,319.
  const text = percentileDistribution(sparseOf([3_000_000]), 1e6);
  expect(highestEquivalentAt(indexOf(3_000_000))).toBe(3_000_319);
  expect(text).toContain('#[Max     =        3.000, Total count    =            1]');
  expect(percentileDistribution(sparseOf([3_000_000]), 1)).toContain('#[Max     =  3000319.000,');
});

test('of an empty histogram', () => {
  expect(percentileDistribution({ indices: [], counts: [] }, 1e6)).toBe(
    [
      '       Value     Percentile TotalCount 1/(1-Percentile)',
      '',
      '#[Mean    =        0.000, StdDeviation   =        0.000]',
      '#[Max     =        0.000, Total count    =            0]',
      '#[Buckets =           32, SubBuckets     =         2048]',
      '',
    ].join('\n'),
  );
});

test('refuses a malformed histogram', () => {
  expect(() => percentileDistribution({ indices: [3, 2], counts: [1, 1] }, 1)).toThrow(RangeError);
});
