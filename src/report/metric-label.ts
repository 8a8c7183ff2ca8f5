/** Short names of metrics for tables. */
import { latencyQuantile } from '../scenario/metrics.ts';
import { printable } from './printable.ts';

const labels: Readonly<Record<string, string>> = {
  'requests.lossRate': 'lost requests',
  'throughput.achievedPerSecond': 'throughput',
  'cpu.generator.perRequestUs': 'client CPU/req',
  'cpu.server.perRequestUs': 'server CPU/req',
  'connections.openedPerRequest': 'opened/req',
  'connections.meanOpen': 'mean open connections',
  'connections.reuseRatio': 'reuse ratio',
  'connections.requestsPerConnection.mean': 'requests/conn',
  'fds.client.peak': 'client peak FDs',
  'fds.server.peak': 'server peak FDs',
  'timeWait.client.entered': 'client TIME_WAIT',
  'timeWait.server.entered': 'server TIME_WAIT',
  'link.packetsPerRequest': 'packets/req',
  'memory.server.rssPerConnectionBytes': 'server RSS/conn',
};

/** `response p99.9`, `new service p50`, `client CPU/req`; the path itself where a metric has no short name. Safe to print. */
export function metricLabel(metric: string): string {
  if (Object.hasOwn(labels, metric)) return labels[metric]!;
  const quantile = latencyQuantile(metric);
  if (quantile === null) return printable(metric, 100);
  const [root, ...names] = quantile.series.split('.');
  const which = root === 'latency' ? names : [names.at(0) === 'new' ? 'new conn.' : 'reused conn.', ...names.slice(1)];
  return `${which.join(' ')} p${Number((quantile.p * 100).toPrecision(10))}`;
}
