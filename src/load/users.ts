/**
 * The closed model: N users that send, wait for the answer, think, and send again. Hot: typed arrays, no timer and no object per user.
 *
 * All users think equally long, so they become ready in the order in which they completed, and a ring is a sorted queue. With think
 * time the first starts are spread over one think time at random (seeded, the same on any number of workers); without it every user
 * is ready at the start.
 */
import { Random } from './random.ts';
import { assertWorker, shareOf } from './split.ts';

export interface ClosedUsersConfig {
  /** Of all workers together. */
  readonly users: number;
  readonly thinkTimeNs: number;
  /** Start of the trial on the clock of every `nowNs`. */
  readonly startNs: number;
  /** End of measure on the same clock: from here on no request starts. */
  readonly stopNs: number;
  readonly seed: number;
  /** This worker, 0..workers-1. */
  readonly worker: number;
  readonly workers: number;
}

/** The users of one worker: user u of all belongs to worker u mod W. Throws a RangeError for a population that cannot be. */
export class ClosedUsers {
  /** Users of this worker. */
  readonly count: number;

  readonly #thinkTimeNs: number;
  readonly #stopNs: number;
  readonly #worker: number;
  readonly #workers: number;
  /** By the user's place in this worker, (user - worker) / workers: when it is, or was, ready to send. */
  readonly #readyNs: Float64Array;
  readonly #waiting: Uint8Array;
  /** Places of the waiting users, sorted by ready time, from `#head` on around the end. */
  readonly #ring: Int32Array;
  #head = 0;
  #queued = 0;
  #lastReadyNs = -Infinity;

  constructor(config: ClosedUsersConfig) {
    const { users, worker, workers } = config;
    assertConfig(config);
    this.count = shareOf(users, workers, worker);
    this.#thinkTimeNs = config.thinkTimeNs;
    this.#stopNs = config.stopNs;
    this.#worker = worker;
    this.#workers = workers;
    this.#readyNs = firstStarts(config, this.count);
    this.#waiting = new Uint8Array(this.count);
    this.#ring = new Int32Array(this.count);
    const places = Int32Array.from(this.#readyNs.keys()).sort((a, b) => this.#readyNs[a]! - this.#readyNs[b]! || a - b);
    for (const place of places) this.#enqueue(place, this.#readyNs[place]!);
  }

  /** Takes the next user who is ready by `nowNs`, or gives -1. Its request counts as under way until `completed`. */
  due(nowNs: number): number {
    if (nowNs >= this.#stopNs) this.#queued = 0;
    if (this.#queued === 0) return -1;
    const place = this.#ring[this.#head]!;
    if (this.#readyNs[place]! > nowNs) return -1;
    this.#head = this.#head + 1 === this.count ? 0 : this.#head + 1;
    this.#queued--;
    this.#waiting[place] = 0;
    return place * this.#workers + this.#worker;
  }

  /** When the user became ready: the intended start of its request, until it is `completed`. */
  readyNs(user: number): number {
    return this.#readyNs[this.#placeOf(user)]!;
  }

  /**
   * The user has its answer, or knows that it gets none, and thinks. It is not asked again if it would be ready only at the stop or later.
   * `nowNs` comes from a clock that never goes back; a reading before an earlier one is taken as that one. Throws an Error for a user
   * who has no request under way.
   */
  completed(user: number, nowNs: number): void {
    const place = this.#placeOf(user);
    if (this.#waiting[place] !== 0) throw new Error(`user ${user} has no request under way`);
    this.#enqueue(place, Math.max(this.#lastReadyNs, nowNs + this.#thinkTimeNs));
  }

  /** When the next user is ready; Infinity if none waits. */
  nextReadyNs(): number {
    return this.#queued === 0 ? Infinity : this.#readyNs[this.#ring[this.#head]!]!;
  }

  #enqueue(place: number, readyNs: number): void {
    this.#readyNs[place] = readyNs;
    this.#waiting[place] = 1;
    this.#lastReadyNs = readyNs;
    if (readyNs >= this.#stopNs) return;
    const tail = this.#head + this.#queued;
    this.#ring[tail < this.count ? tail : tail - this.count] = place;
    this.#queued++;
  }

  #placeOf(user: number): number {
    const place = (user - this.#worker) / this.#workers;
    if (!Number.isInteger(place) || place < 0 || place >= this.count) {
      throw new RangeError(`user ${user} does not belong to worker ${this.#worker} of ${this.#workers}`);
    }
    return place;
  }
}

/** When each user of this worker first sends. Every worker draws for all users, so that the plan does not depend on their number. */
function firstStarts(
  { users, thinkTimeNs, startNs, seed, worker, workers }: ClosedUsersConfig,
  count: number,
): Float64Array {
  const starts = new Float64Array(count).fill(startNs);
  if (thinkTimeNs === 0) return starts;
  const random = new Random(seed).fork(3);
  for (let user = 0; user < users; user++) {
    const offsetNs = Math.floor(random.nextUnit() * thinkTimeNs);
    if (user % workers === worker) starts[(user - worker) / workers]! += offsetNs;
  }
  return starts;
}

function assertConfig({ users, thinkTimeNs, startNs, stopNs, worker, workers }: ClosedUsersConfig): void {
  assertWorker(workers, worker);
  if (!Number.isInteger(users) || users < 0 || users >= 2 ** 31) throw new RangeError(`a population of ${users} users`);
  if (!(thinkTimeNs >= 0 && thinkTimeNs < Infinity)) throw new RangeError(`a think time of ${thinkTimeNs} ns`);
  if (!Number.isFinite(startNs) || !(stopNs >= startNs)) throw new RangeError(`users from ${startNs} to ${stopNs} ns`);
}
