/** Attackers in the reports: sums of counts, medians of times, a dash for what no trial tells. */
import { expect, test } from 'vitest';
import { attackerHeadings, attackerNote, attackerRows, attackerSentence } from '../../src/report/attacker-rows.ts';
import { renderHtml } from '../../src/report/html/page.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { renderTerminal } from '../../src/report/terminal.ts';
import type { AttackerRecord } from '../../src/results/attacker-record.ts';
import { silent } from '../results/attacker-fixture.ts';
import { run, variant } from '../results/fixtures.ts';
import { assets, inputOf } from './html/fixtures.ts';

const early: AttackerRecord = {
  ...silent,
  untilCut: { unit: 'ns', count: 13, min: 1.5e9, p50: 2e9, p90: 2e9, max: 3e9, mean: 2e9, histogram: 'x' },
};
const later: AttackerRecord = {
  ...early,
  untilCut: { unit: 'ns', count: 13, min: 2.5e9, p50: 4e9, p90: 4e9, max: 5e9, mean: 4e9, histogram: 'x' },
};
/** A group of a kind whose name a report has to escape: kinds stay open strings in the file. */
const reader: AttackerRecord = {
  ...early,
  kind: '<b>|slow-reader',
  connections: 1000,
  opened: 1000,
  connectFailed: 0,
  closedByServer: { fin: 0, reset: 0 },
  statuses: {},
  stillOpen: 1000,
  untilCut: null,
};

const variants = [variant('guests=some', { guests: 'some' }), variant('guests=none', { guests: 'none' })];
const results = run({ variants, blocks: 3, name: 'guests' }, (name, block) => {
  if (name !== 'guests=some') return {};
  // The last trial is invalid, and would add another 20.
  const overrides = { attackers: [block === 0 ? early : later, reader] };
  if (block < 2) return { overrides };
  return { overrides: { ...overrides, valid: false, invalidReasons: [{ code: 'server-died', message: 'gone' }] } };
});
const attacked = results.trials.filter((trial) => trial.variant === 'guests=some');

test('counts are summed over valid trials, of times it is the median', () => {
  const [first, second] = attackerRows({ validTrials: attacked.filter(({ valid }) => valid), trials: attacked });
  expect(attackerHeadings).toHaveLength(first!.cells.length);
  // Two trials of 20 opened, 1 failed, 12 + 1 cut, 12 answers, 7 left; cut after 1.5 and 2.5 s, 2 and 4 s, 3 and 5 s.
  expect(first).toEqual({
    name: '1 silent x 10',
    cells: ['40', '2', '24', '2', '24', '14', '2.00', '3.00', '4.00'],
  });
  expect(second!.name).toBe('2 <b>|slow-reader x 1,000');
  expect(second!.cells).toEqual(['2,000', '0', '0', '0', '0', '2,000', null, null, null]);
  expect(attackerSentence(second!)).toBe(
    '2 <b>|slow-reader x 1,000: 2,000 connections opened, 0 connects failed, 0 cut by FIN, 0 cut by reset, 0 answers of 408, 2,000 open at the end.',
  );
});

test('of a kind that never looks at an answer nobody knows how many were 408', () => {
  const trials = attacked.map((trial) => ({ ...trial, attackers: [{ ...early, kind: 'unread-body', statuses: {} }] }));
  const [row] = attackerRows({ validTrials: trials, trials });
  expect(row!.cells[attackerHeadings.indexOf('408')]).toBeNull();
  expect(attackerSentence(row!)).not.toContain('408');
});

test('where no trial is valid all of them are shown', () => {
  const [row] = attackerRows({ validTrials: [], trials: attacked });
  expect(row!.cells[0]).toBe('60');
});

test('a trial without attackers says nothing of them, in no form', () => {
  const plain = run({ variants: [variant('a', {})], blocks: 1, name: 'plain' }, () => ({}));
  expect(attackerRows({ validTrials: plain.trials, trials: plain.trials })).toEqual([]);
  expect(renderTerminal(plain)).not.toContain('Attackers');
  expect(renderHtml(inputOf(plain), assets)).not.toContain('Attackers');
  expect(renderMarkdown(inputOf(plain))).not.toContain('Attackers');
});

test('the terminal shows each group, of the variants that have some', () => {
  const text = renderTerminal(results, { width: 80, colour: false });
  const section = text.slice(text.indexOf('Attackers\n'));
  expect(section).toMatch(/^Attackers\n {2}guests=some\n {4}1 silent x 10: 40 connections opened, 2 connects failed,/);
  expect(section.replaceAll(/\s+/g, ' ')).toContain('2.00 s until the first was cut, 3.00 s until half were cut');
  expect(section).toContain('2 <b>|slow-reader x 1,000: 2,000');
  expect(section.replaceAll(/\s+/g, ' ')).toContain(attackerNote);
  expect(section).not.toContain('guests=none\n    1');
  expect(text.split('\n').every((line) => line.length <= 80)).toBe(true);
});

test('the page has a row per group, under its variant, and a link to them', () => {
  const page = renderHtml(inputOf(results), assets);
  expect(page).toContain('Clients that misbehaved beside the load');
  expect(page).toMatch(/<a href="#[^"]*-attackers">Attackers<\/a>/);
  const table = page.slice(page.indexOf('-attackers-table'));
  const cells = [...table.slice(0, table.indexOf('</table>')).matchAll(/<t[dh][^>]*>([^<]*)<\/t[dh]>/g)].map(
    ([, cell]) => cell,
  );
  const own = cells.indexOf('1 silent x 10');
  expect(cells.slice(own + 1, own + 10)).toEqual(['40', '2', '24', '2', '24', '14', '2.00', '3.00', '4.00']);
  expect(page).toContain('2 &lt;b&gt;|slow-reader x 1,000');
  expect(page).not.toContain('<b>|slow-reader');
});

test('Markdown has a folded table with a row per group', () => {
  const lines = renderMarkdown(inputOf(results)).split('\n');
  const start = lines.indexOf('<details><summary>Attackers</summary>');
  expect(start).toBeGreaterThan(0);
  const [head, rule, first, second, after] = lines.slice(start + 2);
  const cellsOf = (line: string): readonly string[] =>
    line
      .replaceAll('\\|', '/')
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
  expect(cellsOf(head!)).toEqual(['variant', 'attackers', ...attackerHeadings]);
  expect(cellsOf(rule!)).toHaveLength(attackerHeadings.length + 2);
  expect(cellsOf(first!).slice(1)).toEqual([
    '1 silent x 10',
    ...['40', '2', '24', '2', '24', '14', '2.00', '3.00', '4.00'],
  ]);
  expect(cellsOf(second!)).toHaveLength(attackerHeadings.length + 2);
  expect(cellsOf(second!).slice(-3)).toEqual(['-', '-', '-']);
  expect(second).not.toContain('<b>');
  expect(after).toBe('');
});
