/** The lines of requests that wait for a connection, one per owner, first come first served. Hot: linked columns, no allocation per call. */
import { Deadlines } from './deadlines.ts';

const none = -1;

export class WaitingLines {
  /** Requests in all lines. */
  total = 0;
  readonly #timeoutNs: number;
  readonly #deadlines = new Deadlines(64);

  // By owner.
  readonly #first: Int32Array;
  readonly #last: Int32Array;
  readonly #length: Int32Array;
  /** Where `takeAny` found the last line. */
  #anyAt = 0;

  // By request.
  #next = new Int32Array(64);
  #owner = new Int32Array(64);

  /** `timeoutNs`: how long a request may wait; Infinity for unlimited. */
  constructor(owners: number, timeoutNs: number) {
    this.#timeoutNs = timeoutNs;
    this.#first = new Int32Array(owners).fill(none);
    this.#last = new Int32Array(owners).fill(none);
    this.#length = new Int32Array(owners);
  }

  length(owner: number): number {
    return this.#length[owner]!;
  }

  /** The request of `owner` that has waited longest, or -1. */
  first(owner: number): number {
    return this.#first[owner]!;
  }

  /** A time before which no wait is too long. */
  nextDeadlineNs(): number {
    return this.#deadlines.nextNs();
  }

  /** `request`, which waits nowhere, joins the line of `owner`. */
  join(owner: number, request: number, nowNs: number): void {
    if (request >= this.#next.length) this.#grow(request + 1);
    const last = this.#last[owner]!;
    this.#next[request] = none;
    this.#owner[request] = owner;
    if (last === none) this.#first[owner] = request;
    else this.#next[last] = request;
    this.#last[owner] = request;
    this.#length[owner]!++;
    this.total++;
    this.#deadlines.set(request, nowNs + this.#timeoutNs);
  }

  /** Takes and returns the first request of `owner`, who has one. */
  take(owner: number): number {
    const request = this.#first[owner]!;
    const next = this.#next[request]!;
    this.#first[owner] = next;
    if (next === none) this.#last[owner] = none;
    this.#length[owner]!--;
    this.total--;
    this.#deadlines.cancel(request);
    return request;
  }

  /** Takes the first request of a line that has waited too long, or returns -1. Call until -1. */
  expire(nowNs: number): number {
    const due = this.#deadlines.due(nowNs);
    if (due === none) return none;
    const first = this.take(this.#owner[due]!);
    // All wait equally long, so whoever came before has run out too: of those that came at once, any may be named first.
    if (first !== due) this.#deadlines.set(due, nowNs);
    return first;
  }

  /** Takes the first request of any line, or returns -1. */
  takeAny(): number {
    if (this.total === 0) return none;
    // Some owner has a line, so the search ends. It goes on where the last one ended: there may be a million owners.
    while (this.#length[this.#anyAt] === 0) this.#anyAt = (this.#anyAt + 1) % this.#length.length;
    return this.take(this.#anyAt);
  }

  #grow(atLeast: number): void {
    const capacity = Math.max(atLeast, this.#next.length * 2);
    const next = new Int32Array(capacity);
    next.set(this.#next);
    this.#next = next;
    const owner = new Int32Array(capacity);
    owner.set(this.#owner);
    this.#owner = owner;
    this.#deadlines.grow(capacity);
  }
}
