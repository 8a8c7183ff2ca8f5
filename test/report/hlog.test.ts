/** The histogram logs are read by hdr-histogram-js, and their intervals are the record's. */
import { HistogramLogReader, listTags, type Histogram as HdrHistogram } from 'hdr-histogram-js';
import { expect, test } from 'vitest';
import { renderHlog } from '../../src/report/hlog.ts';
import { latency, run, variant } from '../results/fixtures.ts';
import { withCensored } from '../results/unanswered-fixture.ts';
import { emptyInput, hostileInput, reported, smallComparison, smallInput, smallRun } from './report-inputs.ts';

function intervalsOf(text: string): HdrHistogram[] {
  const reader = new HistogramLogReader(text, 64);
  const found: HdrHistogram[] = [];
  for (let next = reader.nextIntervalHistogram(); next !== null; next = reader.nextIntervalHistogram()) {
    found.push(next);
  }
  return found;
}

const second = (startMs: number, histogram: string | null) => {
  return { startMs, started: 1, completed: 1, failed: 0, dropped: 0, opened: 0, response: histogram, lag: null };
};

const measured = latency(2e6, 3e6, 150);

/** One variant, two trials a minute apart: warm-up of 500 ms, three seconds of measure, one of them without an answer. */
function timedRun(): ReturnType<typeof run> {
  return run({ variants: [variant('a b,c', {})], blocks: 2, name: 'timed' }, (_, block) => ({
    overrides: {
      startedAt: `2026-11-22T00:5${block}:00.000Z`,
      latency: { ...smallRun().trials[0]!.latency, response: measured },
      series: {
        intervals: [
          second(-500, latency(9e6, 9e6, 10).histogram),
          second(0, latency(2e6, 3e6, 100).histogram),
          second(1000, null),
          second(2000, latency(4e6, 5e6, 50).histogram),
        ],
      },
    },
  }));
}

const timed = (): string => renderHlog({ runs: [reported(timedRun())], comparison: smallComparison() })[0]!.content;

test('head and lines', () => {
  const lines = timed().split('\n');
  expect(lines.slice(0, 8)).toEqual([
    '#[connbench timed: response time in ns, maximum in ms]',
    '#[A tag per variant; trials whose figures must not be used have the tag invalid-VARIANT.]',
    '#[Requests stand in the second in which they ended, from the start of measure to the end of the trial.]',
    '#[Where requests of the warm-up ended in these seconds, too, the trial is one interval: that of the requests of measure.]',
    '#[Histogram log format version 1.3]',
    // 2026-11-22T00:49:58.123Z, the start of the run.
    '#[StartTime: 1795308598.123 (seconds since epoch), 2026-11-22T00:49:58.123Z]',
    '#[BaseTime: 1795308598.123 (seconds since epoch)]',
    '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
  ]);
  // The first trial began 1.877 s after the run, its measure half a second later. 3 ms and 5 ms: upper edges of their buckets,
  // 2,998,272 + 2047 and 4,997,120 + 4095 ns.
  expect(lines.slice(8).map((line) => line.replace(/,HISTF.*/, ''))).toEqual([
    'Tag=a-b-c,2.377,1.000,3.000',
    'Tag=a-b-c,4.377,1.000,5.001',
    'Tag=a-b-c,62.377,1.000,3.000',
    'Tag=a-b-c,64.377,1.000,5.001',
    '',
  ]);
});

test('the reader of the library gets times, tags and counts', () => {
  const found = intervalsOf(timed());
  const startMs = Date.parse('2026-11-22T00:50:00.500Z');
  expect(found.map((interval) => Math.round(interval.startTimeStampMsec))).toEqual(
    [0, 2000, 60_000, 62_000].map((ms) => startMs + ms),
  );
  expect(Math.round(found[0]!.endTimeStampMsec)).toBe(startMs + 1000);
  expect(found.map(({ tag }) => tag)).toEqual(Array(4).fill('a-b-c'));
  expect(found.map(({ totalCount }) => totalCount)).toEqual([100, 50, 100, 50]);
  expect(found.reduce((sum, { totalCount }) => sum + totalCount, 0)).toBe(300);
  // 98 of 100 values are 2 ms: bucket 1,999,872 to 2,000,895.
  expect(found[0]!.getValueAtPercentile(50)).toBe(2_000_895);
  expect(listTags(timed())).toEqual(['a-b-c']);
});

test('where requests of the warm-up ended after its end, the trial is one interval with the figures of the record', () => {
  const response = latency(8e6, 9e6, 140);
  const results = run({ variants: [variant('a', {})], blocks: 2 }, () => ({
    overrides: {
      latency: { ...smallRun().trials[0]!.latency, response },
      series: {
        intervals: [
          second(-500, latency(1e6, 1e6, 10).histogram),
          // 10 of these 100 were due before 0: the sum is 150, the record's count 140.
          second(0, latency(2e6, 3e6, 100).histogram),
          second(1000, latency(8e6, 9e6, 50).histogram),
        ],
      },
    },
  }));
  const found = intervalsOf(renderHlog({ runs: [reported(results)], comparison: smallComparison() })[0]!.content);
  expect(found.map(({ totalCount }) => totalCount)).toEqual([140, 140]);
  for (const interval of found) {
    // The record's quantile is the upper edge of its bucket, as the library's value is; the fixture's trials start at 00:50:00.000.
    expect(interval.getValueAtPercentile(50)).toBe(response.p50);
    expect(interval.getValueAtPercentile(99)).toBe(response.p99);
    expect(Math.round(interval.startTimeStampMsec)).toBe(Date.parse('2026-11-22T00:50:00.500Z'));
    expect(Math.round(interval.endTimeStampMsec - interval.startTimeStampMsec)).toBe(5000);
  }
});

test('a trial whose every request of measure went unanswered has no interval, whatever ended of its warm-up', () => {
  const results = run({ variants: [variant('a', {})] }, () => ({
    overrides: {
      latency: { ...smallRun().trials[0]!.latency, response: null },
      series: { intervals: [second(0, latency(2e6, 3e6, 1).histogram)] },
    },
  }));
  expect(intervalsOf(renderHlog({ runs: [reported(results)], comparison: smallComparison() })[0]!.content)).toEqual([]);
});

test('an interval that the next one cuts short is that long', () => {
  const results = run({ variants: [variant('a', {})] }, () => ({
    overrides: {
      latency: { ...smallRun().trials[0]!.latency, response: latency(1e6, 1e6, 2) },
      series: { intervals: [second(0, latency(1e6, 1e6, 1).histogram), second(250, latency(1e6, 1e6, 1).histogram)] },
    },
  }));
  const [file] = renderHlog({ runs: [reported(results)], comparison: smallComparison() });
  expect(file!.content).toMatch(/^Tag=a,1\.877,0\.250,/m);
  expect(file!.content).toMatch(/^Tag=a,2\.127,1\.000,/m);
});

test('invalid trials have a tag of their own, which no variant can have', () => {
  const [file] = renderHlog(smallInput());
  expect(file!.name).toBe('small.hlog');
  expect(listTags(file!.content)).toEqual(['pool-1', 'pool-2', 'invalid-pool-2']);
  const results = run({ variants: [variant('x', {}), variant('invalid-x', {})] }, (name) => ({
    overrides: { valid: name !== 'x' },
  }));
  const [other] = renderHlog({ runs: [reported(results)], comparison: smallComparison() });
  expect(listTags(other!.content).toSorted()).toEqual(['invalid-x', 'invalid-x_2']);
});

test('figures without seconds are one interval, those without a histogram none', () => {
  const whole = smallRun().trials[0]!.latency;
  const histograms = [whole.response, { ...whole.response!, histogram: null }];
  const results = run({ variants: [variant('a', {})], blocks: 2 }, (_, block) => ({
    overrides: { series: { intervals: [] }, latency: { ...whole, response: histograms[block]! } },
  }));
  const found = intervalsOf(renderHlog({ runs: [reported(results)], comparison: smallComparison() })[0]!.content);
  expect(found.map(({ totalCount }) => totalCount)).toEqual([1000]);
  expect(found[0]!.endTimeStampMsec - found[0]!.startTimeStampMsec).toBe(5000);
});

test('hostile names end neither comment nor line nor tag', () => {
  const [file] = renderHlog(hostileInput());
  const lines = file!.content.trimEnd().split('\n');
  expect(lines.filter((line) => !line.startsWith('#') && !line.startsWith('"Start')).length).toBe(4);
  for (const line of lines.slice(8)) expect(line).toMatch(/^Tag=[\w.-]+,[\d.]+,[\d.]+,[\d.]+,HISTF[A-Za-z0-9+/=]+$/);
  expect(intervalsOf(file!.content).length).toBe(4);
});

test('nothing finished: a head and no interval', () => {
  const [file] = renderHlog(emptyInput());
  expect(intervalsOf(file!.content)).toEqual([]);
  expect(file!.content.split('\n').length).toBe(9);
});

test('says how many requests are in no interval', () => {
  const results = timedRun();
  const trials = results.trials.map((trial) => withCensored(trial, 7, 9e9));
  const { content } = renderHlog({ runs: [reported({ ...results, trials })], comparison: smallComparison() })[0]!;
  expect(content).toContain('#[14 requests had no answer in time and are in no interval');
  expect(intervalsOf(content)).toHaveLength(intervalsOf(timed()).length);
});
