/**
 * Seeded random numbers: xoshiro128** 1.1 (Blackman & Vigna, https://prng.di.unimi.it/xoshiro128starstar.c, public domain), seeded by
 * a splitmix32 sequence, as its authors advise. Hot: a draw is a dozen integer operations and no allocation.
 */

const golden = 0x9e3779b9;

/** Mixes 32 bits one to one: 16 21f0aaad 15 735a2d97 15 of https://github.com/skeeto/hash-prospector. */
export function mix32(word: number): number {
  let mixed = word ^ (word >>> 16);
  mixed = Math.imul(mixed, 0x21f0aaad);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0x735a2d97);
  return mixed ^ (mixed >>> 15);
}

/** The state of the generator: four words of 32 bits. */
type Words = readonly [number, number, number, number];

/** Word i is a splitmix32 output for the label, mixed with word i of the key. Labels below 2^32 never share a word in the same place. */
function derive(key: Words, label: number): Words {
  const low = label | 0;
  const high = mix32((Math.floor(label / 2 ** 32) + golden) | 0);
  const word = (index: 0 | 1 | 2 | 3): number => {
    const split = mix32((low + Math.imul(golden, index + 1)) | 0);
    return mix32(((key[index] + split) | 0) ^ high);
  };
  return [word(0), word(1), word(2), word(3)];
}

/** One stream of random numbers. The same seed and the same labels of `fork` give the same numbers on every machine. */
export class Random {
  readonly #key: Words;
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** `seed`: a whole number from 0 to 2^53 - 1, or the generator's own state. Throws a RangeError for another number. */
  constructor(seed: number | Words) {
    this.#key = typeof seed === 'number' ? derive([0, 0, 0, 0], whole(seed, 'seed')) : seed;
    [this.#a, this.#b, this.#c, this.#d] = this.#key;
    // The generator stays at zero for ever if it starts there.
    if ((this.#a | this.#b | this.#c | this.#d) === 0) this.#a = golden | 0;
  }

  /**
   * An independent stream, named by a whole number from 0 to 2^53 - 1. It depends on this stream's origin and on the label, not on how
   * many numbers were drawn; the same label gives the same stream again.
   */
  fork(label: number): Random {
    return new Random(derive(this.#key, whole(label, 'label')));
  }

  /** A whole number in 0..2^32-1. */
  nextUint32(): number {
    const b = this.#b;
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9);
    const c = this.#c ^ this.#a;
    const d = this.#d ^ b;
    this.#b = b ^ c;
    this.#a ^= d;
    this.#c = c ^ (b << 9);
    this.#d = (d << 11) | (d >>> 21);
    return result >>> 0;
  }

  /** Uniform in [0, 1), a multiple of 2^-53. */
  nextUnit(): number {
    const high = this.nextUint32() >>> 5;
    const low = this.nextUint32() >>> 6;
    return (high * 0x4000000 + low) / 0x20000000000000;
  }

  /** Uniform in 0..n-1, without bias: draws beyond the last full multiple of n are thrown away. Throws a RangeError unless 1 <= n <= 2^32. */
  nextInt(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 0x100000000) throw new RangeError(`cannot draw one of ${n} numbers`);
    const limit = 0x100000000 - (0x100000000 % n);
    let draw = this.nextUint32();
    // At most every second draw is thrown away, so the loop ends.
    while (draw >= limit) draw = this.nextUint32();
    return draw % n;
  }

  /** Exponential with mean 1. */
  nextExponential(): number {
    return -Math.log(1 - this.nextUnit());
  }

  /** Normal with mean 0 and standard deviation 1 (Box & Muller 1958). */
  nextNormal(): number {
    return Math.sqrt(2 * this.nextExponential()) * Math.cos(2 * Math.PI * this.nextUnit());
  }
}

function whole(value: number, name: string): number {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`${name} is a whole number from 0 to 2^53 - 1, not ${value}`);
  }
  return value;
}
