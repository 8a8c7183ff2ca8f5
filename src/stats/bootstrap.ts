/**
 * Uncertainty of a quantile within one run, where a side has one run only: moving-block bootstrap over the histograms of short
 * intervals (Kuensch, Annals of Statistics 17, 1989). It knows nothing about how runs differ from each other: never a verdict.
 */
import { assertSparse, histogramLength, sparseOf, type SparseCounts } from './histogram.ts';
import { mergedQuantile } from './merged-quantile.ts';
import type { Interval } from './signed-rank.ts';
import { exactQuantile } from './summary.ts';

const fewestIntervals = 5;
/** Of a longer run neighbours are merged first: more would cost time and hardly change the interval. */
const mostIntervals = 100;
/** Neighbours that are drawn together: the cube root of the number of intervals, at most this. */
const longestBlock = 10;
const outside = 0.025;

/**
 * 95 % interval of the run's quantile, ns: merges neighbours until at most 100 intervals are left, draws runs of neighbouring intervals
 * with replacement until there are as many again, merges them, and takes the percentiles of the quantiles so found. Null with fewer than
 * five intervals that hold a value.
 * `random` gives numbers from 0 up to but not 1. Throws a RangeError for a malformed histogram, a quantile outside 0..1, fewer than
 * 40 resamples, or a random number out of range.
 */
export function blockBootstrap(
  given: readonly SparseCounts[],
  quantile: number,
  random: () => number,
  resamples = 1000,
): Interval | null {
  if (!Number.isSafeInteger(resamples) || resamples < 1 / outside) {
    throw new RangeError(`a bootstrap needs at least ${1 / outside} resamples, not ${resamples}`);
  }
  const intervals = atMost(mostIntervals, given);
  const quantileOf = mergedQuantile(intervals);
  const count = intervals.length;
  if (intervals.filter(({ indices }) => indices.length > 0).length < fewestIntervals) return null;
  const length = Math.min(longestBlock, Math.ceil(Math.cbrt(count)));
  const found: number[] = [];
  for (let resample = 0; resample < resamples; resample++) {
    const value = quantileOf(drawBlocks(intervals, length, random), quantile);
    // A draw of empty intervals only has no quantile.
    if (value !== null) found.push(value);
  }
  const low = exactQuantile(found, outside);
  const high = exactQuantile(found, 1 - outside);
  return low === null || high === null ? null : { low, high };
}

/** Merges as many neighbours each as it takes; the last ones may be fewer. */
function atMost(most: number, intervals: readonly SparseCounts[]): readonly SparseCounts[] {
  const together = Math.ceil(intervals.length / most);
  if (together <= 1) return intervals;
  intervals.forEach(assertSparse);
  const sums = new Float64Array(histogramLength);
  return Array.from({ length: Math.ceil(intervals.length / together) }, (_, part) => {
    sums.fill(0);
    for (const { indices, counts } of intervals.slice(part * together, (part + 1) * together)) {
      indices.forEach((index, position) => {
        // A count stays one that a histogram can have, whatever a file says.
        sums[index] = Math.min(Number.MAX_SAFE_INTEGER, sums[index]! + counts[position]!);
      });
    }
    return sparseOf(sums);
  });
}

/** As many intervals as there are, in runs of `length`, the last one cut off. */
function drawBlocks(intervals: readonly SparseCounts[], length: number, random: () => number): readonly SparseCounts[] {
  const drawn: SparseCounts[] = [];
  while (drawn.length < intervals.length) {
    const unit = random();
    if (!(unit >= 0 && unit < 1)) throw new RangeError(`a random number is from 0 up to 1, not ${unit}`);
    const start = Math.floor(unit * (intervals.length - length + 1));
    drawn.push(...intervals.slice(start, start + Math.min(length, intervals.length - drawn.length)));
  }
  return drawn;
}
