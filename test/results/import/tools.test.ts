/** Each program's figures in this project's units, from samples written by hand after its documentation. */
import { describe, expect, test } from 'vitest';
import { changed, linesOf, mistake, read, sampleText } from './import-sample.ts';

const ms = 1e6;

describe('autocannon', () => {
  const figures = read(sampleText('autocannon.json'));
  const { trial, header } = linesOf(figures);

  test('gives latencies in ns, and every quantile it reports', () => {
    expect(trial.latency.response).toEqual({
      unit: 'ns',
      count: 1000,
      min: 2 * ms,
      p50: 3 * ms,
      p90: 4 * ms,
      p99: 6 * ms,
      p999: 18 * ms,
      max: 20 * ms,
      mean: 3.07 * ms,
      histogram: null,
      quantiles: {
        p00001: 2 * ms,
        p0001: 2 * ms,
        p001: 2 * ms,
        p01: 2 * ms,
        p025: 2 * ms,
        p10: 2 * ms,
        p25: 3 * ms,
        p50: 3 * ms,
        p75: 3 * ms,
        p90: 4 * ms,
        p975: 5 * ms,
        p99: 6 * ms,
        p999: 18 * ms,
        p9999: 20 * ms,
        p99999: 20 * ms,
      },
    });
  });

  test('counts answers of any status as completed, and what it calls errors as failed', () => {
    expect(trial.requests).toMatchObject({ scheduled: 1007, started: 1007, completed: 1000, failed: 7, abandoned: null });
    expect(trial.statuses).toEqual({ '200': 900, '500': 100 });
    expect(trial.errors.map(({ code, count }) => [code, count])).toEqual([
      ['TIMEOUT', 2],
      ['ERROR', 5],
    ]);
    // 1000 and 900 answers in 2 s.
    expect(trial.throughput).toMatchObject({ achievedPerSecond: 500, goodputPerSecond: 450, offeredPerSecond: null });
  });

  test('keeps when it ran, against what and with how many connections', () => {
    expect(header.startedAt).toBe('2026-11-22T04:01:22.680Z');
    expect(trial.config).toEqual({
      client: 'autocannon',
      server: { kind: 'external', url: 'http://127.0.0.1:8080/' },
      network: { mode: 'host' },
      load: { model: 'closed', connections: 4, pipelining: 1, workers: 0 },
    });
  });

  test('tells of made-up samples, pipelining and reset connections', () => {
    const text = changed('autocannon.json', (document) => {
      document['latency']!['totalCount'] = 1652;
      Object.assign(document, { pipelining: 8, resets: 3 });
    });
    const { pitfalls } = read(text);
    expect(pitfalls).toHaveLength(4);
    expect(pitfalls[1]).toContain('added 652 made-up times to the 1000');
    expect(pitfalls[2]).toContain('3 times');
    expect(pitfalls[3]).toContain('8 at a time');
    expect(figures.pitfalls).toHaveLength(1);
  });

  test('reads quantiles as its oldest versions named them', () => {
    const text = changed('autocannon.json', (document) => {
      document['latency'] = { average: 3, max: 20, p50: 3, p99: 6, p999: 18 };
    });
    const { response } = linesOf(read(text)).trial.latency;
    // Without a count of its own: the 900 answers with a 2xx status.
    expect(response).toMatchObject({ count: 900, min: null, p50: 3 * ms, p90: null, p999: 18 * ms });
  });

  test('without an answer has no latency, and is invalid', () => {
    const text = changed('autocannon.json', (document) => {
      Object.assign(document, { '2xx': 0, non2xx: 0, statusCodeStats: {}, errors: 50, timeouts: 0 });
      document['latency']!['totalCount'] = 0;
      document['requests']!['total'] = 0;
    });
    const failed = linesOf(read(text)).trial;
    expect(failed.latency.response).toBeNull();
    expect(failed.valid).toBe(false);
    expect(failed.invalidReasons.map(({ code }) => code)).toEqual(['nothing-completed']);
    expect(failed.requests).toMatchObject({ completed: 0, failed: 50 });
  });
});

describe('oha', () => {
  const { trial, header } = linesOf(read(sampleText('oha.json')));

  test('gives latencies from seconds', () => {
    expect(trial.latency.response).toMatchObject({
      count: 970,
      min: 400_000,
      p50: 1_200_000,
      p90: 1_400_000,
      p99: 1_900_000,
      p999: 12_100_000,
      max: 16_100_000,
      mean: 1_250_000,
      histogram: null,
      quantiles: { p95: 1_500_000, p9999: 16_100_000 },
    });
  });

  test('tells requests that its end cut short from those that failed', () => {
    expect(trial.requests).toMatchObject({ scheduled: 1010, completed: 970, failed: 30, abandoned: 10 });
    expect(trial.errors).toEqual([
      { phase: 'unknown', code: 'connection refused', reused: null, socketAgeMs: null, count: 30 },
    ]);
    expect(trial.throughput).toMatchObject({ achievedPerSecond: 388, goodputPerSecond: 380 });
  });

  test('takes the time of the file for the time of the run', () => {
    expect(header.startedAt).toBe('2026-01-02T03:04:05.000Z');
  });

  test('without an answer has nulls for figures, as not-a-number is written', () => {
    const text = changed('oha.json', (document) => {
      document['statusCodeDistribution'] = {};
      Object.assign(document['summary']!, { slowest: null, fastest: null, average: null });
      document['latencyPercentiles'] = { p50: null, p99: null };
    });
    expect(linesOf(read(text)).trial).toMatchObject({ valid: false, latency: { response: null } });
  });
});

describe('k6', () => {
  test('reads the flat form, in which the passes of http_req_failed are the failures', () => {
    const { trial } = linesOf(read(sampleText('k6-flat.json')));
    expect(trial.measureSeconds).toBe(10);
    expect(trial.requests).toMatchObject({ scheduled: 500, completed: 485, failed: 15 });
    expect(trial.latency.response).toMatchObject({
      count: 500,
      min: 900_000,
      p50: 8_420_000,
      p90: 21_850_000,
      p99: null,
      p999: null,
      max: 116_390_000,
      mean: 11_375_000,
      quantiles: { p50: 8_420_000, p90: 21_850_000, p95: 28_980_000 },
    });
    expect(trial.missing['latency.response.p99']).toContain('--summary-trend-stats');
    expect(trial.latency.firstByte).toMatchObject({ mean: 11_200_000 });
    expect(trial.latency.download).toMatchObject({ p50: 80_000 });
    expect(trial.latency.connect).toBeNull();
    expect(trial.config).toMatchObject({ load: { users: 20 } });
  });

  test('reads the form of handleSummary with the statistics that were asked for', () => {
    const { trial } = linesOf(read(sampleText('k6-summary.json')));
    expect(trial.measureSeconds).toBe(20);
    // 1.2 % of 1000 requests.
    expect(trial.requests).toMatchObject({ completed: 988, failed: 12 });
    expect(trial.latency.response).toMatchObject({
      min: null,
      p50: 5 * ms,
      p90: null,
      p99: 9.25 * ms,
      p999: 12 * ms,
      max: null,
      mean: 5.5 * ms,
    });
    expect(trial.latency.firstByte).toBeNull();
  });
});

describe('wrk2', () => {
  const { trial } = linesOf(read(sampleText('wrk2.txt')));

  test('rebuilds the corrected histogram as response times', () => {
    // Upper edges of the buckets of 1.2, 2, 3.001 and 4.003 ms: 1024 ns wide below 2^21 ns, 2048 ns wide below 2^22.
    expect(trial.latency.response).toMatchObject({
      count: 100,
      min: 1953 * 512,
      p50: 1171 * 1024 + 1023,
      p90: 1953 * 1024 + 1023,
      p99: 1465 * 2048 + 2047,
      p999: 1954 * 2048 + 2047,
      max: 1954 * 2048 + 2047,
      mean: 1_300_000,
    });
    expect(trial.latency.response?.histogram).toMatch(/^HISTF/);
  });

  test('and the uncorrected one as service times', () => {
    expect(trial.latency.service).toMatchObject({ count: 100, p50: 1757 * 512 + 511, mean: 950_000 });
  });

  test('counts requests, socket errors and statuses', () => {
    expect(trial.requests).toMatchObject({ scheduled: 5005, completed: 5000, failed: 5 });
    expect(trial.errors.map(({ code, count }) => [code, count])).toEqual([
      ['READ', 2],
      ['TIMEOUT', 3],
    ]);
    expect(trial.throughput).toMatchObject({ achievedPerSecond: 500, goodputPerSecond: 498 });
    expect(trial.measureSeconds).toBe(10);
    expect(trial.config).toMatchObject({
      server: { url: 'http://127.0.0.1:8080/' },
      load: { threads: 2, connections: 10 },
    });
  });

  test('without --u_latency says why there is no service time', () => {
    const text = sampleText('wrk2.txt');
    const from = text.indexOf('  Latency Distribution (HdrHistogram - Uncorrected');
    const without = text.slice(0, from) + text.slice(text.indexOf('  5000 requests'));
    const corrected = linesOf(read(without)).trial;
    expect(corrected.latency.response?.count).toBe(100);
    expect(corrected.latency.service).toBeNull();
    expect(corrected.missing['latency.service']).toContain('--u_latency');
  });

  test('without --latency has nothing to import', () => {
    const text = sampleText('wrk2.txt').replaceAll('Detailed Percentile spectrum', '').replaceAll(/^ +Value .*$/gm, '');
    expect(mistake(text)).toMatchObject({ code: 'IMPORT_UNUSABLE', hint: expect.stringContaining('--latency') as string });
  });

  test('cut off at its end says which line is missing', () => {
    const text = sampleText('wrk2.txt');
    expect(mistake(text.slice(0, text.indexOf('Requests/sec'))).message).toContain('"Requests/sec: ..." is missing');
  });
});
