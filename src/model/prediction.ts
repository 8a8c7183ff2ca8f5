/** What theory says of one figure of a trial, beside what was measured, with every assumption that it rests on. */
import { metricUnit, type MetricUnit } from '../scenario/metrics.ts';

export interface Assumption {
  readonly text: string;
  /** Whether it holds for this trial; null where the trial does not tell. */
  readonly holds: boolean | null;
  /** The settings or figures that say so. */
  readonly because: string;
}

/** From `low` to `high`, both included, where theory names no single figure. */
interface PredictedRange {
  readonly low: number;
  readonly high: number;
}

export interface Prediction {
  /** What it is about, in words. */
  readonly name: string;
  /** Path of the figure, as `scenario/metrics.ts` names it. */
  readonly metric: string;
  readonly unit: MetricUnit;
  /** In the unit; of a range its middle. Null where theory gives none: then an assumption that does not hold says why. */
  readonly predicted: number | null;
  /** Null where one figure is predicted. */
  readonly range: PredictedRange | null;
  /** Null where the trial has no such figure. */
  readonly measured: number | null;
  /**
   * Measured over predicted; of a range 1 inside it, else over the nearer end. 1 where both are 0. Null where either is missing, 0 alone
   * is predicted, or an assumption does not hold.
   */
  readonly ratio: number | null;
  readonly formula: string;
  /** Where the formula comes from. */
  readonly source: string;
  readonly assumptions: readonly Assumption[];
}

/** A prediction before it is set beside what was measured. */
export interface Theory {
  readonly name: string;
  readonly metric: string;
  readonly predicted: number | PredictedRange | null;
  readonly formula: string;
  readonly source: string;
  readonly assumptions: readonly Assumption[];
}

export function assumption(text: string, holds: boolean | null, because: string): Assumption {
  return { text, holds, because };
}

/** Throws an Error for a metric that `scenario/metrics.ts` does not know: a bug. */
export function besideMeasured(theory: Theory, measured: number | null): Prediction {
  const { name, metric, predicted, formula, source, assumptions } = theory;
  const unit = metricUnit(metric);
  if (unit === null) throw new Error(`a prediction of ${metric}, which is no metric`);
  const range = typeof predicted === 'object' ? predicted : null;
  const middle = range === null ? (predicted as number | null) : (range.low + range.high) / 2;
  return {
    name,
    metric,
    unit,
    predicted: middle,
    range,
    measured,
    ratio: ratioOf(middle, range, measured, assumptions),
    formula,
    source,
    assumptions,
  };
}

/** `Prediction.ratio` from its parts. */
export function ratioOf(
  predicted: number | null,
  range: PredictedRange | null,
  measured: number | null,
  assumptions: readonly Assumption[],
): number | null {
  if (predicted === null || measured === null || assumptions.some(({ holds }) => holds === false)) return null;
  if (range !== null && measured >= range.low && measured <= range.high) return 1;
  const expected = range === null ? predicted : measured < range.low ? range.low : range.high;
  if (expected === 0) return measured === 0 ? 1 : null;
  return measured / expected;
}
