/**
 * Unpaired comparison of two samples: Mann-Whitney rank-sum test, and the Hodges-Lehmann shift with the interval that inverts it
 * (Hollander, Wolfe & Chicken, Nonparametric Statistical Methods, 3rd ed., sections 4.1-4.3). Exact, ties included, for up to
 * `mostExactPairs` pairs of values (30 a side); beyond, a normal approximation with continuity correction.
 */
import { normalCdf } from './distributions.ts';
import { midpoint, type LocationEstimate, type Scale } from './signed-rank.ts';

/** Most pairs (values of the one side times those of the other) with an exact distribution, a few milliseconds. */
const mostExactPairs = 900;

export interface RankSumTest {
  /** Pairs in which the second side's value is the greater; a tie counts half. */
  readonly u: number;
  /** Two-sided: twice the smaller tail. */
  readonly p: number;
  readonly exact: boolean;
}

/**
 * Tests whether the second side's values tend to be greater or smaller than the first's. Conditional on the ties, whose values share
 * their mean rank. Throws a RangeError for an empty side or a value that is not finite. `exactUpTo`: another limit than `mostExactPairs`.
 */
export function rankSumTest(
  first: readonly number[],
  second: readonly number[],
  exactUpTo = mostExactPairs,
): RankSumTest {
  assertSides(first, second);
  const pairs = first.length * second.length;
  const doubled = second.reduce(
    (sum, b) => sum + first.reduce((wins, a) => wins + (b > a ? 2 : b === a ? 1 : 0), 0),
    0,
  );
  const ties = tieGroups([...first, ...second]);
  if (pairs > exactUpTo)
    return { u: doubled / 2, p: normalP(doubled / 2, first.length, second.length, ties), exact: false };
  const probabilities = doubledCounts(ties, second.length, pairs);
  const upTo = sumOf(probabilities.subarray(0, doubled + 1));
  const from = sumOf(probabilities.subarray(doubled));
  return { u: doubled / 2, p: Math.min(1, 2 * Math.min(upTo, from)), exact: true };
}

/**
 * By how much the second side lies above the first: median of all differences (or ratios) of their pairs. The interval runs from the
 * (k+1)th smallest to the (k+1)th largest, k being the largest count that the test without ties rejects at `alpha`.
 * Throws a RangeError for an empty side or a value that is not finite, and with scale `ratio` expects values above zero.
 */
export function shiftEstimate(
  first: readonly number[],
  second: readonly number[],
  alpha: number,
  scale: Scale,
): LocationEstimate {
  assertSides(first, second);
  const shifts = Float64Array.from(second.flatMap((b) => first.map((a) => (scale === 'ratio' ? b / a : b - a)))).sort();
  const last = shifts.length - 1;
  const estimate = midpoint(shifts[last >> 1]!, shifts[(last + 1) >> 1]!, scale);
  const rejected = largestRejectedCount(first.length, second.length, alpha);
  if (rejected === null) return { estimate, interval: null, confidence: null };
  return {
    estimate,
    interval: { low: shifts[rejected.count]!, high: shifts[last - rejected.count]! },
    confidence: 1 - rejected.p,
  };
}

/** Largest U of two samples without ties that is rejected at `alpha`, with its two-sided p; null if none is. */
export function largestRejectedCount(
  first: number,
  second: number,
  alpha: number,
  exactUpTo = mostExactPairs,
): { readonly count: number; readonly p: number } | null {
  if (!(alpha > 0 && alpha < 1)) throw new RangeError(`alpha is between 0 and 1, not ${alpha}`);
  const untied = Array.from({ length: first + second }, () => 1);
  const pairs = first * second;
  let pOf = (count: number): number => normalP(count, first, second, untied);
  if (pairs <= exactUpTo) {
    // Without ties every doubled count is even.
    const probabilities = doubledCounts(untied, second, pairs);
    pOf = (count) => Math.min(1, 2 * sumOf(probabilities.subarray(0, 2 * count + 1)));
  }
  let rejected = -1;
  let kept = Math.floor(pairs / 2) + 1;
  while (kept - rejected > 1) {
    const middle = Math.floor((rejected + kept) / 2);
    if (pOf(middle) <= alpha) rejected = middle;
    else kept = middle;
  }
  return rejected < 0 ? null : { count: rejected, p: pOf(rejected) };
}

/** How often each value occurs, from the smallest to the greatest. */
function tieGroups(values: readonly number[]): readonly number[] {
  const groups: number[] = [];
  let previous: number | null = null;
  for (const value of values.toSorted((a, b) => a - b)) {
    if (value === previous) groups[groups.length - 1]!++;
    else groups.push(1);
    previous = value;
  }
  return groups;
}

/**
 * Probability of each value of 2U where every choice of `chosen` of the values is as likely as any other. Goes through the groups of
 * equal values from below: c chosen of a group of g, in C(g,c) ways, win against each unchosen value further down and draw with the
 * g - c unchosen ones of their group. Only adds positive numbers, so nothing cancels.
 */
function doubledCounts(groups: readonly number[], chosen: number, pairs: number): Float64Array {
  const unchosen = groups.reduce((sum, size) => sum + size, 0) - chosen;
  const ways = Array.from({ length: chosen + 1 }, () => new Float64Array(2 * pairs + 1));
  ways[0]![0] = 1;
  let seen = 0;
  for (const size of groups) {
    const choices = binomials(size);
    // From above, so that what is read still is the state before this group. States that leave too many unchosen lead nowhere.
    for (let target = Math.min(chosen, seen + size); target >= Math.max(0, seen + size - unchosen); target--) {
      for (let c = 1; c <= Math.min(size, target); c++) {
        const below = seen - (target - c);
        if (below < 0 || below > unchosen) continue;
        addShifted(ways[target]!, ways[target - c]!, choices[c]!, 2 * c * below + c * (size - c));
      }
    }
    seen += size;
  }
  const counts = ways[chosen]!;
  const total = sumOf(counts);
  return counts.map((count) => count / total);
}

function addShifted(into: Float64Array, from: Float64Array, times: number, shift: number): void {
  for (let at = shift; at < into.length; at++) into[at]! += times * from[at - shift]!;
}

/** C(size, 0) to C(size, size). */
function binomials(size: number): readonly number[] {
  const row = [1];
  for (let c = 1; c <= size; c++) row.push((row[c - 1]! * (size - c + 1)) / c);
  return row;
}

/** Two-sided p of U by the normal approximation, half a count towards the mean, the variance reduced by the ties. */
function normalP(u: number, first: number, second: number, ties: readonly number[]): number {
  const all = first + second;
  const tied = ties.reduce((sum, size) => sum + size ** 3 - size, 0);
  const variance = ((first * second) / 12) * (all + 1 - tied / (all * (all - 1)));
  const distance = Math.abs(u - (first * second) / 2) - 0.5;
  return variance <= 0 || distance <= 0 ? 1 : 2 * normalCdf(-distance / Math.sqrt(variance));
}

function sumOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function assertSides(first: readonly number[], second: readonly number[]): void {
  if (first.length === 0 || second.length === 0) throw new RangeError('a rank-sum test needs values on both sides');
  const strange = [...first, ...second].find((value) => !Number.isFinite(value));
  if (strange !== undefined) throw new RangeError(`a value is a finite number, not ${strange}`);
}
