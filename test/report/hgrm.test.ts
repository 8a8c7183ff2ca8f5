/** The percentile distributions hold the histograms' own quantiles, under names that are safe. */
import { expect, test } from 'vitest';
import { renderHgrm } from '../../src/report/hgrm.ts';
import { decodeHdr } from '../../src/stats/hdr-codec.ts';
import { Histogram } from '../../src/stats/histogram.ts';
import { mergeSparse } from '../../src/stats/summary.ts';
import { latency, run, variant } from '../results/fixtures.ts';
import { withCensored } from '../results/unanswered-fixture.ts';
import { emptyInput, hostileInput, reported, smallComparison, smallInput, smallRun } from './report-inputs.ts';

interface Line {
  readonly ms: number;
  readonly share: number;
  readonly count: number;
}

/** Reads the format as its plotters do: what is neither heading nor comment is value, share, count. */
function linesOf(text: string): readonly Line[] {
  return text
    .split('\n')
    .filter((line) => /^\s*[\d.]+ /.test(line))
    .map((line) => line.trim().split(/ +/).map(Number))
    .map(([ms, share, count]) => ({ ms: ms!, share: share!, count: count! }));
}

const contentOf = (files: ReturnType<typeof renderHgrm>, name: string): string => {
  const file = files.find((candidate) => candidate.name === name);
  if (file === undefined) throw new Error(`no file ${name}`);
  return file.content;
};

test('a file per variant and per trial; what is invalid is told by its name', () => {
  expect(renderHgrm(smallInput()).map(({ name }) => name)).toEqual([
    'pool-1.hgrm',
    'pool-1.block-01.hgrm',
    'pool-1.block-02.hgrm',
    'pool-2.hgrm',
    'pool-2.block-01.hgrm',
    'pool-2.block-02.invalid.hgrm',
  ]);
});

test('every line is the quantile of the histogram', () => {
  const results = smallRun();
  const text = contentOf(renderHgrm(smallInput()), 'pool-1.hgrm');
  const parts = results.trials
    .filter((trial) => trial.variant === 'pool=1')
    .map((trial) => decodeHdr(trial.latency.response!.histogram!));
  const merged = Histogram.fromSparse(mergeSparse(parts));
  const lines = linesOf(text);
  expect(merged.count).toBe(2000);
  // 0 %, 10 % ... 95 %: one value, then halving steps to the last of the two trials' maxima.
  expect(lines.length).toBeGreaterThan(20);
  for (const { ms, share, count } of lines) {
    // Three decimals of a millisecond; at 0 % the format prints the upper edge of the lowest bucket.
    const quantile = merged.quantile(share === 0 ? 1e-9 : share)!;
    expect(ms, `at ${share}`).toBeCloseTo(quantile / 1e6, 3);
    expect(count).toBeGreaterThanOrEqual(share * 2000);
  }
  expect(lines.at(-1)).toMatchObject({ share: 1, count: 2000 });
});

test('invalid trials are not merged', () => {
  expect(linesOf(contentOf(renderHgrm(smallInput()), 'pool-2.hgrm')).at(-1)?.count).toBe(1000);
});

test('a variant without a valid trial has no merged file, a trial without samples none at all', () => {
  const results = run({ variants: [variant('a', {}), variant('b', {})] }, (name) => ({
    overrides: name === 'a' ? { valid: false } : { latency: { ...smallRun().trials[0]!.latency, response: null } },
  }));
  const input = { runs: [reported(results)], comparison: smallComparison() };
  expect(renderHgrm(input).map(({ name }) => name)).toEqual(['a.block-01.invalid.hgrm']);
});

test('several runs: their names stand before', () => {
  const two = smallInput({ runs: [reported(smallRun()), reported(smallRun())] });
  const names = renderHgrm(two).map(({ name }) => name);
  expect(names).toContain('small.pool-1.hgrm');
  expect(names).toContain('small-2.pool-1.hgrm');
  expect(new Set(names).size).toBe(12);
});

test('hostile, equal and endless names make plain and different file names', () => {
  const names = [...renderHgrm(hostileInput()).map(({ name }) => name)];
  const long = 'x'.repeat(5000);
  const variants = ['a/b', 'a\\b', 'A?B', '..', '', `${long}1`, `${long}2`].map((name) => variant(name, {}));
  const results = run({ variants }, () => ({
    overrides: { latency: { ...smallRun().trials[0]!.latency, response: latency(1e6, 2e6, 10) } },
  }));
  names.push(...renderHgrm({ runs: [reported(results)], comparison: smallComparison() }).map(({ name }) => name));
  expect(names.length).toBe(6 + 14);
  for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,150}\.hgrm$/);
  expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length);
});

test('nothing finished: no file', () => {
  expect(renderHgrm(emptyInput())).toEqual([]);
});

test('a damaged histogram is named with its trial', () => {
  const results = smallRun();
  const response = { ...results.trials[2]!.latency.response!, histogram: 'HISTFAAA' };
  const trials = results.trials.map((trial, index) =>
    index === 2 ? { ...trial, latency: { ...trial.latency, response } } : trial,
  );
  const input = smallInput({ runs: [reported({ ...results, trials })] });
  expect(() => renderHgrm(input)).toThrow(/^trial 2 \(pool=1\) is damaged: /);
});

test('requests without an answer are in it at their ages, and it says so', () => {
  const results = smallRun();
  const trials = results.trials.map((trial) => (trial.variant === 'pool=1' ? withCensored(trial, 50, 9e9) : trial));
  const files = renderHgrm(smallInput({ runs: [reported({ ...results, trials })] }));
  const text = contentOf(files, 'pool-1.hgrm');
  // 1000 of each trial were answered: the last 100 of 2100 begin at 95.2 %.
  expect(linesOf(text).at(-1)).toMatchObject({ share: 1, count: 2100 });
  for (const { ms, share } of linesOf(text)) expect(ms > 8999, `at ${share}`).toBe(share > 2000 / 2100);
  expect(text).toContain('#[100 of them had no answer in time and are in it at their ages');
  expect(contentOf(files, 'pool-2.hgrm')).not.toContain('no answer');
});
