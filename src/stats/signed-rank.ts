/**
 * Paired comparison of two configurations over blocks: exact Wilcoxon signed-rank test, and the Hodges-Lehmann estimate with the
 * interval that inverts the test (Hollander, Wolfe & Chicken, Nonparametric Statistical Methods, 3rd ed., sections 3.1-3.3).
 * Exact, ties included, for up to `mostExactBlocks`, where the cost grows with the cube of the blocks; beyond, a normal approximation
 * with continuity correction, which at 200 blocks is within 0.001 of the exact p.
 */
import { normalCdf } from './distributions.ts';

/** Most differences with an exact distribution, some 20 milliseconds. */
const mostExactBlocks = 199;

export interface SignedRankTest {
  /** Differences used: those that are not exactly zero. */
  readonly pairs: number;
  readonly zeros: number;
  /** Sum of the ranks of the positive differences; equal sizes share their mean rank. */
  readonly tPlus: number;
  readonly tMinus: number;
  /** Two-sided, given the ties. 1 where every difference is zero. */
  readonly p: number;
  readonly exact: boolean;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface LocationEstimate {
  /** Hodges-Lehmann: the median of the Walsh averages. */
  readonly estimate: number;
  /** Null with too few values for the confidence asked for. */
  readonly interval: Interval | null;
  /** Real confidence of the interval, at least 1 - alpha; null without one. */
  readonly confidence: number | null;
}

/** How two values meet half-way: by arithmetic mean for differences, by geometric mean for ratios. */
export type Scale = 'difference' | 'ratio';

/**
 * Tests whether differences lie symmetrically about zero. Infinite ones rank highest. Throws a RangeError for NaN. `exactUpTo`: another
 * limit than `mostExactBlocks`.
 */
export function signedRankTest(differences: readonly number[], exactUpTo = mostExactBlocks): SignedRankTest {
  assertNoNaN(differences);
  const used = differences.filter((difference) => difference !== 0);
  const doubled = doubledRanks(used.map(Math.abs));
  const total = doubled.reduce((sum, rank) => sum + rank, 0);
  const plus = doubled.reduce((sum, rank, index) => sum + (used[index]! > 0 ? rank : 0), 0);
  const least = Math.min(plus, total - plus);
  const exact = used.length <= exactUpTo;
  return {
    pairs: used.length,
    zeros: differences.length - used.length,
    tPlus: plus / 2,
    tMinus: (total - plus) / 2,
    p: exact ? exactP(doubled, least) : normalP(doubled, least),
    exact,
  };
}

/** Two-sided p of the sum `least` of some of the doubled ranks: the probability of all sums up to it, twice. */
function exactP(doubled: readonly number[], least: number): number {
  const tail = signedSums(doubled, least).reduce((sum, probability) => sum + probability, 0);
  return Math.min(1, 2 * tail);
}

/** The same by the normal approximation, half a rank towards the mean. Each rank r, in or out, has the mean r / 2 and the variance r^2 / 4. */
function normalP(doubled: readonly number[], least: number): number {
  const total = doubled.reduce((sum, rank) => sum + rank, 0);
  const squares = doubled.reduce((sum, rank) => sum + rank * rank, 0);
  const distance = total / 2 - least - 1;
  return squares === 0 || distance <= 0 ? 1 : 2 * normalCdf((-2 * distance) / Math.sqrt(squares));
}

/**
 * Location of a sample of one value per block with its two-sided interval: the (k+1)th smallest and (k+1)th largest Walsh average,
 * k being the largest signed-rank sum that the test rejects at `alpha`. With scale `ratio` the values must not be negative.
 * Throws a RangeError for an empty sample or NaN.
 */
export function locationEstimate(values: readonly number[], alpha: number, scale: Scale): LocationEstimate {
  assertNoNaN(values);
  const averages = walshAverages(values, scale);
  const last = averages.length - 1;
  const lower = averages[last >> 1];
  const upper = averages[(last + 1) >> 1];
  if (lower === undefined || upper === undefined) throw new RangeError('an estimate needs at least one value');
  const estimate = midpoint(lower, upper, scale);
  const rejected = largestRejectedSum(values.length, alpha);
  if (rejected === null) return { estimate, interval: null, confidence: null };
  return {
    estimate,
    interval: { low: averages[rejected.sum]!, high: averages[last - rejected.sum]! },
    confidence: 1 - rejected.p,
  };
}

/** Fewest blocks with which a two-sided exact test can reach `alpha`: 6 at 0.05, because 2/2^6 = 0.031 and 2/2^5 = 0.0625. */
export function blocksNeeded(alpha: number): number {
  if (!(alpha > 0 && alpha < 1)) throw new RangeError(`alpha is between 0 and 1, not ${alpha}`);
  let blocks = 1;
  while (2 ** (1 - blocks) > alpha) blocks++;
  return blocks;
}

/**
 * Largest signed-rank sum of `blocks` untied differences that is rejected at `alpha`, with its two-sided p; null if none is. `exactUpTo`:
 * another limit than `mostExactBlocks`.
 */
export function largestRejectedSum(blocks: number, alpha: number, exactUpTo = mostExactBlocks): RejectedSum | null {
  const exact = blocks <= exactUpTo;
  const known = rejectedSums.find((one) => one.blocks === blocks && one.alpha === alpha && one.exact === exact);
  if (known !== undefined) return known.found;
  const found = exact ? findRejectedSum(blocks, alpha) : approximateRejectedSum(blocks, alpha);
  rejectedSums.unshift({ blocks, alpha, exact, found });
  rejectedSums.length = Math.min(rejectedSums.length, mostRemembered);
  return found;
}

interface RejectedSum {
  readonly sum: number;
  readonly p: number;
}

/** The answers given last: every metric of a comparison asks the same. */
const rejectedSums: {
  readonly blocks: number;
  readonly alpha: number;
  readonly exact: boolean;
  readonly found: RejectedSum | null;
}[] = [];
const mostRemembered = 16;

function findRejectedSum(blocks: number, alpha: number): RejectedSum | null {
  if (blocks < blocksNeeded(alpha)) return null;
  // Not rejected: half of all sums are below the middle.
  const middle = Math.ceil((blocks * (blocks + 1)) / 4);
  const ranks = Array.from({ length: blocks }, (_, index) => index + 1);
  const probabilities = signedSums(ranks, middle);
  let sum = 0;
  let p = 2 * probabilities[0]!;
  while (p + 2 * probabilities[sum + 1]! <= alpha) p += 2 * probabilities[++sum]!;
  return { sum, p };
}

/** By the normal approximation, in which a sum is rejected where the test without ties rejects it. */
function approximateRejectedSum(blocks: number, alpha: number): RejectedSum | null {
  const doubled = Array.from({ length: blocks }, (_, index) => 2 * (index + 1));
  let rejected = -1;
  // Not rejected: half of all sums are below the middle.
  let kept = Math.ceil((blocks * (blocks + 1)) / 4);
  while (kept - rejected > 1) {
    const middle = Math.floor((rejected + kept) / 2);
    if (normalP(doubled, 2 * middle) <= alpha) rejected = middle;
    else kept = middle;
  }
  return rejected < 0 ? null : { sum: rejected, p: normalP(doubled, 2 * rejected) };
}

/** Means of all pairs of values, each with itself too, ascending: n(n+1)/2. */
function walshAverages(values: readonly number[], scale: Scale): Float64Array {
  const averages = new Float64Array((values.length * (values.length + 1)) / 2);
  let at = 0;
  values.forEach((a, i) => {
    for (let j = i; j < values.length; j++) averages[at++] = midpoint(a, values[j]!, scale);
  });
  return averages.sort();
}

/** Half-way between two values of a scale. */
export function midpoint(a: number, b: number, scale: Scale): number {
  // Equal values stay exactly what they are, so that identical blocks give an interval of one point.
  if (a === b) return a;
  return scale === 'ratio' ? Math.sqrt(a) * Math.sqrt(b) : (a + b) / 2;
}

/** Twice the rank of each size, 1 being the smallest: whole numbers also where ties share a mean rank. */
function doubledRanks(sizes: readonly number[]): number[] {
  const sorted = Float64Array.from(sizes).sort();
  const ranks = new Map<number, number>();
  for (let below = 0; below < sorted.length;) {
    const size = sorted[below]!;
    let equal = 1;
    while (sorted[below + equal] === size) equal++;
    ranks.set(size, 2 * below + equal + 1);
    below += equal;
  }
  return sizes.map((size) => ranks.get(size)!);
}

/** Probability of every sum from 0 to `most` of a random subset of `ranks`, each rank in or out by a fair coin. */
function signedSums(ranks: readonly number[], most: number): Float64Array {
  const probabilities = new Float64Array(most + 1);
  probabilities[0] = 1;
  let reached = 0;
  for (const rank of ranks) {
    reached = Math.min(most, reached + rank);
    for (let sum = reached; sum >= 0; sum--) {
      const without = probabilities[sum]!;
      const including = sum >= rank ? probabilities[sum - rank]! : 0;
      probabilities[sum] = (without + including) / 2;
    }
  }
  return probabilities;
}

function assertNoNaN(values: readonly number[]): void {
  if (values.some(Number.isNaN)) throw new RangeError('a value per block must be a number, not NaN');
}
