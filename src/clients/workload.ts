/** The load of one worker as a client sees it: when the next request is due, which one, on whose behalf, and whether it counts. */
import { OpenSchedule } from '../load/arrivals.ts';
import { LeakDraw } from '../load/leak-draw.ts';
import { RequestMix } from '../load/request-mix.ts';
import { ClosedUsers } from '../load/users.ts';
import type { ClosedLoadConfig, LoadConfig, OpenLoadConfig } from '../scenario/config.ts';
import { longestWarmUpMs } from '../scenario/warm-up.ts';

/**
 * Times are CLOCK_MONOTONIC ns. All that takes time is done when it is made; it begins with `begin`. Hot: `take` and `settled` run once per
 * request.
 */
export interface Workload {
  /** Intended start of the next request; Infinity before `begin`, when none is due before something settles, and when none is left. */
  nextNs: number;
  /** The user of the next request, numbered within this worker; 0 in the open model. */
  user: number;
  /** Which of the load's requests the next one is: a position in `requestAlternatives`. */
  alternative: number;
  /** 1 where nobody will read the response of the next request. */
  leaks: number;
  /** 1 where the next request counts, 0 in warm-up. */
  inMeasure: number;
  /** True when nothing is due, now or later, unless a request in flight settles first. */
  over: boolean;
  /** Owners of connections with pool scope `session`. */
  readonly users: number;
  /** A load that falls silent lasts until then, so that connections idle as they would; Infinity where it ends with its last request. */
  readonly lastsUntilNs: number;
  /** Requests known in advance: [warm-up, measure]; null where they are not, in a closed model and in a warm-up that may end earlier. */
  readonly scheduled: readonly [number | null, number | null];
  /** The trial starts at `startNs`. To be called once, before everything else. */
  begin(startNs: number): void;
  /**
   * Measure begins at `measureStartNs`, in the future and before its planned time, with all that belongs to it: requests of measure that are
   * known keep their order and what is between them.
   */
  beginMeasureAt(measureStartNs: number): void;
  /** Moves on to the request after the next one. */
  take(): void;
  /** A request of `user` was settled. */
  settled(user: number, nowNs: number, failed: boolean): void;
  /** No more requests from now on. Gives how many of the schedule were never taken: [warm-up, measure]. */
  stop(): readonly [number, number];
}

export interface WorkloadShare {
  readonly seed: number;
  readonly worker: number;
  readonly workers: number;
  /** The times of a load with a trace: whole ns from the start of measure, ascending. */
  readonly traceNs?: Float64Array;
}

/** Throws an Error for a load with a trace whose times are not given. */
export function createWorkload(load: LoadConfig, share: WorkloadShare): Workload {
  return load.model === 'open' ? new OpenWorkload(load, share) : new ClosedWorkload(load, share);
}

class OpenWorkload implements Workload {
  nextNs = Infinity;
  readonly user = 0;
  alternative = 0;
  leaks = 0;
  inMeasure = 0;
  over = false;
  readonly users = 1;
  lastsUntilNs = Infinity;
  readonly scheduled: readonly [number | null, number];
  readonly #schedule: OpenSchedule;
  readonly #mix: RequestMix;
  readonly #leaks: LeakDraw;
  readonly #load: OpenLoadConfig;
  #startNs = 0;
  #warmUpTaken = 0;
  #measureTaken = 0;

  constructor(load: OpenLoadConfig, share: WorkloadShare) {
    if (load.trace !== undefined && share.traceNs === undefined) throw new Error('the times of the trace are missing');
    this.#schedule = new OpenSchedule({
      warmUpNs: longestWarmUpMs(load) * 1e6,
      durationNs: load.durationMs * 1e6,
      ratePerSecond: load.ratePerSecond,
      arrivals: load.arrivals,
      ...(load.shape === undefined ? {} : { shape: load.shape }),
      ...(load.trace === undefined || share.traceNs === undefined ? {} : { traceNs: share.traceNs }),
      seed: share.seed,
      worker: share.worker,
      workers: share.workers,
    });
    this.#mix = new RequestMix(load, share.seed);
    this.#leaks = new LeakDraw(load, share.seed);
    this.#load = load;
    const { total, measured } = this.#schedule;
    this.scheduled = [load.steadyMs === undefined ? total - measured : null, measured];
  }

  begin(startNs: number): void {
    this.#startNs = startNs;
    this.#lastUntil(startNs + longestWarmUpMs(this.#load) * 1e6);
    this.#show(this.#schedule.next());
  }

  beginMeasureAt(measureStartNs: number): void {
    this.#lastUntil(measureStartNs);
    if (!this.over) this.#show(this.#schedule.beginMeasureAt(measureStartNs - this.#startNs));
  }

  #lastUntil(measureStartNs: number): void {
    const { trace, shape, durationMs } = this.#load;
    const fallsSilent = trace !== undefined || (shape !== undefined && shape.kind !== 'steady');
    if (fallsSilent) this.lastsUntilNs = measureStartNs + durationMs * 1e6;
  }

  take(): void {
    if (this.inMeasure === 1) this.#measureTaken++;
    else this.#warmUpTaken++;
    this.#show(this.#schedule.next());
  }

  /** Makes the arrival that the schedule stands at the next request. */
  #show(hasArrival: boolean): void {
    const schedule = this.#schedule;
    if (hasArrival) {
      this.nextNs = this.#startNs + schedule.intendedNs;
      this.inMeasure = schedule.inMeasure ? 1 : 0;
      this.alternative = this.#mix.draw(0, schedule.index);
      this.leaks = this.#leaks.draw(0, schedule.index);
    } else {
      this.nextNs = Infinity;
      this.over = true;
    }
  }

  settled(): void {
    // Arrivals do not depend on answers.
  }

  stop(): readonly [number, number] {
    this.nextNs = Infinity;
    this.over = true;
    const [warmUp, measure] = this.scheduled;
    return [warmUp === null ? 0 : warmUp - this.#warmUpTaken, measure - this.#measureTaken];
  }
}

/**
 * How long a user waits at least after a request that failed, where its think time is shorter: without it a refused connection would be
 * retried as fast as the CPU allows.
 */
const pauseAfterFailureNs = 10e6;

class ClosedWorkload implements Workload {
  nextNs = Infinity;
  user = 0;
  alternative = 0;
  leaks = 0;
  inMeasure = 0;
  over = false;
  readonly users: number;
  readonly lastsUntilNs = Infinity;
  readonly scheduled = [null, null] as const;
  readonly #users: ClosedUsers;
  readonly #mix: RequestMix;
  readonly #leaks: LeakDraw;
  readonly #durationNs: number;
  #startNs = 0;
  /** From the start of the trial, as all times of the users. */
  #measureStartNs: number;
  /** By user: requests taken so far, whose number is their place in the plan. Empty where there is nothing to draw. */
  readonly #taken: Uint32Array;
  #stopped = false;

  constructor(load: ClosedLoadConfig, share: WorkloadShare) {
    this.#measureStartNs = longestWarmUpMs(load) * 1e6;
    this.#durationNs = load.durationMs * 1e6;
    this.#users = new ClosedUsers({
      users: load.users,
      thinkTimeNs: load.thinkTimeMs * 1e6,
      ...(load.thinkTime === undefined ? {} : { drawnThinkTime: load.thinkTime }),
      ...(load.page === undefined ? {} : { assets: load.page.assets }),
      pauseAfterFailureNs,
      startNs: 0,
      stopNs: this.#measureStartNs + this.#durationNs,
      seed: share.seed,
      worker: share.worker,
      workers: share.workers,
    });
    this.users = this.#users.count;
    this.#mix = new RequestMix(load, share.seed);
    this.#leaks = new LeakDraw(load, share.seed);
    this.#taken = new Uint32Array(this.#draws ? this.users : 0);
  }

  /** Whether anything of a request hangs on its place in the plan. */
  get #draws(): boolean {
    return this.#mix.count > 1 || this.#leaks.any;
  }

  begin(startNs: number): void {
    this.#startNs = startNs;
    this.#refresh();
  }

  beginMeasureAt(measureStartNs: number): void {
    if (this.#stopped) return;
    this.#measureStartNs = measureStartNs - this.#startNs;
    this.#users.stopAt(this.#measureStartNs + this.#durationNs);
    this.#refresh();
  }

  take(): void {
    if (this.#draws) this.#taken[this.user]!++;
    this.#users.take();
    this.#refresh();
  }

  settled(user: number, nowNs: number, failed: boolean): void {
    if (this.#stopped) return;
    this.#users.settled(user, nowNs - this.#startNs, failed);
    this.#refresh();
  }

  stop(): readonly [number, number] {
    this.#stopped = true;
    this.nextNs = Infinity;
    this.over = true;
    return [0, 0];
  }

  #refresh(): void {
    const { nextNs, next } = this.#users;
    this.nextNs = this.#startNs + nextNs;
    this.over = nextNs === Infinity;
    if (this.over) return;
    this.user = next;
    this.inMeasure = nextNs >= this.#measureStartNs ? 1 : 0;
    if (!this.#draws) return;
    const user = this.#users.userAt(next);
    const index = this.#taken[next]!;
    this.alternative = this.#mix.draw(user, index);
    this.leaks = this.#leaks.draw(user, index);
  }
}
