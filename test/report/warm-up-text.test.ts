/** What a report says of warm-ups that were to last until the load is steady. */
import { expect, test } from 'vitest';
import { renderHtml } from '../../src/report/html/page.ts';
import { renderTerminal } from '../../src/report/terminal.ts';
import { figuresByVariant } from '../../src/report/variant-figures.ts';
import { warmUpSentences } from '../../src/report/warm-up-text.ts';
import { readTrialLine } from '../../src/results/trial-line.ts';
import { run, trial, variant } from '../results/fixtures.ts';
import { assets, inputOf } from './html/fixtures.ts';

const hostile = 'a\u001b[31m';
const variants = [
  variant('a', { strategy: hostile }),
  variant('b', { strategy: 'b' }),
  variant('c', { strategy: 'c' }),
  variant('d', { strategy: 'd' }),
];
const seconds = (warmUp: number, reached = true) => ({
  overrides: { steady: { atMostMs: 32_000, reached, warmUpMs: warmUp * 1000 } },
});

/** a: always; b: at different times, and once not; c: never; d: did not ask. */
const results = run({ variants, blocks: 3, name: 'warm' }, (name, block) => {
  switch (name) {
    case 'a':
      return seconds(24);
    case 'b':
      return block === 1 ? seconds(32, false) : seconds(22.5 + block);
    case 'c':
      return seconds(32, false);
    default:
      return {};
  }
});

test('a sentence for each variant that asked for it', () => {
  expect(warmUpSentences(figuresByVariant(results))).toEqual([
    { variant: hostile, text: 'measured after 24 s of warm-up, when it was steady' },
    {
      variant: 'b',
      text: 'measured after 22.5 to 24.5 s of warm-up, when it was steady; in 1 of 3 trials not steady after 32 s',
    },
    { variant: 'c', text: 'not steady after 32 s of warm-up' },
  ]);
});

test('stands in the report of a terminal, with names made safe, and not where nobody asked', () => {
  const text = renderTerminal(results, { width: 200, colour: false });
  expect(text).toContain('Warm-up\n  a\\u001b[31m: measured after 24 s of warm-up, when it was steady.\n');
  const others = { ...results, trials: results.trials.filter(({ variant: name }) => name === 'd') };
  expect(renderTerminal(others)).not.toContain('Warm-up');
});

test('stands in the HTML report, escaped', () => {
  const named = { ...results, header: { ...results.header, variants: [variant('a', { strategy: '<b>' })] } };
  const page = renderHtml(inputOf(named), assets);
  expect(page).toContain('<strong>&lt;b&gt;:</strong> measured after 24 s of warm-up, when it was steady.');
});

test('a line with it is read in the short way, too', () => {
  const { steady } = seconds(24).overrides;
  const record = trial({ index: 0, block: 0, order: 0, variant: 'b' }, variants[1]!, { overrides: { steady } });
  expect(readTrialLine(JSON.stringify(record))?.steady).toEqual(steady);
});
