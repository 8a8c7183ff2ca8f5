/**
 * Random numbers by address: the number of (stream, index) is the same whenever and by whichever worker it is asked for, so that a plan
 * does not depend on who is served first. Hot: no state, no allocation; some twenty integer operations a draw.
 *
 * Each word is a Weyl sequence of the index, begun where the mixed stream says, under the mixer of splitmix32.
 */
import { mix32, type Random } from './random.ts';

/** Odd steps of the two sequences: 2^32 over the golden ratio, and MurmurHash3's first multiplier. */
const highStep = 0x9e3779b9;
const lowStep = 0x85ebca6b;

export class CounterRandom {
  readonly #highStart: number;
  readonly #highKey: number;
  readonly #lowStart: number;
  readonly #lowKey: number;

  /** Takes its key, four words, from `random`: the same stream of a seed gives the same numbers on every machine. */
  constructor(random: Random) {
    this.#highStart = random.nextUint32() | 0;
    this.#highKey = random.nextUint32() | 0;
    this.#lowStart = random.nextUint32() | 0;
    this.#lowKey = random.nextUint32() | 0;
  }

  /** A whole number in 0..2^32-1. `stream` and `index` are whole numbers in the same range. */
  uint32(stream: number, index: number): number {
    const start = mix32((stream ^ this.#highStart) | 0);
    return mix32((start + Math.imul(highStep, index)) ^ this.#highKey) >>> 0;
  }

  /** Uniform in [0, 1), a multiple of 2^-53. */
  unit(stream: number, index: number): number {
    const start = mix32((stream ^ this.#lowStart) | 0);
    const low = mix32((start + Math.imul(lowStep, index)) ^ this.#lowKey) >>> 6;
    return ((this.uint32(stream, index) >>> 5) * 0x4000000 + low) / 0x20000000000000;
  }

  /** Exponential with mean 1. */
  exponential(stream: number, index: number): number {
    return -Math.log(1 - this.unit(stream, index));
  }

  /** Normal with mean 0 and standard deviation 1 (Box & Muller 1958). It uses up the uniform numbers 2 x index and 2 x index + 1. */
  normal(stream: number, index: number): number {
    const radius = Math.sqrt(2 * this.exponential(stream, 2 * index));
    return radius * Math.cos(2 * Math.PI * this.unit(stream, 2 * index + 1));
  }
}
