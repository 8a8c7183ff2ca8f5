/**
 * Judges an A/A run: how often two names of the same settings are told apart, and how small a change would be. Each session of n
 * blocks is compared as a run of its own would be, so that false alarms and sensitivity are measured, not assumed.
 */
import type { HeaderRecord, TrialRecord } from '../results/record.ts';
import type { VariantRecord } from '../results/run-plan.ts';
import { metricUnit, type MetricUnit } from '../scenario/metrics.ts';
import { maximumBlocks } from '../scenario/plan.ts';
import { UserError } from '../scenario/user-error.ts';
import { detectablePaired } from '../stats/detectable.ts';
import { clopperPearson } from '../stats/distributions.ts';
import { uniformityTest } from '../stats/kolmogorov.ts';
import { comparePaired } from '../stats/paired.ts';
import { logRatio, type SideComparison } from '../stats/side-comparison.ts';
import { blocksNeeded, type Interval } from '../stats/signed-rank.ts';
import { exactQuantile, mean, median } from '../stats/summary.ts';
import { alpha, pairedBlocks } from './blocks.ts';
import { calibrationAxis, twinNames } from './calibration-plan.ts';
import type { Gate } from './gates.ts';
import { betterOf, usualMarginOf, watchedMetrics } from './metric-list.ts';
import { readMetric } from './metric.ts';

/** Two-sided, of every rate. */
const confidence = 0.95;
/** A machine whose rate of false alarms is surely above this cries wolf; a sound test stays at or under 5 %. */
const tolerableRate = 0.07;
/** Fewest blocks of a session. */
export const leastSessionBlocks = blocksNeeded(alpha);

/** So many of so many sessions, with the exact interval of the share (Clopper-Pearson). */
export interface Rate {
  readonly count: number;
  readonly of: number;
  readonly interval: Interval;
}

export interface CalibratedMetric {
  readonly metric: string;
  readonly unit: MetricUnit;
  /** Margin of the verdicts: 0.05 is 5 %. */
  readonly margin: number;
  /** Median over all trials of both names; null without any. */
  readonly value: number | null;
  /** Per session that has this metric, in order: ratio of the twin to the base, and its p. */
  readonly sessions: readonly { readonly session: number; readonly ratio: number; readonly p: number }[];
  /** Of the twin: p below 0.05; a verdict of regression or improvement; a verdict of regression alone. */
  readonly falseAlarms: { readonly test: Rate; readonly margin: Rate; readonly regression: Rate };
  /** Kolmogorov-Smirnov test that the p-values are uniform; null without sessions, or where the metric never varies. */
  readonly uniformity: { readonly d: number; readonly p: number } | null;
  /** 95th percentile over sessions of exp|ln ratio| - 1; null without sessions. */
  readonly spread: number | null;
  /** `spread` rounded up to a margin that a person would write: whole percents, from 10 % on by fives. */
  readonly recommendedMargin: number | null;
  /** Smallest true change that one session finds with a power of 80 %, from the spread of all blocks. */
  readonly smallestDetectable: number | null;
  /** Smallest true change that one session calls beyond the margin with that power. */
  readonly smallestBeyondMargin: number | null;
  /** The injected delay: how often it was called a regression, and the median of its ratios; null where none was injected. */
  readonly injected: { readonly regression: Rate; readonly ratio: number | null } | null;
  /** Why there is no figure; null where there is one. */
  readonly reason: string | null;
}

export interface CalibrationDocument {
  readonly type: 'calibration';
  readonly schemaVersion: 1;
  /** Path of the result file; null where there is none. */
  readonly file: string | null;
  readonly runId: string;
  readonly scenario: string;
  readonly question: string | null;
  readonly startedAt: string;
  readonly alpha: number;
  readonly confidence: number;
  readonly tolerableRate: number;
  /** Of each session. */
  readonly blocks: number;
  readonly sessions: { readonly planned: number; readonly used: number };
  /** Trials that are invalid; their blocks are left out on both sides. */
  readonly invalidTrials: number;
  readonly metrics: readonly CalibratedMetric[];
  /** Metrics whose rate of false alarms is surely above `tolerableRate`: even the lower end of its interval is. */
  readonly criesWolf: readonly string[];
}

/** One session's trials: all that were planned are done, and enough blocks are valid on both sides. */
interface Session {
  readonly number: number;
  readonly twin: readonly (readonly [TrialRecord, TrialRecord])[];
  readonly slower: readonly (readonly [TrialRecord, TrialRecord])[];
}

export interface CalibrationInput {
  readonly file: string | null;
  readonly results: { readonly header: HeaderRecord; readonly trials: readonly TrialRecord[] };
  /** Of each session, at least `leastSessionBlocks`. */
  readonly blocks: number;
  /** Metrics and margins, beside or instead of the run's own gates and the usual ones. */
  readonly gates: readonly Gate[];
}

/** Throws a UserError for a run that has no axis `calibrate` with one variant `a` and one `b`, or more blocks than a run can have. */
export function calibrationOf({ file, results, blocks, gates }: CalibrationInput): CalibrationDocument {
  const { header, trials } = results;
  const names = twins(header);
  assertBlocks(header);
  const sessions = completeSessions(header, trials, blocks, names);
  const margins = new Map([
    ...watchedMetrics.map((metric) => [metric, usualMarginOf(metric)] as const),
    ...[...(header.gates ?? []), ...gates].map(({ metric, margin }) => [metric, margin] as const),
  ]);
  const metrics = [...margins].map(([metric, margin]) => calibrated(metric, margin, blocks, sessions, names));
  return {
    type: 'calibration',
    schemaVersion: 1,
    file,
    runId: header.runId,
    scenario: header.scenario.name,
    question: header.scenario.question,
    startedAt: header.startedAt,
    alpha,
    confidence,
    tolerableRate,
    blocks,
    sessions: { planned: Math.floor(header.blocks / blocks), used: sessions.length },
    invalidTrials: trials.filter((trial) => !trial.valid).length,
    metrics,
    criesWolf: metrics
      .filter(({ falseAlarms }) => falseAlarms.test.interval.low > tolerableRate)
      .map(({ metric }) => metric),
  };
}

interface Twins {
  readonly base: string;
  readonly twin: string;
  readonly slower: string | null;
}

function twins({ variants }: HeaderRecord): Twins {
  const only = (alternative: string): VariantRecord | null => {
    const found = variants.filter(({ axes }) => axes[calibrationAxis] === alternative);
    return found.length === 1 ? found[0]! : null;
  };
  const base = only(twinNames.base);
  const twin = only(twinNames.twin);
  if (base !== null && twin !== null) {
    return { base: base.name, twin: twin.name, slower: only(twinNames.slower)?.name ?? null };
  }
  throw new UserError(
    'NO_CALIBRATION',
    `these results are no calibration: they have no axis ${calibrationAxis} with one variant ${twinNames.base} and one ${twinNames.twin}`,
    'connbench calibrate SCENARIO makes such a file.',
  );
}

/** Each session takes work, before any of its trials is looked for. */
function assertBlocks({ blocks }: HeaderRecord): void {
  if (blocks <= maximumBlocks) return;
  throw new UserError(
    'NO_CALIBRATION',
    `these results are no calibration: no run has ${blocks} blocks, ${maximumBlocks} at most`,
  );
}

/** Session s has the blocks from s x n on. One that was not finished says nothing yet. */
function completeSessions(
  header: HeaderRecord,
  trials: readonly TrialRecord[],
  blocks: number,
  names: Twins,
): readonly Session[] {
  const finished = new Set(trials.filter((trial) => !isInterrupted(trial)).map(({ index }) => index));
  const valid = trials.filter((trial) => trial.valid);
  return Array.from({ length: Math.floor(header.blocks / blocks) }, (_, number) => {
    const isOf = ({ block }: { readonly block: number }): boolean => Math.floor(block / blocks) === number;
    const of = (name: string | null): readonly TrialRecord[] =>
      valid.filter((trial) => trial.variant === name && isOf(trial));
    const base = of(names.base);
    const isComplete = header.trials.filter(isOf).every(({ index }) => finished.has(index));
    return {
      number,
      isComplete,
      twin: pairedBlocks(of(names.twin), base),
      slower: pairedBlocks(of(names.slower), base),
    };
  }).filter(({ isComplete, twin }) => isComplete && twin.length >= leastSessionBlocks);
}

function isInterrupted({ invalidReasons }: TrialRecord): boolean {
  return invalidReasons.some(({ code }) => code === 'interrupted');
}

/** A session's comparison of one metric, with the log ratios of its blocks. */
interface Compared {
  readonly session: number;
  readonly logs: readonly number[];
  readonly comparison: SideComparison & { readonly ratio: number; readonly p: number };
}

function calibrated(
  metric: string,
  margin: number,
  blocks: number,
  sessions: readonly Session[],
  { slower: injected }: Twins,
): CalibratedMetric {
  const compareAll = (side: 'twin' | 'slower'): readonly Compared[] =>
    sessions.flatMap((session) => compared(session.number, session[side], metric, margin) ?? []);
  const twin = compareAll('twin');
  const ratios = twin.map(({ comparison }) => comparison.ratio);
  const ps = twin.map(({ comparison }) => comparison.p);
  const spread = exactQuantile(ratios.map(distance), 0.95);
  const smallest = detectablePaired(pooledSpread(twin), blocks, alpha);
  const slower = compareAll('slower');
  return {
    metric,
    unit: metricUnit(metric) ?? 'count',
    margin,
    value: median(sessions.flatMap(({ twin: pairs }) => pairs.flat().flatMap((trial) => values(trial, metric)))),
    sessions: twin.map(({ session, comparison: { ratio, p } }) => ({ session, ratio, p })),
    falseAlarms: {
      test: rate(twin, ({ p }) => p < alpha),
      margin: rate(twin, ({ verdict }) => verdict === 'regression' || verdict === 'improvement'),
      regression: rate(twin, isRegression),
    },
    uniformity: twin.length === 0 || ratios.every((ratio) => ratio === 1) ? null : uniformityTest(ps),
    spread,
    recommendedMargin: spread === null ? null : roundedUp(spread),
    smallestDetectable: smallest,
    smallestBeyondMargin: smallest === null ? null : (1 + margin) * (1 + smallest) - 1,
    injected:
      injected === null
        ? null
        : { regression: rate(slower, isRegression), ratio: median(slower.map(({ comparison }) => comparison.ratio)) },
    reason: twin.length > 0 ? null : whyNone(sessions, metric),
  };
}

function isRegression({ verdict }: SideComparison): boolean {
  return verdict === 'regression';
}

function rate(compared: readonly Compared[], isCounted: (comparison: Compared['comparison']) => boolean): Rate {
  const count = compared.filter(({ comparison }) => isCounted(comparison)).length;
  return { count, of: compared.length, interval: clopperPearson(count, compared.length, confidence) };
}

/** Null where too few blocks have the figure on both sides, or it is not above zero. */
function compared(session: number, pairs: Session['twin'], metric: string, margin: number): Compared | null {
  const figures = pairs.flatMap(([other, base]) =>
    values(other, metric).flatMap((of) => values(base, metric).map((against) => ({ of, against }))),
  );
  if (figures.length < leastSessionBlocks) return null;
  const base = figures.map(({ against }) => against);
  const other = figures.map(({ of }) => of);
  // A gate on a count may have the margin 0, which has no band.
  const options = { margin: Math.max(margin, Number.EPSILON), better: betterOf(metric), alpha };
  const comparison = comparePaired(base, other, options);
  const { ratio, p } = comparison;
  if (ratio === null || p === null) return null;
  return {
    session,
    logs: figures.map(({ of, against }) => logRatio(against, of)),
    comparison: { ...comparison, ratio, p },
  };
}

/** The figure in a list, or an empty one. */
function values(trial: TrialRecord, metric: string): readonly number[] {
  const reading = readMetric(trial, metric);
  return reading.kind === 'value' ? [reading.value] : [];
}

function whyNone(sessions: readonly Session[], metric: string): string {
  const trial = sessions[0]?.twin[0]?.[0];
  if (trial === undefined) return 'no session is complete';
  const reading = readMetric(trial, metric);
  if (reading.kind === 'value') return 'it is 0 in some trial, so that there is no ratio';
  if (reading.kind === 'bound') return 'it is a lower bound in some trial, since requests had no answer';
  return reading.kind === 'missing' ? reading.reason : 'not recorded';
}

/** How far a ratio is from 1, the same for a ratio and its inverse: 0.05 for 1.05 and for 1/1.05. */
function distance(ratio: number): number {
  return Math.max(ratio, 1 / ratio) - 1;
}

/** Standard deviation of the blocks' log ratios around the mean of their own session; null without sessions. */
function pooledSpread(compared: readonly Compared[]): number | null {
  const degrees = compared.reduce((sum, { logs }) => sum + logs.length - 1, 0);
  if (degrees === 0) return null;
  const squares = compared.reduce((sum, { logs }) => {
    const centre = mean(logs) ?? 0;
    return sum + logs.reduce((inner, log) => inner + (log - centre) ** 2, 0);
  }, 0);
  return Math.sqrt(squares / degrees);
}

/** To whole percents, from 10 % on to fives; at least 1 %. */
function roundedUp(share: number): number {
  // Twelve digits, so that the float above 3 % that means 3 % stays 3 %.
  const percent = Number((share * 100).toPrecision(12));
  const step = percent > 10 ? 5 : 1;
  return Math.max(1, Math.ceil(percent / step) * step) / 100;
}
