/**
 * The requests of one worker of a Node client from intended start to settlement: takes them from the load, holds them to the strategy's
 * limits, sends them again where the strategy says so, and tells the recorder what became of each.
 */
import { requestNumber } from '../../http/request-number.ts';
import type { RequestConfig, StrategyConfig } from '../../scenario/config.ts';
import { Deadlines } from '../../strategy/deadlines.ts';
import { isTimeout } from '../observations.ts';
import type { Recorder } from '../recorder.ts';
import type { Workload } from '../workload.ts';
import type { NodeClient } from './node-client.ts';
import { NodeRequest, type AttemptSink, type PlannedRequest } from './node-request.ts';
import { SlowNodeRequests } from './slow-node-requests.ts';

export interface RequestFlowSetup {
  readonly strategy: StrategyConfig;
  readonly workload: Workload;
  readonly recorder: Recorder;
  /** By alternative of the load. */
  readonly requests: readonly Pick<RequestConfig, 'method'>[];
  /** Most connections of one owner. */
  readonly connections: number;
  /** Requests of one owner that may wait for a connection. */
  readonly queueLimit: number;
  readonly owners: number;
  readonly worker: number;
  /** Each carries a number, by which the server knows it again. */
  readonly numbered: boolean;
  /** Something was settled: there may be something to start. */
  readonly onSettled: () => void;
}

export class RequestFlow implements AttemptSink {
  readonly #setup: RequestFlowSetup;
  readonly #workload: Workload;
  readonly #recorder: Recorder;
  readonly #slow: SlowNodeRequests;
  readonly #queueTimeoutNs: number;
  readonly #connectTimeoutNs: number;
  readonly #responseTimeoutNs: number;
  /** Requests of one owner that are under way or waiting, at most. */
  readonly #most: number;
  readonly #ofOwner: Int32Array;
  // Requests that are known in advance were counted as scheduled then, others are as they come.
  readonly #warmUpIsKnown: boolean;
  readonly #measureIsKnown: boolean;
  #capacity = 256;
  readonly #deadlines = new Deadlines(this.#capacity);
  readonly #slots: (NodeRequest | null)[] = [];
  readonly #freeSlots: number[] = [];
  #client!: NodeClient;
  #sequence = 0;
  #inFlight = 0;
  #isStopped = false;
  /** Second attempts: [warm-up, measure]. */
  readonly retried: [number, number] = [0, 0];

  constructor(setup: RequestFlowSetup) {
    const { strategy, workload, recorder } = setup;
    this.#setup = setup;
    this.#workload = workload;
    this.#recorder = recorder;
    this.#slow = new SlowNodeRequests(recorder.slowest);
    this.#queueTimeoutNs = strategy.pool.queueTimeoutMs * 1e6;
    this.#connectTimeoutNs = strategy.timeouts.connectMs * 1e6;
    this.#responseTimeoutNs = strategy.timeouts.responseMs * 1e6;
    this.#most = setup.connections * (strategy.pipelining ?? 1) + setup.queueLimit;
    this.#ofOwner = new Int32Array(setup.owners);
    const [warmUp, measure] = workload.scheduled;
    recorder.warmUp.scheduled += warmUp ?? 0;
    recorder.measure.scheduled += measure ?? 0;
    this.#warmUpIsKnown = warmUp !== null;
    this.#measureIsKnown = measure !== null;
  }

  begin(client: NodeClient): void {
    this.#client = client;
  }

  /** Whether everything is settled and nothing more will come. */
  get isOver(): boolean {
    return this.#workload.over && this.#inFlight === 0;
  }

  /** When `expire` must be called next, at the latest. */
  get nextDeadlineNs(): number {
    return this.#deadlines.nextNs();
  }

  /** Starts the request that is due, or drops it. */
  start(nowNs: number): void {
    const plan = this.#take(nowNs);
    if (this.#ofOwner[plan.owner]! >= this.#most) {
      this.#recorder.dropped(plan.inMeasure);
      this.#workload.settled(plan.user, nowNs, true);
      return;
    }
    this.#ofOwner[plan.owner]!++;
    this.#inFlight++;
    this.#attempt(plan, false, nowNs);
  }

  #take(nowNs: number): PlannedRequest {
    const workload = this.#workload;
    const { strategy, worker, numbered } = this.#setup;
    const { nextNs: intendedNs, inMeasure, user, alternative } = workload;
    const leaks = workload.leaks === 1;
    if (!(inMeasure === 1 ? this.#measureIsKnown : this.#warmUpIsKnown)) this.#recorder.scheduled(inMeasure);
    this.#recorder.started(inMeasure, nowNs - intendedNs);
    workload.take();
    const owner = strategy.pool.scope === 'session' ? user : 0;
    const number = numbered ? requestNumber(worker, this.#sequence++) : null;
    return { intendedNs, startNs: nowNs, inMeasure, user, owner, alternative, leaks, number };
  }

  #attempt(plan: PlannedRequest, isRetry: boolean, nowNs: number): void {
    const slot = this.#freeSlots.pop() ?? this.#makeSlot();
    const request = new NodeRequest(plan, slot, isRetry, nowNs, this);
    this.#slots[slot] = request;
    this.#deadlines.set(slot, nowNs + this.#queueTimeoutNs);
    request.abandon = this.#client.start(request);
  }

  #makeSlot(): number {
    const slot = this.#slots.push(null) - 1;
    if (slot === this.#capacity) this.#deadlines.grow((this.#capacity *= 2));
    return slot;
  }

  connectionKnown(request: NodeRequest): void {
    this.#deadlines.set(request.slot, this.#limitNs(request));
  }

  /** Until when a request may be where it is. */
  #limitNs(request: NodeRequest): number {
    const { connection } = request;
    if (connection === null) return Infinity;
    if (connection.readyNs === null) return connection.openingNs + this.#connectTimeoutNs;
    return request.assignedNs + this.#responseTimeoutNs;
  }

  written(request: NodeRequest): void {
    this.#recorder.sent++;
    // The limit of the connect may have been later than that of the response.
    this.connectionKnown(request);
  }

  sentAgain({ plan }: NodeRequest): void {
    this.retried[plan.inMeasure === 1 ? 1 : 0]++;
  }

  answered(request: NodeRequest, status: number, nowNs: number): void {
    const { inMeasure, intendedNs, startNs } = request.plan;
    this.#leave(request);
    this.#slow.answered(request, status, nowNs);
    this.#recorder.completed(
      inMeasure,
      request.reused,
      intendedNs,
      startNs,
      request.assignedNs,
      request.connectedNs(nowNs),
      request.sentNs(nowNs),
      request.firstByteNs ?? nowNs,
      nowNs,
      status,
    );
    this.#settle(request.plan, nowNs, false);
  }

  /** For the program it is over. Among those of its owner it stays one that has a connection, until that is released. */
  leaked(request: NodeRequest, nowNs: number): void {
    const { inMeasure, user } = request.plan;
    this.#leave(request);
    this.#recorder.leaked(inMeasure);
    this.#inFlight--;
    this.#workload.settled(user, nowNs, false);
    this.#setup.onSettled();
  }

  released({ plan }: NodeRequest): void {
    this.#ofOwner[plan.owner]!--;
  }

  failed(request: NodeRequest, code: string, nowNs: number): void {
    this.#leave(request);
    if (this.#goesAgain(request, code)) {
      this.retried[request.plan.inMeasure === 1 ? 1 : 0]++;
      this.#attempt(request.plan, true, nowNs);
      return;
    }
    const { plan, phase, reused, connection } = request;
    const { establishedNs = null } = connection ?? {};
    const ageMs = phase === 'connect' || establishedNs === null ? null : (nowNs - establishedNs) / 1e6;
    this.#slow.failed(request, code, nowNs);
    this.#recorder.failed(plan.inMeasure, phase, code, reused === 1, ageMs);
    if (isTimeout(code)) this.#recorder.censored(plan.inMeasure, nowNs - plan.intendedNs);
    this.#settle(plan, nowNs, true);
  }

  #goesAgain({ isRetry, reused, connection, plan }: NodeRequest, code: string): boolean {
    const { retry } = this.#setup.strategy;
    if (isRetry || retry === undefined || this.#isStopped) return false;
    if (retry === 'always-once') return true;
    const { method } = this.#setup.requests[plan.alternative]!;
    // RFC 9110 section 9.2.2: only idempotent methods. What ran out of time, or was answered wrongly, did not die with its connection.
    return connection !== null && reused === 1 && method !== 'POST' && !isTimeout(code) && !code.startsWith('HPE_');
  }

  /** Ends what has run out of time. */
  expire(nowNs: number): void {
    for (let slot = this.#deadlines.due(nowNs); slot >= 0; slot = this.#deadlines.due(nowNs)) {
      const request = this.#slots[slot];
      if (request != null) this.#ranOut(request, nowNs);
    }
  }

  #ranOut(request: NodeRequest, nowNs: number): void {
    // Its connection may be established since the deadline was set.
    const limitNs = this.#limitNs(request);
    if (request.connection !== null && limitNs > nowNs) {
      this.#deadlines.set(request.slot, limitNs);
      return;
    }
    const { phase, abandon } = request;
    const code = phase === 'queue' ? 'QUEUE_TIMEOUT' : phase === 'connect' ? 'CONNECT_TIMEOUT' : 'RESPONSE_TIMEOUT';
    this.failed(request, code, nowNs);
    abandon();
  }

  /** Gives up everything: what is under way, and what the schedule still held. Closing the client is the caller's. */
  stop(nowNs: number): void {
    this.#isStopped = true;
    const [warmUp, measure] = this.#workload.stop();
    this.#recorder.abandoned(0, warmUp);
    this.#recorder.abandoned(1, measure);
    for (const request of this.#slots) {
      if (request === null) continue;
      this.#leave(request);
      const { inMeasure, intendedNs } = request.plan;
      this.#slow.abandoned(request, nowNs);
      this.#recorder.abandoned(inMeasure);
      this.#recorder.censored(inMeasure, nowNs - intendedNs);
      this.#inFlight--;
    }
  }

  #leave(request: NodeRequest): void {
    request.isOver = true;
    this.#deadlines.cancel(request.slot);
    this.#slots[request.slot] = null;
    this.#freeSlots.push(request.slot);
  }

  #settle({ user, owner }: PlannedRequest, nowNs: number, failed: boolean): void {
    this.#ofOwner[owner]!--;
    this.#inFlight--;
    this.#workload.settled(user, nowNs, failed);
    this.#setup.onSettled();
  }
}
