/**
 * The reference client without its sockets: load x connection rules x HTTP, one worker's worth. This part keeps the time: it starts what is
 * due, ends what has run out, and knows when the trial is over; `exchanges.ts` does what happens on connections. It never blocks.
 */
import { MeasureLookout, type SharedMeasureStart } from '../measure-start.ts';
import type { WorkerReport } from '../observations.ts';
import type { Recorder } from '../recorder.ts';
import type { Workload } from '../workload.ts';
import { Exchanges, type ExchangesSetup } from './exchanges.ts';
import type { RequestFlow } from './request-flow.ts';
import type { ReferenceTransport } from './transport.ts';

export interface EngineSetup extends ExchangesSetup {
  readonly owners: number;
  /** The planned start of measure. */
  readonly measureStartNs: number;
  /** When requests still in flight are given up, if measure begins as planned. */
  readonly drainDeadlineNs: number;
  /** Where measure may begin earlier. */
  readonly measureStart?: SharedMeasureStart;
}

export class Engine {
  /** What transports tell of connections. */
  readonly exchanges: Exchanges;
  readonly #workload: Workload;
  readonly #flow: RequestFlow;
  readonly #recorder: Recorder;
  /** Owners of connections that are opened in advance. */
  readonly #prefetchedOwners: number;
  /** Null where measure begins as planned. */
  readonly #lookout: MeasureLookout | null;
  #drainDeadlineNs: number;
  /** Until then the trial goes on although everything is settled; Infinity where nothing holds it. */
  #holdUntilNs: number;
  #transport!: ReferenceTransport;

  /** Set when every request is settled and nothing more will come. */
  finished = false;
  /** Ended before its load was done. */
  stopped = false;
  /** When the last request was settled, or given up. */
  settledNs = 0;

  constructor(setup: EngineSetup) {
    const { pool, connection } = setup.strategy;
    this.exchanges = new Exchanges(setup);
    this.#workload = setup.workload;
    this.#flow = this.exchanges.flow;
    this.#recorder = setup.recorder;
    this.#prefetchedOwners = pool.prefetch && connection === 'keep-alive' ? setup.owners : 0;
    const { measureStart } = setup;
    this.#lookout = measureStart === undefined ? null : new MeasureLookout(measureStart, setup.measureStartNs);
    this.#drainDeadlineNs = setup.drainDeadlineNs;
    this.#holdUntilNs = setup.workload.lastsUntilNs;
  }

  /** Connects the two halves, and opens the pool where the strategy prefetches. */
  begin(transport: ReferenceTransport, nowNs: number): void {
    this.#transport = transport;
    this.exchanges.use(transport);
    for (let owner = 0; owner < this.#prefetchedOwners; owner++) this.exchanges.prefetch(owner, nowNs);
  }

  /** Starts what is due and ends what has run out. Call at every wake-up, and before computing the next one. */
  turn(nowNs: number): void {
    if (nowNs >= this.#recorder.intervalEndNs) this.#endInterval(nowNs);
    if (nowNs >= this.exchanges.nextDeadlineNs()) this.exchanges.expire(nowNs);
    if (nowNs >= this.#workload.nextNs) this.startDue(nowNs);
    if (nowNs >= this.#holdUntilNs) this.#holdUntilNs = Infinity;
    if (this.#flow.isOver() && this.#holdUntilNs === Infinity) this.#end(nowNs);
    else if (nowNs >= this.#drainDeadlineNs) this.stop(nowNs, false);
  }

  /** When `turn` must be called next, at the latest. */
  nextWakeNs(): number {
    const deadlineNs = this.exchanges.nextDeadlineNs();
    if (this.finished) return deadlineNs;
    const planNs = Math.min(this.#workload.nextNs, this.#recorder.intervalEndNs, this.#holdUntilNs);
    return Math.min(deadlineNs, planNs, this.#drainDeadlineNs);
  }

  /** Starts what is due by `nowNs`. Each starts when it is its turn: what the ones before it took is lateness of the generator. */
  startDue(nowNs: number): void {
    // A start of measure that was brought forward must be known before the first request after it.
    if (nowNs >= this.#recorder.intervalEndNs) this.#endInterval(nowNs);
    let startNs = nowNs;
    while (this.#workload.nextNs <= nowNs) {
      this.exchanges.start(this.#flow.take(startNs), startNs);
      if (this.#workload.nextNs <= nowNs) startNs = this.#transport.clockNs();
    }
  }

  #endInterval(nowNs: number): void {
    const measureStartNs = this.finished ? null : (this.#lookout?.look(nowNs) ?? null);
    if (measureStartNs !== null) {
      this.#workload.beginMeasureAt(measureStartNs);
      this.#drainDeadlineNs -= this.#recorder.beginMeasureAt(measureStartNs);
      this.#holdUntilNs = this.#workload.lastsUntilNs;
    }
    this.#recorder.endInterval(nowNs);
  }

  /** Gives up what is unfinished: it counts as abandoned. */
  stop(nowNs: number, early = true): void {
    this.stopped = early;
    this.#flow.stop();
    this.exchanges.abandonAll(nowNs);
    this.#end(nowNs);
  }

  #end(nowNs: number): void {
    if (this.finished) return;
    this.finished = true;
    this.settledNs = nowNs;
  }

  /** Closes what is still open, after the last request. */
  tearDown(): void {
    this.exchanges.tearDown();
  }

  /** What was sent again; nothing where the strategy sends nothing again. */
  get retried(): Pick<WorkerReport, 'retried'> {
    const { retries } = this.#flow;
    return retries === null ? {} : { retried: retries.report() };
  }

  /** Whether connections still wait for the FIN that their server announced. */
  get lingering(): boolean {
    return this.exchanges.lingering;
  }
}
