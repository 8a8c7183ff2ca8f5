/** One figure of a variant over its valid trials: the median, and how sure it is. */
import { boundedFigure, boundedMedian, type BoundedFigure } from '../compare/bounded.ts';
import { readMetric } from '../compare/metric.ts';
import { comparedText } from '../report/metric-text.ts';
import { boundText } from '../report/format.ts';
import type { TrialRecord } from '../results/record.ts';
import type { VariantRecord } from '../results/run-plan.ts';
import { metricUnit } from '../scenario/metrics.ts';
import { select, type Selector } from '../scenario/selection.ts';
import { medianInterval } from '../stats/median-interval.ts';
import type { Interval } from '../stats/signed-rank.ts';
import { usualAlpha } from '../stats/verdict.ts';
import type { ScenarioResults } from './claim-outcome.ts';

export interface MedianFigure {
  readonly metric: string;
  /** Of the trials that have one, in the order of the file. */
  readonly perTrial: readonly BoundedFigure[];
  /** Null without any. */
  readonly median: BoundedFigure | null;
  /** Of the median, 95 %; null with fewer than six trials, and where one figure is a lower bound. */
  readonly interval: Interval | null;
  /** Why there is none, or why not of all trials; null where all have it. */
  readonly reason: string | null;
}

/** A variant with its trials. */
export interface ShownVariant {
  readonly variant: VariantRecord;
  /** The alternatives of the axes that `where` leaves open; the name where there are none. */
  readonly label: string;
  readonly trials: readonly TrialRecord[];
  readonly validTrials: readonly TrialRecord[];
}

/** Those that fit `where`, in the scenario's order; none where it fits nothing of the run. */
export function shownVariants(
  { header, trials }: ScenarioResults,
  where: Exclude<Selector, string> | undefined,
): readonly ShownVariant[] {
  const found = where === undefined ? null : select(header.variants, where);
  const variants = found === null ? header.variants : found.ok ? found.items : [];
  return variants.map((variant) => {
    const own = trials.filter((trial) => trial.variant === variant.name);
    const open = Object.entries(variant.axes).filter(([axis]) => where === undefined || !Object.hasOwn(where, axis));
    const label = open.map(([, alternative]) => alternative).join(', ') || variant.name;
    return { variant, label, trials: own, validTrials: own.filter(({ valid }) => valid) };
  });
}

export function medianFigure({ validTrials }: Pick<ShownVariant, 'validTrials'>, metric: string): MedianFigure {
  const readings = validTrials.map((trial) => readMetric(trial, metric));
  const perTrial = readings.flatMap((reading) => boundedFigure(reading) ?? []);
  const isBounded = perTrial.some(({ atLeast }) => atLeast);
  const values = perTrial.map(({ value }) => value);
  const missing = readings.find(({ kind }) => kind === 'missing' || kind === 'unknown');
  const why = missing?.kind === 'missing' ? missing.reason : missing === undefined ? null : 'not recorded';
  return {
    metric,
    perTrial,
    median: boundedMedian(perTrial),
    interval: isBounded ? null : medianInterval(values, usualAlpha),
    reason: validTrials.length === 0 ? 'no valid trial' : why,
  };
}

export function figureText(metric: string, { value, atLeast }: BoundedFigure): string {
  return boundText(comparedText({ metric, unit: metricUnit(metric) ?? 'count' }, value), atLeast);
}

/**
 * `50.1 ms [49.9 ms to 50.3 ms]` with the interval of the median; `12 (10 to 13)` with the lowest and the highest of fewer trials; `330 each`
 * where all trials agree; `-` without a figure.
 */
export function figureCell(figure: MedianFigure): string {
  const { metric, perTrial, median, interval } = figure;
  if (median === null) return '-';
  const text = figureText(metric, median);
  const [low, high] = ends(figure);
  if (perTrial.length < 2 || median.atLeast) return text;
  if (low === high) return `${text} each`;
  return interval === null ? `${text} (${low} to ${high})` : `${text} [${low} to ${high}]`;
}

function ends({ metric, perTrial, interval }: MedianFigure): readonly [string, string] {
  const values = perTrial.map(({ value }) => value);
  const { low, high } = interval ?? { low: Math.min(...values), high: Math.max(...values) };
  return [figureText(metric, { value: low, atLeast: false }), figureText(metric, { value: high, atLeast: false })];
}
