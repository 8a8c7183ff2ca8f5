/** What the history of a scenario says: the content of every form of `connbench trend`, and of its `--json`. */
import type { HistoryEntry } from '../results/history.ts';
import type { MetricUnit } from '../scenario/metrics.ts';
import type { Better } from '../stats/verdict.ts';

/** A run on the horizontal axis. */
export type TrendRun = Pick<HistoryEntry, 'runId' | 'startedAt' | 'label' | 'host'>;

export interface TrendPoint {
  /** Index into the scenario's runs. */
  readonly run: number;
  /** Variant over control. */
  readonly ratio: number;
  /** Null with too few blocks, or where the run was recorded against another control. */
  readonly interval: { readonly low: number; readonly high: number } | null;
}

export interface TrendChange {
  /** Index into the series' points: the first one after the change. */
  readonly point: number;
  /** Geometric means of the ratios from the change before to this one, and from this one to the next. */
  readonly before: number;
  readonly after: number;
  readonly pointsBefore: number;
  readonly pointsAfter: number;
  /** after / before - 1: 0.12 is 12 % more. */
  readonly magnitude: number;
  /** Two-sided, of Student's test on the logarithms. */
  readonly p: number;
  readonly worse: boolean;
  /** Among the last runs that count for the exit code. */
  readonly recent: boolean;
  /** Every other series against this control changed in the same run, too, and in the same direction. */
  readonly allAgainstControl: boolean;
  /** What changed about the machine with this run, as `kernel: 6.1 to 6.8`. */
  readonly hostChanges: readonly string[];
}

export interface TrendSeries {
  readonly variant: string;
  readonly control: string;
  /** Full path. */
  readonly metric: string;
  readonly unit: MetricUnit;
  readonly better: Better;
  /** In the order of time. Runs without the ratio are left out. */
  readonly points: readonly TrendPoint[];
  readonly changes: readonly TrendChange[];
  /** Runs that are still needed before any change could be found; 0 with enough. */
  readonly runsNeeded: number;
}

/** The runs of one scenario with one configuration: that of its newest run. */
export interface TrendScenario {
  readonly scenario: string;
  readonly configHash: string;
  readonly runs: readonly TrendRun[];
  /** Earlier runs with other settings, which are left out. */
  readonly otherRuns: number;
  readonly series: readonly TrendSeries[];
}

export interface TrendDocument {
  readonly type: 'trend';
  readonly schemaVersion: 1;
  readonly parameters: {
    readonly maxP: number;
    /** 0.05: changes below 5 % are not reported. */
    readonly leastMagnitude: number;
    readonly window: number;
    /** Runs that a change must have lasted. */
    readonly leastStretch: number;
    /** A worsening within this many runs of the end fails the job. */
    readonly recent: number;
  };
  readonly scenarios: readonly TrendScenario[];
  /** Whether a recent change is a worsening. */
  readonly worse: boolean;
}
