/**
 * A proxy that knows Proxy-Connection: where a client says `Proxy-Connection: keep-alive` both connections are kept, and the field goes on as
 * `Connection: keep-alive`; where it does not, each request has a connection of its own, whatever Connection says. The remedy of the
 * nineties for the blind relay, which fails where a blind one stands before it (RFC 9112 §C.2.2).
 */
import type { HopUpstreamConfig, RelayHopConfig } from '../scenario/hop-config.ts';
import { relayConnectMs, relaySettings } from './blind-relay.ts';
import { ClientSide } from './client-side.ts';
import { Exchange, type Manners } from './exchange.ts';
import { members, type HeaderField } from './message-head.ts';
import { endHop, listen, type HopOptions, type RunningHop } from './running-hop.ts';
import { HopTally } from './tally.ts';
import { UpstreamPool } from './upstream-pool.ts';

/** One connection to the next program for each client's, kept as long as that. */
const relayUpstream: HopUpstreamConfig = {
  connection: 'keep-alive',
  pool: { size: 1, idleTimeoutMs: Infinity, maxRequests: Infinity },
  retry: 'none',
  timeouts: { connectMs: relayConnectMs, responseMs: Infinity },
};

/** Starts one in this thread. Rejects with a HopFailed where the address cannot be bound. */
export async function startProxyAwareRelay(options: HopOptions<RelayHopConfig>): Promise<RunningHop> {
  const tally = new HopTally();
  const pairs = new Map<ClientSide, UpstreamPool>();
  const { server, address } = await listen(options, (socket) => {
    const pool = new UpstreamPool(relayUpstream, options.upstream, tally, () => {
      client.end();
    });
    const client = new ClientSide({
      socket,
      tally: tally.downstream,
      keepAliveTimeoutMs: Infinity,
      maxRequests: Infinity,
      onRequest: (request, from) => {
        tally.count('received');
        const exchange = new Exchange({ request, client: from, pool, tally, config: relayUpstream, manners });
        queueMicrotask(() => {
          exchange.start();
        });
        return exchange;
      },
      onRefused: () => {
        tally.count('received');
        tally.count('refused');
      },
      onClosed: (closed) => {
        pool.close();
        pairs.delete(closed);
      },
    });
    pairs.set(client, pool);
  });
  return {
    ...address,
    settings: relaySettings('connbench proxy-aware relay'),
    report: () => tally.report(),
    stop: (graceMs) => {
      const endClients = (): void => {
        for (const client of pairs.keys()) client.watched.destroy();
      };
      const destroyUpstream = (): void => {
        for (const pool of pairs.values()) pool.destroy();
      };
      const open = (): number => tally.downstream.open + tally.upstream.open;
      return endHop({ server, endClients, closeUpstream: destroyUpstream, destroyUpstream, open }, graceMs);
    },
  };
}

const connectionFields: ReadonlySet<string> = new Set(['connection', 'proxy-connection', 'keep-alive']);

function withoutConnection(fields: readonly HeaderField[]): readonly HeaderField[] {
  return fields.filter(({ name }) => !connectionFields.has(name.toLowerCase()));
}

const manners: Manners = {
  persists: ({ head }) => members(head.fields, 'proxy-connection').includes('keep-alive'),
  requestHead: (request) => {
    const value = manners.persists(request) ? 'keep-alive' : 'close';
    const { startLine, fields } = request.head;
    return { startLine, fields: [...withoutConnection(fields), { name: 'Connection', value }] };
  },
  responseFields: (fields, { close }) => [
    ...withoutConnection(fields),
    ...(close
      ? [{ name: 'Connection', value: 'close' }]
      : // For the client that asked for it, and for one that knows only the usual field.
        [
          { name: 'Proxy-Connection', value: 'keep-alive' },
          { name: 'Connection', value: 'keep-alive' },
        ]),
  ],
};
