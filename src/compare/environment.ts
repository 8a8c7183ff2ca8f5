/** Tells whether two runs were measured under the same conditions: machine, system, versions. */
import type { HeaderRecord, TrialRecord } from '../results/record.ts';
import { UserError } from '../scenario/user-error.ts';

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
  return differences([
    ...machinePairs(base.header, other.header),
    ['mode', waysOf(base.trials, modeOf), waysOf(other.trials, modeOf)],
    ['client transport', waysOf(base.trials, transportOf), waysOf(other.trials, transportOf)],
  ]);
}

/** What a header vouches for. */
type Fingerprint = Pick<HeaderRecord, 'connbenchVersion' | 'environment'>;

/**
 * Throws a UserError unless a run is gone on with where, and by which version, it was begun: its header speaks for all of its trials.
 */
export function assertSameMachine(begun: Fingerprint, now: Fingerprint, path: string): void {
  const found = differences(machinePairs(begun, now));
  if (found.length === 0) return;
  throw new UserError(
    'RESUME_ELSEWHERE',
    `${path} was begun under other conditions than these: ${found.join(', ')}`,
    'Resume it on the machine and with the version that began it, or run the scenario anew.',
  );
}

type Pair = readonly [name: string, base: unknown, other: unknown];

function differences(pairs: readonly Pair[]): readonly string[] {
  return pairs.filter(([, a, b]) => a !== b).map(([name, a, b]) => `${name}: ${shown(a)} against ${shown(b)}`);
}

function machinePairs(base: Fingerprint, other: Fingerprint): readonly Pair[] {
  const [ours, theirs] = [base.environment, other.environment];
  return [
    ['connbench', base.connbenchVersion, other.connbenchVersion],
    ...machineFields.map((field): Pair => [field, ours[field], theirs[field]]),
    ...(alikeMemory(ours.memoryBytes, theirs.memoryBytes)
      ? []
      : [['memoryBytes', ours.memoryBytes, theirs.memoryBytes] as const]),
    // The congestion control is a field of its own as well.
    ...byName(ours.sysctls, theirs.sysctls).filter(([name]) => name !== 'net.ipv4.tcp_congestion_control'),
    ...byName(ours.libraries, theirs.libraries),
  ];
}

/** What a kernel takes for itself before it counts the memory differs from boot to boot; machines differ by more. */
const memoryTolerance = 0.01;

function alikeMemory(a: number | null, b: number | null): boolean {
  if (a === null || b === null) return a === b;
  return Math.abs(a - b) <= memoryTolerance * Math.max(a, b);
}

type Named = Readonly<Record<string, string | null>>;

function byName(a: Named, b: Named): readonly Pair[] {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
  return names.map((name) => [name, own(a, name), own(b, name)]);
}

function own(map: Named, name: string): string | null {
  return Object.hasOwn(map, name) ? (map[name] ?? null) : null;
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
