/** Compares shares of failed requests block by block, and says when they differ so much that latencies no longer compare. */
import { rankSumTest, shiftEstimate } from './rank-sum.ts';
import { assertComparable, type ComparisonOptions } from './side-comparison.ts';
import { locationEstimate, signedRankTest, type Interval, type LocationEstimate } from './signed-rank.ts';
import { mean, median } from './summary.ts';
import { differenceVerdict, type Better, type Verdict } from './verdict.ts';

export interface RateComparison {
  /** Blocks (paired), or the trials of the smaller side (unpaired). */
  readonly n: number;
  /** Hodges-Lehmann estimate of other - base, as a difference of shares: 0.01 is one request in a hundred. Null without a trial. */
  readonly difference: number | null;
  /** Of the difference; null with too few trials. */
  readonly interval: Interval | null;
  readonly confidence: number | null;
  readonly p: number | null;
  readonly verdict: Verdict;
  /** The interval excludes "no change", and is not beyond the margin. */
  readonly warn: boolean;
  /**
   * The means differ for the worse by more than the margin. The estimate, as a median, passes over a few blocks in which many requests
   * were lost, and these are what a comparison of failures is for: `equivalent` and `improvement` are then `inconclusive`.
   */
  readonly worseOnAverage: boolean;
}

/**
 * One share of failed requests (0 to 1) per block on either side. Estimated and tested on the scale of arcsin(sqrt(rate)), where the
 * spread of a share does not depend on the share, and told as a difference at the base's median rate. The margin is a difference
 * of rates: 0.001 is one request in a thousand. Throws a RangeError for a rate outside 0..1, sides of unequal length, or a margin or
 * alpha out of range.
 */
export function comparePairedRates(
  base: readonly number[],
  other: readonly number[],
  options: ComparisonOptions,
): RateComparison {
  if (base.length !== other.length) {
    throw new RangeError(
      `a paired comparison needs as many rates on both sides, not ${base.length} and ${other.length}`,
    );
  }
  assertRates([...base, ...other], options);
  if (base.length === 0) return nothing(0);
  const angles = base.map((rate, block) => angleOf(other[block]!) - angleOf(rate));
  return judge(
    [base, other],
    base.length,
    locationEstimate(angles, options.alpha, 'difference'),
    signedRankTest(angles).p,
    options,
  );
}

/** The same for trials that share no blocks, any number on either side. */
export function compareUnpairedRates(
  base: readonly number[],
  other: readonly number[],
  options: ComparisonOptions,
): RateComparison {
  assertRates([...base, ...other], options);
  const n = Math.min(base.length, other.length);
  if (n === 0) return nothing(0);
  const [from, to] = [base.map(angleOf), other.map(angleOf)];
  return judge(
    [base, other],
    n,
    shiftEstimate(from, to, options.alpha, 'difference'),
    rankSumTest(from, to).p,
    options,
  );
}

/**
 * Whether so many more requests failed on one side that a quantile of the answered ones' latency does not compare: the difference of
 * the mean rates is more than a tenth of the requests beyond the quantile (of p99: one in a thousand; of p50: one in twenty). The
 * requests that failed may have been the slow ones. Not a test: what is missing is missing, whether by chance or not. False where a
 * side has no trial. Throws a RangeError for a rate or quantile outside 0..1.
 */
export function ratesDifferMaterially(base: readonly number[], other: readonly number[], quantile: number): boolean {
  if (!(quantile >= 0 && quantile <= 1)) throw new RangeError(`a quantile is between 0 and 1, not ${quantile}`);
  [...base, ...other].forEach(assertRate);
  const [from, to] = [mean(base), mean(other)];
  if (from === null || to === null) return false;
  // Rounding must not make 0.1 % of p99 more than a tenth of its 1 %.
  return Math.abs(to - from) > ((1 - quantile) / 10) * (1 + 1e-9);
}

function angleOf(rate: number): number {
  return Math.asin(Math.sqrt(rate));
}

function nothing(n: number): RateComparison {
  const figures = { difference: null, interval: null, confidence: null, p: null };
  return { n, ...figures, verdict: 'inconclusive', warn: false, worseOnAverage: false };
}

function judge(
  [base, other]: readonly [base: readonly number[], other: readonly number[]],
  n: number,
  { estimate, interval, confidence }: LocationEstimate,
  p: number,
  { margin, better }: ComparisonOptions,
): RateComparison {
  const from = angleOf(median(base)!);
  const differences = interval && { low: differenceAt(from, interval.low), high: differenceAt(from, interval.high) };
  const worseOnAverage = isWorseOnAverage(mean(other)! - mean(base)!, margin, better);
  const ofMiddle = differenceVerdict(differences, margin, better);
  const verdict = worseOnAverage && ofMiddle !== 'regression' ? 'inconclusive' : ofMiddle;
  const changed = differences !== null && (differences.low > 0 || differences.high < 0);
  const warn = changed && verdict !== 'regression' && verdict !== 'improvement';
  const difference = differenceAt(from, estimate);
  return { n, difference, interval: differences, confidence, p, verdict, warn, worseOnAverage };
}

/** Rounding must not make a rise by just the margin more than it. */
function isWorseOnAverage(difference: number, margin: number, better: Better): boolean {
  return (better === 'lower' ? difference : -difference) > margin * (1 + 1e-9);
}

/** sin^2(from + shift) - sin^2(from) = sin(2 from + shift) sin(shift), which is exactly 0 for no shift; the sum stays within 0..pi/2. */
function differenceAt(from: number, shift: number): number {
  const inside = Math.min(Math.max(shift, -from), Math.PI / 2 - from);
  return Math.sin(2 * from + inside) * Math.sin(inside) + 0;
}

function assertRates(rates: readonly number[], options: ComparisonOptions): void {
  assertComparable(rates, options);
  rates.forEach(assertRate);
}

function assertRate(rate: number): void {
  if (!(rate >= 0 && rate <= 1)) throw new RangeError(`a rate is between 0 and 1, not ${rate}`);
}
