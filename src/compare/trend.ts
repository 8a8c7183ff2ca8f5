/** Finds the change points of a history: of the ratio of every variant to the control of the same run, so that changes of the machine cancel. */
import type { HistoryEntry, HistoryVariant } from '../results/history.ts';
import { gateMetric } from '../scenario/gates.ts';
import { metricUnit } from '../scenario/metrics.ts';
import { quote } from '../scenario/problem.ts';
import { counterpart, select, type Axes, type Found } from '../scenario/selection.ts';
import { nearest } from '../scenario/suggest.ts';
import { UserError } from '../scenario/user-error.ts';
import { changePoints } from '../stats/e-divisive.ts';
import { betterOf, watchedMetrics } from './metric-list.ts';
import { seriesChanges } from './trend-changes.ts';
import type { TrendDocument, TrendPoint, TrendScenario, TrendSeries } from './trend-document.ts';
import { listed } from './words.ts';

export interface TrendOptions {
  /** Name of a scenario; null for all. */
  readonly scenario: string | null;
  /** Paths, or short names such as `p99`; empty for the usual ones. */
  readonly metrics: readonly string[];
  /** Name of a variant, or `axis=alternative`; null for all. */
  readonly variant: string | null;
  /** The same, for what the others are measured against; null for what the newest run was recorded against. */
  readonly control: string | null;
  readonly recent: number;
}

/** As Apache Otava and Nyrkiö: changes of at least 5 % with p of at most 0.001. Runs four times before it is told. */
const parameters = { maxP: 0.001, leastMagnitude: 0.05, window: 50, leastStretch: 4 } as const;

/** Runs that a change has lasted when it is told: within fewer recent runs none can be. */
export const leastRecent = parameters.leastStretch;

/** Throws a `UserError` for an empty history and for a name that is not in it. */
export function trendOf(entries: readonly HistoryEntry[], options: TrendOptions): TrendDocument {
  const scenarios = newestConfigurations(entries, options.scenario).map((group) => trendScenario(group, options));
  const changes = scenarios.flatMap(({ series }) => series.flatMap((one) => one.changes));
  return {
    type: 'trend',
    schemaVersion: 1,
    parameters: { ...parameters, recent: options.recent },
    scenarios,
    worse: changes.some(({ worse, recent }) => worse && recent),
  };
}

interface Group {
  readonly scenario: string;
  readonly configHash: string;
  /** In the order of time; at least one. */
  readonly entries: readonly HistoryEntry[];
  readonly otherRuns: number;
}

function newestConfigurations(entries: readonly HistoryEntry[], wanted: string | null): readonly Group[] {
  const time = (entry: HistoryEntry): number => Date.parse(entry.startedAt);
  const ordered = entries.toSorted((a, b) => time(a) - time(b) || (a.runId < b.runId ? -1 : 1));
  const names = [...new Set(ordered.map(({ scenario }) => scenario))];
  if (names.length === 0) {
    throw new UserError(
      'HISTORY_EMPTY',
      'the history has no run yet',
      'Add one: connbench trend --history FILE --add RESULT.ndjson',
    );
  }
  if (wanted !== null && !names.includes(wanted)) throw unknown('SCENARIO', 'scenario', wanted, names);
  return (wanted === null ? names : [wanted]).map((scenario) => {
    const runs = ordered.filter((entry) => entry.scenario === scenario);
    const { configHash } = runs.at(-1)!;
    const same = runs.filter((entry) => entry.configHash === configHash);
    return { scenario, configHash, entries: same, otherRuns: runs.length - same.length };
  });
}

function unknown(code: string, what: string, name: string, known: readonly string[]): UserError {
  const meant = nearest(name, known);
  const suggestion = meant === undefined ? '' : ` (did you mean ${quote(meant)}?)`;
  const hint = meant === undefined ? `It has ${listed(known.slice(0, 30))}.` : null;
  return new UserError(`UNKNOWN_${code}`, `the history has no ${what} ${quote(name)}${suggestion}`, hint);
}

function trendScenario({ scenario, configHash, entries, otherRuns }: Group, options: TrendOptions): TrendScenario {
  const variants = [
    ...new Map(entries.flatMap((entry) => entry.variants.map((one) => [one.name, one] as const))).values(),
  ];
  const wanted = options.variant === null ? variants : found(variants, options.variant, '--variant').items;
  const controlAxes = options.control === null ? null : found(variants, options.control, '--control').axes;
  const metrics = metricsIn(variants, options.metrics);
  const pairs = wanted.flatMap((variant) => {
    const control = controlOf(variant, variants, entries, controlAxes);
    return control === null ? [] : [{ variant: variant.name, control }];
  });
  if (pairs.length === 0) throw noControl(scenario, variants, options);
  const bare = pairs.flatMap((pair) => metrics.map((metric) => seriesOf(entries, pair, metric)));
  const hosts = entries.map(({ host }) => host);
  return {
    scenario,
    configHash,
    runs: entries.map(({ runId, startedAt, label, host }) => ({ runId, startedAt, label, host })),
    otherRuns,
    series: seriesChanges(bare.map(withChanges), hosts, options.recent),
  };
}

function found(variants: readonly HistoryVariant[], selector: string, option: string): Found<HistoryVariant> {
  const result = select(variants, selector);
  if (result.ok) return result;
  const meant = result.suggestion === undefined ? '' : ` (did you mean ${quote(result.suggestion)}?)`;
  const names = listed(variants.slice(0, 30).map(({ name }) => name));
  throw new UserError('UNKNOWN_VARIANT', `${option}: ${result.message}${meant}`, `The variants are ${names}.`);
}

function metricsIn(variants: readonly HistoryVariant[], wanted: readonly string[]): readonly string[] {
  const known = [...new Set(variants.flatMap(({ figures }) => Object.keys(figures)))];
  if (wanted.length === 0) return watchedMetrics.filter((metric) => known.includes(metric));
  const paths = wanted.map((text) => {
    const metric = gateMetric(text);
    if (known.includes(text)) return text;
    if (!metric.ok) throw unknown('METRIC', 'metric', text, known);
    if (known.includes(metric.value)) return metric.value;
    const message = `the history does not hold ${metric.value}`;
    throw new UserError(
      'UNKNOWN_METRIC',
      message,
      `Add the runs with --metric ${metric.value}. It holds ${listed(known)}.`,
    );
  });
  return [...new Set(paths)];
}

/** Name of the variant that another is measured against; null where there is none, or where it is the control itself. */
function controlOf(
  variant: HistoryVariant,
  variants: readonly HistoryVariant[],
  entries: readonly HistoryEntry[],
  axes: Axes | null,
): string | null {
  if (axes !== null) {
    const control = counterpart(variants, variant, axes);
    return control === variant ? null : (control?.name ?? null);
  }
  const newest = entries.findLast((entry) => entry.variants.some(({ name }) => name === variant.name));
  return newest?.variants.find(({ name }) => name === variant.name)?.control ?? null;
}

function noControl(
  scenario: string,
  variants: readonly HistoryVariant[],
  { variant, control }: TrendOptions,
): UserError {
  if (variant !== null || control !== null) {
    const message = `${quote(scenario)}: what was asked for leaves no variant with a control`;
    return new UserError(
      'TREND_NO_CONTROL',
      message,
      'A control is not measured against itself; ask for another variant.',
    );
  }
  const message = `${quote(scenario)} has no baseline, so nothing stays the same that its variants could be measured against`;
  const hint =
    variants.length < 2
      ? 'Give the scenario a second variant that never changes, and make it the baseline.'
      : `Name a variant that never changes: --control ${quote(variants[0]!.name)}.`;
  return new UserError('TREND_NO_CONTROL', message, hint);
}

interface Pair {
  readonly variant: string;
  readonly control: string;
}

type BareSeries = Omit<TrendSeries, 'changes'>;

function seriesOf(entries: readonly HistoryEntry[], { variant, control }: Pair, metric: string): BareSeries {
  const points = entries.flatMap((entry, run) => {
    const point = pointOf(entry, variant, control, metric);
    return point === null ? [] : [{ run, ...point }];
  });
  const runsNeeded = Math.max(0, 2 * parameters.leastStretch - points.length);
  const unit = metricUnit(metric) ?? 'count';
  return { variant, control, metric, unit, better: betterOf(metric), points, runsNeeded };
}

/** The ratio block by block as recorded, or of the medians where the run was recorded against another control. */
function pointOf(
  entry: HistoryEntry,
  variant: string,
  control: string,
  metric: string,
): Omit<TrendPoint, 'run'> | null {
  const own = entry.variants.find(({ name }) => name === variant);
  const figure = own?.figures[metric];
  if (own === undefined || figure === undefined) return null;
  if (own.control === control) {
    return figure.ratio === null ? null : { ratio: figure.ratio.estimate, interval: figure.ratio.interval };
  }
  const below = entry.variants.find(({ name }) => name === control)?.figures[metric]?.median ?? 0;
  return figure.median > 0 && below > 0 ? { ratio: figure.median / below, interval: null } : null;
}

function withChanges(series: BareSeries): {
  readonly series: BareSeries;
  readonly found: ReturnType<typeof changePoints>;
} {
  const { maxP, window, leastStretch } = parameters;
  const options = { maxP, leastShift: Math.log(1 + parameters.leastMagnitude), window, leastStretch };
  return {
    series,
    found: changePoints(
      series.points.map(({ ratio }) => Math.log(ratio)),
      options,
    ),
  };
}
