/** node:http2: sessions that each carry so many requests at once, over TLS (ALPN h2) or with prior knowledge (RFC 9113, 3.3). */
import { constants, getDefaultSettings, type OutgoingHttpHeaders } from 'node:http2';
import { requestNumberField } from '../http/request-number.ts';
import type { RequestConfig } from '../scenario/config.ts';
import type { Client } from './client.ts';
import { Http2Pool } from './http2-pool.ts';
import type { StreamRequest } from './http2-session.ts';
import { Http2Sockets } from './http2-sockets.ts';
import type { Attempt, ClientFacts, NodeClient, NodeClientSetup } from './node/node-client.ts';
import { nodeClient } from './node/runner.ts';

export const http2Client: Client = nodeClient('http2', createHttp2Client);

/** Makes the sessions of one worker. */
export function createHttp2Client(setup: NodeClientSetup): NodeClient {
  return new Http2Client(setup);
}

class Http2Client implements NodeClient {
  readonly facts: ClientFacts;
  readonly unmeasured = {};
  readonly #setup: NodeClientSetup;
  readonly #sockets: Http2Sockets;
  readonly #requests: readonly StreamRequest[];
  /** By owner. */
  readonly #pools: (Http2Pool | undefined)[] = [];

  constructor(setup: NodeClientSetup) {
    const { task, requests, connections, ledger } = setup;
    const { pipelining = 1, pool } = task.config.strategy;
    this.#setup = setup;
    this.#sockets = new Http2Sockets(task, ledger);
    this.#requests = requests.map(streamRequest);
    this.facts = {
      version: `node ${process.version} (nghttp2 ${process.versions['nghttp2'] ?? 'unknown'})`,
      settings: {
        sessions: connections === Infinity ? null : connections,
        streams: pipelining,
        idleTimeout: pool.idleTimeoutMs === Infinity ? null : pool.idleTimeoutMs,
        ...defaultSettings(),
      },
    };
  }

  start(attempt: Attempt): () => void {
    const pool = (this.#pools[attempt.owner] ??= this.#createPool());
    pool.start(attempt);
    return () => {
      pool.abandon(attempt);
    };
  }

  #createPool(): Http2Pool {
    const { task, connections } = this.#setup;
    const { pipelining = 1, pool } = task.config.strategy;
    return new Http2Pool({
      sockets: this.#sockets,
      sessions: connections,
      streams: pipelining,
      idleTimeoutMs: pool.idleTimeoutMs,
      requestOf: (attempt) => this.#requestOf(attempt),
    });
  }

  #requestOf({ alternative, number }: Attempt): StreamRequest {
    const request = this.#requests[alternative]!;
    return number === null ? request : { ...request, headers: { ...request.headers, [requestNumberField]: number } };
  }

  async close(): Promise<void> {
    await Promise.all(this.#pools.map(async (pool) => pool?.end()));
  }
}

/** Of a session that is given none (RFC 9113, 6.5.2). */
function defaultSettings(): ClientFacts['settings'] {
  const {
    headerTableSize = null,
    enablePush = null,
    initialWindowSize = null,
    maxFrameSize = null,
  } = getDefaultSettings();
  return { headerTableSize, enablePush, initialWindowSize, maxFrameSize };
}

function streamRequest({ method, path, headers = {}, bodyBytes = 0 }: RequestConfig): StreamRequest {
  return {
    headers: { ...lowerCased(headers), ':method': method, ':path': path },
    body: bodyBytes === 0 ? null : new Uint8Array(bodyBytes),
  };
}

/** HTTP/2 has lower-case names only (RFC 9113, 8.2.1); `host` is `:authority` there. */
function lowerCased(headers: Readonly<Record<string, string>>): OutgoingHttpHeaders {
  const lower: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const plain = name.toLowerCase();
    lower[plain === 'host' ? constants.HTTP2_HEADER_AUTHORITY : plain] = value;
  }
  return lower;
}
