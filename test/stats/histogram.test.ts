/** The HDR layout against the HDR library and against exact sorted samples; merging; edges. */
import { build, JsHistogram } from 'hdr-histogram-js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  highestEquivalentAt,
  Histogram,
  histogramLength,
  indexOf,
  lowestAt,
  medianEquivalentAt,
  rankOf,
  recordInto,
  type SparseCounts,
} from '../../src/stats/histogram.ts';
import { exactQuantile } from '../../src/stats/summary.ts';

const hourNs = 3.6e12;
const topIndex = histogramLength - 1;

function library(): JsHistogram {
  const request = { bitBucketSize: 64, lowestDiscernibleValue: 1, highestTrackableValue: hourNs } as const;
  const hdr = build({ ...request, numberOfSignificantValueDigits: 3, autoResize: false });
  if (!(hdr instanceof JsHistogram)) throw new Error('not the JavaScript form');
  return hdr;
}

/** Values of every magnitude, not only large ones. */
const valueNs = fc
  .tuple(fc.integer({ min: 0, max: 41 }), fc.double({ min: 1, max: 2, maxExcluded: true, noNaN: true }))
  .map(([power, fraction]) => Math.min(hourNs, Math.floor(2 ** power * fraction)));
const valuesNs = fc.array(valueNs, { minLength: 1, maxLength: 200 });
const quantiles = [0, 0.001, 0.07, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1];

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

describe('layout', () => {
  it('has as many counts as the library for 1 ns to 1 h with 3 digits', () => {
    expect(histogramLength).toBe(33_792);
    expect(library().countsArrayLength).toBe(33_792);
  });

  // Up to 2047 an index is the value; then 1024 indices per power of two.
  it.each([
    ['zero', 0, 0],
    ['last single', 2047, 2047],
    ['first pair', 2048, 2048],
    ['its other half', 2049, 2048],
    ['next pair', 2050, 2049],
    ['last 32-bit value', 2 ** 31 - 1, 22_527],
    ['first past 32 bits', 2 ** 31, 22_528],
    ['last before the end', 2 ** 42 - 1, topIndex],
    ['first past the end', 2 ** 42, topIndex],
    ['far past the end', 1e300, topIndex],
    ['infinite', Infinity, topIndex],
    ['negative', -1, 0],
    ['very negative', -1e300, 0],
    ['not a number', NaN, 0],
    ['small fraction', 0.99, 0],
    ['fraction below a bucket edge', 2049.99, 2048],
    ['large fraction', 2 ** 31 - 0.5, 22_527],
  ])('%s', (_name, value, index) => {
    expect(indexOf(value)).toBe(index);
  });

  it('gives the library its own index and edges for every bucket', () => {
    const hdr = library();
    for (let index = 0; index < histogramLength; index++) {
      const low = lowestAt(index);
      const high = highestEquivalentAt(index);
      if (indexOf(low) !== index || indexOf(high) !== index) expect.fail(`bucket ${index} does not hold its own edges`);
      if (hdr.countsArrayIndex(low) !== index || hdr.countsArrayIndex(high) !== index) expect.fail(`library: ${index}`);
      if (hdr.highestEquivalentValue(low) !== high) expect.fail(`upper edge of ${index}`);
      if (hdr.medianEquivalentValue(low) !== medianEquivalentAt(index)) expect.fail(`middle of ${index}`);
      if (index > 0 && highestEquivalentAt(index - 1) + 1 !== low) expect.fail(`gap before ${index}`);
    }
  });

  it('agrees with the library on any value', () => {
    const hdr = library();
    fc.assert(
      fc.property(valueNs, (value) => {
        expect(indexOf(value)).toBe(hdr.countsArrayIndex(value));
      }),
    );
  });
});

describe('figures', () => {
  it('are those of the library, and of the sorted samples within their bucket', () => {
    fc.assert(
      fc.property(valuesNs, (values) => {
        const ours = histogramOf(values);
        const hdr = library();
        for (const value of values) hdr.recordValue(value);
        for (const p of quantiles) {
          const exact = exactQuantile(values, p)!;
          expect(ours.quantile(p)).toBe(hdr.getValueAtPercentile(p * 100));
          if (p > 0) expect(ours.quantile(p)).toBe(highestEquivalentAt(indexOf(exact)));
          expect(Math.abs(ours.quantile(p)! - exact)).toBeLessThanOrEqual(exact * 0.001);
        }
        expect(ours.count).toBe(values.length);
        expect(ours.min).toBe(lowestAt(indexOf(Math.min(...values))));
        expect(ours.max).toBe(highestEquivalentAt(indexOf(Math.max(...values))));
        expect(ours.mean).toBeCloseTo(hdr.mean, 3);
        expect(ours.stddev).toBeCloseTo(hdr.stdDeviation, 1);
      }),
      { numRuns: 40 },
    );
  });

  it('never fall as p grows', () => {
    const p = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(valuesNs, p, p, (values, a, b) => {
        const histogram = histogramOf(values);
        expect(histogram.quantile(Math.min(a, b))).toBeLessThanOrEqual(histogram.quantile(Math.max(a, b))!);
      }),
    );
  });

  it('are exact below 2048 ns', () => {
    const histogram = histogramOf([1, 2, 3, 4]);
    // Mean 2.5; squares 2.25 + 0.25 + 0.25 + 2.25 = 5 over 4.
    expect([histogram.mean, histogram.stddev]).toEqual([2.5, Math.sqrt(1.25)]);
    expect([0, 0.25, 0.26, 0.5, 1].map((p) => histogram.quantile(p))).toEqual([1, 1, 2, 2, 4]);
  });

  it('of an empty histogram are null, and its count is 0', () => {
    const { count, min, max, mean, stddev } = new Histogram();
    expect({ count, min, max, mean, stddev }).toEqual({ count: 0, min: null, max: null, mean: null, stddev: null });
    expect(quantiles.map((p) => new Histogram().quantile(p))).toEqual(quantiles.map(() => null));
  });

  it('refuse a quantile outside 0..1', () => {
    for (const p of [-0.1, 1.1, NaN]) expect(() => new Histogram().quantile(p)).toThrow(RangeError);
  });

  it('rank without float noise', () => {
    expect(rankOf(0.07, 100)).toBe(7); // 0.07 * 100 is 7.000000000000001
    expect(rankOf(0.071, 100)).toBe(8);
    expect(rankOf(0, 100)).toBe(1);
    expect(rankOf(0.999, 1e9)).toBe(999_000_000);
  });

  it('tell values past the range', () => {
    const histogram = histogramOf([1000, 2 ** 42, Infinity]);
    expect([histogram.count, histogram.saturated]).toEqual([3, 2]);
  });
});

describe('counts', () => {
  it('of several histograms share one array', () => {
    const shared = new Uint32Array(new SharedArrayBuffer(4 * 2 * histogramLength));
    recordInto(shared, 0, 5);
    recordInto(shared, histogramLength, 7);
    recordInto(shared, histogramLength, 7);
    const second = new Histogram(new Uint32Array(shared.buffer, 4 * histogramLength, histogramLength));
    expect(shared[5]).toBe(1);
    expect(second.toSparse()).toEqual({ indices: [7], counts: [2] });
  });

  it('need an array of the right length', () => {
    expect(() => new Histogram(new Uint32Array(100))).toThrow('33792 counts, not 100');
  });

  it('stop at 2^32 - 1 per bucket instead of wrapping', () => {
    const histogram = new Histogram();
    histogram.recordMany(5, 2 ** 32 - 1);
    expect(histogram.count).toBe(2 ** 32 - 1);
    expect(() => {
      histogram.recordMany(5, 1);
    }).toThrow('cannot add 1 to the 4294967295 values');
    expect(() => {
      histogram.merge(histogram);
    }).toThrow(RangeError);
  });

  it('refuse a negative or broken number of times', () => {
    for (const times of [-1, 0.5, NaN]) {
      expect(() => {
        new Histogram().recordMany(1, times);
      }).toThrow(RangeError);
    }
  });

  it('are zero after clear', () => {
    const histogram = histogramOf([1, 2, 3]);
    histogram.clear();
    expect(histogram.toSparse()).toEqual({ indices: [], counts: [] });
  });
});

describe('merging', () => {
  const merged = (...parts: readonly Histogram[]): SparseCounts => {
    const sum = new Histogram();
    for (const part of parts) sum.merge(part);
    return sum.toSparse();
  };

  it('equals recording everything in one, in any order and grouping', () => {
    fc.assert(
      fc.property(valuesNs, valuesNs, valuesNs, (a, b, c) => {
        const [x, y, z] = [histogramOf(a), histogramOf(b), histogramOf(c)];
        const all = histogramOf([...a, ...b, ...c]).toSparse();
        expect(merged(x, y, z)).toEqual(all);
        expect(merged(z, x, y)).toEqual(all);
        expect(merged(x, Histogram.fromSparse(merged(y, z)))).toEqual(all);
      }),
      { numRuns: 30 },
    );
  });

  it('survives the sparse form', () => {
    fc.assert(
      fc.property(valuesNs, (values) => {
        const histogram = histogramOf(values);
        const copy = Histogram.fromSparse(histogram.toSparse());
        expect(copy.counts.every((count, index) => count === histogram.counts[index])).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it.each<[string, SparseCounts, string]>([
    ['lengths', { indices: [1, 2], counts: [1] }, '2 indices but 1 counts'],
    ['order', { indices: [2, 1], counts: [1, 1] }, 'index 1 after 2'],
    ['repetition', { indices: [2, 2], counts: [1, 1] }, 'index 2 after 2'],
    ['range', { indices: [histogramLength], counts: [1] }, `index ${histogramLength}`],
    ['fraction', { indices: [0.5], counts: [1] }, 'index 0.5'],
    ['zero count', { indices: [1], counts: [0] }, 'count 0 at index 1'],
    ['negative count', { indices: [1], counts: [-1] }, 'count -1 at index 1'],
  ])('refuses a sparse form with wrong %s', (_name, sparse, message) => {
    expect(() => Histogram.fromSparse(sparse)).toThrow(message);
  });
});
