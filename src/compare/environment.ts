/** Tells whether two runs were measured under the same conditions: machine, system, versions. */
import type { HeaderRecord, TrialRecord } from '../results/record.ts';

const machineFields = [
  'cpuModel',
  'cores',
  'kernel',
  'node',
  'virtualisation',
  'governor',
  'arch',
  'congestionControl',
] as const;

/** The part of a result file that shows how it was measured. */
interface Measured {
  readonly header: HeaderRecord;
  readonly trials: readonly TrialRecord[];
}

/**
 * What differs, as `kernel: 6.1.0 against 6.8.0`; empty for like conditions. What one run does not know differs from what the other
 * knows. How the trials really ran counts too: a lab or the loopback interface, and the client's way to its sockets.
 */
export function environmentDifferences(base: Measured, other: Measured): readonly string[] {
  const pairs: (readonly [name: string, base: unknown, other: unknown])[] = [
    ['connbench', base.header.connbenchVersion, other.header.connbenchVersion],
    ...machineFields.map((field) => [field, base.header.environment[field], other.header.environment[field]] as const),
    ...libraries(base.header, other.header),
    ['mode', waysOf(base.trials, modeOf), waysOf(other.trials, modeOf)],
    ['client transport', waysOf(base.trials, transportOf), waysOf(other.trials, transportOf)],
  ];
  return pairs.filter(([, a, b]) => a !== b).map(([name, a, b]) => `${name}: ${shown(a)} against ${shown(b)}`);
}

function libraries(base: HeaderRecord, other: HeaderRecord): (readonly [string, unknown, unknown])[] {
  const [a, b] = [base.environment.libraries, other.environment.libraries];
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
  return names.map((name) => [name, a[name] ?? null, b[name] ?? null]);
}

const modeOf = (trial: TrialRecord): string => trial.mode;
const transportOf = (trial: TrialRecord): string | null => trial.client.transport;

/** The ways in which a run's trials ran, each once; null without any. */
function waysOf(trials: readonly TrialRecord[], way: (trial: TrialRecord) => string | null): string | null {
  const ways = new Set(trials.map(way).filter((name) => name !== null));
  return ways.size === 0 ? null : [...ways].sort().join(' and ');
}

function shown(value: unknown): string {
  return value === null ? 'unknown' : typeof value === 'string' ? value : JSON.stringify(value);
}
