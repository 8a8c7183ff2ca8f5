/** The `node:http2` server, over TLS or in clear text: its sessions, its handler and its faults. */
import {
  createSecureServer,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { requestNumberField } from '../http/request-number.ts';
import type { BundledServerConfig, FaultConfig } from '../scenario/config.ts';
import { parseRequestNumber } from './executed-numbers.ts';
import { http2Faults } from './faults.ts';
import type { ServerTlsIdentity } from './messages.ts';
import type { NodeHandler } from './node-answers.ts';
import type { NodeConnection } from './node-connections.ts';
import { secureOptions } from './node-settings.ts';
import { ServerFailure } from './running-server.ts';

/** Throws a ServerFailure for what `node:http2` cannot do. */
export function createHttp2Server(config: BundledServerConfig, identity: ServerTlsIdentity | undefined): Http2Server {
  const { http2, tls } = config;
  requireHttp2(config);
  const settings = http2 === undefined ? {} : { settings: { maxConcurrentStreams: http2.maxConcurrentStreams } };
  return tls === undefined
    ? createServer(settings)
    : createSecureServer({ ...settings, ...secureOptions(config, identity), allowHTTP1: false });
}

function requireHttp2(config: BundledServerConfig): void {
  const {
    firstCloser,
    maxRequestsPerSocket,
    headersTimeoutMs,
    requestTimeoutMs,
    shed,
    evictIdle,
    drain,
    connectionsCheckingIntervalMs,
    faults = [],
  } = config;
  const unknown = [
    firstCloser === 'client' ? 'firstCloser: client' : null,
    maxRequestsPerSocket === Infinity ? null : 'maxRequestsPerSocket',
    headersTimeoutMs === null ? null : 'headersTimeout',
    requestTimeoutMs === null ? null : 'requestTimeout',
    shed === undefined ? null : 'shed',
    evictIdle === undefined ? null : 'evictIdle',
    drain === undefined ? null : 'drain',
    connectionsCheckingIntervalMs === undefined ? null : 'connectionsCheckingInterval',
    ...faults.map(({ fault }) => (http2Faults.includes(fault) ? null : `the fault ${fault}`)),
  ].find((name) => name !== null);
  if (unknown !== undefined) {
    throw new ServerFailure('ENODEHTTP2', `node:http2 knows no ${unknown}; it is for server kind node over HTTP/1.`);
  }
}

/** What the running server announces; null where this version of Node keeps it elsewhere (`kOptions` in lib/internal/http2/core.js). */
export function announcedStreams(server: Http2Server): number | null {
  const symbol = Object.getOwnPropertySymbols(server).find(({ description }) => description === 'options');
  if (symbol === undefined) return null;
  const { settings } = (server as unknown as Record<symbol, { settings?: { maxConcurrentStreams?: number } }>)[symbol]!;
  return settings?.maxConcurrentStreams ?? null;
}

/** Serves every stream as a request. `keepAliveTimeoutMs` ends a session on which nothing happened for so long and no stream is open. */
export function answerStreams(server: Http2Server, handler: NodeHandler): void {
  server.on('session', (session) => {
    const connection = handler.connections.of(session.socket);
    if (connection === undefined) return;
    new SessionHandler(session, connection, handler);
  });
  // Where nobody listens, Node destroys a session at its timeout.
  server.on('timeout', () => undefined);
  // An error of a session ends its socket, where it is counted.
  server.on('sessionError', () => undefined);
}

class SessionHandler {
  readonly #session: ServerHttp2Session;
  readonly #connection: NodeConnection;
  readonly #handler: NodeHandler;
  readonly #body: Buffer;
  #streams = 0;

  constructor(session: ServerHttp2Session, connection: NodeConnection, handler: NodeHandler) {
    this.#session = session;
    this.#connection = connection;
    this.#handler = handler;
    this.#body = Buffer.alloc(handler.config.response.sizeBytes, 'x');
    this.#closeWhenIdle(handler.config.keepAliveTimeoutMs);
    session.on('goaway', () => {
      handler.connections.noteLeave(connection);
    });
    session.on('stream', (stream, headers) => {
      this.#onStream(stream, headers);
    });
  }

  #closeWhenIdle(timeoutMs: number | null): void {
    if (timeoutMs === null || timeoutMs === Infinity) return;
    const session = this.#session;
    session.setTimeout(timeoutMs);
    session.on('timeout', () => {
      if (session.destroyed || this.#connection.isOver) return;
      if (this.#streams > 0) {
        session.setTimeout(timeoutMs);
        return;
      }
      this.#connection.reason ??= 'idleTimeout';
      this.#handler.connections.noteClosing(this.#connection);
      session.close();
    });
  }

  #onStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    this.#streams++;
    stream.once('close', () => {
      this.#streams--;
    });
    // A stream that the client resets is its failure, not the server's.
    stream.on('error', () => undefined);
    if (stream.endAfterHeaders) {
      this.#execute(stream, headers);
    } else {
      stream.once('end', () => {
        this.#execute(stream, headers);
      });
      stream.resume();
    }
  }

  #execute(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const { ledger, sampleDelayMs, faults } = this.#handler;
    if (this.#connection.isOver || stream.destroyed) return;
    this.#connection.requests++;
    ledger.execute();
    const number = parseRequestNumber(headers[requestNumberField]);
    if (number !== null) ledger.number(number.worker, number.sequence);
    const delayMs = sampleDelayMs === null ? 0 : Math.round(sampleDelayMs());
    const fault = faults?.next() ?? null;
    const isHead = headers[':method'] === 'HEAD';
    const go = (): void => {
      if (stream.destroyed || this.#connection.isOver) return;
      if (fault === null) this.#respond(stream, isHead, this.#body.length);
      else this.#meet(fault, stream, isHead);
    };
    if (delayMs === 0) go();
    else setTimeout(go, delayMs);
  }

  #respondHead(stream: ServerHttp2Stream, lengthBytes: number, endStream: boolean): void {
    const { framing } = this.#handler.config.response;
    const length = framing === 'chunked' ? {} : { 'content-length': lengthBytes };
    stream.respond({ ':status': 200, 'content-type': 'application/octet-stream', ...length }, { endStream });
  }

  #respond(stream: ServerHttp2Stream, isHead: boolean, lengthBytes: number): void {
    this.#respondHead(stream, lengthBytes, isHead);
    if (!isHead) stream.end(this.#body);
  }

  /** What of a fault belongs to a response meets the stream, what of it ends a connection the connection with all its streams. */
  #meet({ fault, durationMs = 0 }: FaultConfig, stream: ServerHttp2Stream, isHead: boolean): void {
    const body = isHead ? Buffer.alloc(0) : this.#body;
    if (fault === 'slow-drip' && body.length === 0) {
      this.#respond(stream, isHead, this.#body.length);
      return;
    }
    this.#handler.ledger.fault(fault);
    switch (fault) {
      case 'close-without-answer':
        this.#endConnection('fin');
        return;
      case 'reset-before':
        this.#endConnection('reset');
        return;
      case 'wrong-length':
        this.#respondHead(stream, this.#body.length + 1, isHead);
        if (!isHead) stream.end(body);
        return;
      case 'slow-drip':
        this.#respondHead(stream, body.length, false);
        drip(stream, body, durationMs);
        return;
      case 'reset-after':
      case 'close-unsaid':
        stream.once('finish', () => {
          // One turn later the frames of this one are in the kernel.
          setImmediate(() => {
            this.#endConnection(fault === 'reset-after' ? 'reset' : 'fin');
          });
        });
        this.#respond(stream, isHead, body.length);
        return;
      default:
        // Half of the response. Of one without a body that is its head without the end of the stream.
        this.#respondHead(stream, this.#body.length, false);
        stream.write(body.subarray(0, body.length >> 1), () => {
          if (fault === 'reset-during')
            setImmediate(() => {
              this.#endConnection('reset');
            });
        });
    }
  }

  #endConnection(how: 'fin' | 'reset'): void {
    const connection = this.#connection;
    connection.isOver = true;
    connection.reason ??= 'fault';
    if (how === 'reset') {
      this.#handler.connections.noteFin(connection);
      connection.first ??= 'reset';
      connection.raw.resetAndDestroy();
    } else {
      // Past the session, which would say GOAWAY first.
      connection.socket.destroySoon();
    }
  }
}

function drip(stream: ServerHttp2Stream, body: Buffer, dripMs: number): void {
  const startMs = performance.now();
  let sent = 0;
  const timer = setInterval(
    () => {
      if (stream.destroyed) {
        clearInterval(timer);
        return;
      }
      const due = Math.min(body.length, Math.floor(((performance.now() - startMs) / dripMs) * body.length));
      if (due > sent) stream.write(body.subarray(sent, due));
      sent = due;
      if (sent < body.length) return;
      clearInterval(timer);
      stream.end();
    },
    Math.max(1, Math.floor(dripMs / body.length)),
  );
}
