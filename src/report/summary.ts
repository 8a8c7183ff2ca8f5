/** A run as one JSON document for programs: the content of the terminal report. */
import { answerSentences } from './answer-text.ts';
import { answersOf, priceMetrics, type GroupAnswer } from './answer.ts';
import { clientInForce } from './client-settings.ts';
import { failureKinds, type FailureKind } from './errors.ts';
import { judgeClaims, type ClaimCase, type Outcome } from '../compare/claims.ts';
import type { GateResult } from '../compare/document.ts';
import type { Prediction } from '../model/prediction.ts';
import { predictionsOfTrials } from '../model/predictions.ts';
import type { TrialRecord } from '../results/record.ts';
import type { SlowRequestRecord } from '../results/slowest-record.ts';
import { hopSummaries, type HopSummary } from './hop-summary.ts';
import type { LoadGroupMember } from './load-group.ts';
import { printableJson } from './printable.ts';
import {
  figuresByVariant,
  reportedMetrics,
  type Figure,
  type Losses,
  type ReportedMetric,
  type RunResults,
  type VariantFigures,
} from './variant-figures.ts';
import { gatherWarnings, invalidTrials, type GatheredWarning, type InvalidTrial } from './warnings.ts';

type Metrics = Readonly<Record<ReportedMetric, number | null>>;

interface VariantSummary {
  readonly name: string;
  readonly axes: Readonly<Record<string, string>>;
  readonly trials: number;
  readonly validTrials: number;
  /** Medians over the valid trials by path in a trial record, in the record's unit; null where there is none, or a lower bound only. */
  readonly metrics: Metrics;
  /** Lower bounds of medians that depend on requests without an answer in time, by path. Absent where there are none. */
  readonly atLeast?: Readonly<Partial<Record<ReportedMetric, number>>>;
  /** Why a metric is null, by its path. */
  readonly missing: Readonly<Partial<Record<ReportedMetric, string>>>;
  /** Sums over all trials. */
  readonly losses: Losses | null;
  /** Requests that timed out or were unfinished at the end of the drain, over all trials; null where that is not known. */
  readonly censored: number | null;
  readonly tailSamples: VariantFigures['tailSamples'];
  /** Programs on the way, from the client to the server; absent where there is none. */
  readonly hops?: readonly HopSummary[];
  /** What theory says of the valid trials, beside what was measured; absent where it says nothing. */
  readonly model?: readonly Prediction[];
  /** What ran, as it was read from it, defaults included. Absent of the reference client, and where there was no report. */
  readonly client?: Pick<TrialRecord['client'], 'name' | 'version' | 'settings'>;
}

interface AnswerSummary {
  readonly load: string | null;
  /** Variants by name. */
  readonly winner: string | null;
  readonly reference: string | null;
  readonly referenceIs: GroupAnswer['referenceIs'];
  readonly levelWith: readonly string[];
  readonly split: { readonly p50: string; readonly p99: string } | null;
  readonly excluded: readonly { readonly variant: string; readonly reason: string }[];
  /** Winner over reference, of the medians. */
  readonly ratios: { readonly p50: number | null; readonly p99: number | null };
  readonly price: readonly {
    readonly metric: string;
    readonly winner: number | null;
    readonly reference: number | null;
  }[];
  readonly blocks: number;
  readonly overBlocks: GroupAnswer['overBlocks'];
  /** The sentences of the terminal report. */
  readonly text: string;
}

export interface RunSummary {
  readonly runId: string;
  /** Path of the result file; null where there is none. */
  readonly file: string | null;
  readonly scenario: { readonly name: string; readonly question: string | null; readonly look: string | null };
  readonly startedAt: string;
  /** Of figures of another program, which nothing was reconciled with; null otherwise. */
  readonly imported: { readonly tool: string; readonly file: string } | null;
  readonly seed: number;
  readonly blocks: number;
  readonly plannedTrials: number;
  readonly finishedTrials: number;
  /** True where the run was interrupted or killed. */
  readonly interrupted: boolean;
  readonly variants: readonly VariantSummary[];
  readonly answer: readonly AnswerSummary[];
  readonly expectations: readonly {
    readonly claim: string;
    readonly metric: string;
    readonly outcome: Outcome;
    readonly reason: string | null;
    readonly cases: readonly ClaimCase[];
  }[];
  /** Of the scenario; absent where it has none, or nothing to compare. */
  readonly gates?: readonly GateResult[];
  /** Of the trials of the variants that were to be explained; absent where none was. */
  readonly slowest?: readonly {
    readonly variant: string;
    readonly block: number;
    readonly valid: boolean;
    readonly requests: readonly SlowRequestRecord[];
  }[];
  readonly errors: readonly FailureKind[];
  readonly warnings: readonly GatheredWarning[];
  readonly invalid: readonly InvalidTrial[];
}

/**
 * `file`: where the results are; `gates`: how those of the scenario ended, null without; `explained`: names of the variants whose slowest
 * requests are wanted.
 */
export function summarise(
  results: RunResults,
  file: string | null,
  gates: readonly GateResult[] | null = null,
  explained: readonly string[] = [],
): RunSummary {
  const { header, trials, footer } = results;
  const rows = figuresByVariant(results);
  return {
    runId: header.runId,
    file,
    scenario: { name: header.scenario.name, question: header.scenario.question, look: header.scenario.look },
    startedAt: header.startedAt,
    imported: header.imported ?? null,
    seed: header.seed,
    blocks: header.blocks,
    plannedTrials: header.trials.length,
    finishedTrials: trials.length,
    interrupted: footer === null || footer.interrupted,
    variants: rows.map(variantSummary),
    answer: answersOf(results).map(answerSummary),
    expectations: judgeClaims(results).map(({ expectation: { claim, metric }, outcome, reason, cases }) => {
      return { claim, metric, outcome, reason, cases };
    }),
    ...(gates === null ? {} : { gates }),
    ...(explained.length === 0 ? {} : { slowest: slowestOf(trials, explained) }),
    errors: failureKinds(rows),
    warnings: gatherWarnings(trials),
    invalid: invalidTrials(trials),
  };
}

/** Indented JSON that ends in a line feed; safe on a terminal too. */
export function renderSummary(summary: RunSummary): string {
  return `${printableJson(JSON.stringify(summary, null, 2))}\n`;
}

function slowestOf(trials: readonly TrialRecord[], explained: readonly string[]): RunSummary['slowest'] & {} {
  return trials
    .filter((trial) => explained.includes(trial.variant))
    .map(({ variant, block, valid, slowest = [] }) => ({ variant, block, valid, requests: slowest }));
}

function variantSummary(row: VariantFigures): VariantSummary {
  const client = clientInForce(row);
  return { ...ofFigures(row), ...(client === null ? {} : { client: ofClient(client) }) };
}

function ofClient({ name, version, settings }: TrialRecord['client']): NonNullable<VariantSummary['client']> {
  return { name, ...(version === undefined ? {} : { version }), ...(settings === undefined ? {} : { settings }) };
}

function ofFigures({
  variant,
  trials,
  validTrials,
  figures,
  losses,
  censored,
  tailSamples,
}: VariantFigures): VariantSummary {
  const metrics = Object.fromEntries(reportedMetrics.map((path) => [path, certain(figures[path])])) as Metrics;
  const bounds = reportedMetrics.filter((path) => figures[path].atLeast);
  const atLeast = Object.fromEntries(bounds.map((path) => [path, figures[path].value]));
  const missing = Object.fromEntries(
    reportedMetrics.flatMap((path) => {
      const { reason, atLeast: bound } = figures[path];
      if (bound) return [[path, 'only a lower bound is known: requests had no answer in time']];
      return reason === null ? [] : [[path, reason]];
    }),
  );
  const { name, axes } = variant;
  const hops = hopSummaries({ trials, validTrials });
  const model = predictionsOfTrials(validTrials);
  return {
    name,
    axes,
    trials: trials.length,
    validTrials: validTrials.length,
    metrics,
    ...(bounds.length === 0 ? {} : { atLeast }),
    missing,
    losses,
    censored,
    tailSamples,
    ...(hops.length === 0 ? {} : { hops }),
    ...(model.length === 0 ? {} : { model }),
  };
}

/** Null for a bound. */
function certain({ value, atLeast }: Figure): number | null {
  return atLeast ? null : value;
}

function answerSummary(answer: GroupAnswer): AnswerSummary {
  const { group, winner, reference, split, excluded } = answer;
  const name = (member: LoadGroupMember): string => member.variant.name;
  const value = (member: LoadGroupMember | null, metric: ReportedMetric): number | null =>
    member === null ? null : certain(member.figures[metric]);
  const ratio = (metric: ReportedMetric): number | null => {
    const own = value(winner, metric);
    const other = value(reference, metric);
    return own === null || other === null || other === 0 ? null : own / other;
  };
  return {
    load: group.name,
    winner: winner === null ? null : name(winner),
    reference: reference === null ? null : name(reference),
    referenceIs: answer.referenceIs,
    levelWith: answer.levelWith.map(name),
    split: split === null ? null : { p50: name(split.p50), p99: name(split.p99) },
    excluded: excluded.map(({ member, reason }) => ({ variant: name(member), reason })),
    ratios: { p50: ratio('latency.response.p50'), p99: ratio('latency.response.p99') },
    price: priceMetrics.map((metric) => {
      return { metric, winner: value(winner, metric), reference: value(reference, metric) };
    }),
    blocks: answer.blocks,
    overBlocks: answer.overBlocks,
    text: answerSentences(answer).join(' '),
  };
}
