/**
 * Counts the connections of a Node client from its sockets: each is shown here when it is made, and watched until it is closed.
 *
 * Socket events tell that a connection was established and that it is gone, but not whose FIN came first: none is emitted before a client
 * destroys a socket. So each socket's own `_final` and `_destroy` (the methods that implementers of a stream override: node:stream, "API
 * for stream implementers") are joined by a look at the state in which the kernel has the connection (`first-fin.ts`), around shutdown(2)
 * and before close(2).
 */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { nowNs } from '../../kernel/clock.ts';
import type { LiveCounts } from '../live.ts';
import type { ClientCloseReason, ConnectionReport } from '../observations.ts';
import { ConnectionLedger, type Ending } from '../reference/ledger.ts';
import { FirstFin, resetCodes } from './first-fin.ts';
import { NodeConnection } from './node-connection.ts';

export interface SocketLedgerSetup {
  readonly live: LiveCounts;
  /** Connections are encrypted: then their handshakes are counted. */
  readonly tls: boolean;
  /** The load leaks responses: then the connections that they hold at the end are counted. */
  readonly leaks?: boolean;
  /** A connection was established. */
  readonly onEstablished: () => void;
}

export class SocketLedger {
  readonly #tally: ConnectionLedger;
  readonly #onEstablished: () => void;
  readonly #firstFin = new FirstFin();
  /** Node's TLS has no early data. */
  readonly #handshakes: { full: number; resumed: number; readonly earlyData: 0; failed: number } | null;
  readonly #connections = new Map<Socket, NodeConnection>();
  #made = 0;
  #bytesSent = 0;
  #bytesReceived = 0;
  #tearingDown = false;
  #onEmpty: (() => void)[] = [];

  constructor({ live, tls, leaks = false, onEstablished }: SocketLedgerSetup) {
    this.#handshakes = tls ? { full: 0, resumed: 0, earlyData: 0, failed: 0 } : null;
    this.#tally = new ConnectionLedger(live);
    if (leaks) this.#tally.leaked = 0;
    this.#onEstablished = onEstablished;
  }

  /** Watches a socket that was just made and has not connected yet. Gives its connection; the same one when called again. */
  track(socket: Socket): NodeConnection {
    const known = this.#connections.get(socket);
    if (known !== undefined) return known;
    const connection = new NodeConnection(this.#made++, socket, nowNs());
    this.#connections.set(socket, connection);
    this.#watchOpening(connection);
    this.#watchEnd(connection);
    return connection;
  }

  /** The connection of a socket that is still watched. */
  of(socket: Socket): NodeConnection | undefined {
    return this.#connections.get(socket);
  }

  /** Connections whose sockets are not closed yet, those that are still opening included. */
  get size(): number {
    return this.#connections.size;
  }

  /** Whether connections are on their way out, for a reason that was said. */
  get closing(): boolean {
    return [...this.#connections.values()].some(({ reason }) => reason !== null);
  }

  /** From now on connections that are closed for no other reason are closed because the trial is over. */
  beginTearDown(): void {
    if (!this.#tearingDown && this.#tally.leaked !== null) {
      this.#tally.leaked = [...this.#connections.values()].filter(({ holder }) => holder !== null).length;
    }
    this.#tearingDown = true;
  }

  /** Destroys what is still open; resolves once no socket is left. Call once, at the end. */
  async tearDown(): Promise<void> {
    this.beginTearDown();
    for (const socket of this.#connections.keys()) socket.destroy();
    if (this.#connections.size > 0) {
      await new Promise<void>((resolve) => {
        this.#onEmpty.push(resolve);
      });
    }
    this.#firstFin.close();
  }

  /** Bytes of requests and responses, without those of TLS itself, of all connections that are closed. */
  get bytes(): { readonly sent: number; readonly received: number } {
    return { sent: this.#bytesSent, received: this.#bytesReceived };
  }

  report(): ConnectionReport {
    const tls = this.#handshakes;
    return { ...this.#tally.report(), ...(tls === null ? {} : { tls: { ...tls } }) };
  }

  #watchOpening(connection: NodeConnection): void {
    const { socket } = connection;
    // Emitted in the same step as connect(2), whose refusal at once destroys the socket before the step ends.
    socket.once('connectionAttempt', () => {
      connection.attempted = true;
      connection.attempting = true;
      queueMicrotask(() => {
        connection.attempting = false;
      });
    });
    socket.prependOnceListener('connect', () => {
      connection.establishedNs = nowNs();
      if (!(socket instanceof TLSSocket)) connection.readyNs = connection.establishedNs;
      connection.attempted = true;
      this.#tally.attempted++;
      this.#tally.established();
      this.#onEstablished();
    });
    if (socket instanceof TLSSocket) {
      socket.prependOnceListener('secureConnect', () => {
        connection.readyNs = nowNs();
        if (this.#handshakes !== null) this.#handshakes[socket.isSessionReused() ? 'resumed' : 'full']++;
      });
    }
  }

  #watchEnd(connection: NodeConnection): void {
    const { socket } = connection;
    socket.prependOnceListener('end', () => {
      connection.endSeen = true;
    });
    const final = socket._final.bind(socket);
    socket._final = (callback) => {
      const looksAgain = connection.establishedNs === null ? null : this.#firstFin.beforeShutdown(connection);
      // libuv calls back in the very step in which it has called shutdown(2).
      final((error) => {
        if (looksAgain !== null) this.#firstFin.afterShutdown(connection, looksAgain);
        callback(error);
      });
    };
    const destroy = socket._destroy.bind(socket);
    socket._destroy = (error, callback) => {
      this.#beforeClose(connection, error);
      destroy(error, callback);
    };
    socket.once('close', () => {
      this.#settle(connection);
    });
  }

  #beforeClose(connection: NodeConnection, error: NodeJS.ErrnoException | null): void {
    if (connection.establishedNs === null) {
      this.#openingFailed(connection, error);
      return;
    }
    // Errors that http makes up have the same codes, but no system call.
    if (error?.syscall !== undefined && error.code !== undefined) {
      const isReset = resetCodes.includes(error.code);
      if (isReset) this.#tally.resetsReceived++;
      this.#decide(connection, 'reset', isReset ? 'serverReset' : 'error');
    } else {
      this.#askKernel(connection);
    }
    if (error !== null) connection.endsFor('error');
  }

  #openingFailed(connection: NodeConnection, error: NodeJS.ErrnoException | null): void {
    if (connection.attempted && !(connection.attempting && error !== null)) {
      this.#tally.attempted++;
      this.#tally.connectFailed++;
    } else if (error !== null) {
      this.#tally.notAttempted++; // Of a socket that was given up before it did anything there is nothing to count.
    }
  }

  #askKernel(connection: NodeConnection): void {
    const seen = this.#firstFin.beforeClose(connection);
    if (seen === 'resetByServer') this.#tally.resetsReceived++;
    if (seen === 'resetByUs') this.#tally.resetsSent++;
    const ending = seen === 'resetByServer' || seen === 'resetByUs' ? 'reset' : seen;
    this.#decide(connection, ending, seen === 'resetByServer' ? 'serverReset' : null);
  }

  /** What was seen when our FIN was sent stands, but for what came in spite of it: a reset, or a server's FIN that was first after all. */
  #decide(connection: NodeConnection, ending: Ending, reason: ClientCloseReason | null): void {
    if (ending === 'client') connection.ending ??= ending;
    else connection.ending = ending;
    if (reason !== null) connection.endsFor(reason);
  }

  #settle(connection: NodeConnection): void {
    this.#connections.delete(connection.socket);
    connection.holder?.released();
    const { socket, establishedNs } = connection;
    this.#bytesSent += socket.bytesWritten;
    this.#bytesReceived += socket.bytesRead;
    if (establishedNs !== null) this.#count(connection);
    if (this.#connections.size > 0) return;
    for (const resolve of this.#onEmpty.splice(0)) resolve();
  }

  #count({ ending: seen, reason: said, answered, readyNs, isAnnounced }: NodeConnection): void {
    if (readyNs === null && this.#handshakes !== null) this.#handshakes.failed++;
    const ending = seen ?? 'client';
    const isServers = ending === 'server';
    // A connection that nobody needed was the server's to end, where its FIN turns out to have come first and was no answer.
    const isOvertaken = isServers && !isAnnounced && (said === 'idleTimeout' || said === 'teardown');
    const reason = isOvertaken ? 'serverFin' : said;
    const ours = this.#tearingDown ? 'teardown' : 'error';
    const actual = reason ?? (isServers ? 'serverFin' : ours);
    this.#tally.closed(actual, actual === 'teardown' && ending === 'client' ? 'teardown' : ending, answered);
  }
}
