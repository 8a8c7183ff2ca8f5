/** The verdict on a metric: is its ratio (new over baseline) beyond a margin, within it, or not known well enough? */
import type { Interval } from './signed-rank.ts';

export type Verdict = 'regression' | 'improvement' | 'equivalent' | 'inconclusive';
/** Which way a metric is better: latency lower, throughput higher. */
export type Better = 'lower' | 'higher';

/** Two-sided error rate, of a set of gates as of a single interval. */
export const usualAlpha = 0.05;

/**
 * Judges the interval of the ratio new / baseline against a margin (0.05: 5 %). The band of indifference is symmetric in log scale,
 * 1/(1+margin) to 1+margin. No interval is inconclusive. Throws a RangeError unless the margin is above 0 and finite.
 */
export function marginVerdict(interval: Interval | null, margin: number, better: Better): Verdict {
  if (!(margin > 0 && margin < Infinity)) throw new RangeError(`a margin is above 0 and finite, not ${margin}`);
  if (interval === null) return 'inconclusive';
  const top = 1 + margin;
  const bottom = 1 / top;
  if (interval.low > top) return better === 'lower' ? 'regression' : 'improvement';
  if (interval.high < bottom) return better === 'lower' ? 'improvement' : 'regression';
  return interval.low > bottom && interval.high < top ? 'equivalent' : 'inconclusive';
}

/** The same of the interval of a difference, new - baseline: the margin is a difference too, and may be 0, within which is only 0. */
export function differenceVerdict(interval: Interval | null, margin: number, better: Better): Verdict {
  if (interval === null) return 'inconclusive';
  if (interval.low > margin) return better === 'lower' ? 'regression' : 'improvement';
  if (interval.high < -margin) return better === 'lower' ? 'improvement' : 'regression';
  return interval.low >= -margin && interval.high <= margin ? 'equivalent' : 'inconclusive';
}
