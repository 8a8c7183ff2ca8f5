/** A run as a line of its scenario's history: what every variant measured, and its ratio to the control of the same run. */
import type { HistoryEntry, HistoryFigure, HistoryVariant } from '../results/history.ts';
import type { HeaderRecord, TrialRecord } from '../results/record.ts';
import type { VariantRecord } from '../results/run-plan.ts';
import { quote } from '../scenario/problem.ts';
import { counterpart, select, type Axes } from '../scenario/selection.ts';
import { UserError } from '../scenario/user-error.ts';
import { locationEstimate } from '../stats/signed-rank.ts';
import { alpha, pairedBlocks } from './blocks.ts';
import { boundedMedian, trialFigure } from './bounded.ts';
import type { ComparedFile } from './compare.ts';
import { usualMetrics } from './metric-list.ts';

export interface HistoryEntryOptions {
  readonly label: string | null;
  /** Name of the variant that the others are measured against, or `axis=alternative`; null for the scenario's baseline. */
  readonly control: string | null;
  /** Metrics to be kept beside the usual ones; full paths. */
  readonly metrics: readonly string[];
  /** Of the scenario's resolved document. */
  readonly configHash: string;
}

/** Throws a `UserError` for an unknown control, for a run that did not end, and for one that connbench did not measure. */
export function historyEntry({ path, results }: ComparedFile, options: HistoryEntryOptions): HistoryEntry {
  const { header, trials } = results;
  refuseUnfit(path ?? header.runId, results);
  const control = options.control === null ? header.baseline : controlAxes(header, options.control);
  const metrics = [...new Set([...usualMetrics, ...options.metrics])];
  const { cpuModel, cores, arch, os, kernel, node, virtualisation } = header.environment;
  return {
    type: 'history',
    schemaVersion: 1,
    runId: header.runId,
    startedAt: header.startedAt,
    label: options.label,
    connbenchVersion: header.connbenchVersion,
    scenario: header.scenario.name,
    configHash: options.configHash,
    host: { cpuModel, cores, arch, os, kernel, node, virtualisation },
    seed: header.seed,
    blocks: header.blocks,
    variants: header.variants.map((variant) => {
      const against = control === null ? null : counterpart(header.variants, variant, control);
      return historyVariant(variant, against === variant ? null : against, trials, metrics);
    }),
  };
}

function refuseUnfit(name: string, { header, footer }: ComparedFile['results']): void {
  if (header.imported !== undefined) {
    const message = `${name} was imported from ${header.imported.tool}`;
    throw new UserError('HISTORY_IMPORTED', message, 'A history takes runs of connbench, which have a control.');
  }
  if (footer !== null && !footer.interrupted) return;
  const message = `${name} holds a run that did not end`;
  throw new UserError('HISTORY_UNFINISHED', message, `Finish it: connbench run --resume ${name}`);
}

function controlAxes({ variants }: HeaderRecord, control: string): Axes {
  const found = select(variants, control);
  if (found.ok) return found.axes;
  const hint =
    found.suggestion === undefined ? `The variants are ${variants.map(({ name }) => name).join(', ')}.` : null;
  const meant = found.suggestion === undefined ? '' : ` (did you mean ${quote(found.suggestion)}?)`;
  throw new UserError('UNKNOWN_VARIANT', `--control: ${found.message}${meant}`, hint);
}

function historyVariant(
  variant: VariantRecord,
  control: VariantRecord | null,
  trials: readonly TrialRecord[],
  metrics: readonly string[],
): HistoryVariant {
  const own = trials.filter((trial) => trial.variant === variant.name);
  const valid = own.filter((trial) => trial.valid);
  const against = trials.filter((trial) => trial.variant === control?.name && trial.valid);
  return {
    name: variant.name,
    axes: variant.axes,
    control: control?.name ?? null,
    trials: own.length,
    validTrials: valid.length,
    figures: Object.fromEntries(
      metrics.flatMap((metric) => {
        const figure = figureOf(valid, against, metric);
        return figure === null ? [] : [[metric, figure] as const];
      }),
    ),
  };
}

/** Null where no trial has the metric, or its median is a lower bound: a history holds values. */
function figureOf(
  trials: readonly TrialRecord[],
  control: readonly TrialRecord[],
  metric: string,
): HistoryFigure | null {
  const figures = trials.flatMap((trial) => trialFigure(trial, metric) ?? []);
  const middle = boundedMedian(figures);
  if (middle === null || middle.atLeast) return null;
  const pairs = pairedBlocks(trials, control).map(
    ([of, against]) => [trialFigure(of, metric), trialFigure(against, metric)] as const,
  );
  const bounded = pairs.flat().some((figure) => figure?.atLeast === true);
  const ratios = pairs.flatMap(([above, below]) =>
    above !== null && below !== null && above.value > 0 && below.value > 0 ? [above.value / below.value] : [],
  );
  return { median: rounded(middle.value), n: figures.length, ratio: bounded ? null : ratioOf(ratios) };
}

function ratioOf(ratios: readonly number[]): HistoryFigure['ratio'] {
  if (ratios.length === 0) return null;
  const { estimate, interval } = locationEstimate(ratios, alpha, 'ratio');
  return {
    estimate: rounded(estimate),
    interval: interval === null ? null : { low: rounded(interval.low), high: rounded(interval.high) },
    blocks: ratios.length,
  };
}

/** A line stays small, and a millionth is far below what repeats. */
function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
