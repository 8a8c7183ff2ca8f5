/** What node:http2 does with each knob: sessions that each carry so many streams at once. */
import { generatorLoad } from './all-loads.ts';
import { allPhases, byRunner, noEarlyData, onNodeSockets } from './node-limits.ts';
import type { ClientTable } from './table.ts';

export const http2Table: ClientTable = {
  name: 'http2',
  what: 'node:http2, with one session unless pool.size says more.',
  package: null,
  strategy: {
    ...onNodeSockets,
    protocol: { only: 'h2', because: 'node:http2 speaks HTTP/2 only' },
    connection: { only: 'keep-alive', because: 'a session is for many requests' },
    'pool.size': { maps: 'http2.connect', note: 'sessions; one unless given', unlessGiven: 1 },
    'pool.scope': { maps: 'http2.connect', note: 'session: sessions of its own for each user' },
    'pool.order': { only: 'lifo', because: 'the first session with a place takes the next request' },
    'pool.idleTimeout': { maps: 'session.setTimeout, session.close' },
    'pool.maxRequests': { only: 'unlimited', because: 'a session does not count its streams' },
    'pool.maxLifetime': { only: 'unlimited', because: 'a session has no end of its own' },
    'pool.queueLimit': byRunner,
    'pool.queueTimeout': byRunner,
    honourHint: { only: false, because: 'HTTP/2 has no Keep-Alive field (RFC 9113, 8.2.2)' },
    retry: byRunner,
    pipelining: { maps: 'session.request', note: 'streams under way at most' },
    'tls.version': { maps: 'minVersion, maxVersion' },
    'tls.resumption': { maps: 'session', refuses: [noEarlyData] },
    'tcp.noDelay': { only: true, because: 'a session calls setNoDelay on its socket' },
    'tcp.keepAlive': { maps: 'keepAlive, keepAliveInitialDelay' },
    'tcp.sourceAddresses': { maps: 'localAddress', note: 'the next session starts from the next address' },
    'timeouts.connect': byRunner,
    'timeouts.response': byRunner,
  },
  load: {
    ...generatorLoad,
    leak: {
      only: 'none',
      because: 'a stream that nobody reads leaves its session to the others: what it holds is no connection',
    },
  },
  options: {},
  aliases: {},
  phases: allPhases,
};
