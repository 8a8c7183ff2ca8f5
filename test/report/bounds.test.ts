/** Lower bounds in every report: `>=` beside the figure, what it means, how many requests it is about, and how many were dropped. */
import { describe, expect, it } from 'vitest';
import { compareRuns } from '../../src/compare/compare.ts';
import { renderBenchmarkJson } from '../../src/report/benchmark-json.ts';
import { renderComparison } from '../../src/report/comparison-text.ts';
import { renderCsv } from '../../src/report/csv.ts';
import { renderHtml } from '../../src/report/html/page.ts';
import { renderJunit } from '../../src/report/junit.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { renderOpenMetrics } from '../../src/report/openmetrics.ts';
import type { ReportInput } from '../../src/report/report-input.ts';
import { summarise } from '../../src/report/summary.ts';
import { renderTerminal } from '../../src/report/terminal.ts';
import { displayWidth } from '../../src/report/wrap.ts';
import { run, variant } from '../results/fixtures.ts';
import { withCensored } from '../results/unanswered-fixture.ts';
import { assets } from './html/fixtures.ts';

/**
 * `pool=2` has 20,000 answers of 1 and 2 ms, 300 requests that were given up after 5 s in each of 2 blocks, and 7 dropped ones. Of 20,300
 * requests the 99th percentile is rank 20,097: at least 5 s, 5,000.66 ms being the edge of the bucket.
 */
function input(): ReportInput {
  const variants = [variant('pool=1', { pool: '1' }), variant('pool=2', { pool: '2' })];
  const results = run({ variants, blocks: 2, baseline: { pool: '1' } }, () => ({ p50Ns: 1e6, p99Ns: 2e6 }));
  const trials = results.trials.map((trial) => {
    if (trial.variant === 'pool=1') return { ...trial, slowest: [] };
    const given = withCensored(trial, 300, 5e9);
    const requests = given.requests!;
    return { ...given, requests: { ...requests, scheduled: requests.scheduled + 7, dropped: 7 } };
  });
  const file = 'results/x.ndjson';
  const whole = { ...results, trials };
  const gates = [{ metric: 'latency.response.p99', margin: 0.1 }];
  const comparison = compareRuns([{ path: file, results: { ...whole, path: file, damaged: null } as never }], {
    baseline: null,
    gates,
    force: false,
  });
  return { runs: [{ file, results: whole }], comparison };
}

const report = input();
const { results } = report.runs[0]!;
const bound = />=50\d\d/;

describe('a percentile that is a lower bound', () => {
  it.each([60, 80, 140])('stands in the table of the terminal with its sign, %d columns', (width) => {
    const text = renderTerminal(results, { width, colour: false });
    expect(text).toMatch(bound);
    expect(text.replaceAll(/\s+/g, ' ')).toContain('>= at least: requests without an answer in time');
    expect(Math.max(...text.split('\n').map(displayWidth))).toBeLessThanOrEqual(width);
  });

  it('stands beside how many requests it is about, and how many were dropped', () => {
    const row = renderTerminal(results, { width: 140, colour: false })
      .split('\n')
      .find((line) => line.startsWith('2 '))!;
    // p50 1 ms; p99 and p99.9 at least 5 s; 2 x 300 without an answer in time; 2 x 7 dropped.
    expect(row.split(/\s+/).slice(1, 6)).toEqual([
      '1.00',
      expect.stringMatching(bound),
      expect.stringMatching(bound),
      '600',
      '14',
    ]);
  });

  it('puts its variant out of the comparison for the fastest', () => {
    const answer = summarise(results, null).answer[0]!;
    // More of its requests are lost, which is said first.
    expect(answer.excluded).toMatchObject([{ variant: 'pool=2' }]);
    const same = results.trials.map((trial) => {
      const requests = trial.requests!;
      return { ...trial, requests: { ...requests, scheduled: 20_307, failed: 300, dropped: 7 } };
    });
    const [second] = summarise({ ...results, trials: same }, null).answer;
    expect(second!.excluded[0]!.reason).toMatch(/^its p99 is only known to be at least 50\d\d ms/);
  });

  it('is no value in JSON, and is there as what it is', () => {
    const of = summarise(results, null).variants.find(({ name }) => name === 'pool=2')!;
    expect(of.metrics).toMatchObject({ 'latency.response.p99': null, 'latency.response.p999': null });
    expect(of.metrics['latency.response.p50']).toBeCloseTo(1e6, -3);
    expect(of.atLeast!['latency.response.p99']).toBeGreaterThan(4.99e9);
    expect(of.missing['latency.response.p99']).toContain('only a lower bound');
    expect(of.censored).toBe(600);
    expect(summarise(results, null).variants[0]).not.toHaveProperty('atLeast');
  });

  it('is marked in CSV, in a column that cannot be taken for numbers then', () => {
    const [head, , second] = renderCsv(report)
      .split('\r\n')
      .map((line) => line.split(','));
    const cell = (name: string): string => second![head!.indexOf(name)]!;
    expect(cell('variant')).toBe('pool=2');
    expect(cell('latency.response.p99')).toMatch(/^>=50\d{8}$/);
    expect(cell('latency.response.p50')).toMatch(/^\d+$/);
    expect([cell('requests.censored'), cell('requests.dropped')]).toEqual(['300', '7']);
  });

  it('is marked in Markdown, in the figures and in the comparison', () => {
    const text = renderMarkdown(report);
    const row = text.split('\n').find((line) => line.startsWith('| `pool=2` |'))!;
    expect(row).toMatch(/\| 1\.00 \| &gt;=50\d\d \|/);
    expect(row).toMatch(/\| 614 \| 14 \| 600 \|$/);
    expect(text).toContain('&gt;= at least: requests without an answer in time');
    expect(text).toMatch(/\| 2\.00 ms \| &gt;=50\d\d ms \| - \| figures only \|/);
  });

  it('is marked in the comparison on a terminal, without a ratio', () => {
    const text = renderComparison(report.comparison, { width: 100, colour: false });
    const row = text.split('\n').find((line) => line.includes('>=50'))!;
    expect(row).toMatch(/2\.00 ms +>=50\d\d ms +- +- +figures only/);
  });

  it('is marked in JUnit', () => {
    expect(renderJunit(report)).toMatch(/latency\.response\.p99 is &gt;=5,00\d ms against 2\.00\d ms, and not judged/);
  });

  it('is marked on the page: table, trials, percentiles', () => {
    const page = renderHtml(report, assets);
    const rows = [...page.matchAll(/<tr>.*?<\/tr>/gs)].map(([row]) => row.replaceAll(/<[^>]*>|\s+/g, ' '));
    expect(rows.filter((row) => /&gt;=50\d\d/.test(row)).length).toBeGreaterThanOrEqual(4);
    expect(rows.find((row) => / 1\.00 .*&gt;=50\d\d .* 600 .* 14 /.test(row))).toBeDefined();
    expect(page).toContain('A line of the response time is not drawn where it is a lower bound');
  });

  it('has a family of its own in OpenMetrics', () => {
    const lines = renderOpenMetrics(report).split('\n');
    const of = (start: string): readonly string[] => lines.filter((line) => line.startsWith(start));
    expect(of('connbench_response_median_seconds{').filter((line) => line.includes('pool=2'))).toHaveLength(1);
    expect(of('connbench_response_at_least_seconds{')).toEqual([
      expect.stringMatching(/variant="pool=2",percentile="99"\} 5\.00\d+$/),
      expect.stringMatching(/variant="pool=2",percentile="99\.9"\} 5\.00\d+$/),
    ]);
    expect(of('connbench_dropped_requests{').at(-1)).toMatch(/pool=2"\} 14$/);
    expect(of('connbench_censored_requests{').at(-1)).toMatch(/pool=2"\} 600$/);
  });

  it('is left out of what becomes a history of values', () => {
    const entries = JSON.parse(renderBenchmarkJson(report)[0]!.content) as readonly { readonly name: string }[];
    const of = (quantile: string): number =>
      entries.filter(({ name }) => name.endsWith(`pool=2 / latency.response.${quantile}`)).length;
    expect([of('p50'), of('p99'), of('p999')]).toEqual([1, 0, 0]);
  });
});

describe('without such requests', () => {
  it('no report has a sign, a note or a column for them', () => {
    const plain = { ...results, trials: results.trials.filter(({ variant: name }) => name === 'pool=1') };
    const text = renderTerminal(plain, { width: 140, colour: false });
    expect(text).not.toMatch(/>=|answer in|dropped/);
  });
});
