/** Whether a run had reached a steady state when its measurement began: MSER-5 and a comparison of its halves. */
import { medianEquivalentAt, type SparseCounts } from './histogram.ts';
import { mergedQuantile } from './merged-quantile.ts';
import { mean } from './summary.ts';

const batchLength = 5;
const fewestBatches = 4;
/**
 * Intervals with which the place of the cut says something: of steady noise MSER-5 puts it at its latest place in 40 % of runs of
 * 20 values, in 12 % of 50 and in 3 % of 100 (4,000 simulated runs each).
 */
const fewestToJudge = 100;

/**
 * How many leading values to leave out so that the mean of the rest has the least standard error (White, Simulation 69, 1997, with
 * batches of five): a multiple of five, at most half of the values. Null with fewer than 20 values. Throws a RangeError for a value
 * that is not finite.
 */
export function mser5(values: readonly number[]): { readonly cut: number } | null {
  const strange = values.find((value) => !Number.isFinite(value));
  if (strange !== undefined) throw new RangeError(`a series consists of finite numbers, not ${strange}`);
  const batches = Array.from({ length: Math.floor(values.length / batchLength) }, (_, batch) =>
    mean(values.slice(batch * batchLength, (batch + 1) * batchLength))!,
  );
  if (batches.length < fewestBatches) return null;
  let best = { cut: 0, error: Infinity };
  for (let cut = 0; cut <= batches.length / 2; cut++) {
    const rest = batches.slice(cut);
    const centre = mean(rest)!;
    const error = rest.reduce((sum, value) => sum + (value - centre) ** 2, 0) / rest.length ** 2;
    if (error < best.error) best = { cut, error };
  }
  return { cut: best.cut * batchLength };
}

/** Why a run was not steady. */
export type Unsteadiness = 'mean-still-moving' | 'p99-still-moving' | 'halves-differ';

/**
 * Judges the intervals of the measured time, in order: the mean or the p99 of the intervals still moves in the second half (MSER-5
 * cuts at its latest place; from 100 intervals on), or the p99 of the halves differs by more than `margin` (0.1 is 10 %). An empty
 * list is a steady run, or one too short to tell. Intervals without a value are left out. Throws a RangeError for a malformed
 * histogram or a margin that is not above 0.
 */
export function unsteadiness(intervals: readonly SparseCounts[], margin: number): readonly Unsteadiness[] {
  if (!(margin > 0)) throw new RangeError(`a margin is above 0, not ${margin}`);
  const quantileOf = mergedQuantile(intervals);
  const used = intervals.filter(({ indices }) => indices.length > 0);
  if (used.length < 2) return [];
  const reasons: Unsteadiness[] = [];
  if (used.length >= fewestToJudge) {
    if (cutsLate(used.map(meanOf))) reasons.push('mean-still-moving');
    if (cutsLate(used.map((interval) => quantileOf([interval], 0.99)!))) reasons.push('p99-still-moving');
  }
  const half = used.length >> 1;
  const first = quantileOf(used.slice(0, half), 0.99)!;
  const second = quantileOf(used.slice(half), 0.99)!;
  if (Math.max(first, second) > Math.min(first, second) * (1 + margin)) reasons.push('halves-differ');
  return reasons;
}

/**
 * Whether a warm-up may end after these intervals, in order: neither their means nor their p99 move any more, that is MSER-5 cuts before its
 * latest place. Null with fewer than 20 intervals that hold values. Meant to be asked again with every new interval: an early "no", of
 * which steady noise gets some, costs one interval more. Throws a RangeError for a malformed histogram.
 */
export function hasSettled(intervals: readonly SparseCounts[]): boolean | null {
  const quantileOf = mergedQuantile(intervals);
  const used = intervals.filter(({ indices }) => indices.length > 0);
  if (used.length < batchLength * fewestBatches) return null;
  return !cutsLate(used.map(meanOf)) && !cutsLate(used.map((interval) => quantileOf([interval], 0.99)!));
}

function meanOf({ indices, counts }: SparseCounts): number {
  const count = counts.reduce((sum, times) => sum + times, 0);
  return indices.reduce((sum, index, position) => sum + medianEquivalentAt(index) * counts[position]!, 0) / count;
}

function cutsLate(values: readonly number[]): boolean {
  const batches = Math.floor(values.length / batchLength);
  return (mser5(values)?.cut ?? 0) === Math.floor(batches / 2) * batchLength;
}
