/**
 * The smallest change that a comparison can see: the true change of the ratio at which it calls a difference with a power of 80 %.
 * By the noncentral approximation of the t-test, exp((t(1 - alpha/2) + t(0.8)) x standard error of the log ratio) - 1; the rank tests
 * need about 5 % more blocks than that (their asymptotic relative efficiency to the t-test is 3/pi for normal data).
 */
import { studentQuantile } from './distributions.ts';
import { largestRejectedCount } from './rank-sum.ts';
import { blocksNeeded } from './signed-rank.ts';
import { mean } from './summary.ts';

const power = 0.8;

/**
 * Of `blocks` paired blocks whose log ratios have the standard deviation `spread`: 0.1 is 10 %. Null where no result at all would
 * be significant. Throws a RangeError for an alpha outside 0..1.
 */
export function detectablePaired(spread: number | null, blocks: number, alpha: number): number | null {
  if (spread === null || blocks < Math.max(2, blocksNeeded(alpha))) return null;
  return change(spread / Math.sqrt(blocks), blocks - 1, alpha);
}

/** Of two unpaired sides whose logarithms have the standard deviation `spread`. Null where no result at all would be significant. */
export function detectableUnpaired(spread: number | null, first: number, second: number, alpha: number): number | null {
  if (spread === null || first < 1 || second < 1 || largestRejectedCount(first, second, alpha) === null) return null;
  return change(spread * Math.sqrt(1 / first + 1 / second), first + second - 2, alpha);
}

function change(standardError: number, degrees: number, alpha: number): number | null {
  const quantiles = studentQuantile(1 - alpha / 2, degrees) + studentQuantile(power, degrees);
  const smallest = Math.expm1(quantiles * standardError);
  return Number.isFinite(smallest) ? smallest : null;
}

/** Sample standard deviation (divided by n - 1); null of fewer than two values. Exactly 0 for equal values. */
export function standardDeviation(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  return Math.sqrt(squares(values) / (values.length - 1));
}

/** Standard deviation within two samples; null with fewer than three values, or without one on each side. */
export function pooledDeviation(first: readonly number[], second: readonly number[]): number | null {
  const degrees = first.length + second.length - 2;
  if (first.length === 0 || second.length === 0 || degrees < 1) return null;
  return Math.sqrt((squares(first) + squares(second)) / degrees);
}

/** Sum of the squared distances from the mean. */
function squares(values: readonly number[]): number {
  if (values.every((value) => value === values[0])) return 0;
  const centre = mean(values)!;
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
}
