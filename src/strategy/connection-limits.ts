/**
 * How many requests a connection may carry and how old it may become, by its place in the order of opening. Where the rules leave a range
 * each connection gets numbers of its own, drawn by that place: neither what other connections do nor other draws shift them.
 */
import { CounterRandom } from '../load/counter-random.ts';
import type { Random } from '../load/random.ts';

export interface LimitRules {
  /** Requests after which a connection is retired, where there is no range. */
  readonly maxRequests: number;
  /** Drawn uniformly over the whole numbers from `min` to `max`, both included. */
  readonly maxRequestsRange?: { readonly min: number; readonly max: number };
  /** Age after which a connection is retired when next released. */
  readonly maxLifetimeNs: number;
  /** Drawn uniformly from `maxLifetimeNs` x (1 - this) to x (1 + this), 0..1; absent: 0. */
  readonly maxLifetimeJitter?: number;
}

/** Streams of the draws. */
const requestsStream = 0;
const lifetimeStream = 1;

/** Hot: no allocation. */
export class ConnectionLimits {
  readonly #fewest: number;
  /** How many numbers of requests there are to choose from. */
  readonly #choices: number;
  readonly #lifetimeNs: number;
  readonly #jitter: number;
  readonly #draws: CounterRandom | null;

  /** Throws an Error where the rules leave something to chance and `random` is missing. */
  constructor(rules: LimitRules, random?: Random) {
    const { maxRequests, maxRequestsRange: range, maxLifetimeNs, maxLifetimeJitter = 0 } = rules;
    this.#fewest = range?.min ?? maxRequests;
    this.#choices = range === undefined ? 1 : range.max - range.min + 1;
    this.#lifetimeNs = maxLifetimeNs;
    // An unlimited lifetime stays unlimited.
    this.#jitter = maxLifetimeNs === Infinity ? 0 : maxLifetimeJitter;
    if (random === undefined && (this.#choices > 1 || this.#jitter > 0)) {
      throw new Error('the limits of connections are to be drawn, and there is nothing to draw them from');
    }
    this.#draws = random === undefined ? null : new CounterRandom(random);
  }

  /** Requests that the connection number `place` of the pool, from 0, may carry. */
  maxRequests(place: number): number {
    if (this.#draws === null || this.#choices === 1) return this.#fewest;
    return this.#fewest + Math.floor(this.#draws.unit(requestsStream, place) * this.#choices);
  }

  /** How old the connection number `place` may become. */
  lifetimeNs(place: number): number {
    if (this.#draws === null || this.#jitter === 0) return this.#lifetimeNs;
    return this.#lifetimeNs * (1 + this.#jitter * (2 * this.#draws.unit(lifetimeStream, place) - 1));
  }
}
