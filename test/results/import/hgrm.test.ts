/** Percentile distributions: what is rebuilt from them, in which unit, and how damage is told. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeHdr } from '../../../src/stats/hdr-codec.ts';
import { Histogram, indexOf } from '../../../src/stats/histogram.ts';
import { percentileDistribution } from '../../../src/stats/percentile-distribution.ts';
import { linesOf, mistake, read, sampleText } from './import-sample.ts';

const text = sampleText('latencies.hgrm');

describe('a distribution', () => {
  test('is rebuilt in the unit that is named', () => {
    const { response } = linesOf(read(text, { unit: 'ms' })).trial.latency;
    // Bucket of 33 us: 32 ns wide from 2^15 ns on; of 104 us: 64 ns wide from 2^16; of 153 us: 128 ns wide from 2^17.
    expect(response).toMatchObject({
      count: 236,
      p50: 1031 * 32 + 31,
      p99: 1195 * 128 + 127,
      max: 1195 * 128 + 127,
      mean: 43_000,
    });
    expect(decodeHdr(response!.histogram!)).toEqual({
      indices: [16_000, 33_000, 104_000, 153_000].map(indexOf),
      counts: [2, 122, 109, 3],
    });
  });

  test('has its unit in its heading or needs --unit', () => {
    expect(mistake(text)).toMatchObject({ code: 'IMPORT_NO_UNIT', hint: expect.stringContaining('--unit ms') as string });
    const named = text.replace('Value  ', 'Value(us)');
    expect(linesOf(read(named, { unit: 's' })).trial.latency.response?.mean).toBe(43);
  });

  test('has no requests, no throughput and no length', () => {
    const { trial } = linesOf(read(text, { unit: 'us' }));
    expect([trial.requests, trial.throughput, trial.measureSeconds]).toEqual([null, null, null]);
  });

  test('of this program’s own export keeps every quantile that is in it', () => {
    // The export prints ms with three digits, so whole microseconds survive; 5 steps per half distance have these quantiles.
    const values = fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 400 });
    fc.assert(
      fc.property(values, (us) => {
        const histogram = new Histogram();
        for (const value of us) histogram.record(value * 1000);
        const exported = percentileDistribution(histogram.toSparse(), 1e6);
        const { response } = linesOf(read(exported, { unit: 'ms' })).trial.latency;
        expect(response?.count).toBe(us.length);
        // The printed value is rounded to 1 us, and a bucket is at most 0.1 % wide.
        const near = (found: number, wanted: number): boolean => Math.abs(found - wanted) <= 1000 + 0.002 * wanted;
        expect(near(response!.p50!, histogram.quantile(0.5)!)).toBe(true);
        expect(near(response!.max!, histogram.max!)).toBe(true);
      }),
    );
  });
});

describe('damage', () => {
  test.each([
    ['a value that is no number', ['0.104 0.98', 'nan 0.98'], 5, 'not a time'],
    ['a negative value', ['0.104 0.98', '-0.104 0.98'], 5, 'not a time'],
    ['a percentile beyond 1', ['0.984375000000', '1.984375000000'], 5, 'percentile'],
    ['a count that is not whole', [' 233 ', ' 23.3 '], 5, 'not a whole number'],
    ['counts that go down', [' 233 ', ' 23 '], 5, 'go down'],
    ['values that go down', ['0.104 ', '0.001 '], 5, 'go down'],
    ['another total', ['=          236]', '=          237]'], 9, 'the total count is 237'],
    ['too many values', ['236]', '99999999999]'], 9, 'the total count is'],
  ])('%s is told with its line', (_, [from, to], line, problem) => {
    const error = mistake(text.replace(from!, to!), { unit: 'ms' });
    expect(error.code).toBe('IMPORT_UNUSABLE');
    expect(error.message).toContain(`old.file: line ${line}: `);
    expect(error.message).toContain(problem);
  });

  test('a distribution that is cut off is told with its last line', () => {
    const cut = text.slice(0, text.indexOf('       0.153 0.99'));
    expect(mistake(cut, { unit: 'ms' }).message).toBe(
      'old.file: line 5: the distribution ends before 100 %: it is cut off',
    );
  });

  test('a heading without rows is told', () => {
    expect(mistake(text.slice(0, text.indexOf('\n')), { unit: 'ms' }).message).toContain('line 1: no rows');
  });

  test('more values in a bucket than a histogram holds are refused', () => {
    const huge = text.replaceAll(/\b236\b/g, '99999999999');
    expect(mistake(huge, { unit: 'ms' }).message).toContain('line 6: more than 4294967295 values');
  });
});
