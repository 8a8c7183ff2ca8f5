/** How a `node:http` or `node:https` server leaves: what it does with its connections while its successor accepts the new ones. */
import type { Server } from 'node:net';
import { nowNs } from '../kernel/clock.ts';
import type { DrainConfig } from '../scenario/drain.ts';
import type { DrainBook } from './drain-book.ts';
import type { MeasureSpan } from './messages.ts';
import type { NodeConnection, NodeConnections } from './node-connections.ts';

interface DrainSystem {
  readonly server: Server & { closeIdleConnections?(): void };
  readonly connections: NodeConnections;
  readonly book: DrainBook;
}

/**
 * The successor is the same server object, which goes on listening: a connection that is accepted after the drain began is its own. That is a
 * handover of the listening socket, without a moment in which nobody listens. What `server.close()` does beyond closing the listener is done
 * to the connections that were open (httpServerPreClose in lib/_http_server.js).
 */
export class NodeDrain {
  readonly #config: DrainConfig;
  readonly #system: DrainSystem;
  #hasBegun = false;

  constructor(config: DrainConfig, system: DrainSystem) {
    this.#config = config;
    this.#system = system;
  }

  /** Begins it in time. */
  schedule(span: MeasureSpan): void {
    this.#system.book.expect(span);
    const beginNs = span.measureStartNs + this.#config.atMs * 1e6;
    setTimeout(
      () => {
        this.#begin();
      },
      Math.max(0, (beginNs - nowNs()) / 1e6),
    ).unref();
  }

  /** Whether the answer that is written now is the last of its connection. One with further requests under way answers those first. */
  isLast({ isOld, unanswered }: NodeConnection): boolean {
    const { style } = this.#config;
    return isOld && unanswered === 1 && (style === 'close-idle' || style === 'connection-close');
  }

  #begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    const { connections, book } = this.#system;
    const { style, deadlineMs } = this.#config;
    const old = connections.all();
    for (const connection of old) connection.isOld = true;
    book.begin(old.length, nowNs());
    if (style === 'close' || style === 'close-idle') this.#closeIdle(old);
    if (style === 'close-all') this.#closeOld();
    else
      setTimeout(() => {
        this.#closeOld();
      }, deadlineMs).unref();
  }

  /** Node decides which are idle. */
  #closeIdle(old: readonly NodeConnection[]): void {
    for (const connection of old) {
      const { socket } = connection;
      const destroy = socket.destroy.bind(socket);
      socket.destroy = (error) => {
        connection.reason ??= 'drainIdle';
        this.#system.connections.noteClosing(connection);
        return destroy(error);
      };
    }
    this.#system.server.closeIdleConnections?.();
    for (const { socket } of old) Reflect.deleteProperty(socket, 'destroy');
  }

  #closeOld(): void {
    const { connections } = this.#system;
    for (const connection of connections.all()) {
      if (!connection.isOld) continue;
      connection.reason ??= connection.ending ?? (connection.unanswered > 0 ? 'drainAborted' : 'drainIdle');
      connections.noteClosing(connection);
      connection.socket.destroy();
      connection.raw.destroy();
    }
  }
}
