/** The programs on the way as figures for programs that read: medians over trials by the names that metrics have. */
import { readMetric } from '../compare/metric.ts';
import type { HopRecord } from '../results/hop-record.ts';
import type { TrialRecord } from '../results/record.ts';
import { hopPaths } from '../scenario/hop-metrics.ts';
import { median } from '../stats/summary.ts';

export interface HopSummary extends Pick<HopRecord, 'kind' | 'host' | 'name'> {
  /** As in `hops.1.accepted`; the first is the nearest to the client. */
  readonly place: number;
  /** Medians by their path below `hops.PLACE`; null where no trial tells. */
  readonly metrics: Readonly<Record<string, number | null>>;
  /** Why a metric is null, by its path. */
  readonly missing: Readonly<Record<string, string>>;
}

/** Of the valid trials, or of all where none is; empty without programs on the way. */
export function hopSummaries({
  validTrials,
  trials,
}: {
  readonly validTrials: readonly TrialRecord[];
  readonly trials: readonly TrialRecord[];
}): readonly HopSummary[] {
  const used = validTrials.length > 0 ? validTrials : trials;
  const longest = used.reduce((most, { hops }) => Math.max(most, hops?.length ?? 0), 0);
  return Array.from({ length: longest }, (_, index) => hopSummary(used, index));
}

function hopSummary(trials: readonly TrialRecord[], index: number): HopSummary {
  const place = index + 1;
  const { kind, host, name } = trials.find(({ hops }) => hops?.[index] !== undefined)!.hops![index]!;
  const metrics: Record<string, number | null> = {};
  const missing: Record<string, string> = {};
  for (const path of hopPaths) {
    const readings = trials.map((trial) => readMetric(trial, `hops.${place}.${path}`));
    metrics[path] = median(readings.flatMap((reading) => (reading.kind === 'value' ? [reading.value] : [])));
    const absent = readings.find((reading) => reading.kind === 'missing');
    if (metrics[path] === null && absent !== undefined) missing[path] = absent.reason;
  }
  return { place, kind, ...(name === undefined ? {} : { name }), host, metrics, missing };
}
