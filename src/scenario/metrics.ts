/** The figures of a trial that a claim can be about, and the unit each is in. */
import { attackerMetric, nearestAttackerMetric } from './attacker-metrics.ts';
import { faultNames } from './config.ts';
import { hopMetric, nearestHopMetric } from './hop-metrics.ts';
import { nearest } from './suggest.ts';
import { parseDuration, parseRate, parseSize, type Parsed } from './units.ts';

export type MetricUnit = 'ns' | 'us' | 'bytes' | 'perSecond' | 'count' | 'ratio';

/** Figures made from several of a record's, with their own names. */
export const derivedMetrics = {
  /** Scheduled requests without a response, of all scheduled. */
  lossRate: 'requests.lossRate',
  /** Requests that timed out or were unfinished at the end of the drain: they count in the response time as at least their age. */
  censored: 'requests.censored',
  /** Over the whole trial, per request sent: 1 without reuse. */
  openedPerRequest: 'connections.openedPerRequest',
  /** Mean over measure, by the descriptors of a bundled server above those it had before the first connection. */
  meanOpen: 'connections.meanOpen',
  /** Growth of the server's resident memory from its start to its peak, per connection open at the peak. */
  rssPerConnection: 'memory.server.rssPerConnectionBytes',
} as const;

const latencies = ['response', 'service', 'connectionWait', 'connect', 'tls', 'firstByte', 'download', 'lag'] as const;
const quantiles = ['min', 'p50', 'p90', 'p99', 'p999', 'max', 'mean'] as const;
const sides = ['client', 'server'] as const;
const counts = ['scheduled', 'started', 'completed', 'failed', 'dropped', 'abandoned', 'leaked'] as const;

const linkCounts = [
  'packets',
  'packetsPerRequest',
  'syn',
  'synAck',
  'fin',
  'rst',
  'pureAcks',
  'retransmits',
  'duplicated',
  'reordered',
  'flows',
  'resetFlows',
  'middleboxResets',
] as const;

/** Kernel counters often wanted, for suggestions; any name of /proc/net/snmp and netstat is taken. */
const kernelCounters = [
  'ActiveOpens',
  'PassiveOpens',
  'AttemptFails',
  'EstabResets',
  'OutRsts',
  'TW',
  'ListenOverflows',
];
const kernelCounter = /^kernel\.(client|server)\.[A-Za-z0-9]{1,64}$/;
/** Requests that met a fault of the server, by its name. */
const faultCounts: ReadonlySet<string> = new Set(faultNames.map((name) => `server.faults.${name}`));

/** Requests of measure that failed with a code. */
const errorCount = /^errors\.[A-Z][A-Z0-9_]{0,63}$/;

/** What the policies of a server did. */
const policyCounts: ReadonlySet<string> = new Set(
  ['shedResponses', 'shed', 'evicted', 'acceptPauses', 'acceptErrors'].map((name) => `server.policies.${name}`),
);

/** What became of the connections of a server that leaves. */
const drainCounts: ReadonlySet<string> = new Set(
  ['connections', 'closedIdle', 'closedAnswered', 'aborted', 'left'].map((name) => `server.policies.drain.${name}`),
);
const drainDuration = 'server.policies.drain.durationNs';

function product(...parts: readonly (readonly string[])[]): readonly string[] {
  return parts.reduce<readonly string[]>(
    (paths, part) => paths.flatMap((path) => part.map((word) => (path === '' ? word : `${path}.${word}`))),
    [''],
  );
}

const byUnit: readonly (readonly [MetricUnit, readonly string[]])[] = [
  ['ns', product(['latency'], latencies, quantiles)],
  ['count', product(['latency'], latencies, ['count'])],
  ['ns', product(['latencyByConnection'], ['new', 'reused'], latencies, quantiles)],
  ['count', product(['latencyByConnection'], ['new', 'reused'], latencies, ['count'])],
  ['count', product(['requests'], [...counts, 'retried', 'executedByServer', 'duplicates'])],
  ['count', [derivedMetrics.censored]],
  ['count', [derivedMetrics.meanOpen]],
  ['count', product(['requests'], ['wholeTrial'], [...counts, 'sent', 'answered', 'retried'])],
  ['perSecond', product(['throughput'], ['offeredPerSecond', 'achievedPerSecond', 'goodputPerSecond'])],
  ['bytes', ['throughput.bytesPerSecond']],
  ['count', product(['connections'], ['attempted', 'opened', 'connectFailed', 'peakOpen', 'teardown', 'leaked'])],
  ['ratio', ['connections.reuseRatio']],
  ['perSecond', ['connections.churnPerSecond']],
  ['count', product(['connections'], ['requestsPerConnection'], ['mean', 'max'])],
  ['count', product(['connections'], ['firstCloser'], [...sides, 'reset'])],
  ['count', product(['connections'], ['resets'], ['received', 'sent'])],
  ['count', product(['connections'], ['tls'], ['full', 'resumed', 'earlyData', 'earlyDataRejected', 'failed'])],
  ['count', product(['fds'], sides, ['start', 'peak', 'end'])],
  ['count', product(['timeWait'], sides, ['entered', 'teardown', 'peak', 'end'])],
  ['count', ['timeWait.overflow']],
  ['us', product(['cpu'], ['generator', 'server'], ['userUs', 'systemUs', 'perRequestUs'])],
  ['bytes', product(['memory'], ['generator', 'server'], ['rssStartBytes', 'rssPeakBytes', 'rssEndBytes'])],
  ['count', product(['server'], ['accepted', 'executed', 'refused', 'turnedAway'])],
  ['count', product(['server'], ['firstCloser'], [...sides, 'reset'])],
  ['count', product(['server'], ['tls'], ['full', 'resumed', 'earlyData', 'failed'])],
  ['count', product(['server'], ['requestsPerConnection'], ['mean', 'max'])],
  ['count', product(['link'], linkCounts)],
  ['count', product(['link'], ['dropped'], ['loss', 'queue', 'middlebox', 'device'])],
  ['count', product(['link'], ['firstFin'], sides)],
  ['ns', product(['link'], ['lateness'], ['p50Ns', 'p99Ns', 'maxNs'])],
  ['bytes', ['link.bytes', derivedMetrics.rssPerConnection]],
  ['ratio', [derivedMetrics.lossRate, derivedMetrics.openedPerRequest]],
  ['ns', product(['server'], ['eventLoopDelay'], ['meanNs', 'p50Ns', 'p99Ns', 'maxNs'])],
];
const units = new Map(byUnit.flatMap(([unit, paths]) => paths.map((path) => [path, unit] as const)));

/** Every metric with a fixed name. */
export const metricPaths: readonly string[] = [...units.keys()];

/** The unit of a metric; null for a path that names none. */
export function metricUnit(path: string): MetricUnit | null {
  if (kernelCounter.test(path) || faultCounts.has(path) || policyCounts.has(path) || drainCounts.has(path))
    return 'count';
  if (errorCode(path) !== null) return 'count';
  if (path === drainDuration || latencyQuantile(path) !== null) return 'ns';
  return units.get(path) ?? hopMetric(path)?.unit ?? attackerMetric(path)?.unit ?? null;
}

/** The code of failures that a path such as `errors.ECONNRESET` counts; null for any other path. */
export function errorCode(path: string): string | null {
  return errorCount.test(path) ? path.slice('errors.'.length) : null;
}

const quantileName = /^p(\d{2}|\d{2,5}[1-9])$/;

/** A quantile of a latency, which its histogram can answer. */
export interface LatencyQuantile {
  /** Path of the latency in a trial record: `latency.response`, `latencyByConnection.new.service`. */
  readonly series: string;
  /** Above 0 and below 1. */
  readonly p: number;
}

/**
 * What a path such as `latency.response.p75` asks for; null for any other path. The digits are those behind the point of a share of
 * one: `p50` is the median, `p999` 99.9 %, `p9999` 99.99 %, `p05` 5 %.
 */
export function latencyQuantile(path: string): LatencyQuantile | null {
  const cut = path.lastIndexOf('.');
  const series = path.slice(0, cut);
  const digits = quantileName.exec(path.slice(cut + 1))?.[1];
  if (digits === undefined || Number(digits) === 0 || units.get(`${series}.p50`) !== 'ns') return null;
  return { series, p: Number(`0.${digits}`) };
}

/** Why a path is no metric of this version. */
export function metricProblem(path: string): { readonly message: string; readonly suggestion?: string } {
  const known = nearest(path, [...metricPaths, ...faultCounts, ...product(['kernel'], sides, kernelCounters)]);
  const suggestion = known ?? nearestHopMetric(path) ?? nearestAttackerMetric(path);
  const message =
    'is not a metric; metrics are paths into a result, such as latency.response.p50 or connections.opened';
  return { message, ...(suggestion === undefined ? {} : { suggestion }) };
}

/** A limit of a claim, in the unit of its metric. Times, sizes and rates need their unit; counts and ratios are plain numbers. */
export function parseLimit(input: string | number, unit: MetricUnit): Parsed<number> {
  switch (unit) {
    case 'ns':
      return scaled(parseDuration(input), 1e6);
    case 'us':
      return scaled(parseDuration(input), 1e3);
    case 'bytes':
      return parseSize(input);
    case 'perSecond':
      return parseRate(input);
    case 'count':
    case 'ratio': {
      const fits = typeof input === 'number' && Number.isFinite(input);
      return fits
        ? { ok: true, value: input }
        : { ok: false, message: 'must be a plain number: this metric has no unit' };
    }
  }
}

function scaled(parsed: Parsed<number>, factor: number): Parsed<number> {
  return parsed.ok ? { ok: true, value: Math.round(parsed.value * factor) } : parsed;
}
