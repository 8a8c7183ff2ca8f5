/**
 * The smallest change that a comparison can see: the true change of the ratio at which it calls a difference with a power of 80 %.
 * By the noncentral approximation of the t-test at the level that the rank test really has, exp(factor x (t(1 - level/2) + t(0.8)) x
 * standard error of the log ratio) - 1. The factor is what a rank test of normal values needs beyond that: about sqrt(pi/3), from its
 * asymptotic relative efficiency, and up to a third more where few orders of so many values are significant at all.
 */
import { studentQuantile } from './distributions.ts';
import { largestRejectedCount } from './rank-sum.ts';
import { blocksNeeded, largestRejectedSum } from './signed-rank.ts';
import { mean } from './summary.ts';

const power = 0.8;

/**
 * Factors of a rank test, from 20,000 to 60,000 simulated samples of normal values each, good to 1 %: in rows by size, in columns by how
 * fine the level is, as ln(level) / ln(finest level that such a test can have), which is 1 where only one order of the signs is
 * significant. Between them linear; beyond the last row and before the first column they hardly change.
 */
interface Factors {
  readonly sizes: readonly number[];
  readonly rows: readonly (readonly number[])[];
}

const finenesses = [0.25, 0.5, 0.7, 0.8, 0.9, 1] as const;

/** By the number of blocks. */
const signedRank: Factors = {
  sizes: [4, 5, 6, 8, 10, 15, 20, 30],
  rows: [
    [0.92, 0.947, 0.964, 0.988, 1.011, 1.035],
    [0.961, 0.974, 0.996, 1.018, 1.053, 1.088],
    [0.977, 0.988, 1.013, 1.029, 1.078, 1.127],
    [1.002, 1.017, 1.043, 1.067, 1.116, 1.192],
    [1.009, 1.021, 1.047, 1.075, 1.119, 1.222],
    [1.017, 1.032, 1.065, 1.096, 1.153, 1.295],
    [1.022, 1.036, 1.07, 1.105, 1.169, 1.34],
    [1.02, 1.035, 1.076, 1.116, 1.188, 1.413],
  ],
};

/** By the mean size of both sides: of 5 against 20 it is 3 % too low, of sides that are less unlike closer. */
const rankSum: Factors = {
  sizes: [3, 4, 5, 6, 8, 10, 15, 20],
  rows: [
    [0.979, 0.983, 0.991, 1.003, 1.014, 1.026],
    [1.01, 1.019, 1.032, 1.041, 1.061, 1.082],
    [1.012, 1.028, 1.048, 1.061, 1.084, 1.119],
    [1.019, 1.031, 1.051, 1.067, 1.091, 1.138],
    [1.028, 1.04, 1.067, 1.088, 1.123, 1.188],
    [1.028, 1.043, 1.075, 1.101, 1.143, 1.225],
    [1.03, 1.043, 1.076, 1.111, 1.168, 1.286],
    [1.028, 1.042, 1.078, 1.116, 1.18, 1.33],
  ],
};

/**
 * Of `blocks` paired blocks whose log ratios have the standard deviation `spread`: 0.1 is 10 %. Null where no result at all would
 * be significant. Throws a RangeError for an alpha outside 0..1.
 */
export function detectablePaired(spread: number | null, blocks: number, alpha: number): number | null {
  if (spread === null || blocks < Math.max(2, blocksNeeded(alpha))) return null;
  const level = largestRejectedSum(blocks, alpha)?.p ?? alpha;
  const factor = factorOf(signedRank, blocks, Math.log(level) / ((1 - blocks) * Math.LN2));
  return change((factor * spread) / Math.sqrt(blocks), blocks - 1, level);
}

/** Of two unpaired sides whose logarithms have the standard deviation `spread`. Null where no result at all would be significant. */
export function detectableUnpaired(spread: number | null, first: number, second: number, alpha: number): number | null {
  if (spread === null || first < 1 || second < 1) return null;
  const level = largestRejectedCount(first, second, alpha)?.p;
  if (level === undefined) return null;
  const factor = factorOf(rankSum, (first + second) / 2, Math.log(level) / (Math.LN2 - logOrders(first, second)));
  return change(factor * spread * Math.sqrt(1 / first + 1 / second), first + second - 2, level);
}

/** ln of the orders in which the values of two sides can lie: (first + second)! / (first! second!). */
function logOrders(first: number, second: number): number {
  return Array.from({ length: first }, (_, index) => Math.log1p(second / (index + 1))).reduce(
    (sum, one) => sum + one,
    0,
  );
}

function change(standardError: number, degrees: number, level: number): number | null {
  const quantiles = studentQuantile(power, degrees) - studentQuantile(level / 2, degrees);
  const smallest = Math.expm1(quantiles * standardError);
  return Number.isFinite(smallest) ? smallest : null;
}

function factorOf({ sizes, rows }: Factors, size: number, fineness: number): number {
  return interpolated(
    sizes,
    rows.map((row) => interpolated(finenesses, row, fineness)),
    size,
  );
}

/** Linear between the places, constant beyond them. */
function interpolated(places: readonly number[], values: readonly number[], at: number): number {
  const next = places.findIndex((place) => place >= at);
  if (next <= 0) return values.at(next)!;
  const [from, to] = [places[next - 1]!, places[next]!];
  return values[next - 1]! + ((values[next]! - values[next - 1]!) * (at - from)) / (to - from);
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
