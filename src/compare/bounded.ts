/** Figures that may be lower bounds only, since they depend on requests that timed out or were never finished. */
import type { BoundedFigure } from '../results/censored-record.ts';
import type { TrialRecord } from '../results/record.ts';
import { median } from '../stats/summary.ts';
import { readMetric, type MetricReading } from './metric.ts';

export type { BoundedFigure } from '../results/censored-record.ts';

/** Null where there is no figure. */
export function boundedFigure(reading: MetricReading): BoundedFigure | null {
  if (reading.kind === 'value') return { value: reading.value, atLeast: false };
  return reading.kind === 'bound' ? { value: reading.value, atLeast: true } : null;
}

export function trialFigure(trial: TrialRecord, metric: string): BoundedFigure | null {
  return boundedFigure(readMetric(trial, metric));
}

/** A lower bound where it would be another one if every bound were infinite; null without figures. */
export function boundedMedian(figures: readonly BoundedFigure[]): BoundedFigure | null {
  const value = median(figures.map((figure) => figure.value));
  if (value === null) return null;
  const greatest = median(figures.map((figure) => (figure.atLeast ? Infinity : figure.value)));
  return { value, atLeast: greatest !== value };
}

/** Why such figures are not compared. */
export function boundsReason(bounds: number, of: number): string {
  return `in ${bounds} of ${of} trials it is a lower bound, since requests timed out or were never finished: not compared`;
}
