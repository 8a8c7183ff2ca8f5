/** What node:http and node:https do with each knob through an Agent (Node: lib/_http_agent.js, lib/_http_client.js, lib/https.js). */
import type { FilledStrategy } from '../defaults.ts';
import { generatorLoad } from './all-loads.ts';
import { allPhases, byRunner, noEarlyData, onlyHttp11, onNodeSockets } from './node-limits.ts';
import type { ClientRule, ClientTable, KnobValues } from './table.ts';

export const nodeHttpTable: ClientTable = {
  name: 'node-http',
  what: 'node:http and node:https with an Agent of their own.',
  package: null,
  strategy: {
    ...onNodeSockets,
    protocol: onlyHttp11,
    connection: {
      maps: 'agent.keepAlive',
      note: 'close: the request says Connection: close, too, which the Agent adds only where maxSockets is unlimited',
    },
    'pool.size': { maps: 'agent.maxSockets', note: 'maxFreeSockets is the same, not its default of 256' },
    'pool.scope': { maps: 'new Agent', note: 'session: an Agent for each user' },
    'pool.order': {
      maps: 'agent.scheduling',
      refuses: [{ values: ['random'], because: 'the Agent takes the last or the first of its idle sockets' }],
    },
    'pool.idleTimeout': {
      maps: 'agent.timeout',
      note: 'a timeout of inactivity, which runs during a request, too, but then only emits an event; it closes idle sockets',
      refuses: [{ values: ['0s'], because: 'a timeout of 0 means none to the Agent; use connection close' }],
    },
    'pool.maxRequests': { only: 'unlimited', because: 'the Agent does not count the requests of a socket' },
    'pool.maxLifetime': {
      only: 'unlimited',
      because: 'the Agent does not know the age of a socket; agentkeepalive does',
    },
    'pool.queueLimit': byRunner,
    'pool.queueTimeout': byRunner,
    honourHint: {
      maps: 'agent.timeout',
      note: 'the Agent obeys a hint only where it has a timeout, that is pool.idleTimeout, and drops the socket 1 s early; without one it only drops sockets whose hint is 1 s or less. So the default is what pool.idleTimeout makes of it',
    },
    retry: { ...byRunner, note: 'reused-once: where req.reusedSocket and the code is ECONNRESET' },
    pipelining: { only: 1, because: 'node:http writes a request when the one before it is answered' },
    'tls.version': { maps: 'agent.minVersion, agent.maxVersion' },
    'tls.resumption': {
      maps: 'agent.maxCachedSessions',
      note: 'none: 0; session: 100, its default',
      refuses: [noEarlyData],
    },
    'tcp.noDelay': {
      maps: 'agent.noDelay',
      note: 'over TLS socket.setNoDelay: tls.connect does not pass it on (Node 20.20.2)',
    },
    'tcp.keepAlive': {
      maps: 'agent.keepAliveMsecs',
      note: 'the Agent turns probes on for every connection that it keeps, so that the default is 1s there, its own',
    },
    'tcp.sourceAddresses': { maps: 'localAddress in agent.createConnection' },
    'timeouts.connect': byRunner,
    'timeouts.response': byRunner,
  },
  load: {
    ...generatorLoad,
    leak: {
      maps: "a listener of 'response' that does not read",
      note: 'the socket stays with its request, however small the body; without a listener Node would read it',
    },
  },
  options: {
    maxFreeSockets: {
      type: 'count',
      min: 1,
      max: 1_000_000,
      description: 'Idle sockets that are kept; 256 unless given to the Agent, pool.size unless given here.',
    },
    maxTotalSockets: {
      type: 'count',
      min: 1,
      max: 1_000_000,
      description: 'Sockets of all origins; no limit unless given.',
    },
  },
  aliases: {
    maxSockets: { knob: 'pool.size', unit: 'count' },
    scheduling: { knob: 'pool.order', unit: 'word' },
    timeout: { knob: 'pool.idleTimeout', unit: 'ms', ofZero: 'unlimited' },
    keepAliveMsecs: { knob: 'tcp.keepAlive', unit: 'ms' },
  },
  phases: allPhases,
  rules: ({ strategy }) => [...hintRules(strategy), ...agentKeepAliveRules(strategy)],
  prefers: (strategy) => ({
    honourHint: strategy.pool.idleTimeout !== 'unlimited',
    ...probesOfAgent(strategy),
  }),
};

function hintRules({ pool, honourHint }: FilledStrategy): readonly ClientRule[] {
  const paths = ['strategy.honourHint', 'strategy.pool.idleTimeout', 'client'];
  const obeys = pool.idleTimeout !== 'unlimited';
  if (obeys === honourHint) return [];
  const message = obeys
    ? `false is not possible with client node-http and pool.idleTimeout ${pool.idleTimeout}: an Agent with a timeout obeys the hint; use idleTimeout unlimited`
    : 'true is not possible with client node-http and pool.idleTimeout unlimited: an Agent without a timeout throws the hint away; give idleTimeout';
  return [{ paths, message }];
}

/** An Agent that keeps connections turns on TCP keepalive probes; these are its defaults. */
export function probesOfAgent({ connection }: FilledStrategy): KnobValues {
  return connection === 'keep-alive' ? { 'tcp.keepAlive': '1s' } : {};
}

export function agentKeepAliveRules({ connection, tcp }: FilledStrategy, client = 'node-http'): readonly ClientRule[] {
  if (connection !== 'keep-alive' || tcp.keepAlive !== 'off') return [];
  const message = `off is not possible with client ${client} and connection keep-alive: the Agent turns probes on for every socket that it keeps`;
  return [{ paths: ['strategy.tcp.keepAlive', 'strategy.connection', 'client'], message }];
}
