/** How long users think between requests: constant or drawn, the same for a user's n-th pause whoever serves it. Hot: `drawNs` allocates nothing. */
import type { RandomThinkTime } from '../scenario/config.ts';
import { CounterRandom } from './counter-random.ts';
import { Random } from './random.ts';

export interface ThinkTimeConfig {
  /** The think time, where none is drawn. */
  readonly constantNs: number;
  /** Absent: all think equally long. */
  readonly drawn?: RandomThinkTime;
  readonly seed: number;
}

/** Beyond this a pause outlasts every trial; a float still holds whole nanoseconds. */
const longestNs = 2 ** 52;

/** Throws a RangeError for a distribution that is none. */
export class ThinkTimes {
  readonly #constantNs: number;
  readonly #drawn: RandomThinkTime | undefined;
  readonly #random: CounterRandom;
  readonly #firstRandom: CounterRandom;

  constructor({ constantNs, drawn, seed }: ThinkTimeConfig) {
    if (!(constantNs >= 0 && constantNs < Infinity)) throw new RangeError(`a think time of ${constantNs} ns`);
    if (drawn !== undefined) assertDistribution(drawn);
    this.#constantNs = constantNs;
    this.#drawn = drawn;
    this.#firstRandom = new CounterRandom(new Random(seed).fork(3));
    this.#random = new CounterRandom(new Random(seed).fork(4));
  }

  /** Pause number `index` (from 0) of a user, whole ns. */
  drawNs(user: number, index: number): number {
    const drawn = this.#drawn;
    if (drawn === undefined) return this.#constantNs;
    const ns =
      drawn.distribution === 'exponential'
        ? drawn.meanMs * 1e6 * this.#random.exponential(user, index)
        : drawn.medianMs * 1e6 * Math.exp(drawn.sigma * this.#random.normal(user, index));
    return Math.round(Math.min(ns, longestNs));
  }

  /**
   * What is left of a user's pause at the start of the trial, whole ns: as if it had thought and come back for ever before, so that the
   * first requests neither crowd nor are missing. That is a uniform part of a pause drawn in proportion to its length (Cox, Renewal
   * Theory, 1962, chapter 5): of an exponential one again an exponential, of a lognormal one a lognormal whose logarithm is sigma^2 higher.
   */
  firstNs(user: number): number {
    const drawn = this.#drawn;
    const random = this.#firstRandom;
    if (drawn === undefined) return Math.floor(random.unit(user, 0) * this.#constantNs);
    if (drawn.distribution === 'exponential') {
      return Math.round(Math.min(drawn.meanMs * 1e6 * random.exponential(user, 0), longestNs));
    }
    const { medianMs, sigma } = drawn;
    const wholeNs = medianMs * 1e6 * Math.exp(sigma * (sigma + random.normal(user, 1)));
    return Math.round(Math.min(random.unit(user, 0) * wholeNs, longestNs));
  }
}

function assertDistribution(drawn: RandomThinkTime): void {
  const [scaleMs, sigma] = drawn.distribution === 'exponential' ? [drawn.meanMs, 0] : [drawn.medianMs, drawn.sigma];
  if (!(scaleMs >= 0 && scaleMs < Infinity)) throw new RangeError(`a mean or median think time of ${scaleMs} ms`);
  if (!(sigma >= 0 && sigma < Infinity)) throw new RangeError(`a think time with sigma ${sigma}`);
}
