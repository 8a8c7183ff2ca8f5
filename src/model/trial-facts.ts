/** What predictions take from a trial: its configuration with its types again, and the figures that its record holds. */
import type { TrialConfig } from '../scenario/config.ts';
import type { LatencyRecord, TrialRecord } from '../results/record.ts';
import { derivedMetrics } from '../scenario/metrics.ts';
import { meanOpenConnections } from '../results/open-connections.ts';
import { isBundled } from './endings.ts';
import { median } from '../stats/summary.ts';
import { assumption, type Assumption } from './prediction.ts';

/**
 * The configuration as the record keeps it, with `"unlimited"` as Infinity again. Null where the record does not hold all of it: an imported
 * run, or a file of an earlier version.
 */
export function configOf({ config }: Pick<TrialRecord, 'config'>): TrialConfig | null {
  const { strategy, server, network, load } = config;
  const whole =
    hasKeys(strategy, ['protocol', 'connection', 'pool', 'tcp', 'timeouts', 'honourHint']) &&
    hasKeys(strategy['pool'], ['size', 'scope', 'order', 'idleTimeoutMs', 'maxRequests', 'maxLifetimeMs']) &&
    hasKeys(server, ['kind']) &&
    hasKeys(network, ['mode', 'link', 'sysctls']) &&
    hasKeys(network['link'], ['rttMs', 'jitterMs', 'bandwidthBitsPerSecond', 'loss']) &&
    hasKeys(load, ['model', 'warmUpMs', 'durationMs', 'workers', 'request']);
  return whole ? (revived(config) as TrialConfig) : null;
}

function hasKeys(value: unknown, keys: readonly string[]): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && keys.every((key) => Object.hasOwn(value, key));
}

function revived(value: unknown): unknown {
  if (value === 'unlimited') return Infinity;
  if (Array.isArray(value)) return value.map(revived);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revived(item)]));
}

/** A figure of the record by its path; null where it has none. Only for figures that a record stores, and those derived here. */
export function figureOf(record: TrialRecord, path: string): number | null {
  switch (path) {
    case derivedMetrics.openedPerRequest: {
      const sent = sentOf(record);
      return record.connections === null || sent === null || sent === 0 ? null : record.connections.opened / sent;
    }
    case derivedMetrics.meanOpen:
      return meanOpenConnections(record);
    default: {
      let value: unknown = record;
      for (const key of path.split('.')) {
        if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return null;
        value = (value as Readonly<Record<string, unknown>>)[key];
      }
      return typeof value === 'number' ? value : null;
    }
  }
}

/** Requests written over the whole trial. */
export function sentOf({ requests }: TrialRecord): number | null {
  return requests?.wholeTrial?.sent ?? null;
}

/** Seconds from the first request to the end of the drain; null where nothing was opened. */
export function trialSeconds({ connections }: TrialRecord): number | null {
  if (connections === null || connections.churnPerSecond === 0) return null;
  return connections.opened / connections.churnPerSecond;
}

/** The mean of a latency in ms; null where it has no sample. */
export function meanMs(latency: LatencyRecord | null): number | null {
  return latency?.mean == null ? null : latency.mean / 1e6;
}

/** A sysctl of a host of the lab as a number: the second word of two where `word` is 1. Null where it is not known. */
export function sysctlOf(
  { network }: TrialRecord,
  side: 'client' | 'server',
  name: string,
  word: 0 | 1 = 0,
): number | null {
  const text = network?.[side].sysctls[name] ?? null;
  const part = text?.trim().split(/\s+/)[word];
  return part === undefined || !/^\d+$/.test(part) ? null : Number(part);
}

/** Median over the trials that have the figure; null where none has. */
export function medianOf(values: readonly (number | null)[]): number | null {
  return median(values.flatMap((value) => value ?? []));
}

/** So many requests may fail before counts that assume that none does are off by more than they are exact. */
const mostFailed = 0.01;

/** Nothing failed that had a connection, and the server makes no mistakes on purpose. */
export function nothingFailed(config: TrialConfig, { requests, errors }: TrialRecord): Assumption {
  const text = 'no request fails on a connection, and the server makes no faults';
  const faults = isBundled(config.server) ? (config.server.faults ?? []) : [];
  if (faults.length > 0) return assumption(text, false, `the server has ${faults.length} kinds of faults`);
  if (requests === null) return assumption(text, null, 'the generator could not report its requests');
  const lost = requests.failed + (requests.dropped ?? 0) + (requests.abandoned ?? 0);
  const never = errors.reduce((sum, { phase, count }) => sum + (phase === 'connect' ? count : 0), 0);
  const because = `${lost} of ${requests.scheduled} requests had no answer, ${never} of these no connection`;
  return assumption(text, lost - never <= mostFailed * requests.scheduled, because);
}
