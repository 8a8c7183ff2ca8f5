/**
 * Brings requests and connections together: gives each request a connection or a place in the queue, writes it, hands over what becomes
 * free, and settles what fails, where the strategy says so by sending it again. Hot: no allocation per request.
 */
import type { StrategyConfig } from '../../scenario/config.ts';
import type { Deadlines } from '../../strategy/deadlines.ts';
import { IDLE, OPEN, type Pool, QUEUED, REUSE, SERVE } from '../../strategy/pool.ts';
import type { ClientCloseReason, FailurePhase } from '../observations.ts';
import type { ConnectionCloser } from './closing.ts';
import {
  HANDSHAKING,
  NO_CONNECTION,
  NO_REQUEST,
  RECEIVING,
  SENDING,
  WAITING,
  type ConnectionTable,
} from './connections.ts';
import type { ConnectionLedger } from './ledger.ts';
import type { Pipelining } from './pipelining.ts';
import type { RequestFlow } from './request-flow.ts';
import { PIPELINE_CLOSED } from './retries.ts';
import type { RequestWriter } from './sending.ts';
import type { ReferenceTransport } from './transport.ts';
import type { Validation } from './validation.ts';

export interface DispatchSetup {
  readonly strategy: StrategyConfig;
  readonly pool: Pool;
  readonly ledger: ConnectionLedger;
  readonly connections: ConnectionTable;
  readonly deadlines: Deadlines;
  readonly closer: ConnectionCloser;
  readonly writer: RequestWriter;
  readonly flow: RequestFlow;
  /** Null where nobody looks before a reuse. */
  readonly validation: Validation | null;
  /** Null where a connection carries one request at a time. */
  readonly pipelining: Pipelining | null;
}

export class Dispatch {
  readonly #pool: Pool;
  readonly #ledger: ConnectionLedger;
  readonly #connections: ConnectionTable;
  readonly #deadlines: Deadlines;
  readonly #closer: ConnectionCloser;
  readonly #writer: RequestWriter;
  readonly #flow: RequestFlow;
  readonly #validation: Validation | null;
  readonly #pipelining: Pipelining | null;
  readonly #connectTimeoutNs: number;
  readonly #responseTimeoutNs: number;
  readonly #sessionScope: boolean;
  transport!: ReferenceTransport;

  // The requests that go again and have not yet begun, linked by `behind`.
  #againFirst = NO_REQUEST;
  #againLast = NO_REQUEST;
  #serving = false;
  /** The trial is over: nothing is given to anybody any more. */
  stopping = false;

  constructor(setup: DispatchSetup) {
    const { timeouts, pool } = setup.strategy;
    this.#pool = setup.pool;
    this.#ledger = setup.ledger;
    this.#connections = setup.connections;
    this.#deadlines = setup.deadlines;
    this.#closer = setup.closer;
    this.#writer = setup.writer;
    this.#flow = setup.flow;
    this.#validation = setup.validation;
    this.#pipelining = setup.pipelining;
    this.#connectTimeoutNs = timeouts.connectMs * 1e6;
    this.#responseTimeoutNs = timeouts.responseMs * 1e6;
    this.#sessionScope = pool.scope === 'session';
  }

  /** Fills the pool of an owner with connections that serve nobody yet. */
  prefetch(owner: number, nowNs: number): void {
    while (this.#pool.prefetch(owner, nowNs)) {
      if (!this.#open(this.#pool.connection, NO_REQUEST, nowNs)) break;
    }
  }

  /** Whose pool serves a request. */
  ownerOf(request: number): number {
    return this.#sessionScope ? this.#flow.table.user[request]! : 0;
  }

  /** Gives a request that is due a connection, or a place in the queue. */
  start(request: number, nowNs: number): void {
    const owner = this.ownerOf(request);
    if (this.#pipelining !== null && this.#startBehind(this.#pipelining, owner, request, nowNs)) return;
    let answer = this.#pool.acquire(owner, request, nowNs);
    while (answer === REUSE && this.#validation?.passes(this.#pool.connection, nowNs) === false) {
      answer = this.#pool.acquire(owner, request, nowNs);
    }
    if (answer === REUSE) {
      this.#flow.table.assignedNs[request] = nowNs;
      this.send(this.#pool.connection, request, nowNs);
    } else if (answer === OPEN) {
      if (!this.#open(this.#pool.connection, request, nowNs)) this.serveQueue(owner, nowNs);
    } else if (answer !== QUEUED) {
      this.#refused(owner, request, nowNs);
    }
  }

  /** The queue is full: but a request that goes again was let in before. */
  #refused(owner: number, request: number, nowNs: number): void {
    if (this.#flow.table.isAgain[request] === 1) this.#pool.line.join(owner, request, nowNs);
    else this.#flow.dropped(request, nowNs);
  }

  /** Sends a request behind others, where it would have to wait otherwise and nobody was there before it. */
  #startBehind(pipelining: Pipelining, owner: number, request: number, nowNs: number): boolean {
    if (!this.#pool.isFull(owner) || this.#pool.line.length(owner) > 0) return false;
    return this.#sendBehind(pipelining, owner, request, nowNs);
  }

  #sendBehind(pipelining: Pipelining, owner: number, request: number, nowNs: number): boolean {
    if (!pipelining.mayFollow(request)) return false;
    const slot = pipelining.find(owner, nowNs);
    if (slot === NO_CONNECTION) return false;
    if (request === this.#pool.line.first(owner)) this.#pool.line.take(owner);
    this.#pool.addUse(slot);
    this.#flow.table.assignedNs[request] = nowNs;
    this.#flow.table.sentNs[request] = nowNs;
    pipelining.join(slot, request);
    if (this.#writer.follow(slot, request)) this.write(slot, nowNs);
    return true;
  }

  /** Opens a connection for `request` (or none, to prefetch). False where the system refused at once. */
  #open(slot: number, request: number, nowNs: number): boolean {
    if (slot >= this.#connections.capacity) this.#grow();
    this.#connections.begin(slot, request);
    const { table } = this.#flow;
    if (request !== NO_REQUEST) table.assignedNs[request] = nowNs;
    const result = this.transport.open(slot, request === NO_REQUEST ? -1 : table.alternative[request]!);
    if (result >= 0) {
      this.#ledger.attempted++;
      this.#deadlines.set(slot, nowNs + this.#connectTimeoutNs);
      return true;
    }
    this.#closer.refusedAtOnce(slot);
    if (request !== NO_REQUEST) {
      this.failed(request, NO_CONNECTION, 'connect', this.transport.errorName(result), false, null, nowNs);
    }
    return false;
  }

  #grow(): void {
    this.#connections.grow(this.#pool.capacity);
    this.#deadlines.grow(this.#connections.capacity);
  }

  connectFailed(slot: number, code: string, nowNs: number): void {
    const owner = this.#pool.ownerOf(slot);
    const request = this.#connections.request[slot]!;
    this.#closer.connectFailed(slot);
    if (request !== NO_REQUEST) this.failed(request, slot, 'connect', code, false, null, nowNs);
    this.serveQueue(owner, nowNs);
  }

  /** Writes a request to a connection that carries none. */
  send(slot: number, request: number, nowNs: number): void {
    this.#flow.table.sentNs[request] = nowNs;
    this.#writer.begin(slot, request);
    this.#pipelining?.begin(slot, request);
    this.#deadlines.set(slot, nowNs + this.#responseTimeoutNs);
    this.write(slot, nowNs);
  }

  /** Goes on writing what the connection carries. */
  write(slot: number, nowNs: number): void {
    const result = this.#writer.write(slot);
    if (result >= 0) return;
    const isFront = this.#connections.writing[slot] === this.#connections.request[slot];
    this.breakOff(slot, isFront ? 'send' : this.phaseOf(slot), this.transport.errorName(result), nowNs);
  }

  /** The request in front is answered, and the next one is in front: the answer to it is due so long after it was sent. */
  advance(pipelining: Pipelining, slot: number, nowNs: number): void {
    const next = pipelining.advance(slot);
    this.#writer.expect(slot, next);
    this.#connections.freedNs[slot] = nowNs;
    this.#deadlines.set(slot, this.#flow.table.sentNs[next]! + this.#responseTimeoutNs);
  }

  /** A connection without a request goes back to the pool, or to who waits for it. */
  release(slot: number, nowNs: number, hintNs: number, hintMax: number): void {
    const answer = this.#pool.release(slot, nowNs, hintNs, hintMax);
    this.#connections.freedNs[slot] = nowNs;
    if (answer === IDLE) {
      this.#connections.state[slot] = WAITING;
      this.#deadlines.cancel(slot);
      return;
    }
    const owner = this.#pool.ownerOf(slot);
    if (answer === SERVE) {
      const { request } = this.#pool;
      this.#flow.table.assignedNs[request] = nowNs;
      this.send(slot, request, nowNs);
      if (this.#pipelining === null) return;
    } else {
      this.#closer.retire(slot, answer);
    }
    this.serveQueue(owner, nowNs);
  }

  /** Gives places that became free to waiting requests. A failure while doing so does not begin anew: the loop goes on. */
  serveQueue(owner: number, nowNs: number): void {
    if (this.#serving || this.stopping) return;
    this.#serving = true;
    for (let more = true; more;) more = this.#serveOne(owner, nowNs);
    this.#serving = false;
  }

  /** First those that go again, so that one takes the place of the connection that it lost. */
  #serveOne(owner: number, nowNs: number): boolean {
    const again = this.#againFirst;
    if (again !== NO_REQUEST) {
      this.#againFirst = this.#flow.table.behind[again]!;
      this.start(again, nowNs);
      return true;
    }
    if (this.#pool.takeQueued(owner, nowNs)) {
      this.#open(this.#pool.connection, this.#pool.request, nowNs);
      return true;
    }
    if (this.#pipelining === null) return false;
    const first = this.#pool.line.first(owner);
    return first !== NO_REQUEST && this.#sendBehind(this.#pipelining, owner, first, nowNs);
  }

  /** A connection is over in good order; requests behind an answer that said so are not. */
  leaveAndClose(slot: number, reason: ClientCloseReason, nowNs: number): void {
    const owner = this.#pool.ownerOf(slot);
    const behind = this.#takeBehind(slot);
    this.#pool.leave(slot);
    this.#closer.closeOrLinger(slot, reason, nowNs);
    this.#failBehind(behind, slot, nowNs);
    this.serveQueue(owner, nowNs);
  }

  /** The request in front fails, and its connection with it. */
  failAndClose(slot: number, phase: FailurePhase, code: string, reason: ClientCloseReason, nowNs: number): void {
    const request = this.#connections.request[slot]!;
    const ageMs = this.#connections.ageMs(slot, nowNs);
    const reused = this.#connections.reused[slot] === 1;
    const owner = this.#pool.ownerOf(slot);
    const behind = this.#takeBehind(slot);
    this.#pool.leave(slot);
    this.#closer.close(slot, reason);
    if (request !== NO_REQUEST) this.failed(request, slot, phase, code, reused, ageMs, nowNs);
    this.#failBehind(behind, slot, nowNs);
    this.serveQueue(owner, nowNs);
  }

  /** The connection died under us: no FIN will follow. */
  breakOff(slot: number, phase: FailurePhase, code: string, nowNs: number): void {
    const request = this.#connections.request[slot]!;
    const owner = this.#pool.ownerOf(slot);
    const ageMs = this.#connections.ageMs(slot, nowNs);
    const reused = this.#connections.reused[slot] === 1;
    const behind = this.#takeBehind(slot);
    this.#closer.closeBroken(slot, code);
    if (request !== NO_REQUEST) this.failed(request, slot, phase, code, reused, ageMs, nowNs);
    this.#failBehind(behind, slot, nowNs);
    this.serveQueue(owner, nowNs);
  }

  /** Where the request in front is. */
  phaseOf(slot: number): FailurePhase {
    const state = this.#connections.state[slot]!;
    if (state === HANDSHAKING) return 'tls';
    return state === RECEIVING ? 'download' : 'firstByte';
  }

  #takeBehind(slot: number): number {
    return this.#pipelining === null ? NO_REQUEST : this.#pipelining.clear(slot);
  }

  /** The requests from `first` on, which waited for their answers behind others, have lost their connection. */
  #failBehind(first: number, slot: number, nowNs: number): void {
    if (first === NO_REQUEST) return;
    const { table } = this.#flow;
    const ageMs = this.#connections.ageMs(slot, nowNs);
    // It was not idle before they got it.
    this.#connections.freedNs[slot] = nowNs;
    for (let request = first, ahead = 1; request !== NO_REQUEST; ahead++) {
      const next = table.behind[request]!;
      table.ahead[request] = ahead;
      this.failed(request, slot, 'firstByte', PIPELINE_CLOSED, true, ageMs, nowNs);
      request = next;
    }
  }

  /** A request came to nothing, for good or for its first time. `slot`: of the connection that it failed on, or NO_CONNECTION. */
  failed(
    request: number,
    slot: number,
    phase: FailurePhase,
    code: string,
    reused: boolean,
    ageMs: number | null,
    nowNs: number,
  ): void {
    const { retries, table } = this.#flow;
    if (retries === null || this.stopping || !retries.takes(request, phase, code, reused, ageMs)) {
      this.#flow.failed(request, slot, phase, code, reused, ageMs, nowNs);
      return;
    }
    table.behind[request] = NO_REQUEST;
    table.ahead[request] = 0;
    if (this.#againFirst === NO_REQUEST) this.#againFirst = request;
    else table.behind[this.#againLast] = request;
    this.#againLast = request;
  }

  /** Gives up what a connection carries, the trial being over. Closing it is the caller's. */
  abandon(slot: number, nowNs: number): void {
    const request = this.#connections.request[slot]!;
    let behind = this.#takeBehind(slot);
    this.#flow.abandoned(request, slot, nowNs);
    if (behind === NO_REQUEST) return;
    const { table } = this.#flow;
    this.#connections.state[slot] = SENDING;
    this.#connections.freedNs[slot] = nowNs;
    for (let ahead = 1; behind !== NO_REQUEST; ahead++) {
      const next = table.behind[behind]!;
      table.ahead[behind] = ahead;
      this.#flow.abandoned(behind, slot, nowNs);
      behind = next;
    }
  }
}
