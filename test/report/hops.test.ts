/** The programs on the way in reports: medians of the valid trials, sums of failures, a dash for what nobody tells. */
import { expect, test } from 'vitest';
import { readMetric } from '../../src/compare/metric.ts';
import { betterOf } from '../../src/compare/metric-list.ts';
import { renderCsv } from '../../src/report/csv.ts';
import { hopHeadings, hopRows, hopSentence } from '../../src/report/hop-rows.ts';
import { renderHtml } from '../../src/report/html/page.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { summarise } from '../../src/report/summary.ts';
import { renderTerminal } from '../../src/report/terminal.ts';
import type { HopRecord } from '../../src/results/hop-record.ts';
import type { TrialRecord } from '../../src/results/record.ts';
import { hopPaths } from '../../src/scenario/hop-metrics.ts';
import { run, variant } from '../results/fixtures.ts';
import { assets, inputOf } from './html/fixtures.ts';

const closedBy = { peer: 0, hop: 3, reset: 0 };
const side = { opened: 0, closedBy, requestsPerConnection: { histogram: {}, mean: null, max: null }, ages: null };
const span = { start: 20, peak: 30, end: 20 };

function proxy(accepted: number, failed: number): HopRecord {
  const requests = { received: 1000, refused: 0, ignored: 0, sent: 1000, sentOnReuse: 996, answered: 1000 };
  return {
    kind: 'reverse-proxy',
    host: 'server',
    settings: null,
    missing: null,
    accepted,
    downstream: { ...side, opened: accepted },
    upstream: { ...side, opened: 4, attempted: 4, connectFailed: 0 },
    requests: { ...requests, abandoned: 0, retries: 0 },
    failed: { 502: failed, 504: 0 },
    failures: { refused: failed },
    retriesByCause: {},
    fds: span,
    timeWait: { start: null, peak: null, end: null },
    timeWaitEntered: 3,
    rssPeakBytes: 1e8,
  };
}

const silent: HopRecord = {
  ...proxy(0, 0),
  kind: 'nginx',
  missing: 'it tells nothing',
  accepted: 5,
  downstream: null,
  upstream: null,
  requests: { ...proxy(0, 0).requests, sentOnReuse: null },
  failed: null,
  timeWaitEntered: null,
};

const results = run({ variants: [variant('way=proxy', { way: 'proxy' })], blocks: 3, name: 'way' }, (_, block) => ({
  overrides: { hops: [proxy(8 + block, block), silent] },
}));
const trials = results.trials;

test('rows are medians, failures sums', () => {
  const [first, second] = hopRows({ validTrials: trials, trials });
  expect(hopHeadings).toHaveLength(first!.cells.length);
  // Accepted 8, 9 and 10; failures 0 + 1 + 2.
  expect(first).toEqual({
    name: '1 reverse-proxy',
    cells: ['9', '4', '1,000', '1,000', '996', '0', '3', '0', '30', '3'],
    missing: null,
  });
  expect(second).toEqual({
    name: '2 nginx',
    cells: ['5', null, '1,000', '1,000', null, '0', null, null, '30', null],
    missing: 'it tells nothing',
  });
  expect(hopSentence(second!)).toContain('2 nginx: 5 connections in, ');
  expect(hopSentence(second!)).toContain('Not known of the rest: it tells nothing.');
});

test('a run without programs on the way says nothing of them', () => {
  const plain = run({ variants: [variant('a', {})], blocks: 1, name: 'plain' }, () => ({}));
  expect(hopRows({ validTrials: plain.trials, trials: plain.trials })).toEqual([]);
  expect(renderTerminal(plain)).not.toContain('On the way');
  expect(renderHtml(inputOf(plain), assets)).not.toContain('On the way');
});

test('terminal and page show each of them', () => {
  const text = renderTerminal(results, { width: 80, colour: false });
  expect(text).toContain('On the way\n  way=proxy\n');
  expect(text).toContain('1 reverse-proxy: 9');
  expect(text).toContain('2 nginx: 5');
  expect(text.split('\n').every((line) => line.length <= 80)).toBe(true);
  const page = renderHtml(inputOf(results), assets);
  expect(page).toContain('The programs on the way, from the client to the server');
  expect(page).toContain('2 nginx');
  expect(page).toContain('it tells nothing');
});

const [trial] = trials;

test('a metric is read by place and by name', () => {
  const named = { ...trial!, hops: [{ ...proxy(8, 3), name: 'proxy' }, silent] };
  expect(readMetric(named, 'hops.proxy.failed.502')).toEqual({ kind: 'value', value: 3 });
  expect(readMetric(named, 'hops.1.failed.502')).toEqual({ kind: 'value', value: 3 });
  expect(readMetric(named, 'hops.1.upstream.closedBy.hop')).toEqual({ kind: 'value', value: 3 });
  expect(readMetric(named, 'hops.2.accepted')).toEqual({ kind: 'value', value: 5 });
});

test('what a program does not tell, and a program that is not there, are missing with a reason', () => {
  const missing = (reason: string): unknown => ({ kind: 'missing', reason });
  expect(readMetric(trial!, 'hops.2.upstream.opened')).toEqual(missing('it tells nothing'));
  expect(readMetric(trial!, 'hops.1.timeWait.peak')).toEqual(missing('not recorded of reverse-proxy'));
  expect(readMetric(trial!, 'hops.1.failures.cutShort')).toEqual(missing('not recorded of reverse-proxy'));
  expect(readMetric(trial!, 'hops.3.accepted')).toEqual(missing('no program 3 is on the way'));
  const plain = Object.fromEntries(Object.entries(trial!).filter(([key]) => key !== 'hops')) as unknown as TrialRecord;
  expect(readMetric(plain, 'hops.1.accepted')).toEqual(missing('no program is on the way'));
});

test('more answers and more requests per connection are better, more of anything else is not', () => {
  const better = hopPaths.filter((path) => betterOf(`hops.1.${path}`) === 'higher');
  expect(better).toEqual([
    'downstream.requestsPerConnection.mean',
    'downstream.requestsPerConnection.max',
    'upstream.requestsPerConnection.mean',
    'upstream.requestsPerConnection.max',
    'requests.received',
    'requests.sent',
    'requests.sentOnReuse',
    'requests.answered',
  ]);
});

test('the CSV has every figure of every program, and only where there is one', () => {
  const [headings = '', first = ''] = renderCsv(inputOf(results)).split('\r\n');
  const columns = headings.split(',');
  const own = columns.filter((heading) => heading.startsWith('hops.'));
  expect(own).toEqual([...hopPaths.map((path) => `hops.1.${path}`), ...hopPaths.map((path) => `hops.2.${path}`)]);
  const cells = first.split(',').slice(-own.length);
  expect(cells[own.indexOf('hops.1.accepted')]).toBe('8');
  expect(cells[own.indexOf('hops.2.accepted')]).toBe('5');
  expect(cells[own.indexOf('hops.2.upstream.opened')]).toBe('');
  const plain = run({ variants: [variant('a', {})], blocks: 1, name: 'plain' }, () => ({}));
  expect(renderCsv(inputOf(plain))).not.toContain('hops.');
});

test('the summary has the medians of each program, and why one is null', () => {
  const [row] = summarise(results, null).variants;
  const [first, second] = row!.hops!;
  expect(first).toMatchObject({ place: 1, kind: 'reverse-proxy', host: 'server' });
  // Of 8, 9 and 10 accepted, and of 0, 1 and 2 failures.
  expect(first!.metrics).toMatchObject({ accepted: 9, 'failed.502': 1, 'timeWait.peak': null });
  expect(first!.missing['timeWait.peak']).toBe('not recorded of reverse-proxy');
  expect(second!.metrics['upstream.opened']).toBeNull();
  expect(second!.missing['upstream.opened']).toBe('it tells nothing');
  expect(Object.keys(second!.metrics)).toEqual(hopPaths);
  const plain = run({ variants: [variant('a', {})], blocks: 1, name: 'plain' }, () => ({}));
  expect('hops' in summarise(plain, null).variants[0]!).toBe(false);
});

test('Markdown has a row per program, folded away', () => {
  const text = renderMarkdown(inputOf(results));
  expect(text).toContain('<details><summary>On the way</summary>');
  expect(text).toContain('1 reverse-proxy | 9 | 4 | 1,000 |');
  expect(text).toMatch(/2 nginx \| 5 \| - \|.*\| it tells nothing \|/);
  const plain = run({ variants: [variant('a', {})], blocks: 1, name: 'plain' }, () => ({}));
  expect(renderMarkdown(inputOf(plain))).not.toContain('On the way');
});

test('a program with a name is shown by it', () => {
  const [row] = hopRows({ validTrials: [], trials: [{ ...trial!, hops: [{ ...silent, name: 'edge' }] }] });
  expect(row!.name).toBe('1 edge (nginx)');
});
