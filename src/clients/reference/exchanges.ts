/**
 * The connections of one worker and what goes over them: opens them, writes requests, reads answers, tells what became of each request, and
 * gives every connection back, or closes it, by the rules of the strategy. Hot: typed columns by connection and request number, no
 * allocation per request.
 */
import { responseErrorName, type ResponseParser } from '../../http/response-parser.ts';
import type { StrategyConfig } from '../../scenario/config.ts';
import { Deadlines } from '../../strategy/deadlines.ts';
import { IDLE, OPEN, type Pool, QUEUED, REUSE, SERVE } from '../../strategy/pool.ts';
import type { ClientCloseReason, FailurePhase } from '../observations.ts';
import type { Recorder } from '../recorder.ts';
import type { Workload } from '../workload.ts';
import { ConnectionCloser } from './closing.ts';
import {
  CLOSED,
  CONNECTING,
  ConnectionTable,
  HANDSHAKING,
  LINGERING,
  NO_CONNECTION,
  NO_REQUEST,
  RECEIVING,
  SENDING,
  WAITING,
} from './connections.ts';
import type { ConnectionLedger } from './ledger.ts';
import { RequestFlow } from './request-flow.ts';
import { RequestWriter, type RequestTraits } from './sending.ts';
import type { ReferenceTransport, TransportEvents } from './transport.ts';

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
  readonly #connectTimeoutNs: number;
  readonly #responseTimeoutNs: number;
  readonly #sessionScope: boolean;
  #transport!: ReferenceTransport;

  readonly #connections = new ConnectionTable();
  readonly #deadlines = new Deadlines();
  readonly #closer: ConnectionCloser;
  readonly #writer: RequestWriter;

  #serving = false;
  #stopping = false;

  constructor(setup: ExchangesSetup) {
    const { strategy } = setup;
    this.#pool = setup.pool;
    this.#recorder = setup.recorder;
    this.#ledger = setup.ledger;
    this.#keepAlive = strategy.connection === 'keep-alive';
    this.#closer = new ConnectionCloser({
      connections: this.#connections,
      pool: setup.pool,
      deadlines: this.#deadlines,
      ledger: setup.ledger,
      reset: strategy.closeWith === 'reset',
    });
    this.#connectTimeoutNs = strategy.timeouts.connectMs * 1e6;
    this.#responseTimeoutNs = strategy.timeouts.responseMs * 1e6;
    this.#sessionScope = strategy.pool.scope === 'session';
    this.flow = new RequestFlow(setup.workload, setup.recorder, this.#connections);
    this.#writer = new RequestWriter(this.#connections, this.flow.table, setup.requests, setup.recorder);
  }

  /** What the connections are made with. To be called once, before everything else. */
  use(transport: ReferenceTransport): void {
    this.#transport = transport;
    this.#closer.transport = transport;
    this.#writer.transport = transport;
  }

  /** Fills the pool of an owner with connections that serve nobody yet. */
  prefetch(owner: number, nowNs: number): void {
    while (this.#pool.prefetch(owner, nowNs)) {
      if (!this.#open(this.#pool.connection, NO_REQUEST, nowNs)) break;
    }
  }

  /** Gives a request that is due a connection, or a place in the queue. */
  start(request: number, nowNs: number): void {
    const owner = this.#sessionScope ? this.flow.table.user[request]! : 0;
    const answer = this.#pool.acquire(owner, request, nowNs);
    if (answer === REUSE) {
      this.flow.table.assignedNs[request] = nowNs;
      this.#send(this.#pool.connection, request, nowNs);
    } else if (answer === OPEN) {
      if (!this.#open(this.#pool.connection, request, nowNs)) this.#serveQueue(owner, nowNs);
    } else if (answer !== QUEUED) {
      this.flow.dropped(request, nowNs);
    }
  }

  /** Opens a connection for `request` (or none, to prefetch). False where the system refused at once. */
  #open(slot: number, request: number, nowNs: number): boolean {
    if (slot >= this.#connections.capacity) this.#grow();
    this.#connections.begin(slot, request);
    if (request !== NO_REQUEST) this.flow.table.assignedNs[request] = nowNs;
    const alternative = request === NO_REQUEST ? -1 : this.flow.table.alternative[request]!;
    const result = this.#transport.open(slot, alternative);
    if (result >= 0) {
      this.#ledger.attempted++;
      this.#deadlines.set(slot, nowNs + this.#connectTimeoutNs);
      return true;
    }
    this.#closer.refusedAtOnce(slot);
    if (request !== NO_REQUEST) {
      this.flow.failed(request, NO_CONNECTION, 'connect', this.#transport.errorName(result), false, null, nowNs);
    }
    return false;
  }

  connected(slot: number, nowNs: number): void {
    this.#ledger.established();
    this.#recorder.opened();
    this.#connections.openedNs[slot] = nowNs;
    this.#connections.state[slot] = HANDSHAKING;
  }

  handshakeFailed(slot: number, code: string, nowNs: number): void {
    const phase = phaseOf(this.#connections.state[slot]!);
    if (code === 'ECONNRESET' || code === 'EPIPE') this.#breakOff(slot, phase, code, nowNs);
    else this.#failAndClose(slot, phase, code, code === 'TLS_CLOSED' ? 'serverFin' : 'error', nowNs);
  }

  opened(slot: number, nowNs: number): void {
    if (this.#connections.state[slot] === CONNECTING) this.connected(slot, nowNs);
    this.#pool.opened(slot, nowNs);
    const request = this.#connections.request[slot]!;
    if (request === NO_REQUEST) this.#release(slot, nowNs, -1, -1);
    else this.#send(slot, request, nowNs);
  }

  connectFailed(slot: number, code: string, nowNs: number): void {
    const owner = this.#pool.ownerOf(slot);
    const request = this.#connections.request[slot]!;
    this.#closer.connectFailed(slot);
    if (request !== NO_REQUEST) this.flow.failed(request, slot, 'connect', code, false, null, nowNs);
    this.#serveQueue(owner, nowNs);
  }

  #send(slot: number, request: number, nowNs: number): void {
    this.flow.table.sentNs[request] = nowNs;
    this.#writer.begin(slot, request);
    this.#deadlines.set(slot, nowNs + this.#responseTimeoutNs);
    this.#write(slot, nowNs);
  }

  #write(slot: number, nowNs: number): void {
    const result = this.#writer.write(slot);
    if (result < 0) this.#breakOff(slot, 'send', this.#transport.errorName(result), nowNs);
  }

  writable(slot: number, nowNs: number): void {
    if (this.#connections.state[slot] === SENDING && this.#writer.isUnsent(slot)) this.#write(slot, nowNs);
  }

  isOpen(slot: number): boolean {
    return this.#connections.state[slot] !== CLOSED;
  }

  finSeen(slot: number): void {
    this.#connections.finSeen[slot] = 1;
  }

  data(slot: number, bytes: Uint8Array, start: number, end: number, nowNs: number): void {
    this.#recorder.bytesReceived += end - start;
    const state = this.#connections.state[slot]!;
    if (state === SENDING) {
      this.#connections.firstByteNs[slot] = nowNs;
      this.#connections.state[slot] = RECEIVING;
    } else if (state !== RECEIVING) {
      if (state === WAITING) this.#leaveAndClose(slot, 'badResponse', nowNs); // bytes that nobody asked for
      return;
    }
    const parser = this.#connections.parser(slot);
    const next = parser.feed(bytes, start, end);
    if (parser.done) this.#complete(slot, parser, next < end, nowNs);
    else if (parser.error !== 0)
      this.#failAndClose(slot, 'download', responseErrorName(parser.error), 'badResponse', nowNs);
  }

  eof(slot: number, nowNs: number, cut = false): void {
    this.#connections.finSeen[slot] = 1;
    const state = this.#connections.state[slot]!;
    if (state === WAITING) {
      this.#leaveAndClose(slot, 'serverFin', nowNs);
    } else if (state === LINGERING) {
      this.#closer.finCame(slot);
    } else if (state === SENDING || state === RECEIVING) {
      this.#finish(slot, state, cut, nowNs);
    }
  }

  /** Nothing more comes: the end of a body that has no other mark, or of a response that has lost its rest. */
  #finish(slot: number, state: number, cut: boolean, nowNs: number): void {
    const parser = this.#connections.parser(slot);
    parser.finish();
    if (parser.done && !cut) {
      this.#complete(slot, parser, false, nowNs);
    } else {
      const code = parser.done ? 'TRUNCATED_BODY' : responseErrorName(parser.error);
      this.#failAndClose(slot, phaseOf(state), code, 'serverFin', nowNs);
    }
  }

  notified(slot: number, nowNs: number): void {
    const state = this.#connections.state[slot]!;
    if (state === WAITING) {
      this.#connections.endAnnounced[slot] = 1;
      this.#leaveAndClose(slot, 'serverFin', nowNs);
    } else if (state === SENDING || state === RECEIVING) {
      this.#finish(slot, state, false, nowNs);
    }
  }

  broken(slot: number, code: string, nowNs: number): void {
    this.#breakOff(slot, phaseOf(this.#connections.state[slot]!), code, nowNs);
  }

  /** The connection died under us: no FIN will follow. */
  #breakOff(slot: number, phase: FailurePhase, code: string, nowNs: number): void {
    const request = this.#connections.request[slot]!;
    const owner = this.#pool.ownerOf(slot);
    const ageMs = this.#connections.ageMs(slot, nowNs);
    const reused = this.#connections.reused[slot] === 1;
    this.#closer.closeBroken(slot, code);
    if (request !== NO_REQUEST) this.flow.failed(request, slot, phase, code, reused, ageMs, nowNs);
    this.#serveQueue(owner, nowNs);
  }

  #complete(slot: number, parser: ResponseParser, leftover: boolean, nowNs: number): void {
    const request = this.#connections.request[slot]!;
    const reused = this.#connections.reused[slot]!;
    const unsent = this.#writer.isUnsent(slot);
    // An answer to half a request: the server has it, and the rest is of no use (RFC 9112 section 9.5).
    if (unsent) this.#recorder.sent++;
    const firstByteNs = this.#connections.firstByteNs[slot]!;
    const closes = !(this.#keepAlive && parser.keepAlive);
    this.flow.completed(request, slot, reused, firstByteNs, nowNs, parser.status, closes);
    this.#connections.answered[slot]!++;
    this.#connections.reused[slot] = 1;
    this.#connections.takeParserBack(slot);
    this.#connections.request[slot] = NO_REQUEST;
    if (leftover || unsent) {
      this.#leaveAndClose(slot, 'badResponse', nowNs);
    } else if (this.#keepAlive && parser.keepAlive && this.#connections.finSeen[slot] === 0) {
      const hintNs = parser.hintTimeoutMs < 0 ? -1 : parser.hintTimeoutMs * 1e6;
      this.#release(slot, nowNs, hintNs, parser.hintMax);
    } else if (parser.keepAlive && this.#keepAlive) {
      this.#leaveAndClose(slot, 'serverFin', nowNs);
    } else {
      this.#leaveAndClose(slot, 'connectionClose', nowNs);
    }
  }

  #release(slot: number, nowNs: number, hintNs: number, hintMax: number): void {
    const answer = this.#pool.release(slot, nowNs, hintNs, hintMax);
    this.#connections.freedNs[slot] = nowNs;
    if (answer === IDLE) {
      this.#connections.state[slot] = WAITING;
      this.#deadlines.cancel(slot);
    } else if (answer === SERVE) {
      const { request } = this.#pool;
      this.flow.table.assignedNs[request] = nowNs;
      this.#send(slot, request, nowNs);
    } else {
      const owner = this.#pool.ownerOf(slot);
      this.#closer.retire(slot, answer);
      this.#serveQueue(owner, nowNs);
    }
  }

  #leaveAndClose(slot: number, reason: ClientCloseReason, nowNs: number): void {
    const owner = this.#pool.ownerOf(slot);
    this.#pool.leave(slot);
    this.#closer.closeOrLinger(slot, reason, nowNs);
    this.#serveQueue(owner, nowNs);
  }

  #failAndClose(slot: number, phase: FailurePhase, code: string, reason: ClientCloseReason, nowNs: number): void {
    const request = this.#connections.request[slot]!;
    const ageMs = this.#connections.ageMs(slot, nowNs);
    const reused = this.#connections.reused[slot] === 1;
    const owner = this.#pool.ownerOf(slot);
    this.#pool.leave(slot);
    this.#closer.close(slot, reason);
    if (request !== NO_REQUEST) this.flow.failed(request, slot, phase, code, reused, ageMs, nowNs);
    this.#serveQueue(owner, nowNs);
  }

  /** Gives places that became free to waiting requests. A failure while doing so does not begin anew: the loop goes on. */
  #serveQueue(owner: number, nowNs: number): void {
    if (this.#serving || this.#stopping) return;
    this.#serving = true;
    while (this.#pool.takeQueued(owner, nowNs)) this.#open(this.#pool.connection, this.#pool.request, nowNs);
    this.#serving = false;
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
      this.flow.failed(request, NO_CONNECTION, 'queue', 'QUEUE_TIMEOUT', false, null, nowNs);
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
      this.#failAndClose(slot, 'tls', 'CONNECT_TIMEOUT', 'timeout', nowNs);
    } else if (state === SENDING || state === RECEIVING) {
      this.#failAndClose(slot, phaseOf(state), 'RESPONSE_TIMEOUT', 'timeout', nowNs);
    }
  }

  /** Gives up every request that waits or is under way: it counts as abandoned. */
  abandonAll(nowNs: number): void {
    this.#stopping = true;
    for (let request = this.#pool.cancelQueued(); request >= 0; request = this.#pool.cancelQueued()) {
      this.flow.abandoned(request, NO_CONNECTION, nowNs);
    }
    for (let slot = 0; slot < this.#connections.capacity; slot++) {
      const request = this.#connections.request[slot]!;
      if (request === NO_REQUEST) continue;
      this.flow.abandoned(request, slot, nowNs);
      this.#closer.tearDown(slot);
    }
  }

  /** Closes what is still open, after the last request. */
  tearDown(): void {
    this.#stopping = true;
    for (let slot = 0; slot < this.#connections.capacity; slot++) this.#closer.tearDown(slot);
  }

  #grow(): void {
    this.#connections.grow(this.#pool.capacity);
    this.#deadlines.grow(this.#connections.capacity);
  }

  /** Whether connections still wait for the FIN that their server announced. */
  get lingering(): boolean {
    return this.#connections.state.includes(LINGERING);
  }
}

function phaseOf(state: number): FailurePhase {
  if (state === HANDSHAKING) return 'tls';
  return state === RECEIVING ? 'download' : 'firstByte';
}
