/** The connections of a hop to the next program: opened when a request needs one, kept for the next as long as the knobs allow. */
import { connect, type Socket } from 'node:net';
import type { HopUpstreamConfig } from '../scenario/hop-config.ts';
import type { Endpoint } from './messages.ts';
import type { HopTally } from './tally.ts';
import { WatchedSocket } from './watched-socket.ts';

/** What a request wants to hear of the connection that it uses. */
export interface UpstreamUser {
  /** The connection is established, or was taken from the pool: it can be written to. */
  ready(connection: UpstreamConnection): void;
  /** It was not established, for the reason of this error code, or `CONNECT_TIMEOUT`. */
  unreachable(code: string): void;
  data(octets: Buffer): void;
  /** The next program ended its side, or the connection: `isOrderly` with a FIN. */
  ended(isOrderly: boolean): void;
  /** Nothing was read or written for the time that was asked for. */
  silent(): void;
  drained(): void;
}

export class UpstreamConnection {
  readonly socket: Socket;
  /** Null until it is established. */
  watched: WatchedSocket | null = null;
  /** Null while it is idle. */
  user: UpstreamUser | null = null;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  get isReused(): boolean {
    return (this.watched?.requests ?? 0) > 0;
  }

  /** Closes it at once. */
  destroy(): void {
    this.user = null;
    if (this.watched === null) this.socket.destroy();
    else this.watched.destroy();
  }
}

/** Longest delay of a timer of Node's, ms. */
const longestTimerMs = 0x7fff_ffff;

/** As `socket.setTimeout` has it: 0 for never. */
export function socketTimeout(ms: number): number {
  return ms > longestTimerMs ? 0 : Math.max(1, ms);
}

export class UpstreamPool {
  readonly #config: HopUpstreamConfig;
  readonly #next: Endpoint;
  readonly #tally: HopTally;
  readonly #onIdleEnd: () => void;
  /** Idle ones, the last used one at the end. */
  readonly #idle: UpstreamConnection[] = [];
  readonly #open = new Set<UpstreamConnection>();
  #isClosed = false;

  /** `onIdleEnd`: the next program ended an idle connection. */
  constructor(config: HopUpstreamConfig, next: Endpoint, tally: HopTally, onIdleEnd: () => void = () => undefined) {
    this.#config = config;
    this.#next = next;
    this.#tally = tally;
    this.#onIdleEnd = onIdleEnd;
  }

  /** Gives `user` the idle connection that was used last, or a new one where there is none or `fresh` is wanted. */
  use(user: UpstreamUser, fresh: boolean): UpstreamConnection {
    const idle = fresh ? undefined : this.#idle.pop();
    if (idle === undefined) return this.#connect(user);
    idle.user = user;
    idle.socket.setTimeout(0);
    user.ready(idle);
    return idle;
  }

  /** A request is done with its connection; `isReusable` as far as its messages decide. */
  release(connection: UpstreamConnection, isReusable: boolean): void {
    const { connection: mode, pool } = this.#config;
    connection.user = null;
    const requests = connection.watched?.requests ?? 0;
    const isKept = isReusable && mode === 'keep-alive' && requests < pool.maxRequests && !this.#isClosed;
    if (!isKept || this.#idle.length >= pool.size || connection.socket.destroyed) {
      this.#end(connection);
      return;
    }
    connection.socket.setTimeout(socketTimeout(pool.idleTimeoutMs));
    connection.socket.resume();
    this.#idle.push(connection);
  }

  /** Ends idle connections, and from now on every one that is released. */
  close(): void {
    this.#isClosed = true;
    for (const connection of this.#idle.splice(0)) this.#end(connection);
  }

  /** Ends all that are left at once. */
  destroy(): void {
    this.close();
    for (const connection of this.#open) connection.destroy();
  }

  #connect(user: UpstreamUser): UpstreamConnection {
    const socket = connect({ ...this.#next, allowHalfOpen: true, noDelay: true });
    const connection = new UpstreamConnection(socket);
    connection.user = user;
    this.#open.add(connection);
    this.#tally.attempt();
    socket.setTimeout(socketTimeout(this.#config.timeouts.connectMs));
    socket.once('connect', () => {
      connection.watched = new WatchedSocket(socket, this.#tally.upstream);
      socket.setTimeout(0);
      connection.user?.ready(connection);
    });
    this.#listen(connection);
    return connection;
  }

  #listen(connection: UpstreamConnection): void {
    const { socket } = connection;
    socket.on('data', (octets: Buffer) => {
      // Nobody asked an idle connection for anything: whatever that is, it is no answer.
      if (connection.user === null) connection.destroy();
      else connection.user.data(octets);
    });
    socket.on('drain', () => {
      connection.user?.drained();
    });
    socket.on('timeout', () => {
      this.#onTimeout(connection);
    });
    socket.on('end', () => {
      this.#onEnd(connection, connection.watched?.isReset === false);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (connection.watched !== null) this.#onEnd(connection, false);
      else this.#failConnect(connection, error.code ?? 'EUNKNOWN');
    });
    socket.on('close', () => {
      // Destroyed by this side before it was established: nothing came of the attempt.
      if (connection.watched === null) this.#failConnect(connection, 'ECANCELED');
      this.#forget(connection);
    });
  }

  #failConnect(connection: UpstreamConnection, code: string): void {
    if (!this.#open.delete(connection)) return;
    this.#tally.failConnect();
    const { user } = connection;
    connection.user = null;
    user?.unreachable(code);
  }

  #onTimeout(connection: UpstreamConnection): void {
    const { user } = connection;
    if (connection.watched === null) {
      this.#failConnect(connection, 'CONNECT_TIMEOUT');
      connection.socket.destroy();
    } else if (user === null) {
      this.#forget(connection);
      this.#end(connection);
    } else {
      user.silent();
    }
  }

  #onEnd(connection: UpstreamConnection, isOrderly: boolean): void {
    const { user } = connection;
    const wasIdle = this.#idle.includes(connection);
    this.#forget(connection);
    connection.user = null;
    if (user !== null) user.ended(isOrderly);
    connection.socket.end();
    if (wasIdle) this.#onIdleEnd();
  }

  /** It is not taken again. */
  #forget(connection: UpstreamConnection): void {
    const index = this.#idle.indexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
    if (connection.socket.destroyed) this.#open.delete(connection);
  }

  /** Closes with a FIN. The next program may take as long as an answer to close its side. */
  #end(connection: UpstreamConnection): void {
    const { socket } = connection;
    if (socket.destroyed) return;
    connection.user = null;
    socket.removeAllListeners('timeout');
    socket.on('timeout', () => {
      connection.destroy();
    });
    socket.setTimeout(lingerMs);
    socket.removeAllListeners('data');
    socket.resume();
    socket.end();
  }
}

/** How long the other side may take to close after this one has, as nginx's `lingering_timeout` has it. */
const lingerMs = 5_000;
