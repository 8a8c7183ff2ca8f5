/** Figures that every trial of connbench's own has, and that may be null where they were imported from another program. */
import type { TrialRecord } from './record.ts';

/** Dotted path of the first such figure that is null; null where all are there. */
export function importedNull(trial: TrialRecord): string | null {
  if (trial.measureSeconds === null) return 'measureSeconds';
  const { requests } = trial;
  if (requests !== null) {
    const absent = (['dropped', 'abandoned', 'retried', 'wholeTrial'] as const).find((name) => requests[name] === null);
    if (absent !== undefined) return `requests.${absent}`;
  }
  const failure = [...trial.errors, ...trial.warmUpErrors].findIndex(({ reused }) => reused === null);
  if (failure >= 0) return 'errors.reused';
  const { latency, latencyByConnection } = trial;
  const sets = { latency, 'latencyByConnection.new': latencyByConnection.new, 'latencyByConnection.reused': latencyByConnection.reused };
  for (const [path, set] of Object.entries(sets)) {
    const found = Object.entries(set).find(([, record]) => record !== null && record.histogram === null);
    if (found !== undefined) return `${path}.${found[0]}.histogram`;
  }
  return null;
}
