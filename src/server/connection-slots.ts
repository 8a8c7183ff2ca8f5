/** The connections of the reference server as numbered slots of flat arrays. Hot: nothing is allocated per request or connection. */
import { RequestParser } from '../http/request-parser.ts';
import type { FirstCloser } from './connection-ledger.ts';
import { closeReasons, type CloseReason } from './messages.ts';

/** What a slot waits for. */
export const FREE = 0;
/** The first octet of the first request. */
export const FRESH = 1;
/** The first octet of a further request. */
export const IDLE = 2;
/** The rest of a request. */
export const RECEIVING = 3;
/** The time to answer. */
export const DELAYING = 4;
/** Room in the send buffer. */
export const SENDING = 5;
/** The client's FIN, after the last response. */
export const AWAITING_FIN = 6;

/** The kernel may hold more input than was read. */
export const READABLE = 1;
/** The client's FIN is here or queued behind its data. */
export const FIN_SEEN = 2;
/** The response under way is the last of its connection. */
export const LAST = 4;
/** The connection was reset, or both FINs are through: no event will come any more. */
export const DEAD = 8;

/** The last response shortened the idle timeout. */
export const SHED = 16;
/** The connection was open when the server began to leave. */
export const OLD = 32;

const firstCapacity = 64;
const firstClosers: readonly FirstCloser[] = ['client', 'server', 'reset'];

export class ConnectionSlots {
  fd = new Int32Array(firstCapacity).fill(-1);
  phase = new Uint8Array(firstCapacity);
  flags = new Uint8Array(firstCapacity);
  /** Requests executed on the connection. */
  requests = new Float64Array(firstCapacity);
  /** When the request under way began, or the connection was accepted. */
  startedAtNs = new Float64Array(firstCapacity);
  /** Index of the prepared response under way, and how much of it is sent. */
  response = new Uint16Array(firstCapacity);
  sentBytes = new Float64Array(firstCapacity);
  /** Why the connection ends, as an index into `closeReasons`. */
  #reason = new Uint8Array(firstCapacity);
  /** Who closed first, as an index into `firstClosers` plus 1; 0 while that is open. */
  #first = new Uint8Array(firstCapacity);
  readonly parser: RequestParser[] = [];
  /** Pipelined input that came before the response to the request ahead of it was out. */
  readonly pending: (Uint8Array | null)[] = [];
  #free = new Int32Array(firstCapacity);
  #freeCount = 0;

  readonly #readsNumbers: boolean;

  /** `readsNumbers`: requests may have a field that numbers them. */
  constructor(readsNumbers = false) {
    this.#readsNumbers = readsNumbers;
    this.#addSlots(0, firstCapacity);
  }

  get capacity(): number {
    return this.fd.length;
  }

  /** Takes a slot for a new connection. The capacity may double. */
  take(fd: number, nowNs: number): number {
    if (this.#freeCount === 0) this.#grow();
    const slot = this.#free[--this.#freeCount]!;
    this.fd[slot] = fd;
    this.phase[slot] = FRESH;
    this.flags[slot] = 0;
    this.requests[slot] = 0;
    this.startedAtNs[slot] = nowNs;
    this.#first[slot] = 0;
    this.parser[slot]!.reset();
    return slot;
  }

  give(slot: number): void {
    this.fd[slot] = -1;
    this.phase[slot] = FREE;
    this.pending[slot] = null;
    this.#free[this.#freeCount++] = slot;
  }

  /** Whether input of the connection is wanted now. */
  isReading(slot: number): boolean {
    const phase = this.phase[slot]!;
    return phase === IDLE || phase === RECEIVING || phase === FRESH || phase === AWAITING_FIN;
  }

  /** Marks the response that comes now as the last, and why. */
  setLast(slot: number, reason: CloseReason): void {
    this.flags[slot]! |= LAST;
    this.#reason[slot] = closeReasons.indexOf(reason);
  }

  /** The reason given with the last response. */
  lastReason(slot: number): CloseReason {
    return closeReasons[this.#reason[slot]!]!;
  }

  /** The first note stands. */
  noteFirst(slot: number, first: FirstCloser): void {
    if (this.#first[slot] === 0) this.#first[slot] = firstClosers.indexOf(first) + 1;
  }

  first(slot: number): FirstCloser | null {
    return firstClosers[this.#first[slot]! - 1] ?? null;
  }

  #grow(): void {
    const old = this.capacity;
    const capacity = old * 2;
    this.fd = copyInto(new Int32Array(capacity).fill(-1), this.fd);
    this.phase = copyInto(new Uint8Array(capacity), this.phase);
    this.flags = copyInto(new Uint8Array(capacity), this.flags);
    this.requests = copyInto(new Float64Array(capacity), this.requests);
    this.startedAtNs = copyInto(new Float64Array(capacity), this.startedAtNs);
    this.response = copyInto(new Uint16Array(capacity), this.response);
    this.sentBytes = copyInto(new Float64Array(capacity), this.sentBytes);
    this.#reason = copyInto(new Uint8Array(capacity), this.#reason);
    this.#first = copyInto(new Uint8Array(capacity), this.#first);
    this.#free = new Int32Array(capacity);
    this.#addSlots(old, capacity);
  }

  #addSlots(from: number, to: number): void {
    for (let slot = to - 1; slot >= from; slot--) this.#free[this.#freeCount++] = slot;
    for (let slot = from; slot < to; slot++) {
      this.parser.push(new RequestParser({}, this.#readsNumbers));
      this.pending.push(null);
    }
  }
}

function copyInto<T extends Int32Array | Uint8Array | Uint16Array | Float64Array>(target: T, source: T): T {
  target.set(source);
  return target;
}
