/** The requests of one worker from intended start to settlement: takes them from the load, tells the recorder what became of each. */
import type { StrategyConfig } from '../../scenario/config.ts';
import { isTimeout, type FailurePhase } from '../observations.ts';
import type { Recorder } from '../recorder.ts';
import type { Workload } from '../workload.ts';
import type { ConnectionTable } from './connections.ts';
import { RequestTable } from './requests.ts';
import { Retries } from './retries.ts';
import { SlowRequests } from './slow-requests.ts';

export interface RequestFlowSetup {
  readonly workload: Workload;
  readonly recorder: Recorder;
  readonly connections: ConnectionTable;
  /** Absent: a request is sent once. */
  readonly retry?: StrategyConfig['retry'];
  /** By alternative of the load. */
  readonly isIdempotent: readonly boolean[];
}

export class RequestFlow {
  readonly table = new RequestTable();
  /** Null where none is sent again: then requests have no numbers. */
  readonly retries: Retries | null;
  readonly #workload: Workload;
  readonly #recorder: Recorder;
  readonly #slow: SlowRequests;
  readonly #connections: ConnectionTable;
  // Requests that are known in advance were counted as scheduled then, others are as they come.
  readonly #warmUpIsKnown: boolean;
  readonly #measureIsKnown: boolean;

  #sequence = 0;

  constructor({ workload, recorder, connections, retry, isIdempotent }: RequestFlowSetup) {
    this.retries = retry === undefined ? null : new Retries(retry, this.table, isIdempotent);
    this.#workload = workload;
    this.#recorder = recorder;
    this.#connections = connections;
    this.#slow = new SlowRequests(recorder.slowest, this.table, connections);
    const [warmUp, measure] = workload.scheduled;
    recorder.warmUp.scheduled += warmUp ?? 0;
    recorder.measure.scheduled += measure ?? 0;
    this.#warmUpIsKnown = warmUp !== null;
    this.#measureIsKnown = measure !== null;
  }

  /** Takes the request that is due now from the load. */
  take(nowNs: number): number {
    const { table } = this;
    const workload = this.#workload;
    const { nextNs, inMeasure } = workload;
    const request = table.take();
    table.intendedNs[request] = nextNs;
    table.startNs[request] = nowNs;
    table.inMeasure[request] = inMeasure;
    table.user[request] = workload.user;
    table.alternative[request] = workload.alternative;
    table.leaks[request] = workload.leaks;
    table.number[request] = this.retries === null ? -1 : this.#sequence++;
    table.isAgain[request] = 0;
    table.ahead[request] = 0;
    if (!(inMeasure === 1 ? this.#measureIsKnown : this.#warmUpIsKnown)) this.#recorder.scheduled(inMeasure);
    this.#recorder.started(inMeasure, nowNs - nextNs);
    workload.take();
    return request;
  }

  /** Before connection `slot` is given back. `closes`: this answer, or the strategy, ends it. */
  completed(
    request: number,
    slot: number,
    reused: number,
    firstByteNs: number,
    nowNs: number,
    status: number,
    closes: boolean,
  ): void {
    const { table } = this;
    this.#slow.answered(request, slot, nowNs, status, closes);
    this.#recorder.completed(
      table.inMeasure[request]!,
      reused,
      table.intendedNs[request]!,
      table.startNs[request]!,
      table.assignedNs[request]!,
      this.#connections.openedNs[slot]!,
      table.sentNs[request]!,
      firstByteNs,
      nowNs,
      status,
    );
    this.#settle(request, nowNs, false);
  }

  /** Its head was read, and the program forgets the rest: for whoever sent it, it is over. */
  leaked(request: number, nowNs: number): void {
    this.#recorder.leaked(this.table.inMeasure[request]!);
    this.#settle(request, nowNs, false);
  }

  /** `slot`: of the connection that it failed on, or NO_CONNECTION. */
  failed(
    request: number,
    slot: number,
    phase: FailurePhase,
    code: string,
    reused: boolean,
    ageMs: number | null,
    nowNs: number,
  ): void {
    this.#slow.failed(request, slot, phase, code, nowNs);
    this.#recorder.failed(this.table.inMeasure[request]!, phase, code, reused, ageMs);
    if (isTimeout(code)) this.#censored(request, nowNs);
    this.#settle(request, nowNs, true);
  }

  /** Refused by the strategy's queue limit. */
  dropped(request: number, nowNs: number): void {
    this.#recorder.dropped(this.table.inMeasure[request]!);
    this.#settle(request, nowNs, true);
  }

  /** Unfinished when the trial is over: before its connection `slot`, or NO_CONNECTION, is closed. */
  abandoned(request: number, slot: number, nowNs: number): void {
    this.#slow.abandoned(request, slot, nowNs);
    this.#recorder.abandoned(this.table.inMeasure[request]!);
    this.#censored(request, nowNs);
    this.table.free(request);
  }

  /** It had no answer by now, and might have had one later. */
  #censored(request: number, nowNs: number): void {
    this.#recorder.censored(this.table.inMeasure[request]!, nowNs - this.table.intendedNs[request]!);
  }

  #settle(request: number, nowNs: number, failed: boolean): void {
    const user = this.table.user[request]!;
    this.table.free(request);
    this.#workload.settled(user, nowNs, failed);
  }

  /** Takes nothing more: what the schedule still held counts as abandoned. */
  stop(): void {
    const [warmUp, measure] = this.#workload.stop();
    this.#recorder.abandoned(0, warmUp);
    this.#recorder.abandoned(1, measure);
  }

  /** Whether everything is settled and nothing more will come. */
  isOver(): boolean {
    return this.#workload.over && this.table.inFlight === 0;
  }
}
