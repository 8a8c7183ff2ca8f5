/** The policies of a `node:http` or `node:https` server for many connections: answers that relieve it, and the idle connection that makes room. */
import type { ServerResponse } from 'node:http';
import type { Server } from 'node:net';
import type { BundledServerConfig } from '../scenario/config.ts';
import type { ShedConfig } from '../scenario/policy-config.ts';
import type { ConnectionLedger } from './connection-ledger.ts';
import type { NodeConnection, NodeConnections } from './node-connections.ts';
import { keepAliveBufferMs } from './node-settings.ts';
import { ServerFailure } from './running-server.ts';
import { Shedding } from './shedding.ts';

/** Throws a ServerFailure for a policy that a server of Node's cannot follow. */
export function requireNodePolicies({ acceptPause, nofile }: BundledServerConfig): void {
  if (acceptPause !== undefined) {
    const sentence = 'acceptPause needs server kind reference: a server of Node accepts as long as it listens.';
    throw new ServerFailure('ENODEPOLICY', sentence);
  }
  if (nofile !== undefined) {
    const sentence = 'nofile needs server kind reference: what libuv cannot accept it closes, and tells nobody.';
    throw new ServerFailure('ENODEPOLICY', sentence);
  }
}

interface PolicySystem {
  readonly server: Server & { readonly keepAliveTimeout?: number };
  readonly connections: NodeConnections;
  readonly ledger: ConnectionLedger;
}

export class NodePolicies {
  readonly #system: PolicySystem;
  readonly #shed: ShedConfig | null;
  readonly #shedding: Shedding | null;
  readonly #evictAbove: number;
  readonly #maxRequests: number;
  /** By when they became idle. */
  readonly #idle = new Set<NodeConnection>();
  /** Evicted, and not yet counted as ended. */
  #leaving = 0;

  constructor({ shed, evictIdle, maxRequestsPerSocket }: BundledServerConfig, system: PolicySystem) {
    this.#system = system;
    this.#shed = shed ?? null;
    this.#shedding = shed === undefined ? null : new Shedding(shed);
    this.#evictAbove = evictIdle?.above ?? Infinity;
    this.#maxRequests = maxRequestsPerSocket;
    // Ahead of the listener that counts the new connection.
    if (evictIdle !== undefined) {
      system.server.prependListener('connection', () => {
        this.#makeRoom();
      });
    }
  }

  /** The head of a request is here. */
  noteRequest(connection: NodeConnection, answer: ServerResponse): void {
    if (connection.requests === 0 && connection.unanswered === 0) {
      connection.raw.once('close', () => {
        this.#idle.delete(connection);
      });
    }
    connection.unanswered++;
    this.#idle.delete(connection);
    if (connection.isShed) {
      connection.isShed = false;
      connection.socket.setTimeout(0);
    }
    answer.once('close', () => {
      connection.unanswered--;
      if (connection.unanswered === 0 && this.#system.connections.of(connection.raw) !== undefined) {
        this.#idle.add(connection);
      }
    });
  }

  /** Whether the answer to a request that is executed now is to relieve the server. */
  isShedding(): boolean {
    return this.#shedding?.isAbove(this.#system.ledger.open - this.#leaving) === true;
  }

  /** Relieves the server by an answer after which the connection would persist. Gives the fields that the answer gets. */
  shed(connection: NodeConnection, answer: ServerResponse): Readonly<Record<string, string>> {
    if (this.#shed === null) return {};
    if (this.#shed.then === 'close') {
      // Of pipelined requests those after the first one get no answer.
      if (connection.ending !== 'shed') this.#system.ledger.shedResponse();
      connection.ending = 'shed';
      return { Connection: 'close' };
    }
    const { server, ledger } = this.#system;
    ledger.shedResponse();
    const ownMs = server.keepAliveTimeout ?? 0; // 0: never.
    const shortMs = this.#shed.then.keepAliveTimeoutMs;
    const timeoutMs = ownMs > 0 ? Math.min(shortMs, ownMs) : shortMs;
    // After Node's own listener, which sets the server's timeout.
    answer.once('finish', () => {
      if (connection.unanswered > 1) return;
      connection.isShed = true;
      connection.socket.setTimeout(timeoutMs + keepAliveBufferMs(server));
    });
    const most = this.#maxRequests === Infinity ? '' : `, max=${this.#maxRequests}`;
    return { 'Keep-Alive': `timeout=${Math.floor(timeoutMs / 1000)}${most}` };
  }

  /** Before a new connection is counted. */
  #makeRoom(): void {
    const { ledger, connections } = this.#system;
    if (ledger.open - this.#leaving < this.#evictAbove) return;
    for (const connection of this.#idle) {
      this.#idle.delete(connection);
      const isLeaving = connection.reason !== null || connection.ending !== null || connection.isOver;
      if (isLeaving || connections.of(connection.raw) === undefined) continue;
      this.#evict(connection);
      return;
    }
  }

  #evict(connection: NodeConnection): void {
    this.#leaving++;
    connection.raw.once('close', () => {
      this.#leaving--;
    });
    connection.reason = 'evicted';
    this.#system.connections.noteClosing(connection);
    connection.socket.destroy();
  }
}
