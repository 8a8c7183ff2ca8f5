/** Gathers the trials of each variant into one figure per metric: the median over blocks of what every trial measured. */
import type { ResultFile } from '../results/read-file.ts';
import type { TrialRecord } from '../results/record.ts';
import type { VariantRecord } from '../results/run-plan.ts';
import { boundedFigure, boundedMedian, trialFigure } from '../compare/bounded.ts';
import { readMetric } from '../compare/metric.ts';
import { derivedMetrics } from '../scenario/metrics.ts';

/** What a report is made from; `readResultFile` gives it. */
export type RunResults = Pick<ResultFile, 'header' | 'trials' | 'footer'>;

/** The figures of the tables and of the summary, by their path in a trial record. */
export const reportedMetrics = [
  'latency.response.p50',
  'latency.response.p99',
  'latency.response.p999',
  'throughput.achievedPerSecond',
  'cpu.generator.perRequestUs',
  'cpu.server.perRequestUs',
  'connections.opened',
  'connections.requestsPerConnection.mean',
  'connections.reuseRatio',
  'fds.client.peak',
  'fds.server.peak',
  'timeWait.client.entered',
  'timeWait.server.entered',
  'link.packetsPerRequest',
] as const;
export type ReportedMetric = (typeof reportedMetrics)[number];

/** Fewest samples beyond a quantile for it to be shown without a mark. */
export const fewestTailSamples = 10;

export interface Figure {
  /** Null where no trial has it. */
  readonly value: number | null;
  /** The value is a lower bound: it depends on requests that timed out or were never finished. */
  readonly atLeast: boolean;
  /** Why it is null; null with a value. */
  readonly reason: string | null;
}

/** Requests that were meant to be sent in measure and brought no response, over all trials. */
export interface Losses {
  readonly scheduled: number;
  readonly failed: number;
  readonly dropped: number;
  readonly abandoned: number;
}

export interface VariantFigures {
  readonly variant: VariantRecord;
  /** The alternatives without their axes' names: `close, open`. */
  readonly label: string;
  readonly trials: readonly TrialRecord[];
  readonly validTrials: readonly TrialRecord[];
  /** From the valid trials; from the invalid ones where no trial is valid. */
  readonly figures: Readonly<Record<ReportedMetric, Figure>>;
  /** Samples beyond the quantile in the trial that has fewest; null without any. */
  readonly tailSamples: { readonly p99: number | null; readonly p999: number | null };
  /** Null where no trial knows them. */
  readonly losses: Losses | null;
  /** Requests that timed out or were unfinished at the end of the drain, over all trials; null where no trial knows them. */
  readonly censored: number | null;
}

/** A row per variant of the run that has a trial, in the scenario's order. */
export function figuresByVariant(results: RunResults): readonly VariantFigures[] {
  return results.header.variants
    .map((variant) => ({ variant, trials: results.trials.filter((trial) => trial.variant === variant.name) }))
    .filter(({ trials }) => trials.length > 0)
    .map(({ variant, trials }) => figuresOf(variant, trials));
}

/** The alternatives of a variant's axes, or its name where the scenario has no axes. */
function labelOf(variant: VariantRecord): string {
  return Object.values(variant.axes).join(', ') || variant.name;
}

function figuresOf(variant: VariantRecord, trials: readonly TrialRecord[]): VariantFigures {
  const validTrials = trials.filter((trial) => trial.valid);
  const used = validTrials.length > 0 ? validTrials : trials;
  const figures = Object.fromEntries(reportedMetrics.map((path) => [path, figureOf(used, path)]));
  return {
    variant,
    label: labelOf(variant),
    trials,
    validTrials,
    figures: figures as Record<ReportedMetric, Figure>,
    tailSamples: { p99: tailSamples(used, 0.99), p999: tailSamples(used, 0.999) },
    losses: lossesOf(trials),
    censored: censoredOf(trials),
  };
}

/** Any figure of a variant by its path, from the same trials as those of the tables. */
export function variantFigure({ trials, validTrials }: VariantFigures, path: string): Figure {
  return figureOf(validTrials.length > 0 ? validTrials : trials, path);
}

function figureOf(trials: readonly TrialRecord[], path: string): Figure {
  const readings = trials.map((trial) => readMetric(trial, path));
  const middle = boundedMedian(readings.flatMap((reading) => boundedFigure(reading) ?? []));
  if (middle !== null) return { ...middle, reason: null };
  const missing = readings.find((reading) => reading.kind === 'missing');
  return { value: null, atLeast: false, reason: missing?.reason ?? 'not recorded' };
}

function censoredOf(trials: readonly TrialRecord[]): number | null {
  const known = trials.flatMap((trial) => trialFigure(trial, derivedMetrics.censored) ?? []);
  return known.length === 0 ? null : known.reduce((sum, { value }) => sum + value, 0);
}

function tailSamples(trials: readonly TrialRecord[], p: number): number | null {
  const counts = trials.flatMap((trial) => (trial.latency.response === null ? [] : [trial.latency.response.count]));
  // The count beyond a rank, not count x (1 - p): the float product of 1000 and 0.001 must be 1.
  return counts.length === 0 ? null : Math.min(...counts.map((count) => count - Math.ceil(count * p - 1e-6)));
}

function lossesOf(trials: readonly TrialRecord[]): Losses | null {
  const known = trials.flatMap((trial) => (trial.requests === null ? [] : [trial.requests]));
  if (known.length === 0) return null;
  // Null is what another program did not count.
  const sum = (pick: (requests: (typeof known)[number]) => number | null): number =>
    known.reduce((total, item) => total + (pick(item) ?? 0), 0);
  return {
    scheduled: sum((requests) => requests.scheduled),
    failed: sum((requests) => requests.failed),
    dropped: sum((requests) => requests.dropped),
    abandoned: sum((requests) => requests.abandoned),
  };
}

/** All requests without a response. */
export function lost({ failed, dropped, abandoned }: Losses): number {
  return failed + dropped + abandoned;
}

/** Share of the scheduled requests without a response; null where none was scheduled. */
export function lossRate(losses: Losses | null): number | null {
  return losses === null || losses.scheduled === 0 ? null : lost(losses) / losses.scheduled;
}
