/** What a report says of a client that counts by itself: in its own words, and marked as such, in every form. */
import { expect, test } from 'vitest';
import { renderHtml } from '../../src/report/html/page.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { ownFigureSentences } from '../../src/report/own-figures-text.ts';
import { renderTerminal } from '../../src/report/terminal.ts';
import { figuresByVariant } from '../../src/report/variant-figures.ts';
import { reportedLatency } from '../../src/results/import/reported-latency.ts';
import type { TrialRecord } from '../../src/results/record.ts';
import { run, variant } from '../results/fixtures.ts';
import { assets, inputOf } from './html/fixtures.ts';

const variants = [variant('a', { strategy: 'a' }), variant('b', { strategy: 'b' }), variant('c', { strategy: 'c' })];

function client(maxMs: number | null, sent: number): TrialRecord['client'] {
  const percentiles = new Map([
    [50, 10],
    [99, 20],
  ] as const);
  const figures = { count: 90, min: 9, max: maxMs, mean: 11, percentiles };
  return {
    name: 'autocannon',
    transport: 'net',
    transportReason: 'its own',
    version: 'autocannon 9.0.0, node v20.20.2',
    ownFigures: {
      response: maxMs === null ? null : reportedLatency(figures, 'ms'),
      counts: { 'requests.sent': sent, 'requests.total': 90, errors: 0, timeouts: sent - 92, 'warmup.errors': 7 },
    },
  };
}

/** a: the same in both blocks but for the slowest; b: no answer; c: a client that is seen from inside. */
const results = run({ variants, blocks: 2, name: 'own' }, (name, block) => {
  if (name === 'c') return {};
  return { overrides: { client: name === 'a' ? client(30 + block, 92) : client(null, 94) } };
});

test('a sentence for each variant with such a client, from the lowest to the highest over its trials', () => {
  expect(ownFigureSentences(figuresByVariant(results))).toEqual([
    {
      variant: 'a',
      text: 'autocannon says: response time p50 10 ms, p99 20 ms, max 30 ms to 31 ms, requests.sent 92, requests.total 90',
    },
    {
      variant: 'b',
      text: 'autocannon says: no response time, requests.sent 94, requests.total 90, timeouts 2',
    },
  ]);
});

test('every form shows them as words of the client', () => {
  const title = 'As the client itself says (not reconciled)';
  const terminal = renderTerminal(results, { width: 200, colour: false });
  expect(terminal).toContain(`${title}\n  a: autocannon says: response time p50 10 ms`);
  expect(renderMarkdown(inputOf(results))).toContain(`<summary>${title}</summary>\n\n- \`a\`: autocannon says`);
  const page = renderHtml(inputOf(results), assets);
  expect(page).toContain(title);
  expect(page).toContain('<li>a: autocannon says: response time p50 10 ms');
});

test('a run without such a client has no such section', () => {
  const others = run({ variants, blocks: 1, name: 'others' }, () => ({}));
  expect(renderTerminal(others)).not.toContain('not reconciled');
  expect(renderHtml(inputOf(others), assets)).not.toContain('not reconciled');
});
