/** Block bootstrap within one run: what it draws, what it finds, and that it is no substitute for several runs. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/load/random.ts';
import { blockBootstrap } from '../../src/stats/bootstrap.ts';
import { Histogram, type SparseCounts } from '../../src/stats/histogram.ts';

const intervalsOf = (values: readonly number[]): SparseCounts[] =>
  values.map((value) => ({ indices: [value], counts: [10] }));

describe('blockBootstrap', () => {
  it('draws runs of neighbours, as many intervals as there are', () => {
    // 8 intervals: blocks of 2, starting at 0 to 6. These numbers start them at 0, 0, 0 and 6 each time, so the greatest is 8 of
    // 1 2 1 2 1 2 7 8 in every resample; the median is the fourth of eight, 2.
    const units = [0, 0, 0, 0.99];
    let drawn = 0;
    const random = (): number => units[drawn++ % units.length]!;
    const intervals = intervalsOf([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(blockBootstrap(intervals, 1, random, 40)).toEqual({ low: 8, high: 8 });
    expect(drawn).toBe(4 * 40);
    expect(blockBootstrap(intervals, 0.5, random, 40)).toEqual({ low: 2, high: 2 });
  });

  it('cuts off the last block', () => {
    // 10 intervals: blocks of 3, starting at 0 to 7. Started at 0, 0, 0 and 7 they are 1 2 3 1 2 3 1 2 3 and only the 8 of 8 9 10.
    const units = [0, 0, 0, 0.99];
    let drawn = 0;
    const found = blockBootstrap(intervalsOf([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), 1, () => units[drawn++ % 4]!, 40);
    expect(found).toEqual({ low: 8, high: 8 });
  });

  it('merges the neighbours of a long run first', () => {
    // 250 intervals: threes make 84, the last of a single one; blocks of cbrt(84), 5, so 17 draws a resample.
    const long = intervalsOf(Array.from({ length: 250 }, (_, index) => 100 + index));
    const merged = Array.from({ length: 84 }, (_, part): SparseCounts => {
      const three = long.slice(3 * part, 3 * part + 3);
      return { indices: three.flatMap(({ indices }) => indices), counts: three.flatMap(({ counts }) => counts) };
    });
    let drawn = 0;
    const seeded = (): (() => number) => {
      const stream = new Random(9);
      return () => {
        drawn++;
        return stream.nextUnit();
      };
    };
    const found = blockBootstrap(long, 0.5, seeded(), 40);
    expect(drawn).toBe(17 * 40);
    expect(found).toEqual(blockBootstrap(merged, 0.5, seeded(), 40));
    const huge = Array.from({ length: 200 }, () => ({ indices: [5], counts: [Number.MAX_SAFE_INTEGER] }));
    expect(blockBootstrap(huge, 0.5, seeded(), 40)).toEqual({ low: 5, high: 5 });
    expect(() => blockBootstrap([...long, { indices: [1], counts: [] }], 0.5, seeded(), 40)).toThrow(RangeError);
  });

  it('covers the quantile, the same for the same seed', () => {
    const random = new Random(7);
    const intervals = Array.from({ length: 60 }, () => {
      const histogram = new Histogram();
      for (let i = 0; i < 500; i++) histogram.record(1e6 * Math.exp(random.nextNormal() / 3));
      return histogram.toSparse();
    });
    const seeded = (seed: number): ReturnType<typeof blockBootstrap> => {
      const stream = new Random(seed);
      return blockBootstrap(intervals, 0.99, () => stream.nextUnit(), 400);
    };
    const found = seeded(1)!;
    // exp(2.326 / 3) ms; 30,000 independent values leave about 0.8 % on either side.
    const truth = 1e6 * Math.exp(2.3263 / 3);
    expect(found.low).toBeGreaterThan(truth * 0.97);
    expect(found.low).toBeLessThan(truth);
    expect(found.high).toBeGreaterThan(truth);
    expect(found.high).toBeLessThan(truth * 1.03);
    expect(seeded(1)).toEqual(found);
    expect(seeded(2)).not.toEqual(found);
  });

  it('is wider where neighbours resemble each other', () => {
    const width = (values: readonly number[]): number => {
      const stream = new Random(3);
      const { low, high } = blockBootstrap(intervalsOf(values), 0.5, () => stream.nextUnit(), 400)!;
      return high - low;
    };
    const wave = Array.from({ length: 64 }, (_, i) => Math.round(1000 + 100 * Math.sin((2 * Math.PI * i) / 64)));
    const scattered = wave.map((_, index) => wave[(index * 27) % 64]!);
    expect(scattered.toSorted()).toEqual(wave.toSorted());
    expect(width(wave)).toBeGreaterThan(1.3 * width(scattered));
  });

  it('of equal intervals is one point', () => {
    expect(blockBootstrap(intervalsOf(Array<number>(10).fill(500)), 0.99, () => 0.5)).toEqual({ low: 500, high: 500 });
  });

  it('needs five intervals that hold something', () => {
    const empty: SparseCounts = { indices: [], counts: [] };
    expect(blockBootstrap([], 0.5, () => 0)).toBeNull();
    expect(blockBootstrap([...intervalsOf([1, 2, 3, 4]), empty, empty], 0.5, () => 0)).toBeNull();
  });

  it('refuses bad numbers', () => {
    const intervals = intervalsOf([1, 2, 3, 4, 5]);
    for (const unit of [1, -0.1, NaN]) expect(() => blockBootstrap(intervals, 0.5, () => unit)).toThrow(RangeError);
    for (const resamples of [39, 40.5, NaN]) {
      expect(() => blockBootstrap(intervals, 0.5, () => 0, resamples)).toThrow(RangeError);
    }
    expect(() => blockBootstrap(intervals, 2, () => 0)).toThrow(RangeError);
    expect(() => blockBootstrap([{ indices: [2, 1], counts: [1, 1] }], 0.5, () => 0)).toThrow(RangeError);
  });
});
