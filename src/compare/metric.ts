/** Reads one figure of a trial by its path, such as `latency.response.p50`, or makes it from others of the record. */
import { boundedQuantile, censoredAges, censoredFigures, type BoundedFigure } from '../results/censored-record.ts';
import { reasonMissing } from '../results/missing.ts';
import { meanOpenConnections } from '../results/open-connections.ts';
import type { AttackerRecord } from '../results/attacker-record.ts';
import type { HopRecord } from '../results/hop-record.ts';
import type { TrialRecord } from '../results/record.ts';
import { looksAtAnswers } from '../scenario/attacker-config.ts';
import { attackerMetric } from '../scenario/attacker-metrics.ts';
import { hopIndex, hopMetric } from '../scenario/hop-metrics.ts';
import { derivedMetrics, errorCode, latencyQuantile } from '../scenario/metrics.ts';
import { decodeHdr } from '../stats/hdr-codec.ts';
import { highestEquivalentAt, rankOf, type SparseCounts } from '../stats/histogram.ts';

export type MetricReading =
  | { readonly kind: 'value'; readonly value: number }
  /** All that is known is that the figure is not below this one: it depends on requests without an answer. Never compared as a value. */
  | { readonly kind: 'bound'; readonly value: number }
  /** The figure does not exist in this trial. */
  | { readonly kind: 'missing'; readonly reason: string }
  /** The path names no figure of a trial record. */
  | { readonly kind: 'unknown' };

/** Memory per connection shows among so many only. */
const fewestConnections = 100;

export function readMetric(trial: TrialRecord, path: string): MetricReading {
  switch (path) {
    case derivedMetrics.lossRate:
      return lossRate(trial);
    case derivedMetrics.censored:
      return censored(trial);
    case derivedMetrics.openedPerRequest:
      return openedPerRequest(trial);
    case derivedMetrics.meanOpen:
      return meanOpen(trial);
    case derivedMetrics.rssPerConnection:
      return rssPerConnection(trial);
    default: {
      const special =
        readWithCensored(trial, path) ??
        failedWith(trial, path) ??
        readOfHop(trial, path) ??
        readOfAttackers(trial, path);
      if (special !== null) return special;
      const stored = readStored(trial, path);
      return stored.kind === 'unknown' ? (readQuantile(trial, path) ?? stored) : stored;
    }
  }
}

/**
 * A figure of the response time of all requests, those that were given up included, each with its age: a bound where it depends on
 * them. Null for what is no such figure, and where none was given up: then `latency.response` has them all.
 */
function readWithCensored(trial: TrialRecord, path: string): MetricReading | null {
  const { censored: record } = trial;
  const series = 'latency.response.';
  if (record === undefined || !path.startsWith(series)) return null;
  const name = censoredFigures.find((figure) => path === series + figure);
  if (name !== undefined) return reading({ value: record.response[name], atLeast: record.atLeast.includes(name) });
  const asked = latencyQuantile(path);
  if (asked === null) return null;
  try {
    const figure = boundedQuantile(answeredOf(trial), censoredAges(record), asked.p);
    return figure === null ? null : reading(figure);
  } catch (error) {
    return unreadable(error);
  }
}

function reading({ value, atLeast }: BoundedFigure): MetricReading {
  return { kind: atLeast ? 'bound' : 'value', value };
}

function answeredOf({ latency }: TrialRecord): SparseCounts {
  const text = latency.response?.histogram ?? null;
  return text === null ? { indices: [], counts: [] } : decodeHdr(text);
}

function unreadable(error: unknown): MetricReading {
  const why = error instanceof Error ? error.message : String(error);
  return { kind: 'missing', reason: `its histogram cannot be read: ${why}` };
}

function missing(trial: TrialRecord, path: string): MetricReading {
  return { kind: 'missing', reason: reasonMissing(trial, path) ?? 'not recorded' };
}

function valueAt(record: TrialRecord | HopRecord | AttackerRecord, path: string): unknown {
  let value: unknown = record;
  for (const key of path.split('.')) {
    if (value === null) return null;
    if (typeof value !== 'object' || !Object.hasOwn(value, key)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return value;
}

/** A figure of a program on the way; null for what is none. */
function readOfHop(trial: TrialRecord, path: string): MetricReading | null {
  const asked = hopMetric(path);
  if (asked === null) return null;
  const { hops } = trial;
  if (hops === undefined) return { kind: 'missing', reason: 'no program is on the way' };
  const hop = hops[hopIndex(asked, hops)];
  if (hop === undefined) return { kind: 'missing', reason: `no program ${asked.program} is on the way` };
  const value = valueAt(hop, asked.figure);
  if (typeof value === 'number') return { kind: 'value', value };
  return { kind: 'missing', reason: hop.missing ?? `not recorded of ${hop.kind}` };
}

/** A figure of a group of attackers; null for what is none. */
function readOfAttackers(trial: TrialRecord, path: string): MetricReading | null {
  const asked = attackerMetric(path);
  if (asked === null) return null;
  const { group, figure, status } = asked;
  const attacker = trial.attackers?.[group];
  if (attacker === undefined) return { kind: 'missing', reason: `no group ${group + 1} of attackers reported` };
  if (status !== null) return answersOf(attacker, status);
  const value = valueAt(attacker, figure);
  if (typeof value === 'number') return { kind: 'value', value };
  if (figure === 'untilCut.count') return { kind: 'value', value: 0 };
  return { kind: 'missing', reason: `the server cut no connection of group ${group + 1} of the attackers` };
}

function answersOf({ kind, statuses }: AttackerRecord, status: string): MetricReading {
  if (!looksAtAnswers(kind)) return { kind: 'missing', reason: `attackers of kind ${kind} do not look at the answer` };
  return { kind: 'value', value: statuses[status] ?? 0 };
}

function readStored(trial: TrialRecord, path: string): MetricReading {
  const value = valueAt(trial, path);
  if (value === null) return missing(trial, path);
  return typeof value === 'number' ? { kind: 'value', value } : { kind: 'unknown' };
}

/** A quantile that the record does not hold as a figure of its own, from its histogram; null for what is none. */
function readQuantile(trial: TrialRecord, path: string): MetricReading | null {
  const asked = latencyQuantile(path);
  if (asked === null) return null;
  const { series, p } = asked;
  // What another program reported without a histogram.
  const reported = valueAt(trial, `${series}.quantiles.${path.slice(series.length + 1)}`);
  if (typeof reported === 'number') return { kind: 'value', value: reported };
  const histogram = valueAt(trial, `${series}.histogram`);
  if (histogram === null) return missing(trial, `${series}.histogram`);
  if (typeof histogram !== 'string') return null;
  try {
    const { indices, counts } = decodeHdr(histogram);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const rank = rankOf(p, total);
    let seen = 0;
    const at = counts.findIndex((count) => (seen += count) >= rank);
    const index = indices[at];
    return index === undefined ? missing(trial, series) : { kind: 'value', value: highestEquivalentAt(index) };
  } catch (error) {
    return unreadable(error);
  }
}

/** Requests of measure that failed with the code that the path names; null for what names none. */
function failedWith(trial: TrialRecord, path: string): MetricReading | null {
  const code = errorCode(path);
  if (code === null) return null;
  if (trial.requests === null) return missing(trial, 'requests');
  const counts = trial.errors.filter((failure) => failure.code === code).map(({ count }) => count);
  return { kind: 'value', value: counts.reduce((sum, count) => sum + count, 0) };
}

/** Files of earlier versions hold neither such requests nor the slowest ones. */
function censored(trial: TrialRecord): MetricReading {
  if (trial.requests === null) return missing(trial, 'requests');
  if (trial.censored === undefined && trial.slowest === undefined) {
    return { kind: 'missing', reason: 'the ages of requests without an answer were not recorded' };
  }
  return { kind: 'value', value: trial.censored?.count ?? 0 };
}

function share(part: number, whole: number, of: string): MetricReading {
  return whole > 0 ? { kind: 'value', value: part / whole } : { kind: 'missing', reason: `no ${of}` };
}

function lossRate(trial: TrialRecord): MetricReading {
  const { requests } = trial;
  if (requests === null) return missing(trial, 'requests');
  return share(lostRequests(requests), requests.scheduled, 'request was scheduled');
}

/** Scheduled requests without a response; `dropped` and `abandoned` are null only of a program that knows no such requests. */
export function lostRequests({ failed, dropped, abandoned }: NonNullable<TrialRecord['requests']>): number {
  return failed + (dropped ?? 0) + (abandoned ?? 0);
}

function openedPerRequest(trial: TrialRecord): MetricReading {
  const { requests, connections } = trial;
  if (connections === null) return missing(trial, 'connections');
  if (requests === null) return missing(trial, 'requests');
  const { wholeTrial } = requests;
  return wholeTrial === null
    ? missing(trial, 'requests.wholeTrial')
    : share(connections.opened, wholeTrial.sent, 'request was sent');
}

function meanOpen(trial: TrialRecord): MetricReading {
  const value = meanOpenConnections(trial);
  return value === null ? missing(trial, 'fds.server') : { kind: 'value', value };
}

function rssPerConnection(trial: TrialRecord): MetricReading {
  const { rssStartBytes, rssPeakBytes } = trial.memory.server;
  if (rssStartBytes === null || rssPeakBytes === null) return missing(trial, 'memory.server.rssPeakBytes');
  if (trial.connections === null) return missing(trial, 'connections');
  const { peakOpen } = trial.connections;
  if (peakOpen < fewestConnections) {
    const reason = `${peakOpen} connections at most were open: with fewer than ${fewestConnections} a program's own growth hides theirs`;
    return { kind: 'missing', reason };
  }
  return { kind: 'value', value: Math.max(0, rssPeakBytes - rssStartBytes) / peakOpen };
}
