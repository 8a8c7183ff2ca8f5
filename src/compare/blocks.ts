/** Compares one variant with another, metric by metric, over the blocks in which both were measured and valid. */
import type { TrialRecord } from '../results/record.ts';
import { blocksNeeded, locationEstimate, type Interval } from '../stats/signed-rank.ts';
import { marginVerdict, type Verdict } from '../stats/verdict.ts';
import { readMetric } from './metric.ts';

/** Two-sided error rate of the intervals. */
export const alpha = 0.05;

export interface BlockComparison {
  readonly metric: string;
  /** Blocks in which both variants have a valid figure above zero. */
  readonly blocks: number;
  /** Hodges-Lehmann estimate of variant / reference. */
  readonly estimate: number;
  readonly interval: Interval;
  readonly verdict: Verdict;
}

/** Takes the valid trials of both. Null with too few blocks for an interval, or a figure that is a lower bound. `margin`: 0.05 is 5 %. Lower is better. */
export function compareOverBlocks(
  variant: readonly TrialRecord[],
  reference: readonly TrialRecord[],
  metric: string,
  margin: number,
): BlockComparison | null {
  const readings = pairedBlocks(variant, reference).map(
    ([of, against]) => [readMetric(of, metric), readMetric(against, metric)] as const,
  );
  if (readings.flat().some(({ kind }) => kind === 'bound')) return null;
  const ratios = readings.flatMap(([above, below]) => {
    if (above.kind !== 'value' || below.kind !== 'value' || above.value <= 0 || below.value <= 0) return [];
    return [above.value / below.value];
  });
  if (ratios.length < blocksNeeded(alpha)) return null;
  const { estimate, interval } = locationEstimate(ratios, alpha, 'ratio');
  if (interval === null) return null;
  return { metric, blocks: ratios.length, estimate, interval, verdict: marginVerdict(interval, margin, 'lower') };
}

/** Trials of the same block, in block order. */
export function pairedBlocks(
  of: readonly TrialRecord[],
  against: readonly TrialRecord[],
): readonly (readonly [TrialRecord, TrialRecord])[] {
  const byBlock = new Map(against.map((trial) => [trial.block, trial]));
  return of
    .toSorted((a, b) => a.block - b.block)
    .flatMap((trial) => {
      const other = byBlock.get(trial.block);
      return other === undefined ? [] : [[trial, other] as const];
    });
}
