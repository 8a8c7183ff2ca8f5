/**
 * Which requests are under way on one connection at once (RFC 9112 section 9.3.2), and which connection takes another one.
 *
 * A request is sent behind others only where it would have to wait: an idle connection is better, because nothing is in front there, and so
 * is a new one while the pool has room, because answers of two connections do not wait for each other. Of the connections that remain the
 * least loaded takes it, of several the one that came to that load last. Only idempotent requests travel together: of the others nobody
 * could say, when the connection ends, which were executed. A connection takes a second request from its first answer on, as section 9.3.2
 * wants it after a failure: by then the server has shown that it keeps the connection.
 *
 * Hot: linked columns; nothing is allocated per request.
 */
import type { Pool } from '../../strategy/pool.ts';
import { NO_CONNECTION, NO_REQUEST, type ConnectionTable } from './connections.ts';
import type { RequestTable } from './requests.ts';

export interface PipeliningSetup {
  /** Most requests under way on one connection, above 1. */
  readonly depth: number;
  readonly pool: Pool;
  readonly connections: ConnectionTable;
  readonly table: RequestTable;
  /** By alternative of the load. */
  readonly isIdempotent: readonly boolean[];
}

export class Pipelining {
  readonly #depth: number;
  readonly #pool: Pool;
  readonly #connections: ConnectionTable;
  readonly #table: RequestTable;
  readonly #isIdempotent: readonly boolean[];

  // By connection.
  #load = new Int32Array(16);
  #last = new Int32Array(16);
  #isListed = new Uint8Array(16);
  #next = new Int32Array(16);
  #previous = new Int32Array(16);

  /** By owner, then by load: the first connection of that load that takes more. In the place of load 0: none has a lower load than this. */
  readonly #firsts: (Int32Array | undefined)[] = [];

  constructor({ depth, pool, connections, table, isIdempotent }: PipeliningSetup) {
    this.#depth = depth;
    this.#pool = pool;
    this.#connections = connections;
    this.#table = table;
    this.#isIdempotent = isIdempotent;
  }

  /** Requests under way on a connection; 0 for one that waits, opens or is closed. */
  load(slot: number): number {
    return slot < this.#load.length ? this.#load[slot]! : 0;
  }

  /** `request` is on its way on a connection that carried none. */
  begin(slot: number, request: number): void {
    if (slot >= this.#load.length) this.#grow(slot + 1);
    this.#table.behind[request] = NO_REQUEST;
    this.#last[slot] = request;
    this.#load[slot] = 1;
    if (this.#connections.answered[slot]! > 0 && this.mayFollow(request)) this.#list(slot);
  }

  /** `request` follows the others on a connection that `find` gave. */
  join(slot: number, request: number): void {
    this.#unlist(slot);
    this.#table.behind[this.#last[slot]!] = request;
    this.#table.behind[request] = NO_REQUEST;
    this.#last[slot] = request;
    this.#load[slot]!++;
    this.#list(slot);
  }

  /** The request in front is answered. Gives the next one; there must be one. */
  advance(slot: number): number {
    this.#unlist(slot);
    this.#load[slot]!--;
    this.#list(slot);
    return this.#table.behind[this.#connections.request[slot]!]!;
  }

  /** Takes all requests off a connection. Gives the first one behind the one in front, or NO_REQUEST. */
  clear(slot: number): number {
    if (this.load(slot) === 0) return NO_REQUEST;
    this.refuseMore(slot);
    this.#load[slot] = 0;
    return this.#table.behind[this.#connections.request[slot]!]!;
  }

  /** A connection takes no more while it carries what it carries now. */
  refuseMore(slot: number): void {
    if (this.load(slot) > 0) this.#unlist(slot);
  }

  /** Whether a request may be sent behind others, and others behind it. */
  mayFollow(request: number): boolean {
    return this.#isIdempotent[this.#table.alternative[request]!]!;
  }

  /** The least loaded connection of `owner` that takes another request, or NO_CONNECTION. */
  find(owner: number, nowNs: number): number {
    const firsts = this.#firsts[owner];
    if (firsts === undefined) return NO_CONNECTION;
    for (let load = firsts[0]!; load < this.#depth; load++) {
      firsts[0] = load;
      while (firsts[load] !== NO_CONNECTION) {
        const slot = firsts[load]!;
        if (this.#pool.spent(slot, nowNs) === 0) return slot;
        this.#unlist(slot);
      }
    }
    return NO_CONNECTION;
  }

  #list(slot: number): void {
    const load = this.#load[slot]!;
    if (load >= this.#depth || this.#connections.finSeen[slot] === 1) return;
    const owner = this.#pool.ownerOf(slot);
    const firsts = (this.#firsts[owner] ??= new Int32Array(this.#depth).fill(NO_CONNECTION));
    const first = firsts[load]!;
    this.#isListed[slot] = 1;
    this.#previous[slot] = NO_CONNECTION;
    this.#next[slot] = first;
    if (first !== NO_CONNECTION) this.#previous[first] = slot;
    firsts[load] = slot;
    if (firsts[0] === NO_CONNECTION || load < firsts[0]!) firsts[0] = load;
  }

  #unlist(slot: number): void {
    if (this.#isListed[slot] === 0) return;
    this.#isListed[slot] = 0;
    const previous = this.#previous[slot]!;
    const next = this.#next[slot]!;
    if (previous === NO_CONNECTION) this.#firsts[this.#pool.ownerOf(slot)]![this.#load[slot]!] = next;
    else this.#next[previous] = next;
    if (next !== NO_CONNECTION) this.#previous[next] = previous;
  }

  #grow(atLeast: number): void {
    const capacity = Math.max(atLeast, this.#load.length * 2);
    const wider = (old: Int32Array): Int32Array<ArrayBuffer> => {
      const column = new Int32Array(capacity);
      column.set(old);
      return column;
    };
    this.#load = wider(this.#load);
    this.#last = wider(this.#last);
    this.#next = wider(this.#next);
    this.#previous = wider(this.#previous);
    const isListed = new Uint8Array(capacity);
    isListed.set(this.#isListed);
    this.#isListed = isListed;
  }
}
