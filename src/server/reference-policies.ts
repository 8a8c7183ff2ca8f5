/** The policies of the reference server for many connections: answers that relieve it, and the idle connection that makes room. */
import { EAGAIN } from '../kernel/errno.ts';
import type { Sockets } from '../kernel/sockets.ts';
import type { BundledServerConfig } from '../scenario/config.ts';
import type { ConnectionLedger } from './connection-ledger.ts';
import { DEAD, FIN_SEEN, IDLE, READABLE, SHED, type ConnectionSlots } from './connection-slots.ts';
import { shedIndex } from './reference-responses.ts';
import { Shedding } from './shedding.ts';

/** include/net/tcp_states.h */
const TCP_ESTABLISHED = 1;

interface PolicySystem {
  readonly slots: ConnectionSlots;
  readonly ledger: ConnectionLedger;
  readonly sockets: Sockets;
}

export class ReferencePolicies {
  readonly #system: PolicySystem;
  /** Null where nothing is shed. */
  readonly #shedding: Shedding | null;
  /** Null where responses that relieve the server end their connection. */
  readonly #shortNs: number | null;
  readonly #evictAbove: number;
  /** Slots by when they became idle. Those that are not any more stay until they are looked at, or become idle again. */
  readonly #idle = new Set<number>();

  constructor({ shed, evictIdle }: BundledServerConfig, system: PolicySystem) {
    this.#system = system;
    this.#shedding = shed === undefined ? null : new Shedding(shed);
    this.#shortNs = shed === undefined || shed.then === 'close' ? null : shed.then.keepAliveTimeoutMs * 1e6;
    this.#evictAbove = evictIdle?.above ?? Infinity;
  }

  /** The position of what a request is answered with in place of `answer`, after which the connection would persist. */
  answer(slot: number, answer: number): number {
    const { ledger, slots } = this.#system;
    if (this.#shedding?.isAbove(ledger.open) !== true) return answer;
    ledger.shedResponse();
    if (this.#shortNs === null) {
      slots.setLast(slot, 'shed');
      return answer + 1;
    }
    slots.flags[slot]! |= SHED;
    return shedIndex(answer);
  }

  /** How long an idle connection is kept whose last answer is out, of `keepAliveNs` otherwise. */
  keepAliveNs(slot: number, keepAliveNs: number): number {
    const isShort = this.#shortNs !== null && (this.#system.slots.flags[slot]! & SHED) !== 0;
    return isShort ? Math.min(this.#shortNs, keepAliveNs) : keepAliveNs;
  }

  /** The slot has answered, and waits for a request. */
  noteIdle(slot: number): void {
    if (this.#evictAbove === Infinity) return;
    this.#idle.delete(slot);
    this.#idle.add(slot);
  }

  /** The slot whose connection has to make room for a new one; -1 where there is room, or none is idle. */
  toEvict(): number {
    if (this.#system.ledger.open < this.#evictAbove) return -1;
    for (const slot of this.#idle) {
      this.#idle.delete(slot);
      if (this.#isQuiet(slot)) return slot;
    }
    return -1;
  }

  /** Whether the connection is idle and nothing of it waits to be noticed: neither a request nor its end. Then no event of it is due. */
  #isQuiet(slot: number): boolean {
    const { slots, sockets } = this.#system;
    const fd = slots.fd[slot]!;
    return (
      slots.phase[slot] === IDLE &&
      (slots.flags[slot]! & (READABLE | FIN_SEEN | DEAD)) === 0 &&
      sockets.tcpState(fd) === TCP_ESTABLISHED &&
      sockets.peek(fd) === -EAGAIN
    );
  }
}
