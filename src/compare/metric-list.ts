/** Which metrics are compared, in which order, which way each is better, and by how much each may differ. */
import { derivedMetrics, latencyQuantile } from '../scenario/metrics.ts';
import type { Better } from '../stats/verdict.ts';

/** Always compared where a trial has them, in the order of importance. */
export const usualMetrics: readonly string[] = [
  derivedMetrics.lossRate,
  'latency.response.p50',
  'latency.response.p99',
  'latency.response.p999',
  'latency.service.p50',
  'latency.connect.p50',
  'latency.tls.p50',
  'throughput.achievedPerSecond',
  'cpu.generator.perRequestUs',
  'cpu.server.perRequestUs',
  derivedMetrics.openedPerRequest,
  'connections.reuseRatio',
  'connections.requestsPerConnection.mean',
  'fds.client.peak',
  'fds.server.peak',
  'timeWait.client.entered',
  'timeWait.server.entered',
  'link.packetsPerRequest',
  derivedMetrics.rssPerConnection,
];

/** Few, where each more makes a false alarm more likely: a calibration, a trend. */
export const watchedMetrics: readonly string[] = [
  'latency.response.p50',
  'latency.response.p99',
  'throughput.achievedPerSecond',
  'cpu.generator.perRequestUs',
  'cpu.server.perRequestUs',
];

/** The usual metrics with the others in their places: beside those of the same kind, else at the end. */
export function metricsInOrder(others: readonly string[]): readonly string[] {
  const ordered = [...usualMetrics];
  for (const metric of new Set(others)) {
    if (ordered.includes(metric)) continue;
    const own = latencyQuantile(metric);
    const kin = metric.slice(0, metric.lastIndexOf('.') + 1);
    const after = ordered.findLastIndex((other) => {
      if (!other.startsWith(kin)) return false;
      const quantile = latencyQuantile(other);
      return own === null || quantile === null || quantile.p < own.p;
    });
    const first = ordered.findIndex((other) => other.startsWith(kin));
    if (after >= 0) ordered.splice(after + 1, 0, metric);
    else if (first >= 0) ordered.splice(first, 0, metric);
    else ordered.push(metric);
  }
  return ordered;
}

/** More of it is better; less is of everything else. */
const higherIsBetter =
  /^(throughput\.|connections\.reuseRatio$|(connections|server)\.tls\.(resumed|earlyData)$|(connections|server)\.requestsPerConnection\.|requests\.(wholeTrial\.)?(completed|answered|started|sent|executedByServer)$|server\.(accepted|executed)$|hops\.[^.]+\.(requests\.(received|sent|sentOnReuse|answered)|(downstream|upstream)\.requestsPerConnection\.(mean|max))$|latency.*\.count$)/;

export function betterOf(metric: string): Better {
  return higherIsBetter.test(metric) ? 'higher' : 'lower';
}

const usualMargin = 0.05;
/** Of p99 and beyond, whose spread is wider. */
const tailMargin = 0.1;
/** One request in a thousand more or less: beyond this the latency of the survivors says too little. */
const materialLoss = 0.001;

/** Margin of indifference of a metric without a gate: relative, but for the loss rate a difference of rates. */
export function usualMarginOf(metric: string): number {
  if (metric === derivedMetrics.lossRate) return materialLoss;
  const quantile = latencyQuantile(metric);
  return (quantile !== null && quantile.p >= 0.99) || metric.endsWith('.max') ? tailMargin : usualMargin;
}

/** True where only answered requests are in the figure. */
export function isLatency(metric: string): boolean {
  return (metric.startsWith('latency.') || metric.startsWith('latencyByConnection.')) && !metric.endsWith('.count');
}
