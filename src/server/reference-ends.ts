/** How the reference server ends a connection: after its last response, as a fault has it, or because it is dead; with the first closer known. */
import { errnoName } from '../kernel/errno.ts';
import type { Sockets } from '../kernel/sockets.ts';
import type { Deadlines } from '../strategy/deadlines.ts';
import type { ConnectionLedger, FirstCloser } from './connection-ledger.ts';
import { AWAITING_FIN, FIN_SEEN, IDLE, LAST, OLD, READABLE, type ConnectionSlots } from './connection-slots.ts';
import type { FaultyResponse } from './faults.ts';
import { probeFirstCloser } from './first-closer.ts';
import type { CloseReason } from './messages.ts';

/** How long a connection that is over waits for the client's FIN. */
const finWaitNs = 1e9;

interface EndingSystem {
  readonly slots: ConnectionSlots;
  readonly deadlines: Deadlines;
  readonly ledger: ConnectionLedger;
  readonly sockets: Sockets;
}

export class ReferenceEnds {
  readonly #slots: ConnectionSlots;
  readonly #deadlines: Deadlines;
  readonly #ledger: ConnectionLedger;
  readonly #sockets: Sockets;
  readonly #clientCloses: boolean;

  constructor({ slots, deadlines, ledger, sockets }: EndingSystem, clientCloses: boolean) {
    this.#slots = slots;
    this.#deadlines = deadlines;
    this.#ledger = ledger;
    this.#sockets = sockets;
    this.#clientCloses = clientCloses;
  }

  /**
   * The last response is out. Closing with input unread would reset the connection and may take the response with it (RFC 9112 section
   * 9.6), so then only the sending half is closed, and the rest once the client has closed, as for a client that is to close first.
   * `hasUnread`: octets were received and not consumed.
   */
  finish(slot: number, nowNs: number, hasUnread: boolean, clientCloses = this.#clientCloses): void {
    const { flags, pending } = this.#slots;
    const input = flags[slot]! & (READABLE | FIN_SEEN);
    const isUnread = hasUnread || pending[slot] !== null || input === READABLE;
    if (input === FIN_SEEN || (!clientCloses && !isUnread)) {
      this.close(slot, this.#slots.lastReason(slot));
      return;
    }
    if (!clientCloses) this.#closeSending(slot);
    this.#awaitFin(slot, nowNs + finWaitNs);
  }

  /** All of a response is out that meets a fault with an end of its own. */
  finishFaulty(slot: number, { end, lateMs }: FaultyResponse, nowNs: number, hasUnread: boolean): void {
    const { flags, phase } = this.#slots;
    if (end === 'stay' || end === 'stay-open') {
      flags[slot]! &= ~LAST;
      phase[slot] = IDLE;
      this.#deadlines.cancel(slot);
      return;
    }
    this.#slots.setLast(slot, 'fault');
    if (end === 'fin') {
      this.finish(slot, nowNs, hasUnread, false);
    } else if (end === 'reset') {
      this.#reset(slot);
    } else if (end === 'fin-late') {
      this.#awaitFin(slot, nowNs + lateMs * 1e6);
    } else {
      if (end === 'half-close') this.#closeSending(slot);
      // A client that has closed will not do it again.
      if ((flags[slot]! & (READABLE | FIN_SEEN)) === FIN_SEEN) this.close(slot, 'fault');
      else this.#awaitFin(slot, Infinity);
    }
  }

  /** The connection is dead: reset, or written to after the client had closed both ways. */
  dead(slot: number, errno: number): void {
    const name = errnoName(errno);
    const hadFin = (this.#slots.flags[slot]! & FIN_SEEN) !== 0 || name === 'EPIPE';
    // TLS came to nothing: the connection below it lives, and ends by FIN.
    if (name !== 'EPROTO' || hadFin) this.#slots.noteFirst(slot, hadFin ? 'client' : 'reset');
    if (this.#slots.phase[slot] === AWAITING_FIN) this.close(slot, this.#slots.lastReason(slot));
    else if (hadFin) this.close(slot, 'clientFin');
    else this.close(slot, name === 'ECONNRESET' ? 'clientReset' : 'error');
  }

  close(slot: number, reason: CloseReason): void {
    this.#count(slot, reason);
    this.#sockets.close(this.#slots.fd[slot]!);
    this.#forget(slot);
  }

  #reset(slot: number): void {
    this.#slots.noteFirst(slot, (this.#slots.flags[slot]! & FIN_SEEN) !== 0 ? 'client' : 'reset');
    this.#count(slot, 'fault');
    this.#sockets.reset(this.#slots.fd[slot]!);
    this.#forget(slot);
  }

  #count(slot: number, reason: CloseReason): void {
    const { requests, flags } = this.#slots;
    this.#ledger.end(reason, this.#whoIsFirst(slot), requests[slot]!, (flags[slot]! & OLD) !== 0);
  }

  #closeSending(slot: number): void {
    this.#slots.noteFirst(slot, this.#whoIsFirst(slot));
    this.#sockets.shutdownWrite(this.#slots.fd[slot]!);
  }

  #awaitFin(slot: number, untilNs: number): void {
    this.#slots.pending[slot] = null;
    this.#slots.phase[slot] = AWAITING_FIN;
    this.#deadlines.set(slot, untilNs);
  }

  #forget(slot: number): void {
    this.#deadlines.cancel(slot);
    this.#slots.give(slot);
  }

  #whoIsFirst(slot: number): FirstCloser {
    const noted = this.#slots.first(slot);
    if (noted !== null) return noted;
    if ((this.#slots.flags[slot]! & FIN_SEEN) !== 0) return 'client';
    return probeFirstCloser(this.#sockets, this.#slots.fd[slot]!);
  }
}
