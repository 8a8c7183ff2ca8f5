/**
 * The reference client without its sockets: load x connection rules x HTTP, one worker's worth. It reacts to a transport's events and
 * to time, and never blocks. Hot: typed columns by connection and request number, no allocation per request.
 */
import { responseErrorName, type ResponseParser } from '../../http/response-parser.ts';
import type { StrategyConfig } from '../../scenario/config.ts';
import { Deadlines } from '../../strategy/deadlines.ts';
import {
  IDLE,
  OPEN,
  type Pool,
  QUEUED,
  REUSE,
  RETIRE_AGE,
  RETIRE_HINT,
  RETIRE_REQUESTS,
  SERVE,
} from '../../strategy/pool.ts';
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
import type { ReferenceTransport, TransportEvents } from './transport.ts';

/**
 * How long the server may take to send the FIN it announced. Long enough for a busy event loop, so that who closes first is not a race
 * between two processes; short enough that servers that announce a close and leave it to the client pile up little.
 */
const closeGraceNs = 100e6;

/** After so many announced closes in a row that never came, the client closes at once: this server leaves it to the client. */
const graceTries = 8;

/** What the engine knows of a request that a transport sends. */
export interface RequestTraits {
  /** Head and body. */
  readonly bytes: number;
  /** Its response has no body, whatever its head says (RFC 9112 section 6.3). */
  readonly isHead: boolean;
}

export interface EngineSetup {
  readonly strategy: StrategyConfig;
  readonly pool: Pool;
  readonly owners: number;
  readonly workload: Workload;
  readonly recorder: Recorder;
  readonly ledger: ConnectionLedger;
  /** By alternative of the load. */
  readonly requests: readonly RequestTraits[];
  /** When requests still in flight are given up. */
  readonly drainDeadlineNs: number;
}

export class Engine implements TransportEvents {
  readonly #pool: Pool;
  readonly #workload: Workload;
  readonly #flow: RequestFlow;
  readonly #recorder: Recorder;
  readonly #ledger: ConnectionLedger;
  readonly #keepAlive: boolean;
  readonly #reset: boolean;
  readonly #requests: readonly RequestTraits[];
  readonly #owners: number;
  readonly #prefetch: boolean;
  readonly #connectTimeoutNs: number;
  readonly #responseTimeoutNs: number;
  readonly #drainDeadlineNs: number;
  /** Until then the trial goes on although everything is settled; Infinity where nothing holds it. */
  #holdUntilNs: number;
  readonly #sessionScope: boolean;
  #transport!: ReferenceTransport;

  readonly #connections = new ConnectionTable();
  readonly #deadlines = new Deadlines();
  readonly #closer: ConnectionCloser;

  /** Announced closes in a row that the server did not carry out. */
  #closesOwed = 0;
  #serving = false;
  #stopping = false;
  /** Set when every request is settled and nothing more will come. */
  finished = false;
  /** Ended before its load was done. */
  stopped = false;
  /** When the last request was settled, or given up. */
  settledNs = 0;

  constructor(setup: EngineSetup) {
    const { strategy } = setup;
    this.#pool = setup.pool;
    this.#workload = setup.workload;
    this.#recorder = setup.recorder;
    this.#ledger = setup.ledger;
    this.#keepAlive = strategy.connection === 'keep-alive';
    this.#reset = strategy.closeWith === 'reset';
    this.#requests = setup.requests;
    this.#owners = setup.owners;
    this.#closer = new ConnectionCloser({
      connections: this.#connections,
      pool: setup.pool,
      deadlines: this.#deadlines,
      ledger: setup.ledger,
      reset: this.#reset,
    });
    this.#prefetch = strategy.pool.prefetch && this.#keepAlive;
    this.#connectTimeoutNs = strategy.timeouts.connectMs * 1e6;
    this.#responseTimeoutNs = strategy.timeouts.responseMs * 1e6;
    this.#drainDeadlineNs = setup.drainDeadlineNs;
    this.#holdUntilNs = setup.workload.lastsUntilNs;
    this.#sessionScope = strategy.pool.scope === 'session';
    this.#flow = new RequestFlow(setup.workload, setup.recorder, this.#connections);
  }

  /** Connects the two halves, and opens the pool where the strategy prefetches. */
  begin(transport: ReferenceTransport, nowNs: number): void {
    this.#transport = transport;
    this.#closer.transport = transport;
    if (!this.#prefetch) return;
    for (let owner = 0; owner < this.#owners; owner++) {
      while (this.#pool.prefetch(owner, nowNs)) {
        if (!this.#open(this.#pool.connection, NO_REQUEST, nowNs)) break;
      }
    }
  }

  /** Starts what is due and ends what has run out. Call at every wake-up, and before computing the next one. */
  turn(nowNs: number): void {
    if (nowNs >= this.#recorder.intervalEndNs) this.#recorder.endInterval(nowNs);
    if (nowNs >= this.#deadlines.nextNs() || nowNs >= this.#pool.nextDeadlineNs()) this.#expire(nowNs);
    if (nowNs >= this.#workload.nextNs) this.startDue(nowNs);
    if (nowNs >= this.#holdUntilNs) this.#holdUntilNs = Infinity;
    if (this.#flow.isOver() && this.#holdUntilNs === Infinity) this.#end(nowNs);
    else if (nowNs >= this.#drainDeadlineNs) this.stop(nowNs, false);
  }

  /** When `turn` must be called next, at the latest. */
  nextWakeNs(): number {
    const deadlineNs = Math.min(this.#deadlines.nextNs(), this.#pool.nextDeadlineNs());
    if (this.finished) return deadlineNs;
    const planNs = Math.min(this.#workload.nextNs, this.#recorder.intervalEndNs, this.#holdUntilNs);
    return Math.min(deadlineNs, planNs, this.#drainDeadlineNs);
  }

  /** Starts what is due by `nowNs`. Each starts when it is its turn: what the ones before it took is lateness of the generator. */
  startDue(nowNs: number): void {
    let startNs = nowNs;
    while (this.#workload.nextNs <= nowNs) {
      this.#dispatch(this.#flow.take(startNs), startNs);
      if (this.#workload.nextNs <= nowNs) startNs = this.#transport.clockNs();
    }
  }

  #dispatch(request: number, nowNs: number): void {
    const owner = this.#sessionScope ? this.#flow.table.user[request]! : 0;
    const answer = this.#pool.acquire(owner, request, nowNs);
    if (answer === REUSE) {
      this.#flow.table.assignedNs[request] = nowNs;
      this.#send(this.#pool.connection, request, nowNs);
    } else if (answer === OPEN) {
      if (!this.#open(this.#pool.connection, request, nowNs)) this.#serveQueue(owner, nowNs);
    } else if (answer !== QUEUED) {
      this.#flow.dropped(request, nowNs);
    }
  }

  /** Opens a connection for `request` (or none, to prefetch). False where the system refused at once. */
  #open(slot: number, request: number, nowNs: number): boolean {
    if (slot >= this.#connections.capacity) this.#grow();
    this.#connections.begin(slot, request);
    if (request !== NO_REQUEST) this.#flow.table.assignedNs[request] = nowNs;
    const alternative = request === NO_REQUEST ? -1 : this.#flow.table.alternative[request]!;
    const result = this.#transport.open(slot, alternative);
    if (result >= 0) {
      this.#ledger.attempted++;
      this.#deadlines.set(slot, nowNs + this.#connectTimeoutNs);
      return true;
    }
    this.#closer.refusedAtOnce(slot);
    if (request !== NO_REQUEST) {
      this.#flow.failed(request, NO_CONNECTION, 'connect', this.#transport.errorName(result), false, null, nowNs);
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
    if (request !== NO_REQUEST) this.#flow.failed(request, slot, 'connect', code, false, null, nowNs);
    this.#serveQueue(owner, nowNs);
  }

  #send(slot: number, request: number, nowNs: number): void {
    this.#connections.request[slot] = request;
    this.#flow.table.sentNs[request] = nowNs;
    this.#connections.state[slot] = SENDING;
    this.#connections.sentBytes[slot] = 0;
    this.#connections.lendParser(slot).begin(this.#traits(request).isHead);
    this.#deadlines.set(slot, nowNs + this.#responseTimeoutNs);
    this.#write(slot, nowNs);
  }

  #write(slot: number, nowNs: number): void {
    const alternative = this.#flow.table.alternative[this.#connections.request[slot]!]!;
    const result = this.#transport.send(slot, this.#connections.sentBytes[slot]!, alternative);
    if (result < 0) {
      this.#breakOff(slot, 'send', this.#transport.errorName(result), nowNs);
      return;
    }
    this.#recorder.bytesSent += result;
    this.#connections.sentBytes[slot]! += result;
    if (this.#connections.sentBytes[slot] === this.#requests[alternative]!.bytes) this.#recorder.sent++;
  }

  #traits(request: number): RequestTraits {
    return this.#requests[this.#flow.table.alternative[request]!]!;
  }

  /** Whether the request that the connection carries is not written to its end. */
  #isUnsent(slot: number): boolean {
    return this.#connections.sentBytes[slot]! < this.#traits(this.#connections.request[slot]!).bytes;
  }

  writable(slot: number, nowNs: number): void {
    if (this.#connections.state[slot] === SENDING && this.#isUnsent(slot)) this.#write(slot, nowNs);
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
      this.#closesOwed = 0;
      this.#closer.close(slot, this.#lingerReason(slot));
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

  #lingerReason(slot: number): ClientCloseReason {
    return this.#connections.endAnnounced[slot] === 1 ? 'serverFin' : 'connectionClose';
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
    if (request !== NO_REQUEST) this.#flow.failed(request, slot, phase, code, reused, ageMs, nowNs);
    this.#serveQueue(owner, nowNs);
  }

  #complete(slot: number, parser: ResponseParser, leftover: boolean, nowNs: number): void {
    const request = this.#connections.request[slot]!;
    const reused = this.#connections.reused[slot]!;
    const unsent = this.#isUnsent(slot);
    // An answer to half a request: the server has it, and the rest is of no use (RFC 9112 section 9.5).
    if (unsent) this.#recorder.sent++;
    const firstByteNs = this.#connections.firstByteNs[slot]!;
    const closes = !(this.#keepAlive && parser.keepAlive);
    this.#flow.completed(request, slot, reused, firstByteNs, nowNs, parser.status, closes);
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
      this.#flow.table.assignedNs[request] = nowNs;
      this.#send(slot, request, nowNs);
    } else {
      const owner = this.#pool.ownerOf(slot);
      this.#closer.close(slot, retireReason(answer));
      this.#serveQueue(owner, nowNs);
    }
  }

  #leaveAndClose(slot: number, reason: ClientCloseReason, nowNs: number): void {
    const owner = this.#pool.ownerOf(slot);
    this.#pool.leave(slot);
    const isAnnounced = reason === 'connectionClose' || this.#connections.endAnnounced[slot] === 1;
    if (isAnnounced && this.#closer.mayAwaitFin(slot) && this.#closesOwed < graceTries) {
      this.#connections.state[slot] = LINGERING;
      this.#connections.request[slot] = NO_REQUEST;
      this.#deadlines.set(slot, nowNs + closeGraceNs);
    } else {
      this.#closer.close(slot, reason);
    }
    this.#serveQueue(owner, nowNs);
  }

  #failAndClose(slot: number, phase: FailurePhase, code: string, reason: ClientCloseReason, nowNs: number): void {
    const request = this.#connections.request[slot]!;
    const ageMs = this.#connections.ageMs(slot, nowNs);
    const reused = this.#connections.reused[slot] === 1;
    const owner = this.#pool.ownerOf(slot);
    this.#pool.leave(slot);
    this.#closer.close(slot, reason);
    if (request !== NO_REQUEST) this.#flow.failed(request, slot, phase, code, reused, ageMs, nowNs);
    this.#serveQueue(owner, nowNs);
  }

  /** Gives places that became free to waiting requests. A failure while doing so does not begin anew: the loop goes on. */
  #serveQueue(owner: number, nowNs: number): void {
    if (this.#serving || this.#stopping) return;
    this.#serving = true;
    while (this.#pool.takeQueued(owner, nowNs)) this.#open(this.#pool.connection, this.#pool.request, nowNs);
    this.#serving = false;
  }

  #expire(nowNs: number): void {
    for (let slot = this.#deadlines.due(nowNs); slot >= 0; slot = this.#deadlines.due(nowNs)) this.#ranOut(slot, nowNs);
    for (let slot = this.#pool.expireIdle(nowNs); slot >= 0; slot = this.#pool.expireIdle(nowNs)) {
      this.#closer.close(slot, 'idleTimeout');
    }
    for (let request = this.#pool.expireQueued(nowNs); request >= 0; request = this.#pool.expireQueued(nowNs)) {
      this.#flow.failed(request, NO_CONNECTION, 'queue', 'QUEUE_TIMEOUT', false, null, nowNs);
    }
  }

  #ranOut(slot: number, nowNs: number): void {
    const state = this.#connections.state[slot]!;
    if (state === CONNECTING) {
      this.#transport.close(slot, false);
      this.connectFailed(slot, 'CONNECT_TIMEOUT', nowNs);
    } else if (state === LINGERING) {
      this.#closesOwed++;
      this.#closer.close(slot, this.#lingerReason(slot));
    } else if (state === HANDSHAKING) {
      this.#failAndClose(slot, 'tls', 'CONNECT_TIMEOUT', 'timeout', nowNs);
    } else if (state === SENDING || state === RECEIVING) {
      this.#failAndClose(slot, phaseOf(state), 'RESPONSE_TIMEOUT', 'timeout', nowNs);
    }
  }

  /** Gives up what is unfinished: it counts as abandoned. */
  stop(nowNs: number, early = true): void {
    this.stopped = early;
    this.#stopping = true;
    this.#flow.stop();
    for (let request = this.#pool.cancelQueued(); request >= 0; request = this.#pool.cancelQueued()) {
      this.#flow.abandoned(request, NO_CONNECTION, nowNs);
    }
    for (let slot = 0; slot < this.#connections.capacity; slot++) {
      const request = this.#connections.request[slot]!;
      if (request === NO_REQUEST) continue;
      this.#flow.abandoned(request, slot, nowNs);
      this.#tearDownOne(slot);
    }
    this.#end(nowNs);
  }

  #end(nowNs: number): void {
    if (this.finished) return;
    this.finished = true;
    this.settledNs = nowNs;
  }

  /** Closes what is still open, after the last request. */
  tearDown(): void {
    this.#stopping = true;
    for (let slot = 0; slot < this.#connections.capacity; slot++) this.#tearDownOne(slot);
  }

  #tearDownOne(slot: number): void {
    const state = this.#connections.state[slot]!;
    if (state === CLOSED) return;
    if (state === CONNECTING) {
      this.#closer.abort(slot);
    } else {
      this.#pool.leave(slot);
      this.#closer.close(slot, state === LINGERING ? this.#lingerReason(slot) : 'teardown');
    }
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

function retireReason(answer: number): ClientCloseReason {
  switch (answer) {
    case RETIRE_REQUESTS:
      return 'maxRequests';
    case RETIRE_AGE:
      return 'maxLifetime';
    case RETIRE_HINT:
      return 'idleTimeout';
    default:
      throw new Error(`not a reason to retire: ${answer}`);
  }
}
