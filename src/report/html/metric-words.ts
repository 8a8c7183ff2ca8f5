/** Metrics in words, for headings and tables. */
const names: Readonly<Record<string, string>> = {
  'throughput.achievedPerSecond': 'throughput',
  'throughput.goodputPerSecond': 'successful throughput',
  'cpu.generator.perRequestUs': 'client CPU per request',
  'cpu.server.perRequestUs': 'server CPU per request',
  'connections.opened': 'connections opened',
  'connections.openedPerRequest': 'connections opened per request',
  'connections.requestsPerConnection.mean': 'requests per connection',
  'connections.reuseRatio': 'reuse ratio',
  'fds.client.peak': 'client peak FDs',
  'fds.server.peak': 'server peak FDs',
  'timeWait.client.entered': 'client TIME_WAIT',
  'timeWait.server.entered': 'server TIME_WAIT',
  'link.packetsPerRequest': 'packets per request',
  'requests.lossRate': 'share of requests lost',
  'memory.server.rssPerConnectionBytes': 'server memory per connection',
};

const series: Readonly<Record<string, string>> = {
  response: 'response time',
  service: 'service time',
  connectionWait: 'connection wait',
  connect: 'connect time',
  firstByte: 'time to first byte',
  download: 'download time',
  lag: 'generator lag',
};

/** `response time p99.9` for `latency.response.p999`; the path itself where it has no name. */
export function metricName(path: string): string {
  const name = Object.hasOwn(names, path) ? names[path] : undefined;
  if (name !== undefined) return name;
  const [, of = '', quantile = ''] = /^latency\.([a-zA-Z]+)\.(\w+)$/.exec(path) ?? [];
  const prefix = Object.hasOwn(series, of) ? series[of] : undefined;
  return prefix === undefined ? path : `${prefix} ${quantileName(quantile)}`;
}

/** `p99.9` for `p999`: what follows the first two digits is behind the point. */
function quantileName(quantile: string): string {
  return quantile.replace(/^p(\d\d)(\d+)$/, 'p$1.$2');
}
