/** Response times of which only a lower bound is known: the figures never exceed the truth, and say whether they are it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  boundedQuantile,
  censoredAges,
  censoredFigures,
  censoredRecord,
  censoredSchema,
} from '../../src/results/censored-record.ts';
import { Histogram, type SparseCounts } from '../../src/stats/histogram.ts';
import { exactQuantile } from '../../src/stats/summary.ts';

/** Values below 2048 ns, where a bucket is 1 ns wide. */
function histogramOf(...values: readonly number[]): SparseCounts {
  const histogram = new Histogram();
  values.forEach((value) => {
    histogram.record(value);
  });
  return histogram.toSparse();
}

const repeated = (value: number, times: number): number[] => Array<number>(times).fill(value);

describe('censoredRecord', () => {
  it('is null where every request was answered', () => {
    expect(censoredRecord(histogramOf(1, 2), histogramOf())).toBeNull();
  });

  it('counts each at its age: a quantile beyond them is a bound, one before them a value', () => {
    // 98 answered after 100 ns, 2 given up after 500: ranks 1 to 98 are 100 ns; 99 and 100 are 500 or more.
    const record = censoredRecord(histogramOf(...repeated(100, 98)), histogramOf(500, 500))!;
    expect(record).toMatchObject({ unit: 'ns', count: 2, atLeast: ['p99', 'p999', 'max', 'mean'] });
    // The mean of the buckets' middles, which here are the values: (98 x 100 + 2 x 500) / 100.
    expect(record.response).toEqual({ count: 100, min: 100, p50: 100, p90: 100, p99: 500, p999: 500, max: 500, mean: 108 });
    expect(censoredAges(record)).toEqual(histogramOf(500, 500));
    expect(censoredSchema.safeParse(record).success).toBe(true);
  });

  it('is a value all the same where the given up one could be anywhere above its age', () => {
    // 1 given up after 50 ns among 99 of 100 ns: whether it is 50 or for ever, the ranks 50, 90 and 99 of 100 are 100 ns; rank 100 is not.
    const record = censoredRecord(histogramOf(...repeated(100, 99)), histogramOf(50))!;
    expect(record.atLeast).toEqual(['min', 'p999', 'max', 'mean']);
    expect(record.response).toMatchObject({ min: 50, p50: 100, p90: 100, p99: 100, p999: 100, max: 100 });
  });

  it('has bounds only where nothing was answered', () => {
    const record = censoredRecord(histogramOf(), histogramOf(700, 900))!;
    expect(record.atLeast).toEqual([...censoredFigures]);
    expect(record.response).toMatchObject({ count: 2, min: 700, p50: 700, max: 900 });
  });
});

describe('boundedQuantile', () => {
  const request = fc.record({ truth: fc.integer({ min: 0, max: 2000 }), waited: fc.nat({ max: 2000 }) });

  it('is never above the quantile of the true response times, and equal to it unless it is a bound', () => {
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 60 }), fc.double({ min: 0, max: 1, noNaN: true }), (all, p) => {
        const answered = all.filter(({ truth, waited }) => truth <= waited).map(({ truth }) => truth);
        const censored = all.filter(({ truth, waited }) => truth > waited).map(({ waited }) => waited);
        const truth = exactQuantile(all.map((one) => one.truth), p)!;
        const figure = boundedQuantile(histogramOf(...answered), histogramOf(...censored), p)!;
        expect(figure.value).toBeLessThanOrEqual(truth);
        if (!figure.atLeast) expect(figure.value).toBe(truth);
        // A bound is no more than that: some true times agree with everything seen and give another quantile.
        if (figure.atLeast) expect(censored.length).toBeGreaterThan(0);
      }),
    );
  });

  it('is a bound wherever what is unknown could change it', () => {
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 40 }), fc.double({ min: 0, max: 1, noNaN: true }), (all, p) => {
        const answered = all.filter(({ truth, waited }) => truth <= waited).map(({ truth }) => truth);
        const censored = all.filter(({ truth, waited }) => truth > waited).map(({ waited }) => waited);
        const { value, atLeast } = boundedQuantile(histogramOf(...answered), histogramOf(...censored), p)!;
        expect(exactQuantile([...answered, ...censored.map(() => Infinity)], p) !== value).toBe(atLeast);
      }),
    );
  });

  it('is null without a request', () => {
    expect(boundedQuantile(histogramOf(), histogramOf(), 0.5)).toBeNull();
  });
});
