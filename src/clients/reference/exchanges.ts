/**
 * What goes over the connections of one worker: takes the transport's events, reads answers, tells what became of each request, and ends
 * what has run out. `dispatch.ts` decides which connection carries which request. Hot: typed columns by connection and request number, no
 * allocation per request.
 */
import { responseErrorName, type ResponseParser } from '../../http/response-parser.ts';
import type { StrategyConfig } from '../../scenario/config.ts';
import { Deadlines } from '../../strategy/deadlines.ts';
import type { Pool } from '../../strategy/pool.ts';
import type { Recorder } from '../recorder.ts';
import type { Workload } from '../workload.ts';
import { ConnectionCloser } from './closing.ts';
import {
  CLOSED,
  CONNECTING,
  ConnectionTable,
  HANDSHAKING,
  LEAKED,
  LINGERING,
  NO_CONNECTION,
  NO_REQUEST,
  RECEIVING,
  SENDING,
  WAITING,
} from './connections.ts';
import { Dispatch } from './dispatch.ts';
import type { ConnectionLedger } from './ledger.ts';
import { Pipelining } from './pipelining.ts';
import { RequestFlow } from './request-flow.ts';
import { RequestWriter, type RequestTraits } from './sending.ts';
import type { ReferenceTransport, TransportEvents } from './transport.ts';
import { Validation } from './validation.ts';

export interface ExchangesSetup {
  readonly strategy: StrategyConfig;
  readonly pool: Pool;
  readonly workload: Workload;
  readonly recorder: Recorder;
  readonly ledger: ConnectionLedger;
  /** By alternative of the load. */
  readonly requests: readonly RequestTraits[];
}

export class Exchanges implements TransportEvents {
  readonly flow: RequestFlow;
  readonly #pool: Pool;
  readonly #recorder: Recorder;
  readonly #ledger: ConnectionLedger;
  readonly #keepAlive: boolean;
  readonly #connections = new ConnectionTable();
  readonly #deadlines = new Deadlines();
  readonly #closer: ConnectionCloser;
  readonly #writer: RequestWriter;
  /** Null where a connection carries one request at a time. */
  readonly #pipelining: Pipelining | null;
  /** Null where nobody looks before a reuse. */
  readonly #validation: Validation | null;
  readonly #dispatch: Dispatch;
  #transport!: ReferenceTransport;

  constructor(setup: ExchangesSetup) {
    const { strategy, pool, recorder, ledger, workload } = setup;
    const { retry, pipelining: depth = 1 } = strategy;
    const [connections, deadlines] = [this.#connections, this.#deadlines];
    this.#pool = pool;
    this.#recorder = recorder;
    this.#ledger = ledger;
    this.#keepAlive = strategy.connection === 'keep-alive';
    const closer = new ConnectionCloser({
      connections,
      pool,
      deadlines,
      ledger,
      reset: strategy.closeWith === 'reset',
    });
    const validation = strategy.pool.validate === true ? new Validation({ connections, pool, closer, ledger }) : null;
    const isIdempotent = setup.requests.map((request) => request.isIdempotent);
    const flow = new RequestFlow({ workload, recorder, connections, isIdempotent, ...(retry && { retry }) });
    const { table } = flow;
    const pipelining = depth > 1 ? new Pipelining({ depth, pool, connections, table, isIdempotent }) : null;
    const writer = new RequestWriter(connections, table, setup.requests, recorder, pipelining !== null);
    this.flow = flow;
    this.#closer = closer;
    this.#writer = writer;
    this.#validation = validation;
    this.#pipelining = pipelining;
    const parts = { connections, deadlines, closer, writer, flow, validation, pipelining };
    this.#dispatch = new Dispatch({ strategy, pool, ledger, ...parts });
  }

  /** What the connections are made with. To be called once, before everything else. */
  use(transport: ReferenceTransport): void {
    this.#transport = transport;
    this.#closer.transport = transport;
    this.#writer.transport = transport;
    this.#dispatch.transport = transport;
    if (this.#validation !== null) this.#validation.transport = transport;
  }

  /** Fills the pool of an owner with connections that serve nobody yet. */
  prefetch(owner: number, nowNs: number): void {
    this.#dispatch.prefetch(owner, nowNs);
  }

  /** Gives a request that is due a connection, or a place in the queue. */
  start(request: number, nowNs: number): void {
    this.#dispatch.start(request, nowNs);
  }

  connected(slot: number, nowNs: number): void {
    this.#ledger.established();
    this.#recorder.opened();
    this.#connections.openedNs[slot] = nowNs;
    this.#connections.state[slot] = HANDSHAKING;
  }

  handshakeFailed(slot: number, code: string, nowNs: number): void {
    const phase = this.#dispatch.phaseOf(slot);
    if (code === 'ECONNRESET' || code === 'EPIPE') this.#dispatch.breakOff(slot, phase, code, nowNs);
    else this.#dispatch.failAndClose(slot, phase, code, code === 'TLS_CLOSED' ? 'serverFin' : 'error', nowNs);
  }

  opened(slot: number, nowNs: number): void {
    if (this.#connections.state[slot] === CONNECTING) this.connected(slot, nowNs);
    this.#pool.opened(slot, nowNs);
    const request = this.#connections.request[slot]!;
    if (request === NO_REQUEST) this.#dispatch.release(slot, nowNs, -1, -1);
    else this.#dispatch.send(slot, request, nowNs);
  }

  connectFailed(slot: number, code: string, nowNs: number): void {
    this.#dispatch.connectFailed(slot, code, nowNs);
  }

  writable(slot: number, nowNs: number): void {
    const state = this.#connections.state[slot]!;
    // Once an answer has begun, the rest of its own request is of no use.
    const isWanted = state === SENDING || (state === RECEIVING && !this.#writer.isUnsent(slot));
    if (isWanted && this.#writer.isWriting(slot)) this.#dispatch.write(slot, nowNs);
  }

  isOpen(slot: number): boolean {
    const state = this.#connections.state[slot];
    return state !== CLOSED && state !== LEAKED;
  }

  finSeen(slot: number): void {
    this.#connections.finSeen[slot] = 1;
    this.#pipelining?.refuseMore(slot);
  }

  data(slot: number, bytes: Uint8Array, start: number, end: number, nowNs: number): void {
    this.#recorder.bytesReceived += end - start;
    const state = this.#connections.state[slot]!;
    if (state === SENDING) {
      this.#connections.firstByteNs[slot] = nowNs;
      this.#connections.state[slot] = RECEIVING;
    } else if (state !== RECEIVING) {
      if (state === WAITING) this.#dispatch.leaveAndClose(slot, 'badResponse', nowNs); // bytes that nobody asked for
      return;
    }
    const parser = this.#connections.parser(slot);
    let next = parser.feed(bytes, start, end);
    if (this.flow.table.leaks[this.#connections.request[slot]!] === 1 && parser.headDone) {
      this.#forget(slot, nowNs);
      return;
    }
    if (this.#pipelining !== null) next = this.#readOn(this.#pipelining, slot, bytes, next, end, nowNs);
    if (parser.done) this.#complete(slot, parser, next < end, nowNs);
    else if (parser.error !== 0)
      this.#dispatch.failAndClose(slot, 'download', responseErrorName(parser.error), 'badResponse', nowNs);
    else if (this.#pipelining !== null) this.#dispatch.serveQueue(this.#pool.ownerOf(slot), nowNs);
  }

  /** The program has the head and forgets the rest. The connection keeps its place in the pool, and is never given back. */
  #forget(slot: number, nowNs: number): void {
    const request = this.#connections.request[slot]!;
    if (this.#writer.isUnsent(slot)) this.#recorder.sent++;
    this.#connections.takeParserBack(slot);
    this.#connections.state[slot] = LEAKED;
    this.#connections.request[slot] = NO_REQUEST;
    this.#deadlines.cancel(slot);
    this.flow.leaked(request, nowNs);
  }

  /** Takes the answers that end before `end`, as long as others are awaited behind them. Gives the offset behind what was read. */
  #readOn(pipelining: Pipelining, slot: number, bytes: Uint8Array, from: number, end: number, nowNs: number): number {
    const parser = this.#connections.parser(slot);
    let next = from;
    while (parser.done && next < end && this.#goesOn(pipelining, slot, parser)) {
      this.#answered(slot, parser, nowNs);
      this.#dispatch.advance(pipelining, slot, nowNs);
      this.#connections.firstByteNs[slot] = nowNs;
      this.#connections.state[slot] = RECEIVING;
      next = parser.feed(bytes, next, end);
    }
    return next;
  }

  /** Whether another answer is to come on a connection whose answer in front is complete. */
  #goesOn(pipelining: Pipelining, slot: number, parser: ResponseParser): boolean {
    return pipelining.load(slot) > 1 && parser.keepAlive && this.#keepAlive && !this.#writer.isUnsent(slot);
  }

  eof(slot: number, nowNs: number, cut = false): void {
    this.finSeen(slot);
    const state = this.#connections.state[slot]!;
    if (state === WAITING) {
      this.#dispatch.leaveAndClose(slot, 'serverFin', nowNs);
    } else if (state === LINGERING) {
      this.#closer.finCame(slot);
    } else if (state === SENDING || state === RECEIVING) {
      this.#finish(slot, cut, nowNs);
    }
  }

  /** Nothing more comes: the end of a body that has no other mark, or of a response that has lost its rest. */
  #finish(slot: number, cut: boolean, nowNs: number): void {
    const parser = this.#connections.parser(slot);
    parser.finish();
    if (parser.done && !cut) {
      this.#complete(slot, parser, false, nowNs);
    } else {
      const code = parser.done ? 'TRUNCATED_BODY' : responseErrorName(parser.error);
      this.#dispatch.failAndClose(slot, this.#dispatch.phaseOf(slot), code, 'serverFin', nowNs);
    }
  }

  notified(slot: number, nowNs: number): void {
    const state = this.#connections.state[slot]!;
    if (state === WAITING) {
      this.#connections.endAnnounced[slot] = 1;
      this.#dispatch.leaveAndClose(slot, 'serverFin', nowNs);
    } else if (state === SENDING || state === RECEIVING) {
      this.#finish(slot, false, nowNs);
    }
  }

  broken(slot: number, code: string, nowNs: number): void {
    this.#dispatch.breakOff(slot, this.#dispatch.phaseOf(slot), code, nowNs);
  }

  /** The answer in front has been read to its end. */
  #answered(slot: number, parser: ResponseParser, nowNs: number): void {
    const connections = this.#connections;
    const request = connections.request[slot]!;
    const closes = !(this.#keepAlive && parser.keepAlive);
    const firstByteNs = connections.firstByteNs[slot]!;
    this.flow.completed(request, slot, connections.reused[slot]!, firstByteNs, nowNs, parser.status, closes);
    connections.answered[slot]!++;
    connections.reused[slot] = 1;
  }

  /** `leftover`: bytes came behind the answer. */
  #complete(slot: number, parser: ResponseParser, leftover: boolean, nowNs: number): void {
    const connections = this.#connections;
    const unsent = this.#writer.isUnsent(slot);
    // An answer to half a request: the server has it, and the rest is of no use (RFC 9112 section 9.5).
    if (unsent) this.#recorder.sent++;
    this.#answered(slot, parser, nowNs);
    if (this.#pipelining !== null && this.#goesOn(this.#pipelining, slot, parser)) {
      this.#dispatch.advance(this.#pipelining, slot, nowNs);
      this.#dispatch.serveQueue(this.#pool.ownerOf(slot), nowNs);
      return;
    }
    connections.takeParserBack(slot);
    const persists = parser.keepAlive && this.#keepAlive;
    if (unsent || (leftover && this.#isLast(slot))) {
      this.#dispatch.leaveAndClose(slot, 'badResponse', nowNs);
    } else if (!persists) {
      this.#dispatch.leaveAndClose(slot, 'connectionClose', nowNs);
    } else if (connections.finSeen[slot] === 1) {
      this.#dispatch.leaveAndClose(slot, 'serverFin', nowNs);
    } else {
      this.#pipelining?.clear(slot);
      connections.request[slot] = NO_REQUEST;
      const hintNs = parser.hintTimeoutMs < 0 ? -1 : parser.hintTimeoutMs * 1e6;
      this.#dispatch.release(slot, nowNs, hintNs, parser.hintMax);
    }
  }

  /** Whether nobody asked for anything more than the answer in front. */
  #isLast(slot: number): boolean {
    return this.#pipelining === null || this.#pipelining.load(slot) <= 1;
  }

  /** When something runs out next, and `expire` is due. */
  nextDeadlineNs(): number {
    return Math.min(this.#deadlines.nextNs(), this.#pool.nextDeadlineNs());
  }

  /** Ends what has run out: connects, answers and announced closes that did not come, idle connections, waiting requests. */
  expire(nowNs: number): void {
    for (let slot = this.#deadlines.due(nowNs); slot >= 0; slot = this.#deadlines.due(nowNs)) this.#ranOut(slot, nowNs);
    for (let slot = this.#pool.expireIdle(nowNs); slot >= 0; slot = this.#pool.expireIdle(nowNs)) {
      this.#closer.close(slot, 'idleTimeout');
    }
    for (let request = this.#pool.expireQueued(nowNs); request >= 0; request = this.#pool.expireQueued(nowNs)) {
      const owner = this.#dispatch.ownerOf(request);
      this.#dispatch.failed(request, NO_CONNECTION, 'queue', 'QUEUE_TIMEOUT', false, null, nowNs);
      // It may have held up others, or go again.
      this.#dispatch.serveQueue(owner, nowNs);
    }
  }

  #ranOut(slot: number, nowNs: number): void {
    const state = this.#connections.state[slot]!;
    if (state === CONNECTING) {
      this.#transport.close(slot, false);
      this.connectFailed(slot, 'CONNECT_TIMEOUT', nowNs);
    } else if (state === LINGERING) {
      this.#closer.finStayedAway(slot);
    } else if (state === HANDSHAKING) {
      this.#dispatch.failAndClose(slot, 'tls', 'CONNECT_TIMEOUT', 'timeout', nowNs);
    } else if (state === SENDING || state === RECEIVING) {
      this.#dispatch.failAndClose(slot, this.#dispatch.phaseOf(slot), 'RESPONSE_TIMEOUT', 'timeout', nowNs);
    }
  }

  /** Gives up every request that waits or is under way: it counts as abandoned. */
  abandonAll(nowNs: number): void {
    this.#dispatch.stopping = true;
    for (let request = this.#pool.cancelQueued(); request >= 0; request = this.#pool.cancelQueued()) {
      this.flow.abandoned(request, NO_CONNECTION, nowNs);
    }
    for (let slot = 0; slot < this.#connections.capacity; slot++) {
      if (this.#connections.request[slot] === NO_REQUEST) continue;
      this.#dispatch.abandon(slot, nowNs);
      this.#closer.tearDown(slot);
    }
  }

  /** Closes what is still open, after the last request. */
  tearDown(): void {
    this.#dispatch.stopping = true;
    for (let slot = 0; slot < this.#connections.capacity; slot++) {
      if (this.#connections.state[slot] === LEAKED) this.#ledger.leaked = (this.#ledger.leaked ?? 0) + 1;
      this.#closer.tearDown(slot);
    }
  }

  /** Whether connections still wait for the FIN that their server announced. */
  get lingering(): boolean {
    return this.#connections.state.includes(LINGERING);
  }
}
