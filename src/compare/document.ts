/** What a comparison says, metric by metric: the content of every report of it, and of `connbench compare --json`. */
import type { MetricUnit } from '../scenario/metrics.ts';
import type { Interval } from '../stats/signed-rank.ts';
import type { Better, Verdict } from '../stats/verdict.ts';

/** A result file that takes part. */
export interface SourceRun {
  /** Path of the result file; null where there is none. */
  readonly file: string | null;
  readonly runId: string;
  readonly scenario: string;
  readonly startedAt: string;
  readonly seed: number;
  /** True for figures of another program, which nothing was reconciled with. */
  readonly imported: boolean;
}

export interface ComparedSide {
  /** Index into `ComparisonDocument.sources`. */
  readonly source: number;
  /** Name of the variant. */
  readonly variant: string;
}

/** One trial's figure. `value` is in the record's unit. */
export interface TrialValue {
  readonly block: number;
  /** Place of the trial in its run, from 0. */
  readonly index: number;
  readonly value: number;
  /** A lower bound: the trial's figure depends on requests without an answer. Absent where it is the figure. */
  readonly atLeast?: true;
}

export interface SideFigures {
  /** Median over the trials used; null without any. */
  readonly value: number | null;
  /** The median is a lower bound. Absent where it is not. */
  readonly atLeast?: true;
  /** The trials used, in block order, so that any reader can redo the test. */
  readonly perTrial: readonly TrialValue[];
}

/**
 * `statistical`: judged over blocks or trials. `exact`: a count that did not vary from trial to trial on either side, compared as it is.
 * `descriptive`: shown without a verdict; `reason` says why.
 */
type ComparisonKind = 'statistical' | 'exact' | 'descriptive';

export interface ComparedMetric {
  /** Full path, such as `latency.response.p99`. */
  readonly metric: string;
  readonly unit: MetricUnit;
  readonly better: Better;
  readonly kind: ComparisonKind;
  /** Whether it is among the gates, and so able to fail a job. */
  readonly gating: boolean;
  readonly base: SideFigures;
  readonly other: SideFigures;
  /** Pairs of trials (paired) or the smaller side's trials (unpaired). */
  readonly n: number;
  /** Hodges-Lehmann estimate of other / base; null where there is none. */
  readonly ratio: number | null;
  /** Of the ratio, at confidence 1 - `alpha`; null with too few blocks. */
  readonly interval: Interval | null;
  /** Error rate of `interval`: that of the comparison divided by the number of gates for a gate, undivided otherwise. */
  readonly alpha: number;
  readonly p: number | null;
  /** Adjusted by Holm over the gates; null for what is no gate. */
  readonly pHolm: number | null;
  /** Margin of indifference: 0.05 is 5 %. */
  readonly margin: number;
  /**
   * Smallest change that would be told from none with a power of 80 %: 0.1 is 10 %. Null where unknown. With that power a ratio is called
   * beyond the margin from (1 + margin) (1 + smallestDetectable) - 1 on.
   */
  readonly smallestDetectable: number | null;
  /** `null` for a descriptive metric. */
  readonly verdict: Verdict | null;
  /** The interval excludes "no change" but not the margin. */
  readonly warn: boolean;
  /** Why there is no verdict, or none better; null where nothing needs saying. */
  readonly reason: string | null;
  /** Spread inside a run, medians over the trials of both sides; null where the metric is no latency quantile. */
  readonly withinRun: {
    /** Relative standard error of one trial's figure by sectioning. */
    readonly standardError: number;
    readonly lag1: number;
  } | null;
}

export interface ExcludedBlock {
  readonly block: number;
  readonly reason: string;
  /**
   * The side whose own failure it is: its server died, could not be reached, or answered nothing. That is an outcome of what is
   * compared, not of how it was measured. Null or absent where no side is to blame.
   */
  readonly blame?: Blame | null;
}

export type Blame = 'base' | 'other' | 'both';

/** One variant against one other. */
export interface ComparedPair {
  /** `pool.size=4 against pool.size=1`, with the files' names where they differ. */
  readonly name: string;
  readonly base: ComparedSide;
  readonly other: ComparedSide;
  readonly design: 'paired' | 'unpaired';
  readonly excluded: readonly ExcludedBlock[];
  /** Error rates first, then in the order of importance. */
  readonly metrics: readonly ComparedMetric[];
  /** Sentences: unpaired, drift, different environments, a withheld latency verdict ... */
  readonly warnings: readonly string[];
}

export type GateOutcome = 'passed' | 'failed' | 'inconclusive';

/** A gate on one pair. */
export interface GateResult {
  /** Name of the pair. */
  readonly pair: string;
  readonly metric: string;
  readonly margin: number;
  readonly outcome: GateOutcome;
  /** A sentence with the figures. */
  readonly reason: string;
}

export interface ComparisonDocument {
  readonly type: 'comparison';
  readonly schemaVersion: 1;
  /** Two-sided error rate of the whole set of gates. */
  readonly alpha: number;
  readonly sources: readonly SourceRun[];
  readonly pairs: readonly ComparedPair[];
  readonly gates: readonly GateResult[];
  /** About the whole comparison, such as files of different machines. */
  readonly warnings: readonly string[];
}
