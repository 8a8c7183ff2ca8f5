/** The load of one worker as a client sees it: when the next request is due, on whose behalf, and whether it counts. */
import { OpenSchedule } from '../load/arrivals.ts';
import { ClosedUsers } from '../load/users.ts';
import type { ClosedLoadConfig, LoadConfig, OpenLoadConfig } from '../scenario/config.ts';

/** Times are CLOCK_MONOTONIC ns. Hot: `take` and `settled` run once per request. */
export interface Workload {
  /** Intended start of the next request; Infinity when none is due before something settles, or none is left. */
  nextNs: number;
  /** The user of the next request, numbered within this worker; 0 in the open model. */
  user: number;
  /** 1 where the next request counts, 0 in warm-up. */
  inMeasure: number;
  /** True when nothing is due, now or later, unless a request in flight settles first. */
  over: boolean;
  /** Owners of connections with pool scope `session`. */
  readonly users: number;
  /** Requests known in advance: [warm-up, measure]; a closed model knows none. */
  readonly scheduled: readonly [number, number];
  /** Moves on to the request after the next one. */
  take(): void;
  /** A request of `user` was settled. */
  settled(user: number, nowNs: number, failed: boolean): void;
  /** No more requests from now on. Gives how many of the schedule were never taken: [warm-up, measure]. */
  stop(): readonly [number, number];
}

export interface WorkloadShare {
  readonly startNs: number;
  readonly seed: number;
  readonly worker: number;
  readonly workers: number;
}

export function createWorkload(load: LoadConfig, share: WorkloadShare): Workload {
  return load.model === 'open' ? new OpenWorkload(load, share) : new ClosedWorkload(load, share);
}

class OpenWorkload implements Workload {
  nextNs = Infinity;
  readonly user = 0;
  inMeasure = 0;
  over = false;
  readonly users = 1;
  readonly scheduled: readonly [number, number];
  readonly #schedule: OpenSchedule;
  readonly #startNs: number;
  #warmUpTaken = 0;
  #measureTaken = 0;

  constructor(load: OpenLoadConfig, share: WorkloadShare) {
    this.#schedule = new OpenSchedule({
      warmUpNs: load.warmUpMs * 1e6,
      durationNs: load.durationMs * 1e6,
      ratePerSecond: load.ratePerSecond,
      arrivals: load.arrivals,
      seed: share.seed,
      worker: share.worker,
      workers: share.workers,
    });
    this.#startNs = share.startNs;
    const { total, measured } = this.#schedule;
    this.scheduled = [total - measured, measured];
    this.#advance();
  }

  take(): void {
    if (this.inMeasure === 1) this.#measureTaken++;
    else this.#warmUpTaken++;
    this.#advance();
  }

  #advance(): void {
    const schedule = this.#schedule;
    if (schedule.next()) {
      this.nextNs = this.#startNs + schedule.intendedNs;
      this.inMeasure = schedule.inMeasure ? 1 : 0;
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
    return [warmUp - this.#warmUpTaken, measure - this.#measureTaken];
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
  inMeasure = 0;
  over = false;
  readonly users: number;
  readonly scheduled = [0, 0] as const;
  readonly #users: ClosedUsers;
  readonly #measureStartNs: number;
  readonly #stopNs: number;
  readonly #worker: number;
  readonly #workers: number;
  /** The next user who has thought, taken from `ClosedUsers` ahead of time, or -1. */
  #ready = -1;
  #readyNs = Infinity;
  /** Users that pause after a failure, in the order in which their pauses end: all pauses are equally long. */
  readonly #paused: Int32Array;
  readonly #pausedUntilNs: Float64Array;
  #pausedHead = 0;
  #pausedCount = 0;
  /** Whether the pause after a failure is longer than the think time. */
  readonly #pauses: boolean;
  #stopped = false;

  constructor(load: ClosedLoadConfig, share: WorkloadShare) {
    this.#measureStartNs = share.startNs + load.warmUpMs * 1e6;
    this.#stopNs = this.#measureStartNs + load.durationMs * 1e6;
    this.#worker = share.worker;
    this.#workers = share.workers;
    this.#pauses = load.thinkTimeMs * 1e6 < pauseAfterFailureNs;
    this.#users = new ClosedUsers({
      users: load.users,
      thinkTimeNs: load.thinkTimeMs * 1e6,
      startNs: share.startNs,
      stopNs: this.#stopNs,
      seed: share.seed,
      worker: share.worker,
      workers: share.workers,
    });
    this.users = this.#users.count;
    this.#paused = new Int32Array(this.users);
    this.#pausedUntilNs = new Float64Array(this.users);
    this.#refresh();
  }

  take(): void {
    if (this.user === this.#ready) {
      this.#ready = -1;
    } else {
      this.#pausedHead = (this.#pausedHead + 1) % this.users;
      this.#pausedCount--;
    }
    this.#refresh();
  }

  settled(user: number, nowNs: number, failed: boolean): void {
    if (this.#stopped) return;
    if (failed && this.#pauses) {
      const untilNs = nowNs + pauseAfterFailureNs;
      if (untilNs < this.#stopNs) {
        const tail = (this.#pausedHead + this.#pausedCount) % this.users;
        this.#paused[tail] = user;
        this.#pausedUntilNs[tail] = untilNs;
        this.#pausedCount++;
      }
    } else {
      this.#users.completed(user * this.#workers + this.#worker, nowNs);
    }
    this.#refresh();
  }

  stop(): readonly [number, number] {
    this.#stopped = true;
    this.nextNs = Infinity;
    this.over = true;
    return [0, 0];
  }

  /** Finds the next user: the first who has thought, or the first whose pause ends. */
  #refresh(): void {
    if (this.#ready < 0) {
      this.#readyNs = this.#users.nextReadyNs();
      if (this.#readyNs !== Infinity) {
        this.#ready = (this.#users.due(this.#readyNs) - this.#worker) / this.#workers;
      }
    }
    const pausedNs = this.#pausedCount === 0 ? Infinity : this.#pausedUntilNs[this.#pausedHead]!;
    if (pausedNs < this.#readyNs) {
      this.nextNs = pausedNs;
      this.user = this.#paused[this.#pausedHead]!;
    } else {
      this.nextNs = this.#readyNs;
      this.user = this.#ready;
    }
    this.over = this.nextNs === Infinity;
    this.inMeasure = this.nextNs >= this.#measureStartNs ? 1 : 0;
  }
}
