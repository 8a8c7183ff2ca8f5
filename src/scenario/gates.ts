/** Gates: metrics that may not get worse by more than a margin. How they are written, in a scenario and on a command line. */
import { derivedMetrics, latencyQuantile, metricProblem, metricUnit } from './metrics.ts';
import { parsePercent, type Parsed } from './units.ts';

export interface Gate {
  /** Full path, such as `latency.response.p99`. */
  readonly metric: string;
  /**
   * By how much it may get worse: 0.1 is 10 %. Of a loss rate it is the rise itself: 0.001 allows one request in a thousand more.
   * 0, for counts only, allows nothing.
   */
  readonly margin: number;
}

const shortNames: Readonly<Record<string, string>> = {
  throughput: 'throughput.achievedPerSecond',
  errors: derivedMetrics.lossRate,
};

/** The full path of a metric that may be written short: `p99` for `latency.response.p99`, `throughput`, `errors`. */
export function gateMetric(
  text: string,
): { readonly ok: true; readonly value: string } | ({ readonly ok: false } & ReturnType<typeof metricProblem>) {
  const short = Object.hasOwn(shortNames, text) ? shortNames[text] : undefined;
  const response = `latency.response.${text}`;
  const path = short ?? (latencyQuantile(response) === null ? text : response);
  return metricUnit(path) === null ? { ok: false, ...metricProblem(path) } : { ok: true, value: path };
}

/** The margin of a gate on `metric` (a full path): a percentage. */
export function gateMargin(metric: string, input: unknown): Parsed<number> {
  const parsed = parsePercent(input);
  if (!parsed.ok || parsed.value > 0 || isCount(metric)) return parsed;
  return {
    ok: false,
    message: 'must be more than 0%: only counts can stay the same to the last digit, and this metric is none',
  };
}

const countedShares: readonly string[] = [
  'connections.reuseRatio',
  derivedMetrics.lossRate,
  derivedMetrics.openedPerRequest,
  'link.bytes',
];

const structural: readonly string[] = [
  'connections.attempted',
  'connections.opened',
  derivedMetrics.openedPerRequest,
  'connections.reuseRatio',
  'connections.requestsPerConnection.mean',
  'connections.requestsPerConnection.max',
  'server.accepted',
  'server.requestsPerConnection.mean',
  'server.requestsPerConnection.max',
  'link.packets',
  'link.packetsPerRequest',
  'link.pureAcks',
  'link.bytes',
  'link.syn',
  'link.synAck',
  'link.fin',
  'link.flows',
];

/**
 * True for counts of connections, handshakes and packets: what a strategy makes of a number of requests, not chance. Every other figure
 * can vary by chance, a loss rate or a peak too, even where it happens to be the same in a few trials.
 */
export function isStructural(metric: string): boolean {
  return structural.includes(metric);
}

/** True for what is counted, or follows from counts alone: it can be the same from run to run to the last digit. */
export function isCount(metric: string): boolean {
  return metricUnit(metric) === 'count' || countedShares.includes(metric);
}
