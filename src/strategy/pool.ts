/**
 * The connection rules as a state machine: which connection serves a request, when one is opened, kept, retired, and who waits.
 * Pure: time comes in as an argument, connections and requests are numbers, and the caller does what the answers say.
 * Hot: acquire and release run once per request and allocate nothing.
 *
 * A pool serves one or many owners (scope `shared`: one owner; scope `session`: one per user). Each owner has its own idle
 * connections, its own limit and its own waiting line; connection numbers are common to all, so that one pool holds 20,000 users.
 * A request for which a connection is opened is bound to that connection; it does not switch to one that is released meanwhile.
 */
import type { Random } from '../load/random.ts';
import { ConnectionLimits, type LimitRules } from './connection-limits.ts';
import { Deadlines } from './deadlines.ts';
import { idleTimeForHintNs } from './hint.ts';
import { WaitingLines } from './waiting-lines.ts';

export interface PoolRules extends LimitRules {
  /** Most connections per owner, open or opening; Infinity for unlimited. */
  readonly size: number;
  readonly order: 'lifo' | 'fifo' | 'random';
  /** How long an unused connection is kept. */
  readonly idleTimeoutNs: number;
  /** Requests per owner that may wait. */
  readonly queueLimit: number;
  readonly queueTimeoutNs: number;
  /** Obey the hints that `release` is given. */
  readonly honourHint: boolean;
}

/** Answers of `acquire`. */
export const REUSE = 1; // use connection `pool.connection`
export const OPEN = 2; // open connection `pool.connection` for this request
export const QUEUED = 3; // the request waits
export const REFUSED = 4; // the waiting line is full

/** Answers of `release`. */
export const IDLE = 5; // the connection waits in the pool
export const SERVE = 6; // the connection goes to request `pool.request`, which waited
export const RETIRE_REQUESTS = 7; // close it: its request limit is reached
export const RETIRE_AGE = 8; // close it: its lifetime is over
export const RETIRE_HINT = 9; // close it: the server's hint leaves no time to reuse it

/** What a connection is to the pool. `leaving`: no longer counted, its number not yet free. */
const free = 0;
const opening = 1;
const busy = 2;
const idle = 3;
const leaving = 4;

const none = -1;

export class Pool {
  /** The connection that the last `acquire`, `takeQueued` or `prefetch` speaks of. */
  connection = none;
  /** The request that the last `release` or `takeQueued` speaks of. */
  request = none;
  /** Who waits for a connection. */
  readonly line: WaitingLines;

  readonly #rules: PoolRules;
  readonly #random: () => number;
  readonly #limits: ConnectionLimits;
  readonly #idleDeadlines = new Deadlines();

  // By owner.
  readonly #idleHead: Int32Array; // released longest ago
  readonly #idleTail: Int32Array; // released last
  readonly #idleCount: Int32Array;
  readonly #counted: Int32Array; // opening + busy + idle

  // By connection.
  #state = new Uint8Array(16);
  #owner = new Int32Array(16);
  #previous = new Int32Array(16);
  #next = new Int32Array(16);
  #uses = new Float64Array(16);
  #mostUses = new Float64Array(16);
  #openedNs = new Float64Array(16);
  #lifetimeNs = new Float64Array(16);
  /** Connections that ever got a number. */
  #begun = 0;
  #freeHead = none;
  #allocated = 0;
  #capacity = 16;

  #total = 0;

  /** `random` chooses among idle connections; `limits` is what each connection's own limits are drawn from, where the rules leave a range. */
  constructor(rules: PoolRules, owners: number, random: () => number, limits?: Random) {
    this.#rules = rules;
    this.#random = random;
    this.#limits = new ConnectionLimits(rules, limits);
    this.line = new WaitingLines(owners, rules.queueTimeoutNs);
    const column = (fill: number): Int32Array => new Int32Array(owners).fill(fill);
    this.#idleHead = column(none);
    this.#idleTail = column(none);
    this.#idleCount = column(0);
    this.#counted = column(0);
  }

  /** Connections open or opening, over all owners. */
  get total(): number {
    return this.#total;
  }

  /** Requests waiting for a connection, over all owners. */
  get waiting(): number {
    return this.line.total;
  }

  /** Room for connection numbers: all are below it. */
  get capacity(): number {
    return this.#capacity;
  }

  idleCount(owner: number): number {
    return this.#idleCount[owner]!;
  }

  /** Requests given to a connection so far. */
  uses(connection: number): number {
    return this.#uses[connection]!;
  }

  /** Asks for a connection for `request` of `owner`. Answers REUSE, OPEN, QUEUED or REFUSED. */
  acquire(owner: number, request: number, nowNs: number): number {
    if (this.#idleCount[owner]! > 0) {
      const connection = this.#pickIdle(owner);
      this.#unlinkIdle(connection);
      this.#state[connection] = busy;
      this.#uses[connection]!++;
      this.connection = connection;
      return REUSE;
    }
    if (this.#counted[owner]! < this.#rules.size) {
      this.connection = this.#allocate(owner, nowNs);
      this.#uses[this.connection] = 1;
      return OPEN;
    }
    if (this.line.length(owner) >= this.#rules.queueLimit) return REFUSED;
    this.line.join(owner, request, nowNs);
    return QUEUED;
  }

  /** A connection to open without a request, or false where the owner's pool is full. Sets `connection`. */
  prefetch(owner: number, nowNs: number): boolean {
    if (this.#counted[owner]! >= this.#rules.size) return false;
    this.connection = this.#allocate(owner, nowNs);
    return true;
  }

  /** An opening connection is established. A prefetched one is released next by the caller. */
  opened(connection: number, nowNs: number): void {
    this.#state[connection] = busy;
    this.#openedNs[connection] = nowNs;
  }

  /**
   * A reusable connection has finished its request. `hintTimeoutNs` and `hintMax` are the server's Keep-Alive parameters, -1 if absent.
   * Answers IDLE, SERVE (with `request`), or one of RETIRE_*: then the connection is `leaving` and the caller closes it.
   */
  release(connection: number, nowNs: number, hintTimeoutNs: number, hintMax: number): number {
    const rules = this.#rules;
    let keepNs = rules.idleTimeoutNs;
    if (rules.honourHint) {
      // Servers disagree whether `max` counts down; its first value is the total in both readings.
      if (hintMax >= 0 && this.#uses[connection] === 1)
        this.#mostUses[connection] = Math.min(this.#mostUses[connection]!, hintMax);
      if (hintTimeoutNs >= 0) keepNs = Math.min(keepNs, idleTimeForHintNs(hintTimeoutNs));
    }
    let retire = this.spent(connection, nowNs);
    if (retire === 0 && keepNs <= 0) retire = RETIRE_HINT;
    if (retire !== 0) {
      this.leave(connection);
      return retire;
    }
    const owner = this.#owner[connection]!;
    if (this.line.first(owner) !== none) {
      this.request = this.line.take(owner);
      this.#uses[connection]!++;
      return SERVE;
    }
    this.#linkIdle(connection, owner);
    this.#idleDeadlines.set(connection, nowNs + keepNs);
    return IDLE;
  }

  /** RETIRE_REQUESTS or RETIRE_AGE for a connection that may be given no further request, else 0. */
  spent(connection: number, nowNs: number): number {
    if (this.#uses[connection]! >= this.#mostUses[connection]!) return RETIRE_REQUESTS;
    return nowNs - this.#openedNs[connection]! >= this.#lifetimeNs[connection]! ? RETIRE_AGE : 0;
  }

  /** The connection is no longer part of the pool (closed, failed, or not reusable). Its number stays taken until `forget`. */
  leave(connection: number): void {
    const state = this.#state[connection]!;
    if (state === free || state === leaving) return;
    if (state === idle) this.#unlinkIdle(connection);
    this.#state[connection] = leaving;
    const owner = this.#owner[connection]!;
    this.#counted[owner]!--;
    this.#total--;
  }

  /** The number of a connection that left may be used again. */
  forget(connection: number): void {
    if (this.#state[connection] !== leaving) return;
    this.#state[connection] = free;
    this.#next[connection] = this.#freeHead;
    this.#freeHead = connection;
  }

  /** Whether `owner` has neither an idle connection nor room for another one. */
  isFull(owner: number): boolean {
    return this.#idleCount[owner] === 0 && this.#counted[owner]! >= this.#rules.size;
  }

  /** A busy connection is given another request (pipelining). */
  addUse(connection: number): void {
    this.#uses[connection]!++;
  }

  ownerOf(connection: number): number {
    return this.#owner[connection]!;
  }

  isIdle(connection: number): boolean {
    return this.#state[connection] === idle;
  }

  /**
   * After a connection of `owner` left: true where a waiting request may open one in its place. Sets `request` and `connection`.
   */
  takeQueued(owner: number, nowNs: number): boolean {
    if (this.line.first(owner) === none || this.#counted[owner]! >= this.#rules.size) return false;
    this.request = this.line.take(owner);
    this.connection = this.#allocate(owner, nowNs);
    this.#uses[this.connection] = 1;
    return true;
  }

  /** Time before which neither an idle connection nor a waiting request runs out. */
  nextDeadlineNs(): number {
    const idleNs = this.#idleDeadlines.nextNs();
    const queueNs = this.line.nextDeadlineNs();
    return idleNs < queueNs ? idleNs : queueNs;
  }

  /** A connection that has been idle too long, now `leaving`, or -1. Call until -1. */
  expireIdle(nowNs: number): number {
    for (;;) {
      const connection = this.#idleDeadlines.due(nowNs);
      if (connection === none) return none;
      if (this.#state[connection] !== idle) continue;
      this.leave(connection);
      return connection;
    }
  }

  /** The first request of a line that has waited too long, no longer waiting, or -1. Call until -1. */
  expireQueued(nowNs: number): number {
    return this.line.expire(nowNs);
  }

  /** Any waiting request, no longer waiting, or -1: to clear the line at the end of a trial. */
  cancelQueued(): number {
    return this.line.takeAny();
  }

  #pickIdle(owner: number): number {
    const { order } = this.#rules;
    if (order === 'lifo') return this.#idleTail[owner]!;
    if (order === 'fifo') return this.#idleHead[owner]!;
    const count = this.#idleCount[owner]!;
    const index = Math.floor(this.#random() * count);
    let connection: number;
    if (index < count / 2) {
      connection = this.#idleHead[owner]!;
      for (let step = 0; step < index; step++) connection = this.#next[connection]!;
    } else {
      connection = this.#idleTail[owner]!;
      for (let step = count - 1; step > index; step--) connection = this.#previous[connection]!;
    }
    return connection;
  }

  #linkIdle(connection: number, owner: number): void {
    const tail = this.#idleTail[owner]!;
    this.#state[connection] = idle;
    this.#previous[connection] = tail;
    this.#next[connection] = none;
    if (tail === none) this.#idleHead[owner] = connection;
    else this.#next[tail] = connection;
    this.#idleTail[owner] = connection;
    this.#idleCount[owner]!++;
  }

  #unlinkIdle(connection: number): void {
    const owner = this.#owner[connection]!;
    const previous = this.#previous[connection]!;
    const next = this.#next[connection]!;
    if (previous === none) this.#idleHead[owner] = next;
    else this.#next[previous] = next;
    if (next === none) this.#idleTail[owner] = previous;
    else this.#previous[next] = previous;
    this.#idleCount[owner]!--;
    this.#idleDeadlines.cancel(connection);
  }

  #allocate(owner: number, nowNs: number): number {
    let connection = this.#freeHead;
    if (connection !== none) {
      this.#freeHead = this.#next[connection]!;
    } else {
      if (this.#allocated === this.#capacity) this.#growConnections();
      connection = this.#allocated++;
    }
    this.#state[connection] = opening;
    this.#owner[connection] = owner;
    this.#uses[connection] = 0;
    this.#mostUses[connection] = this.#limits.maxRequests(this.#begun);
    this.#lifetimeNs[connection] = this.#limits.lifetimeNs(this.#begun);
    this.#begun++;
    this.#openedNs[connection] = nowNs;
    this.#counted[owner]!++;
    this.#total++;
    return connection;
  }

  #growConnections(): void {
    const capacity = this.#capacity * 2;
    const grown = <T extends Uint8Array | Int32Array | Float64Array>(old: T, wider: T): T => {
      wider.set(old);
      return wider;
    };
    this.#state = grown(this.#state, new Uint8Array(capacity));
    this.#owner = grown(this.#owner, new Int32Array(capacity));
    this.#previous = grown(this.#previous, new Int32Array(capacity));
    this.#next = grown(this.#next, new Int32Array(capacity));
    this.#uses = grown(this.#uses, new Float64Array(capacity));
    this.#mostUses = grown(this.#mostUses, new Float64Array(capacity));
    this.#openedNs = grown(this.#openedNs, new Float64Array(capacity));
    this.#lifetimeNs = grown(this.#lifetimeNs, new Float64Array(capacity));
    this.#idleDeadlines.grow(capacity);
    this.#capacity = capacity;
  }
}
