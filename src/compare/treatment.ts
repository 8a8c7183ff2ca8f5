/** Decides how a metric of a pair is judged: by a test, as an exact count, or not at all. */
import type { TrialRecord } from '../results/record.ts';
import { isCount, isStructural } from '../scenario/gates.ts';
import { latencyQuantile } from '../scenario/metrics.ts';
import { ratesDifferMaterially } from '../stats/error-rates.ts';
import { blocksNeeded } from '../stats/signed-rank.ts';
import { tailSupport } from '../stats/tail-support.ts';
import { isLatency } from './metric-list.ts';
import { lostRequests } from './metric.ts';
import type { PairTrials } from './pair-trials.ts';
import type { PlannedPair } from './pairing.ts';
import type { SideValues } from './side-values.ts';
import { percent, plural } from './words.ts';
import { mean } from '../stats/summary.ts';

export type Treatment =
  | { readonly kind: 'statistical' }
  | { readonly kind: 'exact' }
  | {
      readonly kind: 'descriptive';
      readonly reason: string;
      /** One trial a side: what there is to say comes from within the runs. */
      readonly single: boolean;
    };

export function treatmentOf(
  metric: string,
  values: SideValues,
  context: { readonly pair: PlannedPair; readonly trials: PairTrials; readonly alpha: number },
): Treatment {
  const { pair, trials, alpha } = context;
  const described = (reason: string, single = false): Treatment => ({ kind: 'descriptive', reason, single });
  if (values.absent !== null) return described(values.absent);
  if (pair.importedFrom !== null)
    return described(`figures of ${pair.importedFrom}, which nothing was reconciled with`);
  if (values.bounded !== null) return described(survivorship(metric, trials.base, trials.other) ?? values.bounded);
  const [base, other] = figuresOf(values);
  if (base.length < 2 || other.length < 2) {
    const both = base.length < 2 && other.length < 2;
    return described(both ? 'one trial on each side: no verdict' : 'one trial on a side: no verdict', true);
  }
  const fewest = isStructural(metric) ? fewestEqual : Math.max(fewestEqual, blocksNeeded(alpha));
  if (isExact(metric, base, fewest) && isExact(metric, other, fewest)) return { kind: 'exact' };
  const withheld = survivorship(metric, trials.base, trials.other);
  if (withheld !== null) return described(withheld);
  const thin = tailReason(metric, [...trials.base, ...trials.other]);
  return thin === null ? { kind: 'statistical' } : described(thin);
}

/**
 * Whether a gate on the metric takes a share of the error rate. Decided before the figures are looked at: what can vary by chance takes
 * one, though it happens not to vary; a structural count only where it is none after all.
 */
export function isCharged(metric: string, values: SideValues): boolean {
  return !isStructural(metric) || figuresOf(values).some((side) => side.some((value) => value !== side[0]));
}

function figuresOf({ base, other }: SideValues): [base: readonly number[], other: readonly number[]] {
  return [base.perTrial.map(({ value }) => value), other.perTrial.map(({ value }) => value)];
}

/** Trials that show that a count does not vary, where chance has no part in it. */
const fewestEqual = 2;

/** A count that was the same in every one of at least so many trials. */
export function isExact(metric: string, values: readonly number[], fewest = fewestEqual): boolean {
  return isCount(metric) && values.length >= fewest && values.every((value) => value === values[0]);
}

/**
 * Why the latency of the answered requests says too little: more of one side's got no answer. Null where it says enough, and for what is
 * no latency. Without a base it is compared with a side that lost nothing.
 */
export function survivorship(
  metric: string,
  base: readonly TrialRecord[] | null,
  other: readonly TrialRecord[],
): string | null {
  if (!isLatency(metric)) return null;
  const series = metric.slice(0, metric.lastIndexOf('.'));
  const lost = other.flatMap((trial) => lossOf(trial, series));
  const lostByBase = base === null ? lost.map(() => 0) : base.flatMap((trial) => lossOf(trial, series));
  if (!ratesDifferMaterially(lostByBase, lost, quantileOf(metric) ?? meanCountsAs)) return null;
  const against = base === null ? '' : ` against ${percent(mean(lostByBase) ?? 0)}`;
  return `withheld: ${percent(mean(lost) ?? 0)} of the requests were lost${against}, and the latency is that of the others`;
}

/**
 * Share of a latency's requests that were lost, of those that it would have been of. Where it is of a part of the requests only, such as
 * those with a new connection, nobody knows how many of the lost were of that part: all of them may have been.
 */
function lossOf(trial: TrialRecord, series: string): readonly number[] {
  if (trial.requests === null) return [];
  const { scheduled, completed } = trial.requests;
  const lost = lostRequests(trial.requests);
  const [count = completed] = countOf(trial, series);
  const whole = count < completed ? count + lost : scheduled;
  return whole > 0 ? [Math.min(1, lost / whole)] : [];
}

/** A mean moves with the tail. */
const meanCountsAs = 0.99;

/** The quantile that a latency is; null for a mean. */
function quantileOf(metric: string): number | null {
  if (metric.endsWith('.min')) return 0;
  if (metric.endsWith('.max')) return 1;
  return latencyQuantile(metric)?.p ?? null;
}

/** Why a quantile has too few requests beyond it in some trial; null where there are enough, and for what is no quantile. */
export function tailReason(metric: string, trials: readonly TrialRecord[]): string | null {
  const quantile = isLatency(metric) ? quantileOf(metric) : null;
  if (quantile === null || metric.endsWith('.min')) return null;
  const series = metric.slice(0, metric.lastIndexOf('.'));
  const { supported, fewest, requestsNeeded } = tailSupport(
    trials.flatMap((trial) => countOf(trial, series)),
    quantile,
  );
  if (supported) return null;
  if (requestsNeeded === null) return 'the greatest value is that of a single request: no verdict';
  return `a verdict needs ${plural(requestsNeeded, 'request')} in every trial, for 100 beyond the quantile; one has ${fewest} beyond it`;
}

function countOf(trial: TrialRecord, series: string): readonly number[] {
  const [root, ...keys] = series.split('.');
  const name = keys.at(-1) as keyof TrialRecord['latency'] | undefined;
  if (name === undefined) return [];
  const set = root === 'latency' ? trial.latency : trial.latencyByConnection[keys[0] as 'new' | 'reused'];
  return set[name] === null ? [] : [set[name].count];
}
