/** Where the time of a request goes: mean time in each phase, over all requests of a variant, by new and reused connection. */
import type { LatencyRecordName, LatencySet, TrialRecord } from '../../results/record.ts';
import type { VariantFigures } from '../variant-figures.ts';

/** In the order in which a request goes through them. */
export const phases = [
  'connectionWait',
  'connect',
  'tls',
  'firstByte',
  'download',
] as const satisfies readonly LatencyRecordName[];
export type Phase = (typeof phases)[number];

export const phaseNames: Readonly<Record<Phase, string>> = {
  connectionWait: 'waiting for a connection',
  connect: 'connecting',
  tls: 'TLS handshake',
  firstByte: 'waiting for the first byte',
  download: 'download',
};

export interface PhaseFigures {
  readonly label: string;
  readonly connection: 'new' | 'reused';
  readonly requests: number;
  /** Of all requests that had a connection. */
  readonly share: number;
  /** Means per request; a request that skips a phase counts with 0. The phases add up to the total. */
  readonly meansNs: Readonly<Record<Phase, number>>;
  readonly totalNs: number;
}

/** Up to two rows per variant; from its valid trials, or from the invalid ones where none is valid. */
export function phaseFigures(rows: readonly VariantFigures[]): readonly PhaseFigures[] {
  return rows.flatMap((row) => {
    const trials = row.validTrials.length > 0 ? row.validTrials : row.trials;
    const both = (['new', 'reused'] as const).map((connection) => figuresOf(row.label, connection, trials));
    const all = both.reduce((sum, { requests }) => sum + requests, 0);
    return both
      .filter(({ requests }) => requests > 0)
      .map((figures) => ({ ...figures, share: figures.requests / all }));
  });
}

function figuresOf(
  label: string,
  connection: 'new' | 'reused',
  trials: readonly TrialRecord[],
): Omit<PhaseFigures, 'share'> {
  const sets = trials.map((trial) => trial.latencyByConnection[connection]);
  const requests = sets.reduce((sum, set) => sum + (set.service?.count ?? 0), 0);
  const meanNs = (phase: Phase): number => (requests === 0 ? 0 : sumNs(sets, phase) / requests);
  const meansNs = Object.fromEntries(phases.map((phase) => [phase, meanNs(phase)])) as Record<Phase, number>;
  return { label, connection, requests, meansNs, totalNs: phases.reduce((sum, phase) => sum + meansNs[phase], 0) };
}

function sumNs(sets: readonly LatencySet[], phase: Phase): number {
  return sets.reduce((sum, set) => sum + (set[phase]?.mean ?? 0) * (set[phase]?.count ?? 0), 0);
}
