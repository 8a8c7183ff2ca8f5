/** Gathers one metric's figures of the trials of both sides, and why some or all are not there. */
import type { TrialRecord } from '../results/record.ts';
import { boundedFigure, boundedMedian, boundsReason } from './bounded.ts';
import type { SideFigures, TrialValue } from './document.ts';
import { readMetric, type MetricReading } from './metric.ts';
import type { PairTrials } from './pair-trials.ts';
import { plural } from './words.ts';

export interface SideValues {
  /** Of the trials that have the figure; paired: of the blocks in which both have it. */
  readonly base: SideFigures;
  readonly other: SideFigures;
  /** Why a side has no figure at all; null where both have one. */
  readonly absent: string | null;
  /** How many blocks or trials had to be left out, and why; null where none. */
  readonly leftOut: string | null;
  /** Why the figures cannot be compared, though they are there: some are lower bounds. Null where none is. */
  readonly bounded: string | null;
}

interface Read {
  readonly trial: TrialRecord;
  readonly reading: MetricReading;
}

export function sideValues(trials: PairTrials, metric: string, paired: boolean): SideValues {
  const read = (side: readonly TrialRecord[]): readonly Read[] =>
    side.map((trial) => ({ trial, reading: readMetric(trial, metric) }));
  const [base, other] = [read(trials.base), read(trials.other)];
  const both = (index: number): boolean => hasFigure(base[index]) && hasFigure(other[index]);
  const kept = (side: readonly Read[]): readonly Read[] =>
    side.filter((item, index) => (paired ? both(index) : hasFigure(item)));
  const [keptBase, keptOther] = [kept(base), kept(other)];
  const dropped = paired
    ? base.length - keptBase.length
    : base.length + other.length - keptBase.length - keptOther.length;
  const reason = reasonIn([...base, ...other], metric);
  const absent = keptBase.length === 0 || keptOther.length === 0 ? (reason ?? 'no trial can be used') : null;
  const leftOut =
    dropped === 0 || absent !== null
      ? null
      : `missing in ${plural(dropped, paired ? 'block' : 'trial')}: ${reason ?? ''}`;
  // Where one side has nothing to be paired with, its own figures are shown all the same.
  const shown = (side: readonly Read[], pairedSide: readonly Read[]): SideFigures =>
    figures(absent === null ? pairedSide : side.filter(hasFigure));
  const bounded = absent === null ? boundsIn([...keptBase, ...keptOther]) : null;
  return { base: shown(base, keptBase), other: shown(other, keptOther), absent, leftOut, bounded };
}

function hasFigure(item: Read | undefined): boolean {
  return item !== undefined && boundedFigure(item.reading) !== null;
}

function boundsIn(reads: readonly Read[]): string | null {
  const bounds = reads.filter(({ reading }) => reading.kind === 'bound').length;
  return bounds === 0 ? null : boundsReason(bounds, reads.length);
}

function figures(reads: readonly Read[]): SideFigures {
  const read = reads.flatMap(({ trial, reading }) => {
    const figure = boundedFigure(reading);
    return figure === null ? [] : [{ trial, figure }];
  });
  const perTrial = read.map(({ trial, figure }): TrialValue => {
    return { block: trial.block, index: trial.index, value: figure.value, ...marked(figure.atLeast) };
  });
  const middle = boundedMedian(read.map(({ figure }) => figure));
  return { value: middle?.value ?? null, ...marked(middle?.atLeast ?? false), perTrial };
}

function marked(atLeast: boolean): { readonly atLeast?: true } {
  return atLeast ? { atLeast } : {};
}

/** The first reason for a figure that is not there. */
function reasonIn(reads: readonly Read[], metric: string): string | null {
  for (const { reading } of reads) {
    if (reading.kind === 'missing') return reading.reason;
    if (reading.kind === 'unknown') return `a trial record has no figure ${metric}`;
  }
  return null;
}
