/** Figures of small samples (one number per block), and the sum of histograms in sparse form. Empty samples have no figures: null. */
import { assertSparse, histogramLength, rankOf, sparseOf, type SparseCounts } from './histogram.ts';

/** Middle value; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[sorted.length >> 1];
  if (upper === undefined) return null;
  if (sorted.length % 2 === 1) return upper;
  const lower = sorted[(sorted.length >> 1) - 1]!;
  return lower === upper ? upper : (lower + upper) / 2;
}

/** Arithmetic mean. */
export function mean(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Smallest value that at least ceil(p x n) values do not exceed; p = 0 gives the least. Throws a RangeError for p outside 0..1. */
export function exactQuantile(values: readonly number[], p: number): number | null {
  const rank = rankOf(p, values.length);
  return values.toSorted((a, b) => a - b)[rank - 1] ?? null;
}

/** Sum of histograms. Counts may pass 2^32 here. Throws a RangeError for a malformed part. */
export function mergeSparse(parts: readonly SparseCounts[]): SparseCounts {
  const counts = new Float64Array(histogramLength);
  for (const part of parts) {
    assertSparse(part);
    part.indices.forEach((index, position) => {
      counts[index]! += part.counts[position]!;
    });
  }
  return sparseOf(counts);
}
