/**
 * The closed model: N users that send, wait for the answer, think, and send again; with sessions, that open a page, then its assets at
 * once, and think when all of them are settled. Hot: typed arrays, no timer and no object per user, some 30 bytes a user.
 *
 * Who is due waits in a `DueQueue`, which is a plain ring while all think equally long. With think time the first starts are spread as if
 * the users had come and gone for ever before (`ThinkTimes.firstNs`); without it every user is ready at the start.
 */
import type { RandomThinkTime } from '../scenario/config.ts';
import { DueQueue } from './due-queue.ts';
import { assertWorker, shareOf } from './split.ts';
import { ThinkTimes } from './think-time.ts';

export interface ClosedUsersConfig {
  /** Of all workers together. */
  readonly users: number;
  /** The think time, where none is drawn. */
  readonly thinkTimeNs: number;
  /** Absent: all think equally long. */
  readonly drawnThinkTime?: RandomThinkTime;
  /** Requests that follow a page at once; absent: single requests. */
  readonly assets?: number;
  /** How long a user waits at least after a failure; absent: no longer than it thinks. */
  readonly pauseAfterFailureNs?: number;
  /** Start of the trial on the clock of every `nowNs`. */
  readonly startNs: number;
  /** End of measure on the same clock: from here on no request starts. `stopAt` may bring it forward. */
  readonly stopNs: number;
  readonly seed: number;
  /** This worker, 0..workers-1. */
  readonly worker: number;
  readonly workers: number;
}

/** More would not fit the count of a user's requests under way. */
const mostAssets = 65_535;

// Bits of a user's stage.
const IN_ASSETS = 1;
const HAS_FAILED = 2;

/**
 * The users of one worker: user u of all belongs to worker u mod W and is called by its place there, (u - worker) / W. Throws a RangeError
 * for a population that cannot be.
 */
export class ClosedUsers {
  /** Users of this worker. */
  readonly count: number;

  readonly #think: ThinkTimes;
  readonly #assets: number;
  readonly #pauseNs: number;
  #stopNs: number;
  readonly #worker: number;
  readonly #workers: number;
  readonly #queue: DueQueue;
  // By place.
  readonly #stage: Uint8Array;
  /** Requests that are due together and not yet taken; 0 while the user waits for answers. */
  readonly #toTake: Uint16Array;
  readonly #underWay: Uint16Array;
  /** Pauses so far: their number is their place in the plan. */
  readonly #pauses: Uint32Array;
  /** The latest reading of the clock. */
  #nowNs: number;

  constructor(config: ClosedUsersConfig) {
    assertConfig(config);
    const { users, worker, workers, seed, thinkTimeNs, drawnThinkTime } = config;
    this.count = shareOf(users, workers, worker);
    this.#think = new ThinkTimes({
      constantNs: thinkTimeNs,
      ...(drawnThinkTime === undefined ? {} : { drawn: drawnThinkTime }),
      seed,
    });
    this.#assets = config.assets ?? 0;
    this.#pauseNs = config.pauseAfterFailureNs ?? 0;
    this.#stopNs = config.stopNs;
    this.#worker = worker;
    this.#workers = workers;
    this.#nowNs = config.startNs;
    this.#queue = new DueQueue(this.count);
    this.#stage = new Uint8Array(this.count);
    this.#toTake = new Uint16Array(this.count);
    this.#underWay = new Uint16Array(this.count);
    this.#pauses = new Uint32Array(this.count);
    for (let place = 0; place < this.count; place++) {
      this.#due(place, 1, config.startNs + this.#think.firstNs(this.userAt(place)));
    }
  }

  /** When the next request is due, its intended start; Infinity while none is. Before the stop. */
  get nextNs(): number {
    const { nextNs } = this.#queue;
    return nextNs < this.#stopNs ? nextNs : Infinity;
  }

  /** The place of the user whose request that is; -1 while none is due. */
  get next(): number {
    return this.#queue.nextNs < this.#stopNs ? this.#queue.next : -1;
  }

  /** Brings the stop forward. Whoever is due only then, or later, does not come. Throws a RangeError for a later stop. */
  stopAt(stopNs: number): void {
    if (!(stopNs <= this.#stopNs))
      throw new RangeError(`the stop cannot be moved from ${this.#stopNs} to ${stopNs} ns`);
    this.#stopNs = stopNs;
  }

  /** The number among all users of the one at a place. */
  userAt(place: number): number {
    return place * this.#workers + this.#worker;
  }

  /** The next request is under way until it is `settled`. Throws an Error where none is due. */
  take(): void {
    const place = this.next;
    if (place < 0) throw new Error('no user is due');
    this.#underWay[place]!++;
    const left = this.#toTake[place]! - 1;
    this.#toTake[place] = left;
    if (left === 0) this.#queue.pop();
  }

  /**
   * The user at a place has an answer, or knows that it gets none. What it does next is due at `nowNs` or later, and not at all if only
   * at the stop or later. `nowNs` comes from a clock that never goes back; a reading before an earlier one is taken as that one. Throws an
   * Error for a user who has no request under way.
   */
  settled(place: number, nowNs: number, failed: boolean): void {
    if (!(this.#underWay[place]! > 0)) throw new Error(`user ${this.userAt(place)} has no request under way`);
    if (nowNs > this.#nowNs) this.#nowNs = nowNs;
    if (failed) this.#stage[place]! |= HAS_FAILED;
    if (--this.#underWay[place]! > 0 || this.#toTake[place]! > 0) return;
    if (this.#stage[place] === 0 && this.#assets > 0) {
      this.#stage[place] = IN_ASSETS;
      this.#due(place, this.#assets, this.#nowNs);
      return;
    }
    const thinkNs = this.#think.drawNs(this.userAt(place), this.#pauses[place]!++);
    const leastNs = (this.#stage[place]! & HAS_FAILED) !== 0 ? this.#pauseNs : 0;
    this.#stage[place] = 0;
    this.#due(place, 1, this.#nowNs + (thinkNs > leastNs ? thinkNs : leastNs));
  }

  #due(place: number, requests: number, dueNs: number): void {
    if (dueNs >= this.#stopNs) return;
    this.#toTake[place] = requests;
    this.#queue.push(place, dueNs);
  }
}

function assertConfig({ users, assets = 0, startNs, stopNs, worker, workers }: ClosedUsersConfig): void {
  assertWorker(workers, worker);
  if (!Number.isInteger(users) || users < 0 || users >= 2 ** 31) throw new RangeError(`a population of ${users} users`);
  if (!Number.isInteger(assets) || assets < 0 || assets > mostAssets)
    throw new RangeError(`a page with ${assets} assets`);
  if (!Number.isFinite(startNs) || !(stopNs >= startNs)) throw new RangeError(`users from ${startNs} to ${stopNs} ns`);
}
