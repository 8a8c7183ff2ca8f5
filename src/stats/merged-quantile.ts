/** Quantiles of sums of histograms, many in a row: one array is used again and only what was touched is cleared. */
import { assertSparse, highestEquivalentAt, histogramLength, rankOf, type SparseCounts } from './histogram.ts';

/** Quantile of the sum of the parts, ns, as `Histogram.quantile` gives it; null where they hold nothing. */
export type MergedQuantile = (parts: readonly SparseCounts[], p: number) => number | null;

/** Checks the histograms that will be merged, once. Throws a RangeError for a malformed one, or one that comes later. */
export function mergedQuantile(known: readonly SparseCounts[]): MergedQuantile {
  known.forEach(assertSparse);
  const checked = new Set(known);
  const counts = new Float64Array(histogramLength);
  return (parts, p) => {
    let total = 0;
    let lowest = histogramLength;
    let highest = -1;
    for (const part of parts) {
      if (!checked.has(part)) throw new RangeError('a histogram to be merged was not given before');
      const { indices } = part;
      for (let position = 0; position < indices.length; position++) {
        const count = part.counts[position]!;
        counts[indices[position]!]! += count;
        total += count;
      }
      lowest = Math.min(lowest, indices[0] ?? lowest);
      highest = Math.max(highest, indices.at(-1) ?? highest);
    }
    const rank = rankOf(p, total);
    let index = lowest - 1;
    for (let seen = 0; seen < rank && index < highest;) seen += counts[++index]!;
    counts.fill(0, lowest, highest + 1);
    return total === 0 ? null : highestEquivalentAt(index);
  };
}
