/** Everything that theory says of a trial, or of the trials of a variant, beside what was measured. */
import type { TrialConfig } from '../scenario/config.ts';
import type { TrialRecord } from '../results/record.ts';
import { noFormula } from './one-hop.ts';
import { openConnections } from './open-connections.ts';
import { openingOf } from './opening.ts';
import { packetsPerRequest } from './packets.ts';
import { besideMeasured, ratioOf, type Assumption, type Prediction, type Theory } from './prediction.ts';
import { queueWaits } from './queue-wait.ts';
import { roundTrips } from './round-trips.ts';
import { closedThroughput } from './throughput.ts';
import { portCeiling, timeWaits } from './time-wait.ts';
import { configOf, figureOf, medianOf } from './trial-facts.ts';

/**
 * Predictions for one trial. One without a figure where programs on the way, attackers, policies of the server or leaks make every formula
 * inapplicable: its assumptions say which. An invalid trial has predictions, too; whether its figures are shown is the reader's choice.
 */
export function predictionsFor(config: TrialConfig, record: TrialRecord): readonly Prediction[] {
  const none = noFormula(config, record);
  if (none !== null) return [besideMeasured(none, figureOf(record, none.metric))];
  const opening = openingOf(config, record);
  const theories: readonly (Theory | null)[] = [
    ...roundTrips(config, record),
    ...queueWaits(config, record),
    closedThroughput(config, record),
    opening?.theory ?? null,
    openConnections(config, record),
    ...(opening === null ? [] : timeWaits(config, record, opening)),
    opening === null ? null : portCeiling(config, record, opening),
    packetsPerRequest(config, record),
  ];
  return theories.flatMap((theory) =>
    theory === null ? [] : [besideMeasured(theory, figureOf(record, theory.metric))],
  );
}

/**
 * One prediction for each figure of several trials of a variant: medians of both sides over the trials. An assumption holds where it holds in
 * all of them. Empty where no record holds a whole configuration.
 */
export function predictionsOfTrials(trials: readonly TrialRecord[]): readonly Prediction[] {
  const byFigure = new Map<string, Prediction[]>();
  for (const record of trials) {
    const config = configOf(record);
    for (const prediction of config === null ? [] : predictionsFor(config, record)) {
      const key = `${prediction.metric} ${prediction.name}`;
      byFigure.set(key, [...(byFigure.get(key) ?? []), prediction]);
    }
  }
  return [...byFigure.values()].map(combined);
}

function combined(predictions: readonly Prediction[]): Prediction {
  const first = predictions[0]!;
  if (predictions.length === 1) return first;
  const of = (pick: (prediction: Prediction) => number | null): number | null => medianOf(predictions.map(pick));
  const isRange = predictions.every(({ range }) => range !== null);
  const low = of(({ range }) => range?.low ?? null);
  const high = of(({ range }) => range?.high ?? null);
  const range = isRange && low !== null && high !== null ? { low, high } : null;
  const predicted = predictions.some((one) => one.predicted === null) ? null : of((one) => one.predicted);
  const measured = of((one) => one.measured);
  const assumptions = combinedAssumptions(predictions);
  return { ...first, predicted, range, measured, assumptions, ratio: ratioOf(predicted, range, measured, assumptions) };
}

/** By their text; of each the one that holds least. */
function combinedAssumptions(predictions: readonly Prediction[]): readonly Assumption[] {
  const byText = new Map<string, Assumption>();
  for (const item of predictions.flatMap(({ assumptions }) => assumptions)) {
    const before = byText.get(item.text);
    if (before === undefined || rank(item) < rank(before)) byText.set(item.text, item);
  }
  return [...byText.values()];
}

function rank({ holds }: Assumption): number {
  return holds === false ? 0 : holds === null ? 1 : 2;
}
