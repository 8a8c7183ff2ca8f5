/** What autocannon does with each knob, as its command line has it (its lib/httpClient.js, lib/run.js, help.txt). */
import type { FilledConfig, FilledLoad, FilledStrategy } from '../defaults.ts';
import { parseDuration, parseRate } from '../units.ts';
import { noEarlyData, onlyHttp11, onNodeSockets } from './node-limits.ts';
import { aRange, type ClientRule, type ClientTable, type KnobValues } from './table.ts';

const neverIdle = 'each of its connections is a user that asks again at once';
const noWaiting = 'no request of its own waits for a connection';
const notTimed = 'autocannon times a request only as a whole, from its writing to its end';

export const autocannonTable: ClientTable = {
  name: 'autocannon',
  what: 'The package autocannon in a process of its own, as a user runs it; its load is its own, and its figures are read from its JSON.',
  package: 'autocannon',
  strategy: {
    ...onNodeSockets,
    protocol: onlyHttp11,
    connection: {
      maps: '--headers connection=close',
      note: 'close: it queues a second request at each end of a connection, so that latencies and counts of sent requests grow',
    },
    'pool.size': {
      maps: '--connections',
      refuses: [{ values: ['unlimited'], because: 'it needs a number of connections' }],
    },
    'pool.scope': { only: 'shared', because: 'it knows no users beside its connections' },
    'pool.order': { only: 'lifo', because: neverIdle },
    'pool.idleTimeout': { only: 'unlimited', because: neverIdle },
    'pool.maxRequests': {
      maps: '--reconnectRate',
      note: 'it does not count the response after which it reconnects: of 1 none',
      refuses: [{ values: [aRange], because: '--reconnectRate is one number' }],
    },
    'pool.maxLifetime': { only: 'unlimited', because: 'it does not know the age of a connection' },
    'pool.prefetch': { only: true, because: 'it opens all connections at the start' },
    'pool.queueLimit': { only: 'unlimited', because: noWaiting },
    'pool.queueTimeout': { only: 'unlimited', because: noWaiting },
    honourHint: { only: false, because: 'it reads no Keep-Alive field' },
    retry: { only: 'none', because: 'it opens a new connection and goes on with other requests' },
    pipelining: { maps: '--pipelining' },
    'tls.version': {
      maps: 'NODE_OPTIONS --tls-min-v1.3, --tls-max-v1.2',
      note: 'it never verifies the certificate: it sets rejectUnauthorized to false',
    },
    'tls.resumption': {
      only: 'none',
      because: `it keeps no sessions; and ${noEarlyData.because}`,
    },
    'tcp.noDelay': { only: false, because: 'it leaves its sockets as net.connect makes them' },
    'tcp.keepAlive': { only: 'off', because: 'it leaves its sockets as net.connect makes them' },
    'tcp.sourceAddresses': { only: 1, because: 'it has no option for it' },
    'timeouts.connect': { maps: '--timeout', note: 'the same timer as timeouts.response' },
    'timeouts.response': { maps: '--timeout', note: 'whole seconds' },
  },
  load: {
    model: { maps: '--overallRate', note: 'closed: without it' },
    rate: { maps: '--overallRate', note: 'whole requests per second, sent at the start of each second' },
    arrivals: { only: 'constant', because: 'it spreads nothing: each second has its share' },
    shape: { only: 'steady', because: '--overallRate is one number' },
    trace: { only: 'none', because: 'it takes no times of arrivals' },
    users: { maps: '--connections', note: 'pool.size x pipelining' },
    thinkTime: { only: '0s', because: neverIdle },
    page: { only: 'none', because: 'it knows no pages' },
    warmUp: { maps: '--warmup', note: 'a run before, in the same process' },
    steady: { only: 'off', because: 'its warm-up is of a fixed length' },
    duration: { maps: '--duration', note: 'it ends with a whole second, which may be the one after' },
    workers: { maps: '--workers', note: 'with 1 it runs without' },
    request: { maps: '--method, --input, --headers' },
    requests: { only: 'none', because: 'it goes through its requests in turn, and draws none by weight' },
    leak: { only: 'none', because: 'it reads every response' },
  },
  options: {},
  aliases: {
    connections: { knob: 'pool.size', unit: 'count' },
    pipelining: { knob: 'pipelining', unit: 'count' },
    reconnectRate: { knob: 'pool.maxRequests', unit: 'count', ofZero: 'unlimited' },
  },
  phases: {
    response: 'its JSON has quantiles and no histogram: they are in client.ownFigures, as it says them',
    service: notTimed,
    connectionWait: notTimed,
    connect: notTimed,
    tls: notTimed,
    firstByte: notTimed,
    download: notTimed,
    lag: notTimed,
  },
  rules: (config) => [
    ...userRules(config),
    ...workerRules(config),
    ...timeoutRules(config),
    ...requestRules(config),
    ...viaRules(config),
  ],
  prefers: preferred,
};

function preferred({ pipelining, timeouts }: FilledStrategy, load: FilledLoad): KnobValues {
  const connections = load.model === 'closed' ? load.users / pipelining : NaN;
  return {
    'timeouts.connect': timeouts.response,
    ...(Number.isInteger(connections) ? { 'pool.size': connections } : {}),
  };
}

function userRules({ strategy, load }: FilledConfig): readonly ClientRule[] {
  const { pool, pipelining } = strategy;
  if (load.model === 'open') return 'rate' in load ? rateRules(load.rate, pool.size) : [];
  if (typeof pool.size !== 'number' || load.users === pool.size * pipelining) return [];
  const message = `${load.users} is not possible with client autocannon, strategy.pool.size ${pool.size} and pipelining ${pipelining}: its users are its connections, so that there are ${pool.size * pipelining}`;
  return [{ paths: ['load.users', 'strategy.pool.size', 'strategy.pipelining', 'client'], message }];
}

/** Along a way every program's count of connections is compared with the next one's, and the client's is the first. */
function viaRules({ via = [] }: FilledConfig): readonly ClientRule[] {
  if (via.length === 0) return [];
  const message =
    'is not possible with client autocannon: it counts no connections, so that nothing could be compared along the way';
  return [{ paths: ['via', 'client'], message }];
}

/** It lowers the number of connections to the rate, and each connection has a whole share of it. */
function rateRules(rate: string, size: number | 'unlimited'): readonly ClientRule[] {
  const parsed = parseRate(rate);
  if (!parsed.ok || size === 'unlimited' || (Number.isInteger(parsed.value) && parsed.value >= size)) return [];
  const message = `${rate} is not possible with client autocannon and strategy.pool.size ${size}: it needs a whole number of requests per second, and one for each connection at least`;
  return [{ paths: ['load.rate', 'strategy.pool.size', 'client'], message }];
}

/** It gives each worker the same whole number of connections, and of requests per second. */
function workerRules({ strategy, load }: FilledConfig): readonly ClientRule[] {
  const { workers } = load;
  const { size } = strategy.pool;
  if (workers === 1 || size === 'unlimited') return [];
  const parsed = 'rate' in load ? parseRate(load.rate) : null;
  const divides = size % workers === 0 && (parsed?.ok !== true || parsed.value % workers === 0);
  if (divides) return [];
  const rate = 'rate' in load ? ` and load.rate ${load.rate}` : '';
  const message = `${workers} is not possible with client autocannon, strategy.pool.size ${size}${rate}: each of its workers has the same whole number of connections and of requests per second`;
  return [{ paths: ['load.workers', 'strategy.pool.size', 'client'], message }];
}

function timeoutRules({ strategy }: FilledConfig): readonly ClientRule[] {
  const { connect, response } = strategy.timeouts;
  const rules: ClientRule[] = [];
  if (connect !== response) {
    const message = `${connect} is not possible with client autocannon and timeouts.response ${response}: one timer is both`;
    rules.push({ paths: ['strategy.timeouts.connect', 'strategy.timeouts.response', 'client'], message });
  }
  const parsed = parseDuration(response);
  if (parsed.ok && parsed.value % 1000 !== 0) {
    const message = `${response} is not possible with client autocannon: --timeout counts whole seconds`;
    rules.push({ paths: ['strategy.timeouts.response', 'client'], message });
  }
  return rules;
}

function requestRules({ load }: FilledConfig): readonly ClientRule[] {
  if (!('request' in load) || load.request.method !== 'HEAD') return [];
  const message =
    'HEAD is not possible with client autocannon: its parser waits for the body that Content-Length tells of';
  return [{ paths: ['load.request.method', 'client'], message }];
}
