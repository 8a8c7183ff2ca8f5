/** Random numbers: the reference sequence, reproducible and independent streams, uniform whole numbers. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/load/random.ts';

function take<T>(count: number, draw: () => T): T[] {
  return Array.from({ length: count }, draw);
}

/** xoshiro128** written from its definition in big integers. */
function* reference(state: readonly bigint[]): Generator<number, never> {
  const mask = 0xffffffffn;
  const rotate = (word: bigint, by: bigint): bigint => ((word << by) | (word >> (32n - by))) & mask;
  const s = [...state] as [bigint, bigint, bigint, bigint];
  for (;;) {
    yield Number((rotate((s[1] * 5n) & mask, 7n) * 9n) & mask);
    const t = (s[1] << 9n) & mask;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 11n);
  }
}

describe('Random', () => {
  it('gives the published sequence of xoshiro128** from the state 1, 2, 3, 4', () => {
    const random = new Random([1, 2, 3, 4]);
    // Printed by the authors' C program; also the vector of the rand_xoshiro crate.
    expect(take(10, () => random.nextUint32())).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });

  it('follows the definition from any state', () => {
    const word = fc.integer({ min: 1, max: 0xffffffff });
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), (state) => {
        const expected = reference(state.map(BigInt));
        const random = new Random(state);
        expect(take(50, () => random.nextUint32())).toEqual(take(50, () => expected.next().value));
      }),
    );
  });

  it('does not stay at zero', () => {
    const random = new Random([0, 0, 0, 0]);
    expect(new Set(take(20, () => random.nextUint32())).size).toBeGreaterThan(15);
  });

  it('depends on the seed alone', () => {
    const first = (seed: number): number[] =>
      take(
        4,
        (
          (random) => () =>
            random.nextUint32()
        )(new Random(seed)),
      );
    const seeds = [0, 1, 2, 42, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER];
    for (const seed of seeds) expect(first(seed)).toEqual(first(seed));
    expect(new Set(seeds.map((seed) => first(seed).join())).size).toBe(seeds.length);
    for (const seed of [-1, 0.5, NaN, 2 ** 53]) expect(() => new Random(seed)).toThrow(RangeError);
  });

  it('forks by label, whatever was drawn before', () => {
    const random = new Random(7);
    const before = take(
      5,
      (
        (fork) => () =>
          fork.nextUint32()
      )(random.fork(3)),
    );
    take(100, () => random.nextUint32());
    expect(
      take(
        5,
        (
          (fork) => () =>
            fork.nextUint32()
        )(random.fork(3)),
      ),
    ).toEqual(before);
    expect(() => random.fork(-1)).toThrow(RangeError);
  });

  it('forks 20,000 streams of two generations without a repetition', () => {
    const starts = new Set<string>();
    for (const parent of [new Random(7), new Random(8)]) {
      for (let label = 0; label < 10_000; label++) {
        const fork = label % 2 === 0 ? parent.fork(label) : parent.fork(1).fork(label);
        starts.add(`${fork.nextUint32()} ${fork.nextUint32()}`);
      }
    }
    expect(starts.size).toBe(20_000);
  });

  it('streams of neighbouring labels are uncorrelated', () => {
    const origin = new Random(11);
    const [a, b] = [origin.fork(1), origin.fork(2)];
    const n = 20_000;
    let product = 0;
    for (let i = 0; i < n; i++) product += (a.nextUnit() - 0.5) * (b.nextUnit() - 0.5);
    // The correlation of independent streams has standard error 1 / sqrt(n) = 0.007; the seed is fixed, four of them are ample.
    expect(Math.abs(product / n / (1 / 12))).toBeLessThan(0.028);
  });

  it('units have 53 bits in [0, 1)', () => {
    const random = new Random(5);
    const units = take(20_000, () => random.nextUnit());
    expect(units.every((unit) => unit >= 0 && unit < 1 && Number.isInteger(unit * 2 ** 53))).toBe(true);
    expect(units.some((unit) => !Number.isInteger(unit * 2 ** 52))).toBe(true);
    // Mean 1/2 with standard error 0.289 / sqrt(20000) = 0.002.
    expect(Math.abs(units.reduce((sum, unit) => sum + unit, 0) / 20_000 - 0.5)).toBeLessThan(0.008);
  });

  it('whole numbers are uniform', () => {
    const random = new Random(6);
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i++) counts[random.nextInt(7)]!++;
    const chiSquare = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    // 6 degrees of freedom: 22.5 is the 99.9th percentile.
    expect(chiSquare).toBeLessThan(22.5);
  });

  it('whole numbers have no bias where 2^32 is not a multiple', () => {
    const random = new Random(9);
    // Of 3 x 2^30 numbers a plain remainder would give the lower third half of the draws instead of a third.
    const low = take(30_000, () => random.nextInt(3 * 2 ** 30)).filter((draw) => draw < 2 ** 30).length;
    expect(Math.abs(low / 30_000 - 1 / 3)).toBeLessThan(0.012);
  });

  it('whole numbers stay below n and refuse an impossible n', () => {
    const random = new Random(10);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 32 }), (n) => {
        const draw = random.nextInt(n);
        expect(Number.isInteger(draw) && draw >= 0 && draw < n).toBe(true);
      }),
    );
    expect(random.nextInt(1)).toBe(0);
    for (const n of [0, -1, 1.5, 2 ** 32 + 1, NaN]) expect(() => random.nextInt(n)).toThrow(RangeError);
  });
});
