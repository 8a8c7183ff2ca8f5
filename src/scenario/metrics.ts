/** The figures of a trial that a claim can be about, and the unit each is in. */
import { nearest } from './suggest.ts';
import { parseDuration, parseRate, parseSize, type Parsed } from './units.ts';

export type MetricUnit = 'ns' | 'us' | 'bytes' | 'perSecond' | 'count' | 'ratio';

const latencies = ['response', 'service', 'connectionWait', 'connect', 'firstByte', 'download', 'lag'] as const;
const quantiles = ['min', 'p50', 'p90', 'p99', 'p999', 'max', 'mean'] as const;
const sides = ['client', 'server'] as const;
const counts = ['scheduled', 'started', 'completed', 'failed', 'dropped', 'abandoned'] as const;

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
  ['count', product(['requests'], [...counts, 'retried', 'executedByServer'])],
  ['count', product(['requests'], ['wholeTrial'], [...counts, 'sent', 'answered'])],
  ['perSecond', product(['throughput'], ['offeredPerSecond', 'achievedPerSecond', 'goodputPerSecond'])],
  ['bytes', ['throughput.bytesPerSecond']],
  ['count', product(['connections'], ['attempted', 'opened', 'connectFailed', 'peakOpen', 'teardown'])],
  ['ratio', ['connections.reuseRatio']],
  ['perSecond', ['connections.churnPerSecond']],
  ['count', product(['connections'], ['requestsPerConnection'], ['mean', 'max'])],
  ['count', product(['connections'], ['firstCloser'], [...sides, 'reset'])],
  ['count', product(['connections'], ['resets'], ['received', 'sent'])],
  ['count', product(['fds'], sides, ['start', 'peak', 'end'])],
  ['count', product(['timeWait'], sides, ['entered', 'teardown', 'peak', 'end'])],
  ['count', ['timeWait.overflow']],
  ['us', product(['cpu'], ['generator', 'server'], ['userUs', 'systemUs', 'perRequestUs'])],
  ['bytes', product(['memory'], ['generator', 'server'], ['rssStartBytes', 'rssPeakBytes', 'rssEndBytes'])],
  ['count', product(['server'], ['accepted', 'executed', 'refused', 'turnedAway'])],
  ['count', product(['server'], ['firstCloser'], [...sides, 'reset'])],
  ['count', product(['server'], ['requestsPerConnection'], ['mean', 'max'])],
  ['count', product(['link'], ['packets', 'syn', 'fin', 'rst', 'retransmits', 'packetsPerRequest'])],
  ['bytes', ['link.bytes']],
  ['ns', product(['server'], ['eventLoopDelay'], ['meanNs', 'p50Ns', 'p99Ns', 'maxNs'])],
];
const units = new Map(byUnit.flatMap(([unit, paths]) => paths.map((path) => [path, unit] as const)));

/** Every metric with a fixed name. */
export const metricPaths: readonly string[] = [...units.keys()];

/** The unit of a metric; null for a path that names none. */
export function metricUnit(path: string): MetricUnit | null {
  if (kernelCounter.test(path)) return 'count';
  return units.get(path) ?? null;
}

/** Why a path is no metric of this version. */
export function metricProblem(path: string): { readonly message: string; readonly suggestion?: string } {
  if (path.includes('tls')) return { message: 'is not recorded in this version, which has no TLS' };
  const suggestion = nearest(path, [...metricPaths, ...product(['kernel'], sides, kernelCounters)]);
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
