/** Compares two sides that were measured in the same blocks: exact signed-rank test on the blocks' log ratios, Hodges-Lehmann ratio. */
import { detectablePaired, standardDeviation } from './detectable.ts';
import { assertComparable, haveRatios, logRatio, withoutRatio, withVerdict } from './side-comparison.ts';
import type { ComparisonOptions, SideComparison } from './side-comparison.ts';
import { locationEstimate, signedRankTest } from './signed-rank.ts';

/**
 * One value per block on either side, in block order. Whatever drifts between blocks cancels: inside a block the order was random,
 * so without a difference each block's log ratio is as likely to have one sign as the other, and the test is exact by design.
 * Fewer than six blocks (at alpha 0.05) give a ratio and no interval; a value of zero or below gives no ratio.
 * Throws a RangeError for sides of unequal length, a value that is not finite, or a margin or alpha out of range.
 */
export function comparePaired(
  base: readonly number[],
  other: readonly number[],
  options: ComparisonOptions,
): SideComparison {
  if (base.length !== other.length) {
    throw new RangeError(
      `a paired comparison needs as many values on both sides, not ${base.length} and ${other.length}`,
    );
  }
  assertComparable([...base, ...other], options);
  if (!haveRatios(base, other)) return withoutRatio(base.length);
  const logs = base.map((value, block) => logRatio(value, other[block]!));
  const ratios = base.map((value, block) => other[block]! / value);
  const detectable = detectablePaired(standardDeviation(logs), base.length, options.alpha);
  const location = locationEstimate(ratios, options.alpha, 'ratio');
  return withVerdict(base.length, location, signedRankTest(logs).p, detectable, options);
}
