/** Predictions of theory beside what was measured, as the cells of a table: the same in every report. */
import type { Assumption, Prediction } from '../model/prediction.ts';
import { predictionsOfTrials } from '../model/predictions.ts';
import { metricText } from './metric-text.ts';
import type { VariantFigures } from './variant-figures.ts';

export interface ModelRow {
  readonly prediction: Prediction;
  readonly name: string;
  /** Null where theory names no figure. */
  readonly predicted: string | null;
  readonly measured: string | null;
  /** With `~` before it where an assumption is not known to hold; null without a ratio. */
  readonly ratio: string | null;
  /** Assumptions that do not hold, each with the reason. */
  readonly failed: readonly string[];
  /** Assumptions of which the trials do not tell. */
  readonly unknown: readonly string[];
}

/** Of the valid trials; empty where there are none, and where theory has nothing to say. */
export function modelRows({ validTrials }: Pick<VariantFigures, 'validTrials'>): readonly ModelRow[] {
  return predictionsOfTrials(validTrials).map(rowOf);
}

function rowOf(prediction: Prediction): ModelRow {
  const { name, unit, predicted, range, measured, assumptions } = prediction;
  const text = (value: number): string => metricText(Number(value.toPrecision(12)), unit);
  const unknown = textsOf(assumptions, null);
  return {
    prediction,
    name,
    predicted:
      range !== null ? `${text(range.low)} to ${text(range.high)}` : predicted === null ? null : text(predicted),
    measured: measured === null ? null : text(measured),
    ratio: prediction.ratio === null ? null : `${unknown.length > 0 ? '~' : ''}${ratioFigure(prediction.ratio)}`,
    failed: textsOf(assumptions, false),
    unknown,
  };
}

function textsOf(assumptions: readonly Assumption[], holds: boolean | null): readonly string[] {
  return assumptions.filter((one) => one.holds === holds).map(({ text, because }) => `${text}: ${because}`);
}

function ratioFigure(ratio: number): string {
  return ratio >= 0.1 && ratio < 10 ? ratio.toFixed(3) : ratio.toPrecision(3);
}

/** What the marks mean. */
export const modelNote =
  'Ratio: measured over predicted; of a range 1 inside it. None where an assumption of the formula does not hold: the reason stands below. ~: an assumption of which the trials do not tell.';
