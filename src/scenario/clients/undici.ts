/** What undici does with each knob (its docs/docs/api, lib/dispatcher/pool.js, client-h1.js, core/connect.js). */
import { generatorLoad } from './all-loads.ts';
import { allPhases, byRunner, noEarlyData, onlyHttp11, onNodeSockets } from './node-limits.ts';
import type { FilledConfig } from '../defaults.ts';
import { aRange, type ClientRule, type ClientTable } from './table.ts';

const milliseconds = { type: 'count', min: 0, max: 86_400_000 } as const;

export const undiciTable: ClientTable = {
  name: 'undici',
  what: 'The package undici: a Pool, an Agent or a RoundRobinPool.',
  package: 'undici',
  strategy: {
    ...onNodeSockets,
    protocol: onlyHttp11,
    connection: { maps: 'pipelining: 0', note: 'close: every request says Connection: close' },
    'pool.size': { maps: 'connections' },
    'pool.scope': { maps: 'new Pool', note: 'session: a Pool for each user' },
    'pool.order': {
      maps: 'Pool, RoundRobinPool',
      note: 'lifo: Pool, which takes the first of its connections that is free; fifo: RoundRobinPool, which takes them in turn (from 7.17)',
      refuses: [{ values: ['random'], because: 'its pools take the first free connection, or each in turn' }],
    },
    'pool.idleTimeout': {
      maps: 'keepAliveTimeout',
      refuses: [{ values: ['0s'], because: 'keepAliveTimeout has to be above 0; use connection close' }],
    },
    'pool.maxRequests': {
      maps: 'maxRequestsPerClient',
      note: 'one less than the knob: undici sends one request more than that on a connection',
      refuses: [
        { values: [aRange], because: 'maxRequestsPerClient is one number for all connections' },
        { values: [1], because: 'the fewest that maxRequestsPerClient can say are 2; use connection close' },
      ],
    },
    'pool.maxLifetime': { maps: 'clientTtl', note: 'from 7.10; looked at when a connection is picked' },
    'pool.queueLimit': byRunner,
    'pool.queueTimeout': byRunner,
    honourHint: {
      only: true,
      because: 'it obeys every hint, less keepAliveTimeoutThreshold and at most keepAliveMaxTimeout',
    },
    retry: { ...byRunner, note: 'RetryAgent does it otherwise: see the option maxRetries' },
    pipelining: { maps: 'pipelining, blocking: false', note: 'POST is not sent behind others' },
    'tls.version': { maps: 'connect.minVersion, connect.maxVersion' },
    'tls.resumption': {
      maps: 'maxCachedSessions',
      note: 'none: 0; session: 100, its default',
      refuses: [noEarlyData],
    },
    'tcp.noDelay': { only: true, because: 'it calls setNoDelay(true) on every socket' },
    'tcp.keepAlive': { maps: 'connect.keepAlive, connect.keepAliveInitialDelay' },
    'tcp.sourceAddresses': { maps: 'connect.localAddress' },
    'timeouts.connect': { maps: 'connectTimeout' },
    'timeouts.response': { maps: 'signal' },
  },
  load: {
    ...generatorLoad,
    leak: {
      maps: 'undici.request, its body unread',
      note: 'a body of up to 64 KiB is taken in all the same, and its connection goes back to the pool',
    },
  },
  options: {
    dispatcher: {
      type: 'choice',
      words: ['Pool', 'Agent'],
      description: 'What requests go through with pool.order lifo; Pool unless given.',
    },
    keepAliveMaxTimeout: { ...milliseconds, min: 1, description: 'Longest hint that is obeyed; 600000 unless given.' },
    keepAliveTimeoutThreshold: { ...milliseconds, description: 'What is taken off a hint; 2000 unless given.' },
    headersTimeout: { ...milliseconds, description: 'Longest time for the head of a response; 300000 unless given.' },
    bodyTimeout: { ...milliseconds, description: 'Longest time between two parts of a body; 300000 unless given.' },
    maxRetries: {
      type: 'count',
      min: 1,
      max: 100,
      description:
        'Requests go through a RetryAgent, which sends a failed one again so many times; no RetryAgent unless given.',
    },
    minTimeout: { ...milliseconds, description: 'RetryAgent: pause before the first repetition; 500 unless given.' },
  },
  aliases: {
    connections: { knob: 'pool.size', unit: 'count', ofNull: 'unlimited' },
    pipelining: { knob: 'pipelining', unit: 'count' },
    keepAliveTimeout: { knob: 'pool.idleTimeout', unit: 'ms' },
    maxRequestsPerClient: {
      knob: 'pool.maxRequests',
      unit: 'count',
      plus: 1,
      ofNull: 'unlimited',
      ofZero: 'unlimited',
    },
    clientTtl: { knob: 'pool.maxLifetime', unit: 'ms', ofNull: 'unlimited' },
    connectTimeout: { knob: 'timeouts.connect', unit: 'ms' },
  },
  phases: allPhases,
  rules: (config) => [...optionRules(config), ...leakRules(config)],
  versionRules,
};

/** What came with which version (its docs/docs/api, and its releases). */
function versionRules(version: string, { client, strategy: { pool } }: FilledConfig): readonly ClientRule[] {
  const missing = (path: string, what: string, since: string): readonly ClientRule[] => {
    if (!isOlder(version, since)) return [];
    const message = `needs undici ${since} or later, with which ${what} came; this is ${version}`;
    return [{ paths: [path, 'client.version', 'client'], message }];
  };
  const { maxRetries } = typeof client === 'string' ? {} : (client.options ?? {});
  if (isOlder(version, '6.0.0')) return missing('client.version', 'all that connbench calls', '6.0.0');
  return [
    ...(maxRetries === undefined ? [] : missing('client.options.maxRetries', 'RetryAgent', '6.7.0')),
    ...(pool.maxLifetime === 'unlimited' ? [] : missing('strategy.pool.maxLifetime', 'clientTtl', '7.10.0')),
    ...(pool.order === 'fifo' ? missing('strategy.pool.order', 'RoundRobinPool', '7.17.0') : []),
  ];
}

/** By major and minor number: of a version before a release nothing is known but these. */
function isOlder(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = than.split('.').map(Number);
  return major < wantedMajor || (major === wantedMajor && minor < wantedMinor);
}

/** Leaks are left to `undici.request`, which is called with the pool itself. */
function leakRules({ client, load: { leak } }: FilledConfig): readonly ClientRule[] {
  const { maxRetries } = typeof client === 'string' ? {} : (client.options ?? {});
  if (leak === undefined || maxRetries === undefined) return [];
  const message = `is not possible with client undici and maxRetries ${String(maxRetries)}: a response that a RetryAgent hands on is not read by the program alone`;
  return [{ paths: ['load.leak', 'client.options.maxRetries', 'client'], message }];
}

function optionRules({ client, strategy: { pool } }: FilledConfig): readonly ClientRule[] {
  const { dispatcher, minTimeout, maxRetries } = typeof client === 'string' ? {} : (client.options ?? {});
  const rules: ClientRule[] = [];
  if (dispatcher !== undefined && pool.order === 'fifo') {
    const message = `${String(dispatcher)} is not possible with client undici and pool.order fifo, which is a RoundRobinPool`;
    rules.push({ paths: ['client.options.dispatcher', 'strategy.pool.order', 'client'], message });
  }
  if (dispatcher === 'Agent' && pool.size === 1 && pool.maxLifetime !== 'unlimited') {
    const message = `${pool.maxLifetime} is not possible with client undici, dispatcher Agent and pool.size 1: an Agent then has a Client, which knows no clientTtl`;
    rules.push({ paths: ['strategy.pool.maxLifetime', 'client.options.dispatcher', 'client'], message });
  }
  if (minTimeout !== undefined && maxRetries === undefined) {
    const message = 'is for client undici with the option maxRetries, without which there is no RetryAgent';
    rules.push({ paths: ['client.options.minTimeout', 'client'], message });
  }
  return rules;
}
