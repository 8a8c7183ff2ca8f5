/** What agentkeepalive does with each knob (its lib/agent.js on top of Node's lib/_http_agent.js). */
import type { FilledStrategy } from '../defaults.ts';
import { agentKeepAliveRules, nodeHttpTable, probesOfAgent } from './node-http.ts';
import type { ClientRule, ClientTable } from './table.ts';

export const agentkeepaliveTable: ClientTable = {
  ...nodeHttpTable,
  name: 'agentkeepalive',
  what: 'node:http and node:https with the Agent of the package agentkeepalive.',
  package: 'agentkeepalive',
  strategy: {
    ...nodeHttpTable.strategy,
    'pool.idleTimeout': {
      maps: 'agent.freeSocketTimeout',
      note: 'unlimited: with timeout 0, too, which would close idle sockets after 8 s',
      refuses: [{ values: ['0s'], because: 'a freeSocketTimeout of 0 means none; use connection close' }],
    },
    'pool.maxLifetime': {
      maps: 'agent.socketActiveTTL',
      note: 'looked at when a request is done; an idle socket closes at its end',
    },
    honourHint: {
      only: false,
      because:
        'it sets freeSocketTimeout over what the hint gives; only sockets whose hint is 1 s or less are dropped. Read it with client node-http, or set idleTimeout below the hint',
    },
  },
  options: {
    ...nodeHttpTable.options,
    timeout: {
      type: 'count',
      min: 0,
      max: 86_400_000,
      description:
        'Milliseconds of inactivity after which it destroys a socket at work (ERR_SOCKET_TIMEOUT), 0 for never; twice freeSocketTimeout, at least 8000, unless given.',
    },
  },
  aliases: {
    maxSockets: { knob: 'pool.size', unit: 'count' },
    scheduling: { knob: 'pool.order', unit: 'word' },
    freeSocketTimeout: { knob: 'pool.idleTimeout', unit: 'ms', ofZero: 'unlimited' },
    socketActiveTTL: { knob: 'pool.maxLifetime', unit: 'ms', ofZero: 'unlimited', ofNull: 'unlimited' },
    keepAliveMsecs: { knob: 'tcp.keepAlive', unit: 'ms' },
  },
  rules: ({ strategy }) => [...agentKeepAliveRules(strategy, 'agentkeepalive'), ...nagleRules(strategy)],
  prefers: probesOfAgent,
};

function nagleRules({ connection, tcp }: FilledStrategy): readonly ClientRule[] {
  if (connection !== 'keep-alive' || tcp.noDelay) return [];
  const message =
    'false is not possible with client agentkeepalive and connection keep-alive: it calls setNoDelay(true) on every socket';
  return [{ paths: ['strategy.tcp.noDelay', 'strategy.connection', 'client'], message }];
}
