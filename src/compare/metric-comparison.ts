/** Compares one metric of a pair: figures, test and verdict, and in a sentence what keeps it from a better one. */
import { derivedMetrics, metricUnit } from '../scenario/metrics.ts';
import { whatNarrows } from '../stats/sectioning.ts';
import { standardDeviation } from '../stats/detectable.ts';
import { blocksNeeded } from '../stats/signed-rank.ts';
import type { Verdict } from '../stats/verdict.ts';
import type { ComparedMetric, TrialValue } from './document.ts';
import type { Gate } from './gates.ts';
import { betterOf, usualMarginOf } from './metric-list.ts';
import type { PairTrials } from './pair-trials.ts';
import type { PlannedPair } from './pairing.ts';
import { sideStatistics, type SideStatistics } from './side-statistics.ts';
import type { SideValues } from './side-values.ts';
import type { Treatment } from './treatment.ts';
import type { WithinRunReader } from './within-run.ts';
import { figure, percent, plural, range, signed } from './words.ts';

/** One metric of one pair, ready to be judged. */
export interface MetricCase {
  readonly metric: string;
  readonly pair: PlannedPair;
  readonly trials: PairTrials;
  readonly values: SideValues;
  readonly treatment: Treatment;
  /** Null where it is none, or none may judge the pair. */
  readonly gate: Gate | null;
  /** Takes a share of the error rate, if it is a gate. */
  readonly charged: boolean;
}

export interface JudgedMetric {
  /** The metric as the document has it. */
  readonly compared: ComparedMetric;
  /** It is certainly not worse than its margin allows. */
  readonly noWorse: boolean;
  readonly charged: boolean;
}

export interface JudgeOptions {
  /** Two-sided error rate of the interval. */
  readonly alpha: number;
  /** Gates that share the error rate. */
  readonly tests: number;
  readonly withinRun: WithinRunReader;
}

export function judgeMetric(item: MetricCase, options: JudgeOptions): JudgedMetric {
  switch (item.treatment.kind) {
    case 'descriptive':
      return { compared: described(item, item.treatment, options), noWorse: false, charged: item.charged };
    case 'exact':
      return counted(item, options.alpha);
    case 'statistical':
      return tested(item, options);
  }
}

const valuesOf = (side: readonly TrialValue[]): readonly number[] => side.map(({ value }) => value);

type Frame = Omit<
  ComparedMetric,
  'kind' | 'ratio' | 'interval' | 'p' | 'smallestDetectable' | 'verdict' | 'warn' | 'reason'
>;

/** What is the same however the metric is judged. */
function frame({ metric, pair, values, gate }: MetricCase, alpha: number): Frame {
  const { base, other } = values;
  return {
    metric,
    unit: metricUnit(metric) ?? 'count',
    better: betterOf(metric),
    gating: gate !== null,
    base,
    other,
    n: pair.design === 'paired' && values.absent !== null ? 0 : Math.min(base.perTrial.length, other.perTrial.length),
    alpha,
    pHolm: null,
    margin: gate?.margin ?? usualMarginOf(metric),
    withinRun: null,
  };
}

/** The ratio of the medians, where there is one. */
function plainRatio({ base, other }: SideValues): number | null {
  if (base.value === null || other.value === null || base.value < 0 || other.value < 0) return null;
  if (base.atLeast === true || other.atLeast === true) return null;
  if (base.value === other.value) return 1;
  return base.value === 0 ? null : other.value / base.value;
}

function described(
  item: MetricCase,
  treatment: Treatment & { readonly kind: 'descriptive' },
  { alpha, withinRun }: JudgeOptions,
): ComparedMetric {
  const { absent, bounded } = item.values;
  const statistics = treatment.single || absent !== null || bounded !== null ? null : statisticsOf(item, alpha);
  const inside = treatment.single ? withinRunOnly(item, withinRun) : null;
  return {
    ...frame(item, alpha),
    kind: 'descriptive',
    ratio: statistics?.ratio ?? plainRatio(item.values),
    interval: item.pair.importedFrom === null ? (statistics?.interval ?? null) : null,
    p: null,
    smallestDetectable: null,
    verdict: null,
    warn: false,
    reason: sentences([treatment.reason, inside, item.values.leftOut]),
  };
}

/** What the two runs' own spread says of their quantiles: nothing about what another run would have given. */
function withinRunOnly({ metric, trials: { base, other } }: MetricCase, reader: WithinRunReader): string | null {
  const [a, b] = [base[0], other[0]];
  if (a === undefined || b === undefined || base.length > 1 || other.length > 1) return null;
  const [from, to] = [reader.bootstrap(a, metric), reader.bootstrap(b, metric)];
  if (from === null || to === null) return null;
  const ms = (ns: number): string => figure(ns / 1e6);
  return `within-run uncertainty only: ${range(to, ms)} ms against ${range(from, ms)} ms`;
}

/** Counts that never varied: the difference is the difference. */
function counted(item: MetricCase, alpha: number): JudgedMetric {
  const parts = frame(item, alpha);
  const [from, to] = [parts.base.value ?? 0, parts.other.value ?? 0];
  const verdict = exactVerdict(item.metric, from, to, parts);
  const change = differenceOf(item.metric, to - from);
  const reason =
    from === to
      ? null
      : `${change} in every trial, ${verdict === 'equivalent' ? 'within' : 'beyond'} the margin of ${marginText(item.metric, parts.margin)}`;
  const compared: ComparedMetric = {
    ...parts,
    kind: 'exact',
    ratio: plainRatio(item.values),
    interval: null,
    p: null,
    smallestDetectable: 0,
    verdict,
    warn: from !== to && verdict === 'equivalent',
    reason: sentences([reason, item.values.leftOut]),
  };
  return { compared, noWorse: verdict !== 'regression', charged: item.charged };
}

function exactVerdict(metric: string, from: number, to: number, { margin, better }: Frame): Verdict {
  const beyond =
    metric === derivedMetrics.lossRate
      ? Math.abs(to - from) > margin
      : // Symmetric in log scale, as the margin of every ratio; of a negative base, its size counts.
        from > 0 && to >= 0
        ? to > from * (1 + margin) || to * (1 + margin) < from
        : Math.abs(to - from) > margin * Math.abs(from);
  if (!beyond || from === to) return 'equivalent';
  return to > from === (better === 'lower') ? 'regression' : 'improvement';
}

function statisticsOf({ metric, pair, values, gate }: MetricCase, alpha: number): SideStatistics {
  return sideStatistics(metric, valuesOf(values.base.perTrial), valuesOf(values.other.perTrial), {
    paired: pair.design === 'paired',
    margin: gate?.margin ?? usualMarginOf(metric),
    better: betterOf(metric),
    alpha,
  });
}

function tested(item: MetricCase, { alpha, tests, withinRun }: JudgeOptions): JudgedMetric {
  const statistics = statisticsOf(item, alpha);
  const { ratio, interval, p, smallestDetectable, verdict, warn, difference, noWorse } = statistics;
  const parts = { ...frame(item, alpha), withinRun: withinRun.spread(item.trials, item.metric) };
  const { leftOut } = item.values;
  const compared: ComparedMetric = {
    ...parts,
    kind: 'statistical',
    ratio,
    interval,
    p,
    smallestDetectable,
    verdict,
    warn,
    reason: sentences([differenceText(item.metric, difference), openReason(item, parts, statistics, tests), leftOut]),
  };
  return { compared, noWorse, charged: item.charged };
}

function differenceOf(metric: string, value: number): string {
  return metric === derivedMetrics.lossRate ? `${signed(value * 100)} points` : signed(value);
}

/** For a metric without a ratio. */
function differenceText(metric: string, difference: SideStatistics['difference']): string | null {
  if (difference === null) return null;
  const { estimate, interval } = difference;
  const print = (value: number): string => differenceOf(metric, value);
  if (interval === null || (interval.low === 0 && interval.high === 0))
    return estimate === 0 ? null : `difference ${print(estimate)}`;
  return `difference ${print(estimate)} (${range(interval, print)})`;
}

/** Why nothing is decided, and what would decide it; null where something is. */
function openReason(
  { pair, gate }: MetricCase,
  parts: Frame,
  { interval, difference, verdict, worseOnAverage }: SideStatistics,
  tests: number,
): string | null {
  if (verdict !== 'inconclusive') return null;
  if ((interval ?? difference?.interval ?? null) === null) return tooFew(pair, parts, gate === null ? 1 : tests);
  if (worseOnAverage) {
    return `the mean is worse by more than ${marginText(parts.metric, parts.margin)}, but it is that of a few ${pair.design === 'paired' ? 'blocks' : 'trials'}`;
  }
  const spread = pair.design === 'paired' ? logSpread(parts) : null;
  const narrows =
    parts.withinRun === null || spread === null ? null : whatNarrows(parts.withinRun.standardError, spread);
  return `the interval reaches across the margin: ${narrows ?? `more ${pair.design === 'paired' ? 'blocks' : 'trials'}`} would narrow it`;
}

function tooFew({ design }: PlannedPair, { n, alpha, base, other }: Frame, tests: number): string {
  const sure = tests > 1 ? `an interval for ${plural(tests, 'gate')} together` : 'an interval';
  if (design === 'unpaired') {
    return `${sure} needs more trials than ${base.perTrial.length} and ${other.perTrial.length}`;
  }
  return `${sure} needs ${blocksNeeded(alpha)} blocks, there ${n === 1 ? 'is' : 'are'} ${n}`;
}

function logSpread({ base, other }: Frame): number | null {
  const logs = base.perTrial.map(({ value }, block) => Math.log(other.perTrial[block]!.value / value));
  return logs.every(Number.isFinite) ? standardDeviation(logs) : null;
}

/** A margin as it is written: of the loss rate in percentage points. */
export function marginText(metric: string, margin: number): string {
  return metric === derivedMetrics.lossRate ? `${figure(margin * 100)} points` : percent(margin);
}

/** Clauses joined; null where there is none. */
function sentences(clauses: readonly (string | null)[]): string | null {
  const said = clauses.filter((clause) => clause !== null);
  return said.length === 0 ? null : said.join('; ');
}
