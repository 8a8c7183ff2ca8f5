/**
 * The connections of undici, in a package or in Node's fetch: which request each carries, and why undici ends it. Undici destroys a socket
 * with an error that says why (lib/dispatcher/client-h1.js); the socket's `_destroy` is preceded by a look at it, as in `SocketLedger`.
 */
import type { Socket } from 'node:net';
import type { ClientCloseReason } from './observations.ts';
import type { NodeConnection } from './node/node-connection.ts';
import type { Attempt } from './node/node-client.ts';
import type { SocketLedger } from './node/socket-ledger.ts';

/** Names and values in turn, as undici passes them on. */
export type RawHeaders = readonly (Buffer | string)[];

/** The rules that undici was given and that end connections. */
export interface EndingRules {
  /** Each response is asked to end its connection. */
  readonly closes: boolean;
  /** Requests after which undici retires a connection; Infinity: never. */
  readonly maxRequests: number;
  /** Clients that reach an age are closed. */
  readonly hasLifetime: boolean;
}

/** One connection and what its end depends on. */
export class UndiciConnection {
  readonly connection: NodeConnection;
  /** The request that was written on it last. */
  attempt: Attempt | null = null;
  /** Of its last response. */
  saidClose = false;
  /** Its last request was HEAD, after which undici always closes. */
  wasHead = false;

  constructor(connection: NodeConnection) {
    this.connection = connection;
  }

  /** A request is about to be written on it. */
  isGiven(attempt: Attempt, isHead: boolean): void {
    this.attempt = attempt;
    this.saidClose = false;
    this.wasHead = isHead;
    attempt.onConnection(this.connection);
  }
}

export class UndiciConnections {
  readonly #ledger: SocketLedger;
  readonly #rules: EndingRules;
  readonly #bySocket = new Map<Socket, UndiciConnection>();
  #tearingDown = false;

  constructor(ledger: SocketLedger, rules: EndingRules) {
    this.#ledger = ledger;
    this.#rules = rules;
  }

  /** Watches a socket that undici has just made. */
  track(socket: Socket): UndiciConnection {
    const known = this.#bySocket.get(socket);
    if (known !== undefined) return known;
    const connection = new UndiciConnection(this.#ledger.track(socket));
    this.#bySocket.set(socket, connection);
    const destroy = socket._destroy.bind(socket);
    socket._destroy = (error, callback) => {
      const reason = this.#reasonOf(error, connection);
      if (reason !== null) connection.connection.endsFor(reason);
      destroy(error, callback);
    };
    socket.once('close', () => this.#bySocket.delete(socket));
    return connection;
  }

  of(socket: Socket): UndiciConnection | undefined {
    return this.#bySocket.get(socket);
  }

  /** Undici is told to end everything: what it says of reasons is the trial's end from now on. */
  beginTearDown(): void {
    this.#tearingDown = true;
  }

  /** Null where the ledger knows better. */
  #reasonOf(error: Error | null, connection: UndiciConnection): ClientCloseReason | null {
    if (error === null) return null;
    switch ((error as NodeJS.ErrnoException).code) {
      case 'UND_ERR_INFO':
        return this.#informedReason(error.message, connection);
      case 'UND_ERR_SOCKET':
        return error.message.startsWith('bad ') ? 'badResponse' : 'serverFin';
      case 'UND_ERR_HEADERS_TIMEOUT':
      case 'UND_ERR_BODY_TIMEOUT':
        return 'timeout';
      case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
      case 'UND_ERR_HEADERS_OVERFLOW':
      case 'UND_ERR_RES_EXCEEDED_MAX_SIZE':
        return 'badResponse';
      case 'UND_ERR_DESTROYED':
        if (this.#tearingDown) return 'teardown';
        return this.#rules.hasLifetime ? 'maxLifetime' : null;
      default:
        return error.name === 'HTTPParserError' ? 'badResponse' : null;
    }
  }

  /** `reset` is said of every connection that is not kept after a response, whatever was the cause. */
  #informedReason(message: string, { connection, saidClose, wasHead }: UndiciConnection): ClientCloseReason | null {
    if (message === 'socket idle timeout') return 'idleTimeout';
    // Of a request that is over for the program only the collector is left to let go.
    if (message === 'aborted') return connection.holder === null ? 'timeout' : 'collected';
    if (message !== 'reset') return null;
    const { closes, maxRequests } = this.#rules;
    if (closes || wasHead) return 'connectionClose';
    if (connection.answered >= maxRequests) return 'maxRequests';
    return saidClose ? 'connectionClose' : 'idleTimeout'; // The hint left no time to reuse it.
  }
}

/** Whether a response said `Connection: close`. */
export function saysClose(headers: RawHeaders): boolean {
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (headers[index]!.length !== 10 || headers[index]!.toString().toLowerCase() !== 'connection') continue;
    if (/(^|,)\s*close\s*(,|$)/i.test(headers[index + 1]!.toString())) return true;
  }
  return false;
}

/** The code of an error of undici's; what ran out of time has the name that it has with every client. */
export function undiciErrorCode({ code, name }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'UND_ERR_CONNECT_TIMEOUT':
      return 'CONNECT_TIMEOUT';
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return 'RESPONSE_TIMEOUT';
    default:
      return code ?? name;
  }
}
