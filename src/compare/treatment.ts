/** Decides how a metric of a pair is judged: by a test, as an exact count, or not at all. */
import type { TrialRecord } from '../results/record.ts';
import { isCount } from '../scenario/gates.ts';
import { latencyQuantile } from '../scenario/metrics.ts';
import { ratesDifferMaterially } from '../stats/error-rates.ts';
import { tailSupport } from '../stats/tail-support.ts';
import { isLatency } from './metric-list.ts';
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

/** Values of the loss rate by side, for what it says about latencies. */
export interface LossRates {
  readonly base: readonly number[];
  readonly other: readonly number[];
}

export function treatmentOf(
  metric: string,
  values: SideValues,
  context: { readonly pair: PlannedPair; readonly trials: PairTrials; readonly losses: LossRates },
): Treatment {
  const { pair, trials, losses } = context;
  const described = (reason: string, single = false): Treatment => ({ kind: 'descriptive', reason, single });
  if (values.absent !== null) return described(values.absent);
  if (pair.importedFrom !== null)
    return described(`figures of ${pair.importedFrom}, which nothing was reconciled with`);
  const [base, other] = [values.base.perTrial, values.other.perTrial].map((side) => side.map(({ value }) => value)) as [
    number[],
    number[],
  ];
  if (values.bounded !== null) return described(survivorship(metric, losses) ?? values.bounded);
  if (base.length < 2 || other.length < 2) {
    const both = base.length < 2 && other.length < 2;
    return described(both ? 'one trial on each side: no verdict' : 'one trial on a side: no verdict', true);
  }
  if (isExact(metric, base) && isExact(metric, other)) return { kind: 'exact' };
  const withheld = survivorship(metric, losses);
  if (withheld !== null) return described(withheld);
  const thin = tailReason(metric, [...trials.base, ...trials.other]);
  return thin === null ? { kind: 'statistical' } : described(thin);
}

/** A count that was the same in every one of at least two trials. */
export function isExact(metric: string, values: readonly number[]): boolean {
  return isCount(metric) && values.length >= 2 && values.every((value) => value === values[0]);
}

/**
 * Why the latency of the answered requests says too little: more of one side's got no answer. Null where it says enough, and for what is
 * no latency.
 */
export function survivorship(metric: string, { base, other }: LossRates): string | null {
  if (!isLatency(metric)) return null;
  if (!ratesDifferMaterially(base, other, quantileOf(metric) ?? meanCountsAs)) return null;
  const [from, to] = [mean(base) ?? 0, mean(other) ?? 0];
  return `withheld: ${percent(to)} of the requests were lost against ${percent(from)}, and the latency is that of the others`;
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
