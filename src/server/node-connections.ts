/** Watches the connections of a server of Node's, with TLS or without, and tells the ledger how each one ended and who closed it first. */
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import { Socket, type Server } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { ConnectionLedger, FirstCloser } from './connection-ledger.ts';
import type { FirstCloserProbe, StateProbe } from './first-closer.ts';
import type { CloseReason } from './messages.ts';

/** One open connection as the server's code sees it. */
export interface NodeConnection {
  /** The TCP connection. */
  readonly raw: Socket;
  /** What is written to and read from: the TLS socket once its handshake is complete, else the TCP connection. */
  socket: Socket;
  /** False while, or where, a TLS handshake is not complete. */
  isReady: boolean;
  requests: number;
  /** The request whose headers came last. */
  lastRequest: IncomingMessage | null;
  /** What the last response said of the connection: that it ends it. */
  ending: 'connectionClose' | 'maxRequests' | 'shed' | 'drainAnswered' | null;
  /** Requests whose answers are not over; counted where a policy needs it. */
  unanswered: number;
  /** Its idle timeout was shortened to relieve the server. */
  isShed: boolean;
  /** It was open when the server began to leave. */
  isOld: boolean;
  /** The client took its leave, of TLS or HTTP/2, before this side began to close; either may still send its FIN first. */
  tookLeave: boolean;
  /** A fault has ended its service: what still comes is thrown away. */
  isOver: boolean;
  /** Why the connection ended, once that is certain. */
  reason: CloseReason | null;
  first: FirstCloser | null;
}

/** Error codes of Node's HTTP parser and timers with the status that Node answers them with; any other parser error gets 400. */
const statusByCode: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** A socket carries its connection, so that it is found through whatever wraps it: HTTP/2 shows its sockets only through a proxy. */
const watched = Symbol('connection');
interface WatchedSocket {
  [watched]?: NodeConnection;
}

interface Probes {
  readonly firstCloser: FirstCloserProbe;
  readonly firstFin: StateProbe;
}

/** The servers of Node's whose connections can be watched: their `headersTimeout` is absent from HTTP/2. */
type WatchedServer = Server & { readonly headersTimeout?: number };

export class NodeConnections {
  readonly #ledger: ConnectionLedger;
  readonly #probes: Probes;
  readonly #server: WatchedServer;
  readonly #open = new Set<NodeConnection>();
  #onEmpty: (() => void)[] = [];

  constructor(server: WatchedServer, ledger: ConnectionLedger, probes: Probes, isSecure: boolean) {
    this.#server = server;
    this.#ledger = ledger;
    this.#probes = probes;
    // Ahead of Node's own listeners, which may tell of a session or a failure before they return.
    server.prependListener('connection', (socket: Socket) => {
      this.#accept(socket, isSecure);
    });
    server.prependListener('secureConnection', (socket: TLSSocket) => {
      this.#secure(socket);
    });
    server.prependListener('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
      this.#onHandshakeError(error, socket);
    });
    server.on('drop', () => {
      ledger.turnAway();
    });
    server.on('dropRequest', () => {
      ledger.refuse();
    });
    server.on('clientError', (error: NodeJS.ErrnoException, socket: unknown) => {
      if (socket instanceof Socket) this.#refuse(error.code ?? '', socket);
    });
  }

  /** Undefined once it has ended. */
  of(socket: object): NodeConnection | undefined {
    const connection = (socket as WatchedSocket)[watched];
    return connection !== undefined && this.#open.has(connection) ? connection : undefined;
  }

  /** Those that are open. */
  all(): readonly NodeConnection[] {
    return [...this.#open];
  }

  /** Ends every open connection at once. */
  endAll(): void {
    for (const connection of this.#open) {
      connection.reason ??= 'serverStop';
      connection.first ??= this.#whoIsFirst(connection);
      connection.socket.destroy();
      connection.raw.destroy();
    }
  }

  /** Resolves once no connection is open. */
  async allEnded(): Promise<void> {
    if (this.#open.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onEmpty.push(resolve);
    });
  }

  /** This side closes now, as far as it is concerned. */
  noteClosing(connection: NodeConnection): void {
    connection.first ??= this.#whoIsFirst(connection);
  }

  /** The client takes its leave. */
  noteLeave(connection: NodeConnection): void {
    connection.tookLeave ||= connection.first === null;
    this.noteFin(connection);
  }

  /** The client may have closed: what the kernel can prove of it is kept. */
  noteFin(connection: NodeConnection): void {
    const fd = descriptorOf(connection.raw);
    if (fd !== null) connection.first ??= this.#probes.firstFin(fd);
  }

  #accept(raw: Socket, isSecure: boolean): void {
    const connection: NodeConnection = {
      raw,
      socket: raw,
      isReady: !isSecure,
      requests: 0,
      lastRequest: null,
      ending: null,
      unanswered: 0,
      isShed: false,
      isOld: false,
      tookLeave: false,
      isOver: false,
      reason: null,
      first: null,
    };
    (raw as WatchedSocket)[watched] = connection;
    this.#open.add(connection);
    this.#ledger.accept();
    if (!isSecure) this.#watch(raw, connection);
    raw.prependListener('close', () => {
      this.#settle(connection);
    });
  }

  /** The handshake is complete. */
  #secure(socket: TLSSocket): void {
    const connection = this.of(tcpBelow(socket));
    if (connection === undefined) return;
    connection.socket = socket;
    connection.isReady = true;
    (socket as WatchedSocket)[watched] = connection;
    this.#ledger.handshake(socket.isSessionReused());
    this.#watch(socket, connection);
  }

  /** The listeners go before Node's own: Node's end and destroy the socket, after which the order of events can no longer be told. */
  #watch(socket: Socket, connection: NodeConnection): void {
    socket.prependListener('timeout', () => {
      connection.reason ??= connection.isShed ? 'shed' : 'idleTimeout';
      connection.first ??= this.#whoIsFirst(connection);
    });
    socket.prependListener('end', () => {
      // Our own FIN would have been noted at 'finish'. Over TLS the end may be that of TLS, with TCP's still on its way.
      if (socket === connection.raw) connection.first ??= 'client';
      else this.#onTlsEnd(connection);
    });
    socket.prependListener('finish', () => {
      connection.first ??= this.#whoIsFirst(connection);
    });
    socket.prependListener('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') {
        connection.reason ??= connection.ending ?? (connection.first === 'client' ? 'clientFin' : 'clientReset');
      }
      connection.reason ??= 'error';
      connection.first ??= 'reset';
    });
  }

  /**
   * The client's close_notify is here, and its FIN, or that is right behind. Node closes this side at once: its FIN goes out in the next turn
   * of the event loop, so that the end of this one is the last moment at which the kernel can prove whose was first.
   */
  #onTlsEnd(connection: NodeConnection): void {
    this.noteLeave(connection);
    setImmediate(() => {
      this.noteFin(connection);
    });
  }

  /** Both a reset and a FIN in the handshake have the code ECONNRESET; only of a reset a system call told. */
  #onHandshakeError(error: NodeJS.ErrnoException, socket: TLSSocket): void {
    const connection = this.of(tcpBelow(socket));
    if (connection === undefined) return;
    const isEnd = error.code === 'ECONNRESET';
    const isReset = isEnd && error.syscall !== undefined;
    connection.reason ??= isReset ? 'clientReset' : isEnd ? 'clientFin' : 'error';
    connection.first ??= isReset ? 'reset' : isEnd ? 'client' : this.#whoIsFirst(connection);
  }

  #whoIsFirst({ raw }: NodeConnection): FirstCloser {
    const fd = descriptorOf(raw);
    return fd === null ? 'server' : this.#probes.firstCloser(fd);
  }

  /** Answers as Node itself does where nobody listens to 'clientError' (socketOnError in lib/_http_server.js), and counts it. */
  #refuse(code: string, socket: Socket): void {
    const connection = this.of(socket);
    // Over TLS a refused request may come in further pieces after its socket was destroyed.
    const isRefusal = !socket.destroyed && (code.startsWith('HPE_') || code in statusByCode);
    if (connection !== undefined && isRefusal && !connection.isOver) {
      this.#ledger.refuse();
      connection.reason ??= this.#refusalReason(code, connection);
      connection.first ??= this.#whoIsFirst(connection);
    }
    if (connection?.isOver === true) return; // What comes after a fault is of no interest.
    if (isRefusal && socket.writable && !this.#isAnswering(socket)) {
      const status = statusByCode[code] ?? 400;
      socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\n\r\n`);
    }
    socket.destroy();
  }

  #refusalReason(code: string, { lastRequest, first, tookLeave }: NodeConnection): CloseReason {
    if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
      const hasHeaders = lastRequest !== null && !lastRequest.complete;
      return hasHeaders || this.#server.headersTimeout === 0 ? 'requestTimeout' : 'headersTimeout';
    }
    return first === 'client' || tookLeave ? 'clientFin' : 'error';
  }

  /** Whether part of a response has been written already, after which an error response would only corrupt it. */
  #isAnswering(socket: Socket): boolean {
    const { _httpMessage: message } = socket as Socket & {
      readonly _httpMessage?: { readonly headersSent: boolean } | null;
    };
    return message?.headersSent === true;
  }

  #settle(connection: NodeConnection): void {
    if (!connection.isReady) {
      this.#ledger.failHandshake();
      // A FIN in the handshake is told after the socket is gone; everything else was noted.
      connection.first ??= 'client';
    }
    this.#open.delete(connection);
    const first = connection.first ?? 'reset';
    const isByClient = first === 'client' || connection.tookLeave;
    const reason = connection.reason ?? connection.ending ?? (isByClient ? 'clientFin' : 'error');
    this.#ledger.end(reason, first, connection.requests, connection.isOld);
    if (this.#open.size > 0) return;
    for (const resolve of this.#onEmpty.splice(0)) resolve();
  }
}

/** The TCP connection that a TLS socket was made from (`TLSSocket` in lib/_tls_wrap.js keeps it). */
function tcpBelow(socket: TLSSocket): Socket {
  return (socket as TLSSocket & { readonly _parent?: Socket })._parent ?? socket;
}

function descriptorOf(socket: Socket): number | null {
  const { _handle: handle } = socket as Socket & { readonly _handle?: { readonly fd?: number } | null };
  const fd = handle?.fd;
  return fd === undefined || fd < 0 ? null : fd;
}
