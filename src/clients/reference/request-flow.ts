/** The requests of one worker from intended start to settlement: takes them from the load, tells the recorder what became of each. */
import type { FailurePhase } from '../observations.ts';
import type { Recorder } from '../recorder.ts';
import type { Workload } from '../workload.ts';
import { RequestTable } from './requests.ts';

export class RequestFlow {
  readonly table = new RequestTable();
  readonly #workload: Workload;
  readonly #recorder: Recorder;
  /** The open model's requests are counted as scheduled in advance, the closed model's as they come. */
  readonly #countsAhead: boolean;

  constructor(workload: Workload, recorder: Recorder) {
    this.#workload = workload;
    this.#recorder = recorder;
    const [warmUp, measure] = workload.scheduled;
    recorder.warmUp.scheduled += warmUp;
    recorder.measure.scheduled += measure;
    this.#countsAhead = warmUp + measure > 0;
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
    if (!this.#countsAhead) this.#recorder.scheduled(inMeasure);
    this.#recorder.started(inMeasure, nowNs - nextNs);
    workload.take();
    return request;
  }

  completed(request: number, reused: number, firstByteNs: number, nowNs: number, status: number): void {
    const { table } = this;
    this.#recorder.completed(
      table.inMeasure[request]!,
      reused,
      table.intendedNs[request]!,
      table.startNs[request]!,
      table.assignedNs[request]!,
      table.sentNs[request]!,
      firstByteNs,
      nowNs,
      status,
    );
    this.#settle(request, nowNs, false);
  }

  failed(
    request: number,
    phase: FailurePhase,
    code: string,
    reused: boolean,
    ageMs: number | null,
    nowNs: number,
  ): void {
    this.#recorder.failed(this.table.inMeasure[request]!, phase, code, reused, ageMs);
    this.#settle(request, nowNs, true);
  }

  /** Refused by the strategy's queue limit. */
  dropped(request: number, nowNs: number): void {
    this.#recorder.dropped(this.table.inMeasure[request]!);
    this.#settle(request, nowNs, true);
  }

  abandoned(request: number): void {
    this.#recorder.abandoned(this.table.inMeasure[request]!);
    this.table.free(request);
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
