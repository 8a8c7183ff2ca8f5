/** What Node's global fetch does with each knob, as it comes: without a dispatcher of its own (undici inside Node). */
import { generatorLoad } from './all-loads.ts';
import { allPhases, byRunner, noEarlyData, onlyHttp11, onNodeSockets } from './node-limits.ts';
import type { ClientTable } from './table.ts';

const asItComes = 'a plain fetch has no option for it; client undici has';
const opensForEach = 'it opens a connection for each request that finds none, so that none waits';

export const fetchTable: ClientTable = {
  name: 'fetch',
  what: "Node's global fetch as it comes.",
  package: null,
  strategy: {
    ...onNodeSockets,
    protocol: onlyHttp11,
    connection: { maps: 'headers.connection' },
    'pool.size': { only: 'unlimited', because: asItComes },
    'pool.scope': { only: 'shared', because: 'all of a thread share one pool' },
    'pool.order': { only: 'lifo', because: 'it takes the first connection of its list that is free' },
    'pool.idleTimeout': { only: '4s', because: asItComes },
    'pool.maxRequests': { only: 'unlimited', because: asItComes },
    'pool.maxLifetime': { only: 'unlimited', because: asItComes },
    'pool.queueLimit': { only: 'unlimited', because: opensForEach },
    'pool.queueTimeout': { only: 'unlimited', because: opensForEach },
    honourHint: {
      only: true,
      because: 'it always obeys the hint: less 2 s, and beyond its own 4 s, too, which a longer one replaces',
    },
    retry: { ...byRunner, note: 'reused-once: where the error says that the socket of an earlier request closed' },
    pipelining: { only: 1, because: asItComes },
    'tls.version': { maps: 'tls.DEFAULT_MIN_VERSION, tls.DEFAULT_MAX_VERSION', note: 'of the thread that runs it' },
    'tls.resumption': { only: 'session', because: `it offers every session that it has; and ${noEarlyData.because}` },
    'tcp.noDelay': { only: true, because: 'it calls setNoDelay(true) on every socket' },
    'tcp.keepAlive': { only: '1m', because: asItComes },
    'tcp.sourceAddresses': { only: 1, because: asItComes },
    'timeouts.connect': { only: '10s', because: asItComes },
    'timeouts.response': { maps: 'signal' },
  },
  load: {
    ...generatorLoad,
    leak: {
      maps: 'fetch, its Response unread',
      note: 'a body of up to 16 KiB is taken in all the same; one that is larger holds its connection until the Response is collected',
    },
  },
  options: {},
  aliases: {},
  phases: allPhases,
};
