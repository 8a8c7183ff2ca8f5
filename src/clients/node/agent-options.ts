/** Options of Node's Agents from a strategy, and the options in force read back from one. */
import type { Agent, AgentOptions } from 'node:http';
import type { AgentOptions as HttpsAgentOptions } from 'node:https';
import type { ClientFacts } from '../observations.ts';
import type { NodeClientSetup } from './node-client.ts';

const tlsVersions = { '1.2': 'TLSv1.2', '1.3': 'TLSv1.3' } as const;

/** What Node's Agent and those made of it take the same way (scenario/clients/node-http). */
export function agentOptions({ task, connections }: NodeClientSetup): HttpsAgentOptions {
  const { strategy, clientSetup } = task.config;
  const { pool, tcp, tls } = strategy;
  const { maxFreeSockets, maxTotalSockets } = clientSetup?.options ?? {};
  const keeps = strategy.connection === 'keep-alive';
  const options: AgentOptions = {
    keepAlive: keeps,
    maxSockets: connections,
    maxFreeSockets: typeof maxFreeSockets === 'number' ? maxFreeSockets : connections,
    ...(typeof maxTotalSockets === 'number' ? { maxTotalSockets } : {}),
    scheduling: pool.order === 'fifo' ? 'fifo' : 'lifo',
    ...(tcp.keepAliveMs === null ? {} : { keepAliveMsecs: tcp.keepAliveMs }),
    noDelay: tcp.noDelay,
  };
  if (tls === undefined) return options;
  return {
    ...options,
    ...(task.caPem === undefined ? {} : { ca: task.caPem }),
    minVersion: tlsVersions[tls.version],
    maxVersion: tlsVersions[tls.version],
    maxCachedSessions: tls.resumption === 'none' ? 0 : 100,
  };
}

/** Names of the options that are no secret and no bulk. */
const shown = [
  'keepAlive',
  'keepAliveMsecs',
  'maxSockets',
  'maxTotalSockets',
  'maxFreeSockets',
  'scheduling',
  'agentKeepAliveTimeoutBuffer',
  'maxCachedSessions',
] as const;
const shownOptions = [
  'timeout',
  'noDelay',
  'freeSocketTimeout',
  'socketActiveTTL',
  'minVersion',
  'maxVersion',
] as const;

type Setting = ClientFacts['settings'][string];

/** What an Agent goes by, as it says itself; an option that it does not have is left out, one without a value is null. */
export function liveOptions(agent: Agent): ClientFacts['settings'] {
  const own = agent as unknown as Readonly<Record<string, unknown>>;
  const { options } = agent as unknown as { readonly options: Readonly<Record<string, unknown>> };
  const settings: Record<string, Setting> = {};
  for (const name of shown) if (name in own) settings[name] = setting(own[name]);
  for (const name of shownOptions) if (name in options || name === 'timeout') settings[name] = setting(options[name]);
  return settings;
}

function setting(value: unknown): Setting {
  if (value === Infinity) return 'unlimited';
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string' ? value : null;
}
