/** Which of several requests is sent: drawn with weights, by the request's place in the plan and by nothing else. */
import type { LoadConfig, RequestConfig } from '../scenario/config.ts';
import { CounterRandom } from './counter-random.ts';
import { Random } from './random.ts';

/** The requests of a load in the order in which `RequestMix` numbers them; at least one. */
export function requestAlternatives({ request, requests }: LoadConfig): readonly RequestConfig[] {
  return requests ?? [request];
}

/** Hot: `draw` allocates nothing. Throws a RangeError for weights from which nothing can be drawn. */
export class RequestMix {
  /** The alternatives, numbered from 0. */
  readonly count: number;
  readonly #random: CounterRandom;
  /** By alternative: the 32-bit numbers below this one and not below those before are its own. */
  readonly #limits: Float64Array;

  constructor(load: LoadConfig, seed: number) {
    const weights = load.requests?.map(({ weight }) => weight) ?? [1];
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    if (!(total > 0 && total < Infinity) || weights.some((weight) => !(weight > 0))) {
      throw new RangeError(`cannot draw requests with the weights ${weights.join(', ')}`);
    }
    this.count = weights.length;
    this.#random = new CounterRandom(new Random(seed).fork(5));
    this.#limits = new Float64Array(weights.length);
    let sum = 0;
    for (const [alternative, weight] of weights.entries()) {
      sum += weight;
      this.#limits[alternative] = Math.round((sum / total) * 2 ** 32);
    }
    this.#limits[this.count - 1] = 2 ** 32;
  }

  /** The alternative of request number `index` of a stream: of the open model's only one, 0, or of a user. */
  draw(stream: number, index: number): number {
    if (this.count === 1) return 0;
    const limits = this.#limits;
    const drawn = this.#random.uint32(stream, index);
    let low = 0;
    let high = limits.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (drawn < limits[middle]!) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
