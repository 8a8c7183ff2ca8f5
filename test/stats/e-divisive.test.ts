/** Change points: planted ones, pure noise, and the statistic against its definition. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../src/load/random.ts';
import { bestSplit, changePoints, type ChangePointOptions } from '../../src/stats/e-divisive.ts';

const options: ChangePointOptions = { maxP: 0.001, leastShift: Math.log(1.05), window: 50, leastStretch: 4 };

function noise(points: number, deviation: number, seed: number): number[] {
  const random = new Random(seed);
  return Array.from({ length: points }, () => deviation * random.nextNormal());
}

/** Each `[index, shift]` moves everything from the index on. */
function planted(values: readonly number[], ...steps: readonly (readonly [number, number])[]): number[] {
  return values.map((value, at) => value + steps.reduce((sum, [index, shift]) => sum + (at >= index ? shift : 0), 0));
}

function indices(values: readonly number[], changed: Partial<ChangePointOptions> = {}): number[] {
  return changePoints(values, { ...options, ...changed }).map((point) => point.index);
}

describe('planted changes', () => {
  test.each([4, 5, 20, 25, 26, 41, 46, 47, 48, 49, 50, 55, 56])('one of +12 % at %d of 60', (index) => {
    const found = Array.from({ length: 50 }, (_, seed) =>
      indices(planted(noise(60, 0.01, seed), [index, Math.log(1.12)])),
    );
    expect(found).toEqual(found.map(() => [index]));
  });

  test('several, up and down, over more than one window', () => {
    const up = Math.log(1.2);
    const series = planted(noise(200, 0.02, 7), [30, up], [60, -up], [68, up], [130, -2 * up], [196, up]);
    expect(indices(series)).toEqual([30, 60, 68, 130, 196]);
    expect(indices(series, { window: 30 })).toEqual([30, 60, 68, 130, 196]);
  });

  // A rise at 12 that ends at 18 and comes back at 44: against all that follows 12 the six points that rose differ little.
  test.each([4, 5, 6])('a fresh one of %d points after a hump', (fresh) => {
    const found = Array.from({ length: 20 }, (_, seed) =>
      indices(planted(noise(44 + fresh, 0.01, seed), [12, 0.2], [18, -0.2], [44, 0.2])),
    );
    expect(found).toEqual(found.map(() => [12, 18, 44]));
  });

  test('one without noise, with its figures', () => {
    const series = planted(Array<number>(9).fill(0), [5, 1]);
    expect(changePoints(series, options)).toEqual([
      { index: 5, before: 0, after: 1, pointsBefore: 5, pointsAfter: 4, p: 0 },
    ]);
  });

  test('one with its p', () => {
    // Means 0 and 10 with sums of squares 4 and 4, df = 6: t = 10 / sqrt(8/6 (1/4 + 1/4)) = 12.247, 2 scipy.stats.t.sf = 1.80424e-5.
    const [point] = changePoints([1, -1, 1, -1, 11, 9, 11, 9], options);
    expect(point).toMatchObject({ index: 4, before: 0, after: 10, pointsBefore: 4, pointsAfter: 4 });
    expect(point!.p).toBeCloseTo(1.80424e-5, 9);
  });

  test('are reported when they have lasted four points', () => {
    const series = planted(noise(60, 0.01, 1), [50, 0.2]);
    expect([51, 52, 53, 54, 55].map((points) => indices(series.slice(0, points)))).toEqual([[], [], [], [50], [50]]);
    expect(indices(series.slice(0, 56), { leastStretch: 7 })).toEqual([]);
    expect(indices(series.slice(0, 57), { leastStretch: 7 })).toEqual([50]);
  });

  test('are reported from the least magnitude on', () => {
    const series = Array.from({ length: 40 }, (_, at) => (at % 2) * 0.001 + (at >= 20 ? 0.04 : 0));
    expect(indices(series)).toEqual([]);
    expect(indices(series, { leastShift: 0.039 })).toEqual([20]);
  });
});

describe('no change', () => {
  test.each([
    ['empty', []],
    ['one point', [1]],
    ['seven points, too few for two stretches', [0, 0, 0, 0, 9, 9, 9]],
    ['constant', Array<number>(100).fill(0.1)],
    ['alternating', Array.from({ length: 100 }, (_, at) => at % 2)],
    ['an outlier', planted(noise(60, 0.01, 3), [30, 1], [31, -1])],
    ['three outliers together', planted(noise(60, 0.01, 3), [30, 1], [33, -1])],
    ['an outlier at the start', planted(noise(60, 0.01, 3), [1, 1])],
    ['an outlier at the end', planted(noise(60, 0.01, 3), [59, 1])],
  ])('%s', (_, series) => {
    expect(indices(series)).toEqual([]);
  });

  // The p of a split that was searched for is no error rate of the search: these are, of 1000 series each.
  test('is found in noise at the rate that is documented', () => {
    const falseAlarms = (points: number, deviation: number): number =>
      Array.from({ length: 1000 }, (_, seed) => indices(noise(points, deviation, seed))).filter(
        (found) => found.length > 0,
      ).length;
    // Noise of 2 % never reaches the least magnitude of 5 %.
    expect(falseAlarms(60, 0.02)).toBe(0);
    // Of 3 % it does so seldom.
    expect(falseAlarms(60, 0.03)).toBe(3);
    // Where the magnitude does not protect: 1.8 % of the series of 60 points, 1.4 % of those of 20.
    expect(falseAlarms(60, 0.2)).toBe(18);
    expect(falseAlarms(20, 0.2)).toBe(14);
  });

  test('of +12 % in noise of 3 % is missed seldom', () => {
    const found = Array.from({ length: 300 }, (_, seed) =>
      indices(planted(noise(60, 0.03, seed), [42, Math.log(1.12)])),
    );
    expect(found.filter((at) => at.includes(42)).length).toBeGreaterThanOrEqual(270);
    expect(found.filter((at) => at.some((index) => Math.abs(index - 42) <= 1)).length).toBeGreaterThanOrEqual(295);
  });
});

describe('invariance', () => {
  const series = fc
    .tuple(
      fc.nat(2 ** 30),
      fc.integer({ min: 8, max: 120 }),
      fc.array(fc.tuple(fc.nat(120), fc.double({ min: -1, max: 1, noNaN: true }))),
    )
    .map(([seed, points, steps]) => planted(noise(points, 0.02, seed), ...steps));

  test('to the unit of the ratio: a constant added to its logarithms', () => {
    // Quarters add without rounding to values below 2^20 that are multiples of 2^-30.
    const rounded = series.map((values) => values.map((value) => Math.round(value * 2 ** 30) / 2 ** 30));
    fc.assert(
      fc.property(rounded, fc.integer({ min: -400, max: 400 }), (values, quarters) => {
        expect(indices(values.map((value) => value + quarters / 4))).toEqual(indices(values));
      }),
      { numRuns: 200 },
    );
  });

  test('to the scale, if the least magnitude is scaled, too', () => {
    fc.assert(
      fc.property(series, fc.integer({ min: -20, max: 20 }), (values, exponent) => {
        const scale = 2 ** exponent;
        const scaled = values.map((value) => value * scale);
        expect(indices(scaled, { leastShift: options.leastShift * scale })).toEqual(indices(values));
      }),
      { numRuns: 200 },
    );
  });

  test('to the sign', () => {
    fc.assert(
      fc.property(series, (values) => {
        expect(indices(values.map((value) => -value))).toEqual(indices(values));
      }),
      { numRuns: 200 },
    );
  });

  test('every stretch is long enough and every change sure and large enough', () => {
    fc.assert(
      fc.property(series, (values) => {
        const found = changePoints(values, options);
        const edges = [0, ...found.map((point) => point.index), values.length];
        found.forEach((point, at) => {
          expect([point.pointsBefore, point.pointsAfter]).toEqual([
            point.index - edges[at]!,
            edges[at + 2]! - point.index,
          ]);
          expect(Math.min(point.pointsBefore, point.pointsAfter)).toBeGreaterThanOrEqual(4);
          expect(point.p).toBeLessThanOrEqual(0.001);
          expect(Math.abs(point.after - point.before)).toBeGreaterThanOrEqual(options.leastShift);
        });
      }),
      { numRuns: 200 },
    );
  });
});

/** The definition: m n / (m + n) (2 mean distance across - mean distance within the left - the same within the right). */
function divergence(values: readonly number[], start: number, index: number, stop: number): number {
  const left = values.slice(start, index);
  const right = values.slice(index, stop);
  const meanOf = (distances: readonly number[]): number =>
    distances.length === 0 ? 0 : distances.reduce((sum, distance) => sum + distance, 0) / distances.length;
  const across = meanOf(left.flatMap((x) => right.map((y) => Math.abs(x - y))));
  const within = (side: readonly number[]): number =>
    meanOf(side.flatMap((x, i) => side.slice(i + 1).map((y) => Math.abs(x - y))));
  const weight = (left.length * right.length) / (left.length + right.length);
  return weight * (2 * across - within(left) - within(right));
}

describe('bestSplit', () => {
  const value = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ min: -10, max: 10, noNaN: true }));

  test('finds the greatest divergence of its definition', () => {
    const choice = fc.record({
      values: fc.array(value, { minLength: 2, maxLength: 14 }),
      from: fc.nat(3),
      least: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(choice, ({ values, from, least }) => {
        const start = Math.min(from, values.length);
        let greatest = -Infinity;
        for (let stop = start + 2 * least; stop <= values.length; stop++) {
          for (let index = start + least; index <= stop - least; index++) {
            greatest = Math.max(greatest, divergence(values, start, index, stop));
          }
        }
        const split = bestSplit(values, start, values.length, least);
        if (split === null) {
          expect(greatest).toBe(-Infinity);
          return;
        }
        expect(split.divergence).toBeCloseTo(greatest, 9);
        expect(divergence(values, start, split.index, split.stop)).toBeCloseTo(greatest, 9);
        expect(Math.min(split.index - start, split.stop - split.index)).toBeGreaterThanOrEqual(least);
      }),
      { numRuns: 500 },
    );
  });

  test('stops where the series changes again', () => {
    // [0 0 | 6 6] against [0 0 | 6 6 0 0]: 2 2 / 4 (2 6) = 12, and 2 4 / 6 (2 3 - 4) = 2.67, the mean distance within 6 6 0 0 being 4.
    expect(bestSplit([0, 0, 6, 6, 0, 0], 0, 6, 2)).toEqual({ index: 2, stop: 4, divergence: 12 });
  });

  test('is nothing in a constant series and is absent without room', () => {
    expect(bestSplit([5, 5, 5, 5], 0, 4, 1)?.divergence).toBe(0);
    expect(bestSplit([1, 2, 3], 0, 3, 2)).toBeNull();
  });
});

describe('refuses', () => {
  test.each([NaN, Infinity, -Infinity])('%d in the series', (value) => {
    expect(() => changePoints([1, 2, value, 3, 4, 5, 6, 7, 8], options)).toThrow(RangeError);
  });

  test.each([
    { maxP: 0 },
    { maxP: 0.2 },
    { maxP: NaN },
    { leastShift: -1 },
    { leastShift: NaN },
    { leastStretch: 0 },
    { leastStretch: 1.5 },
    { window: 7 },
    { window: 8.5 },
  ])('%j', (wrong) => {
    expect(() => changePoints([1], { ...options, ...wrong })).toThrow(RangeError);
  });
});
