/** Compares one variant with another, metric by metric, over the blocks in which both were measured and valid. */
import type { TrialRecord } from '../results/record.ts';
import { blocksNeeded, locationEstimate, type Interval } from '../stats/signed-rank.ts';
import { marginVerdict, usualAlpha, type Verdict } from '../stats/verdict.ts';
import { readMetric } from './metric.ts';
import { survivorship, tailReason } from './treatment.ts';

/** Two-sided error rate of the intervals. */
export const alpha = usualAlpha;

export interface BlockComparison {
  readonly metric: string;
  /** Blocks in which both variants have a valid figure above zero. */
  readonly blocks: number;
  /** Hodges-Lehmann estimate of variant / reference. */
  readonly estimate: number;
  readonly interval: Interval;
  /** Null where the figures are no ground for one. */
  readonly verdict: Verdict | null;
  /** Why there is no verdict; null with one. */
  readonly reason: string | null;
}

/**
 * Takes the valid trials of both. Null with too few blocks for an interval, or a figure that is a lower bound. `margin`: 0.05 is 5 %.
 * Lower is better. A verdict is withheld where a comparison of the run withholds it: too few requests beyond a quantile, or more of them
 * lost on one side.
 */
export function compareOverBlocks(
  variant: readonly TrialRecord[],
  reference: readonly TrialRecord[],
  metric: string,
  margin: number,
): BlockComparison | null {
  const pairs = pairedBlocks(variant, reference);
  const readings = pairs.map(([of, against]) => [readMetric(of, metric), readMetric(against, metric)] as const);
  if (readings.flat().some(({ kind }) => kind === 'bound')) return null;
  const ratios = readings.flatMap(([above, below]) => {
    if (above.kind !== 'value' || below.kind !== 'value' || above.value <= 0 || below.value <= 0) return [];
    return [above.value / below.value];
  });
  if (ratios.length < blocksNeeded(alpha)) return null;
  const { estimate, interval } = locationEstimate(ratios, alpha, 'ratio');
  if (interval === null) return null;
  const [ofs, againsts] = [pairs.map(([of]) => of), pairs.map(([, against]) => against)];
  const reason = survivorship(metric, againsts, ofs) ?? tailReason(metric, pairs.flat());
  const verdict = reason === null ? marginVerdict(interval, margin, 'lower') : null;
  return { metric, blocks: ratios.length, estimate, interval, verdict, reason };
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
