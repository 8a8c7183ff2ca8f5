/** A correct HTTP/1.1 reverse proxy (RFC 9110 §7.6, RFC 9112): streams both ways, keeps a pool to the next program, counts everything. */
import type { ProxyHopConfig } from '../scenario/hop-config.ts';
import { ClientSide, type Answering, type ClientRequest } from './client-side.ts';
import { Exchange, type Manners } from './exchange.ts';
import { requestFields, responseFields } from './field-rules.ts';
import type { HeaderField, MessageHead } from './message-head.ts';
import type { Endpoint, LiveHopSettings } from './messages.ts';
import { endHop, listen, type HopOptions, type RunningHop } from './running-hop.ts';
import { HopTally } from './tally.ts';
import { UpstreamPool } from './upstream-pool.ts';

/** Starts one in this thread. Rejects with a HopFailed where the address cannot be bound. */
export async function startReverseProxy(options: HopOptions<ProxyHopConfig>): Promise<RunningHop> {
  const { config, upstream } = options;
  const tally = new HopTally();
  const pool = new UpstreamPool(config.upstream, upstream, tally);
  const manners = reverseManners(config, upstream);
  const clients = new Set<ClientSide>();
  const { server, address } = await listen(options, (socket) => {
    const client = new ClientSide({
      socket,
      tally: tally.downstream,
      keepAliveTimeoutMs: config.keepAliveTimeoutMs,
      maxRequests: config.maxRequests,
      onRequest: (request, from) => answer(request, from),
      onRefused: () => {
        tally.count('received');
        tally.count('refused');
      },
      onClosed: (closed) => clients.delete(closed),
    });
    clients.add(client);
  });
  const answer = (request: ClientRequest, client: ClientSide): Answering => {
    tally.count('received');
    const status = ownStatus(request);
    if (status !== null) {
      tally.count('refused');
      return new OwnAnswer(client, status, request.persists && request.minor >= 1 && !client.isLast);
    }
    const exchange = new Exchange({ request, client, pool, tally, config: config.upstream, manners });
    queueMicrotask(() => {
      exchange.start();
    });
    return exchange;
  };
  return {
    ...address,
    settings: liveSettings(config),
    report: () => tally.report(),
    stop: (graceMs) =>
      endHop(
        {
          server,
          endClients: () => {
            for (const client of clients) client.watched.destroy();
          },
          closeUpstream: () => {
            pool.close();
          },
          destroyUpstream: () => {
            pool.destroy();
          },
          open: () => tally.downstream.open + tally.upstream.open,
        },
        graceMs,
      ),
  };
}

function liveSettings({ keepAliveTimeoutMs, maxRequests, upstream }: ProxyHopConfig): LiveHopSettings {
  const keepsAlive = upstream.connection === 'keep-alive';
  return {
    runtime: `connbench reverse proxy, node ${process.version}`,
    keepAliveTimeoutMs,
    maxRequests,
    upstream: {
      poolSize: keepsAlive ? upstream.pool.size : 0,
      idleTimeoutMs: keepsAlive ? upstream.pool.idleTimeoutMs : null,
      maxRequests: keepsAlive ? upstream.pool.maxRequests : 1,
      connectTimeoutMs: upstream.timeouts.connectMs,
      responseTimeoutMs: upstream.timeouts.responseMs,
    },
    text: null,
  };
}

/** A proxy does not keep the connection of an HTTP/1.0 client, whatever that says (RFC 9112 §9.3). */
function reverseManners({ upstream }: ProxyHopConfig, next: Endpoint): Manners {
  const close = upstream.connection === 'close';
  return {
    persists: ({ persists, minor }) => persists && minor >= 1,
    requestHead: (request) => {
      const { startLine, fields } = originForm(request, next);
      return { startLine, fields: requestFields(fields, { minor: request.minor, close }) };
    },
    responseFields: (fields, facts) => responseFields(fields, facts),
  };
}

/** The request as an origin server expects it: HTTP/1.1, its target without scheme and authority, with Host (RFC 9112 §3.2). */
function originForm({ head }: ClientRequest, next: Endpoint): MessageHead {
  const [method = '', target = ''] = head.startLine.split(' ');
  const absolute = /^https?:\/\/([^/?]*)(.*)$/i.exec(target);
  const hasHost = head.fields.some(({ name }) => name.toLowerCase() === 'host');
  const authority = absolute?.[1] ?? (hasHost ? null : `${next.host}:${next.port}`);
  const path = absolute?.[2] ?? target;
  const rooted = path === '' || path.startsWith('?') ? `/${path}` : path;
  const host: readonly HeaderField[] = authority === null ? [] : [{ name: 'Host', value: authority }];
  const others = head.fields.filter(({ name }) => authority === null || name.toLowerCase() !== 'host');
  return { startLine: `${method} ${rooted} HTTP/1.1`, fields: [...host, ...others.map(oneForwardLess)] };
}

/** RFC 9110 §7.6.2. */
function oneForwardLess(field: HeaderField): HeaderField {
  if (field.name.toLowerCase() !== 'max-forwards' || !/^[1-9]\d*$/.test(field.value)) return field;
  return { name: field.name, value: String(Number(field.value) - 1) };
}

/** The status of what a reverse proxy does not pass on; null of everything else. */
function ownStatus({ method, head }: ClientRequest): '200 OK' | '501 Not Implemented' | null {
  if (method === 'CONNECT') return '501 Not Implemented';
  const isLast = head.fields.some(({ name, value }) => name.toLowerCase() === 'max-forwards' && value === '0');
  if (!isLast || (method !== 'TRACE' && method !== 'OPTIONS')) return null;
  return method === 'TRACE' ? '501 Not Implemented' : '200 OK';
}

/** Answers by itself once the request is whole. */
class OwnAnswer implements Answering {
  readonly #client: ClientSide;
  readonly #status: string;
  readonly #persists: boolean;

  constructor(client: ClientSide, status: string, persists: boolean) {
    this.#client = client;
    this.#status = status;
    this.#persists = persists;
    queueMicrotask(() => {
      const close = persists ? '' : 'Connection: close\r\n';
      this.#client.write(Buffer.from(`HTTP/1.1 ${this.#status}\r\nContent-Length: 0\r\n${close}\r\n`));
      this.#client.done(this.#persists);
    });
  }

  body(): void {
    // Nobody reads it.
  }

  bodyEnd(): void {
    // Nobody waits for it.
  }

  drained(): void {
    // There is nothing more to write.
  }

  gone(): void {
    // There is nothing to be ended.
  }
}
