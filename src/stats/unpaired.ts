/** Compares two sides that share no blocks, such as files of different days: rank-sum test, Hodges-Lehmann ratio. */
import { detectableUnpaired, pooledDeviation } from './detectable.ts';
import { rankSumTest, shiftEstimate } from './rank-sum.ts';
import { assertComparable, haveRatios, withoutRatio, withVerdict } from './side-comparison.ts';
import type { ComparisonOptions, SideComparison } from './side-comparison.ts';

/**
 * One value per trial. Nothing cancels here: a drift of the machine between the two sides looks like a difference of the sides, so
 * the p-value holds only where the trials of both were interleaved at random.
 * Four trials a side are the fewest with an interval at alpha 0.05 (2 of C(8,4) = 70 orders), or three and five.
 * A value of zero or below gives no ratio. Throws a RangeError for a value that is not finite, or a margin or alpha out of range.
 */
export function compareUnpaired(
  base: readonly number[],
  other: readonly number[],
  options: ComparisonOptions,
): SideComparison {
  assertComparable([...base, ...other], options);
  const n = Math.min(base.length, other.length);
  if (!haveRatios(base, other)) return withoutRatio(n);
  const spread = pooledDeviation(base.map(Math.log), other.map(Math.log));
  const detectable = detectableUnpaired(spread, base.length, other.length, options.alpha);
  const location = shiftEstimate(base, other, options.alpha, 'ratio');
  return withVerdict(n, location, rankSumTest(base, other).p, detectable, options);
}
