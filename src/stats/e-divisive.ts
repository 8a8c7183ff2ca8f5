/**
 * Change points of a series by E-Divisive: the split with the greatest energy distance (Matteson & James 2014, arXiv:1306.4933), searched
 * in overlapping windows and judged by Student's t-test in two passes (Fleming et al. 2023, arXiv:2301.03034; Apache Otava, docs/MATH.md).
 * No randomness: the same series gives the same answer. Two departures from Otava: a stretch between changes has a least length (the
 * `min.size` of the first paper), so that a single outlier is no change, and the t-test takes the unbiased variance.
 */
import { studentTest } from './student-test.ts';

export interface ChangePointOptions {
  /** Greatest two-sided p of a change that is reported. */
  readonly maxP: number;
  /** Least difference of the means of both stretches, in the unit of the series: ln(1.05) is 5 % of a series of logarithms. */
  readonly leastShift: number;
  /** Points looked at together, at least two stretches. */
  readonly window: number;
  /** Least points between two changes, before the first and after the last: how long a change must have lasted to be reported. */
  readonly leastStretch: number;
}

export interface ChangePoint {
  /** The first value after the change. */
  readonly index: number;
  /** Means of the stretch that it ends and of the one that it begins. */
  readonly before: number;
  readonly after: number;
  /** Points of both stretches. */
  readonly pointsBefore: number;
  readonly pointsAfter: number;
  /** Two-sided, of Student's test of one stretch against the other. */
  readonly p: number;
}

/** Stretches are `values[start..index)` and `values[index..stop)`. */
export interface Split {
  readonly index: number;
  readonly stop: number;
  /** m n / (m + n) times the energy distance of both stretches, of m and n points. */
  readonly divergence: number;
}

/** The first pass lets more candidates through, since weak ones hide strong ones beside them; the second keeps what is sure. */
const firstPassFactor = 10;

/** In ascending order. Throws a RangeError for a value that is not finite and for options without sense. */
export function changePoints(values: readonly number[], options: ChangePointOptions): readonly ChangePoint[] {
  assertUsable(values, options);
  const { window } = options;
  const candidates = new Set<number>();
  // A split beside the edge of a window may be a few points off; the window that overlaps there has the right one, and the weaker goes.
  // Single points are searched, too: a change that is too fresh shows where it is, and is dropped there instead of reported too early.
  for (let start = 0; start === 0 || start + window - step(window) < values.length; start += step(window)) {
    const end = Math.min(start + window, values.length);
    for (const least of [options.leastStretch, 1]) {
      for (const index of splitsWithin(values, start, end, least, options.maxP)) candidates.add(index);
    }
  }
  return strongest(
    values,
    [...candidates].sort((a, b) => a - b),
    options,
  );
}

/** Windows overlap by half, so that every split but those at the ends of the series has room on both sides in one of them. */
function step(window: number): number {
  return Math.floor(window / 2);
}

/**
 * Splits a window again and again, as long as both sides of the best split differ. A series that rises, falls and rises again differs
 * little from the mean of all that follows: there the right side up to its next change counts, too. Its end was searched for, so that
 * it must be surer: with it 1.8 % of the series of 60 points of noise have a change where the least magnitude does not protect, 1.6 %
 * without.
 */
function splitsWithin(values: readonly number[], start: number, end: number, least: number, maxP: number): number[] {
  const split = bestSplit(values, start, end, least);
  if (split === null || split.divergence <= 0) return [];
  const { index, stop } = split;
  const left = values.slice(start, index);
  const differs =
    studentTest(left, values.slice(index, end)).p <= maxP * firstPassFactor ||
    studentTest(left, values.slice(index, stop)).p <= maxP / firstPassFactor;
  if (!differs) return [];
  return [...splitsWithin(values, start, index, least, maxP), index, ...splitsWithin(values, index, end, least, maxP)];
}

/**
 * The split of `values[start..end)` whose sides differ most; what follows the right side up to `end` may differ again. Null where there
 * is no room for two stretches. Of equal ones the first by `stop`, then by the greatest `index`.
 */
export function bestSplit(values: readonly number[], start: number, end: number, leastStretch: number): Split | null {
  let best: Split | null = null;
  // Sums of the distances between all pairs of values[start..i), and of values[i..stop).
  const before = new Float64Array(end - start + 1);
  const after = new Float64Array(end - start + 1);
  for (let stop = start + 2; stop <= end; stop++) {
    const newest = values[stop - 1]!;
    let toNewest = 0;
    for (let index = stop - 2; index >= start; index--) {
      toNewest += Math.abs(newest - values[index]!);
      after[index - start]! += toNewest;
    }
    const total = after[0]!;
    before[stop - start] = total;
    for (let index = stop - leastStretch; index >= start + leastStretch; index--) {
      const left = before[index - start]!;
      const right = after[index - start]!;
      const divergence = scaledDistance(total - left - right, left, right, index - start, stop - index);
      if (best === null || divergence > best.divergence) best = { index, stop, divergence };
    }
  }
  return best;
}

/** From the sums of distances across, within the left and within the right, of m and n points. A single point has no distance within. */
function scaledDistance(across: number, left: number, right: number, m: number, n: number): number {
  const withinLeft = m < 2 ? 0 : (n * left) / (m - 1);
  const withinRight = n < 2 ? 0 : (m * right) / (n - 1);
  return (2 * (across - withinLeft - withinRight)) / (m + n);
}

/** Drops the weakest candidate, which changes its neighbours, until all that are left pass. */
function strongest(
  values: readonly number[],
  candidates: readonly number[],
  options: ChangePointOptions,
): readonly ChangePoint[] {
  let points = judged(values, candidates);
  for (;;) {
    const weakest = weakestOf(points, options);
    if (weakest === null) return points;
    points = judged(
      values,
      points.filter((point) => point !== weakest).map((point) => point.index),
    );
  }
}

function judged(values: readonly number[], indices: readonly number[]): readonly ChangePoint[] {
  const edges = [0, ...indices, values.length];
  return indices.map((index, at) => {
    const left = values.slice(edges[at], index);
    const right = values.slice(index, edges[at + 2]);
    const { p, meanA, meanB } = studentTest(left, right);
    return { index, before: meanA, after: meanB, pointsBefore: left.length, pointsAfter: right.length, p };
  });
}

/** The point to drop next: beside a stretch that is too short, else not significant, else too small; null where all may stay. */
function weakestOf(points: readonly ChangePoint[], options: ChangePointOptions): ChangePoint | null {
  const { maxP, leastShift, leastStretch } = options;
  // The p of one point against two says nothing, so that these go by how much they explain.
  const short = points.filter((point) => Math.min(point.pointsBefore, point.pointsAfter) < leastStretch);
  if (short.length > 0) return leastBy(short, explained);
  const unsure = points.filter((point) => point.p > maxP);
  if (unsure.length > 0) return leastBy(unsure, (point) => -point.p);
  const small = points.filter((point) => shiftOf(point) < leastShift);
  return small.length > 0 ? leastBy(small, shiftOf) : null;
}

function shiftOf({ before, after }: ChangePoint): number {
  return Math.abs(after - before);
}

/** Sum of squares that the split of both stretches takes from the deviations around their common mean. */
function explained(point: ChangePoint): number {
  const { pointsBefore, pointsAfter } = point;
  return (shiftOf(point) ** 2 * pointsBefore * pointsAfter) / (pointsBefore + pointsAfter);
}

/** Of equal ones the first. */
function leastBy(points: readonly ChangePoint[], figure: (point: ChangePoint) => number): ChangePoint {
  return points.reduce((least, point) => (figure(point) < figure(least) ? point : least));
}

function assertUsable(values: readonly number[], options: ChangePointOptions): void {
  const { maxP, leastShift, window, leastStretch } = options;
  if (!values.every(Number.isFinite)) throw new RangeError('a series has finite numbers only');
  if (!(maxP > 0 && maxP * firstPassFactor <= 1)) throw new RangeError(`maxP is above 0 and at most 0.1, not ${maxP}`);
  if (!(leastShift >= 0)) throw new RangeError(`leastShift is at least 0, not ${leastShift}`);
  if (!Number.isInteger(leastStretch) || leastStretch < 1) {
    throw new RangeError(`leastStretch is a whole number above 0, not ${leastStretch}`);
  }
  if (!Number.isInteger(window) || window < 2 * leastStretch) {
    throw new RangeError(`a window holds two stretches, not ${window} points`);
  }
}
