/** What the reference client does with each knob: everything but HTTP/2. */
import type { FilledStrategy } from '../defaults.ts';
import { generatorLoad } from './all-loads.ts';
import { allPhases } from './node-limits.ts';
import type { ClientRule, ClientTable } from './table.ts';

const engine = { maps: 'reference engine' } as const;

export const referenceTable: ClientTable = {
  name: 'reference',
  what: 'The client of connbench: sockets and TLS of its own in a loop of its own, so that each knob is exactly what it says.',
  package: null,
  strategy: {
    protocol: {
      ...engine,
      refuses: [{ values: ['h2'], because: 'it speaks HTTP/1 only; client http2 speaks h2' }],
    },
    connection: engine,
    'pool.size': engine,
    'pool.scope': engine,
    'pool.order': engine,
    'pool.idleTimeout': engine,
    'pool.maxRequests': engine,
    'pool.maxLifetime': engine,
    'pool.maxLifetimeJitter': engine,
    'pool.validate': { ...engine, note: 'recv with MSG_PEEK before each reuse' },
    'pool.prefetch': engine,
    'pool.queueLimit': engine,
    'pool.queueTimeout': engine,
    honourHint: {
      ...engine,
      note: 'a connection is dropped 1 s before the time that the header says, of a short hint at half of it',
    },
    retry: { ...engine, note: 'at once, on an idle connection or a new one, before requests that wait' },
    closeWith: { ...engine, note: 'reset: SO_LINGER with time 0, then close' },
    pipelining: {
      ...engine,
      note: 'once the pool is full, on the least loaded connection that has answered before; POST travels alone',
    },
    'tls.version': { maps: 'SSL_CTX_set_min_proto_version, SSL_CTX_set_max_proto_version' },
    'tls.resumption': { maps: 'SSL_set_session, SSL_write_early_data', note: 'sessions are kept per origin' },
    'tcp.noDelay': { maps: 'TCP_NODELAY' },
    'tcp.keepAlive': { maps: 'SO_KEEPALIVE, TCP_KEEPIDLE' },
    'tcp.fastOpen': { maps: 'TCP_FASTOPEN_CONNECT' },
    'tcp.userTimeout': { maps: 'TCP_USER_TIMEOUT' },
    'tcp.sourceAddresses': { maps: 'bind before connect' },
    'timeouts.connect': engine,
    'timeouts.response': engine,
  },
  load: {
    ...generatorLoad,
    leak: {
      maps: 'reference engine',
      note: 'the connection is read no more, keeps its place in the pool and stays open until the end of the trial',
      refuses: [
        { values: ['natural', 'forced'], because: 'it has no objects that a collector could find: give never' },
      ],
    },
  },
  options: {
    connectionField: {
      type: 'choice',
      words: ['Connection', 'Proxy-Connection'],
      description:
        'The field that says keep-alive or close. Proxy-Connection: as clients of a proxy did before HTTP/1.1, in place of Connection (RFC 9112, C.2.2). Default: Connection.',
    },
  },
  aliases: {},
  phases: allPhases,
  rules: ({ strategy }) => pipeliningRules(strategy),
};

function pipeliningRules({ pool, pipelining }: FilledStrategy): readonly ClientRule[] {
  if (pipelining === 1 || pool.size !== 'unlimited') return [];
  const message = `${pipelining} is not possible with client reference and pool.size unlimited: it sends a request behind others once the pool is full; give pool.size a number`;
  return [{ paths: ['strategy.pipelining', 'strategy.pool.size', 'client'], message }];
}
