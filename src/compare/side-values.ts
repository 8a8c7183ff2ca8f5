/** Gathers one metric's figures of the trials of both sides, and why some or all are not there. */
import type { TrialRecord } from '../results/record.ts';
import { median } from '../stats/summary.ts';
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
}

interface Read {
  readonly trial: TrialRecord;
  readonly reading: MetricReading;
}

export function sideValues(trials: PairTrials, metric: string, paired: boolean): SideValues {
  const read = (side: readonly TrialRecord[]): readonly Read[] =>
    side.map((trial) => ({ trial, reading: readMetric(trial, metric) }));
  const [base, other] = [read(trials.base), read(trials.other)];
  const both = (index: number): boolean =>
    base[index]?.reading.kind === 'value' && other[index]?.reading.kind === 'value';
  const kept = (side: readonly Read[]): readonly Read[] =>
    side.filter(({ reading }, index) => (paired ? both(index) : reading.kind === 'value'));
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
    figures(absent === null ? pairedSide : side.filter(({ reading }) => reading.kind === 'value'));
  return { base: shown(base, keptBase), other: shown(other, keptOther), absent, leftOut };
}

function figures(reads: readonly Read[]): SideFigures {
  const perTrial = reads.flatMap(({ trial, reading }): TrialValue[] =>
    reading.kind === 'value' ? [{ block: trial.block, index: trial.index, value: reading.value }] : [],
  );
  return { value: median(perTrial.map(({ value }) => value)), perTrial };
}

/** The first reason for a figure that is not there. */
function reasonIn(reads: readonly Read[], metric: string): string | null {
  for (const { reading } of reads) {
    if (reading.kind === 'missing') return reading.reason;
    if (reading.kind === 'unknown') return `a trial record has no figure ${metric}`;
  }
  return null;
}
