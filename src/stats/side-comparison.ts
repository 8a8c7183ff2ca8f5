/** What a comparison of one metric on two sides says, however the sides were measured: the common part of `paired` and `unpaired`. */
import type { Interval, LocationEstimate } from './signed-rank.ts';
import { marginVerdict, type Better, type Verdict } from './verdict.ts';

export interface SideComparison {
  /** Blocks (paired), or the values of the smaller side (unpaired). */
  readonly n: number;
  /** Hodges-Lehmann estimate of other / base; null where a value is not above zero, or there is none. */
  readonly ratio: number | null;
  /** Of the ratio, at confidence 1 - alpha or more; null with too few values. */
  readonly interval: Interval | null;
  /** Real confidence of the interval. */
  readonly confidence: number | null;
  /** Two-sided, of the hypothesis that the sides do not differ. */
  readonly p: number | null;
  /** Smallest true change that such a comparison finds with a power of 80 %: 0.1 is 10 %. Null without an interval. */
  readonly smallestDetectable: number | null;
  readonly verdict: Verdict;
  /** The interval excludes "no change", and is not beyond the margin. */
  readonly warn: boolean;
}

export interface ComparisonOptions {
  /** Change that does not matter: 0.05 is 5 %. */
  readonly margin: number;
  readonly better: Better;
  /** Two-sided error rate of the interval. */
  readonly alpha: number;
}

/** A comparison that has no ratio: too little data, or a metric that is zero or negative somewhere. */
export function withoutRatio(n: number): SideComparison {
  const nothing = { ratio: null, interval: null, confidence: null, p: null, smallestDetectable: null };
  return { n, ...nothing, verdict: 'inconclusive', warn: false };
}

/** Adds the verdict to the figures. */
export function withVerdict(
  n: number,
  location: LocationEstimate,
  p: number,
  smallestDetectable: number | null,
  options: ComparisonOptions,
): SideComparison {
  const { estimate: ratio, interval, confidence } = location;
  const verdict = marginVerdict(interval, options.margin, options.better);
  const changed = interval !== null && (interval.low > 1 || interval.high < 1);
  const beyond = verdict === 'regression' || verdict === 'improvement';
  return { n, ratio, interval, confidence, p, smallestDetectable, verdict, warn: changed && !beyond };
}

/** Throws a RangeError for an error rate, a margin or a value that no comparison can have. */
export function assertComparable(
  values: readonly number[],
  options: { readonly margin: number; readonly alpha: number },
): void {
  const { alpha, margin } = options;
  if (!(alpha > 0 && alpha < 1)) throw new RangeError(`alpha is between 0 and 1, not ${alpha}`);
  if (!(margin > 0 && margin < Infinity)) throw new RangeError(`a margin is above 0 and finite, not ${margin}`);
  const strange = values.find((value) => !Number.isFinite(value));
  if (strange !== undefined) throw new RangeError(`a compared value is a finite number, not ${strange}`);
}

/** Whether ratios of these values exist and are numbers that a double can hold. */
export function haveRatios(base: readonly number[], other: readonly number[]): boolean {
  if (base.length === 0 || other.length === 0) return false;
  const all = [...base, ...other];
  const least = all.reduce((a, b) => Math.min(a, b));
  const most = all.reduce((a, b) => Math.max(a, b));
  return least > 0 && most / least < Infinity && least / most > 0;
}

/**
 * ln(other / base), exactly the negative of it with the sides swapped, and exactly equal for equal ratios: what the ranks of the
 * tests need to see ties.
 */
export function logRatio(base: number, other: number): number {
  return other >= base ? Math.log(other / base) : -Math.log(base / other);
}
