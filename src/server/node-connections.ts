/** Watches the connections of a `node:http` server and tells the ledger how each one ended and who closed it first. */
import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import { Socket } from 'node:net';
import type { ConnectionLedger, FirstCloser } from './connection-ledger.ts';
import type { FirstCloserProbe } from './first-closer.ts';
import type { CloseReason } from './messages.ts';

/** One open connection as the server's code sees it. */
export interface NodeConnection {
  requests: number;
  /** The request whose headers came last. */
  lastRequest: IncomingMessage | null;
  /** What the last response said of the connection: that it ends it. */
  ending: 'connectionClose' | 'maxRequests' | null;
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

export class NodeConnections {
  readonly #ledger: ConnectionLedger;
  readonly #probe: FirstCloserProbe;
  readonly #server: Server;
  readonly #open = new Map<Socket, NodeConnection>();
  #onEmpty: (() => void)[] = [];

  constructor(server: Server, ledger: ConnectionLedger, probe: FirstCloserProbe) {
    this.#server = server;
    this.#ledger = ledger;
    this.#probe = probe;
    server.on('connection', (socket) => {
      this.#watch(socket);
    });
    server.on('drop', () => {
      ledger.turnAway();
    });
    server.on('dropRequest', () => {
      ledger.refuse();
    });
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      if (socket instanceof Socket) this.#refuse(error.code ?? '', socket);
    });
  }

  of(socket: Socket): NodeConnection | undefined {
    return this.#open.get(socket);
  }

  /** Ends every open connection at once. */
  endAll(): void {
    for (const [socket, connection] of this.#open) {
      connection.reason ??= 'serverStop';
      connection.first ??= this.#whoIsFirst(socket);
      socket.destroy();
    }
  }

  /** Resolves once no connection is open. */
  async allEnded(): Promise<void> {
    if (this.#open.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onEmpty.push(resolve);
    });
  }

  /** The listeners go before Node's own: Node's end and destroy the socket, after which the order of events can no longer be told. */
  #watch(socket: Socket): void {
    const connection: NodeConnection = { requests: 0, lastRequest: null, ending: null, reason: null, first: null };
    this.#open.set(socket, connection);
    this.#ledger.accept();
    socket.prependListener('timeout', () => {
      connection.reason ??= 'idleTimeout';
      connection.first ??= this.#whoIsFirst(socket);
    });
    socket.prependListener('end', () => {
      connection.first ??= 'client'; // Our own FIN would have been noted at 'finish'.
    });
    socket.prependListener('finish', () => {
      connection.first ??= this.#whoIsFirst(socket);
    });
    socket.prependListener('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') {
        connection.reason ??= connection.ending ?? (connection.first === 'client' ? 'clientFin' : 'clientReset');
      }
      connection.reason ??= 'error';
      connection.first ??= 'reset';
    });
    socket.prependListener('close', () => {
      this.#settle(socket, connection);
    });
  }

  #whoIsFirst(socket: Socket): FirstCloser {
    const { _handle: handle } = socket as Socket & { readonly _handle?: { readonly fd?: number } | null };
    const fd = handle?.fd;
    return fd === undefined || fd < 0 ? 'server' : this.#probe(fd);
  }

  /** Answers as Node itself does where nobody listens to 'clientError' (socketOnError in lib/_http_server.js), and counts it. */
  #refuse(code: string, socket: Socket): void {
    const connection = this.#open.get(socket);
    const isRefusal = code.startsWith('HPE_') || code in statusByCode;
    if (connection !== undefined && isRefusal) {
      this.#ledger.refuse();
      connection.reason ??= this.#refusalReason(code, connection);
      connection.first ??= this.#whoIsFirst(socket);
    }
    if (isRefusal && socket.writable && !this.#isAnswering(socket)) {
      const status = statusByCode[code] ?? 400;
      socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\n\r\n`);
    }
    socket.destroy();
  }

  #refusalReason(code: string, { lastRequest, first }: NodeConnection): CloseReason {
    if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
      const hasHeaders = lastRequest !== null && !lastRequest.complete;
      return hasHeaders || this.#server.headersTimeout === 0 ? 'requestTimeout' : 'headersTimeout';
    }
    return first === 'client' ? 'clientFin' : 'error';
  }

  /** Whether part of a response has been written already, after which an error response would only corrupt it. */
  #isAnswering(socket: Socket): boolean {
    const { _httpMessage: message } = socket as Socket & {
      readonly _httpMessage?: { readonly headersSent: boolean } | null;
    };
    return message?.headersSent === true;
  }

  #settle(socket: Socket, connection: NodeConnection): void {
    this.#open.delete(socket);
    const first = connection.first ?? 'reset';
    const reason = connection.reason ?? connection.ending ?? (first === 'client' ? 'clientFin' : 'error');
    this.#ledger.end(reason, first, connection.requests);
    if (this.#open.size > 0) return;
    for (const resolve of this.#onEmpty.splice(0)) resolve();
  }
}
