/** Steady state: where MSER-5 cuts, and what makes a run unsteady. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/load/random.ts';
import { indexOf, type SparseCounts } from '../../src/stats/histogram.ts';
import { hasSettled, mser5, unsteadiness } from '../../src/stats/steady.ts';

/** Noise that repeats every five values, so that batches of five are alike. */
const noisy = (value: number, index: number): number => value + [-2, 1, 0, -1, 2][index % 5]!;

describe('mser5', () => {
  it('cuts a warm-up off, in batches of five', () => {
    // Batches: 50, 30, 20, then 10 thirteen times; with the three gone nothing varies.
    const values = Array.from({ length: 80 }, (_, index) => noisy([50, 30, 20][Math.floor(index / 5)] ?? 10, index));
    expect(mser5(values)).toEqual({ cut: 15 });
  });

  it('weighs the values lost against the error', () => {
    // Sum of squares over the square of the number of batches. All ten, mean 11.2: (7.84 + 4 x 0.64 + 5 x 1.44) / 100 = 0.176;
    // without the first, mean 98/9: (80/9) / 81 = 0.1097; without two, mean 11: 8 / 64 = 0.125. So only the first goes.
    const values = [14, 10, 12, 10, 12, 10, 12, 10, 12, 10].flatMap((mean) =>
      [0, 1, 2, 3, 4].map((i) => noisy(mean, i)),
    );
    expect(mser5(values)).toEqual({ cut: 5 });
  });

  it('cuts nothing off a steady run, and at most half of any', () => {
    expect(mser5(Array<number>(40).fill(3))).toEqual({ cut: 0 });
    expect(mser5(Array.from({ length: 40 }, (_, index) => 1000 / (index + 1)))).toEqual({ cut: 20 });
    // A rest of fewer than five values is no batch: 42 values are eight.
    expect(mser5(Array.from({ length: 42 }, (_, index) => 1000 / (index + 1)))).toEqual({ cut: 20 });
  });

  it('needs twenty numbers', () => {
    expect([mser5([]), mser5(Array<number>(19).fill(1)), mser5(Array<number>(20).fill(1))]).toEqual([
      null,
      null,
      { cut: 0 },
    ]);
    expect(() => mser5([1, NaN])).toThrow(RangeError);
    expect(() => mser5([1, Infinity])).toThrow(RangeError);
  });
});

describe('unsteadiness', () => {
  /** Twenty lognormal values. */
  function interval(random: Random, scale: number): SparseCounts {
    const counts = new Map<number, number>();
    for (let i = 0; i < 20; i++) {
      const index = indexOf(1e6 * scale * Math.exp(random.nextNormal() / 50));
      counts.set(index, (counts.get(index) ?? 0) + 1);
    }
    const indices = [...counts.keys()].sort((a, b) => a - b);
    return { indices, counts: indices.map((index) => counts.get(index)!) };
  }
  const run = (length: number, scaleAt: (index: number) => number, seed = 11): SparseCounts[] => {
    const random = new Random(seed);
    return Array.from({ length }, (_, index) => interval(random, scaleAt(index)));
  };

  it('finds nothing in most steady runs', () => {
    // Mean and p99 are each taken for moving in about 3 % of them.
    const runs = Array.from({ length: 100 }, (_, seed) =>
      unsteadiness(
        run(100, () => 1, seed),
        0.1,
      ),
    );
    expect(runs.filter((reasons) => reasons.length > 0).length).toBeLessThanOrEqual(12);
    expect(runs.some((reasons) => reasons.includes('halves-differ'))).toBe(false);
  });

  it('finds a run that is still getting faster', () => {
    expect(
      unsteadiness(
        run(100, (index) => 2 - index / 100),
        0.1,
      ),
    ).toEqual(['mean-still-moving', 'p99-still-moving', 'halves-differ']);
  });

  it('finds halves that differ in a short run, whichever is the faster', () => {
    const rising = run(10, (index) => (index < 5 ? 1 : 1.3));
    expect(unsteadiness(rising, 0.1)).toEqual(['halves-differ']);
    expect(unsteadiness(rising.toReversed(), 0.1)).toEqual(['halves-differ']);
    expect(unsteadiness(rising, 0.5)).toEqual([]);
  });

  it('says nothing about no interval or one', () => {
    expect([unsteadiness([], 0.1), unsteadiness([{ indices: [5], counts: [1] }], 0.1)]).toEqual([[], []]);
    expect(() => unsteadiness([], 0)).toThrow(RangeError);
  });
});

describe('hasSettled', () => {
  /** Ten values: nine near `usual`, one at `slow`. */
  const interval = (usual: number, slow: number): SparseCounts => {
    const low = indexOf(usual);
    const high = indexOf(slow);
    return low === high ? { indices: [low], counts: [10] } : { indices: [low, high], counts: [9, 1] };
  };
  const flat = Array.from({ length: 30 }, (_, index) => interval(1e6 + 1e4 * (index % 5), 4e6));

  it('needs twenty intervals with values', () => {
    expect([hasSettled([]), hasSettled(flat.slice(0, 19)), hasSettled(flat.slice(0, 20))]).toEqual([null, null, true]);
    const gaps = flat.slice(0, 19).flatMap((one) => [one, { indices: [], counts: [] }]);
    expect(hasSettled(gaps)).toBeNull();
  });

  it('says no while the mean falls, and yes once what follows outweighs the fall', () => {
    const falling = Array.from({ length: 20 }, (_, index) => interval(5e6 - 2e5 * index, 9e6));
    expect(hasSettled(falling)).toBe(false);
    expect(hasSettled([...falling, ...flat, ...flat])).toBe(true);
  });

  it('says no while only the p99 moves', () => {
    // The usual values make up for the slow one, so that the mean stays: 9 u + s = 40 ms.
    const moving = Array.from({ length: 20 }, (_, index) => {
      const slow = 20e6 - 8e5 * index;
      return interval((40e6 - slow) / 9, slow);
    });
    expect(hasSettled(moving)).toBe(false);
  });
});
