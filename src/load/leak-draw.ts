/** Which requests leak: drawn with the load's share, by the request's place in the plan and by nothing else. */
import type { LoadConfig } from '../scenario/config.ts';
import { CounterRandom } from './counter-random.ts';
import { Random } from './random.ts';

/** Hot: `draw` allocates nothing. */
export class LeakDraw {
  /** The load leaks at all. */
  readonly any: boolean;
  readonly #random: CounterRandom;
  /** The 32-bit numbers below it are leaks. */
  readonly #limit: number;

  constructor({ leak }: LoadConfig, seed: number) {
    this.any = leak !== undefined;
    this.#random = new CounterRandom(new Random(seed).fork(6));
    this.#limit = Math.round((leak?.share ?? 0) * 2 ** 32);
  }

  /** 1 where request number `index` of a stream is never read, else 0: of the open model's only stream, 0, or of a user. */
  draw(stream: number, index: number): number {
    return this.any && this.#random.uint32(stream, index) < this.#limit ? 1 : 0;
  }
}
