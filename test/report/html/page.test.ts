/** The page as text: what is in it, in which order, that its parts refer to each other, and that it stays small. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { renderHtml } from '../../../src/report/html/page.ts';
import { tally } from '../../../src/report/html/trouble-section.ts';
import { run, variant } from '../../results/fixtures.ts';
import {
  assets,
  comparedPair,
  comparison,
  fullInput,
  hostileInput,
  hostileNames,
  inputOf,
  twoFiles,
} from './fixtures.ts';

const full = renderHtml(fullInput(), assets);
const several = renderHtml(twoFiles(), assets);
const hostile = renderHtml(hostileInput(), assets);
const pages = [
  ['one run', full],
  ['several runs', several],
  ['hostile names', hostile],
] as const;

function all(page: string, pattern: RegExp): readonly string[] {
  return [...page.matchAll(pattern)].map((found) => found[1]!);
}

/** Without scripts and styles, whose texts are not markup. */
function markupOf(page: string): string {
  return page.replaceAll(/(<(script|style)\b[^>]*>).*?<\/\2>/gs, '$1');
}

function headings(page: string): readonly string[] {
  return [...markupOf(page).matchAll(/<(h[1-6])\b[^>]*>(.*?)<\/\1>/gs)].map(
    (found) => `${found[1]} ${found[2]!.replaceAll(/<[^>]*>/g, '')}`,
  );
}

describe.each(pages)('%s', (_, page) => {
  const markup = markupOf(page);

  test('refers to nothing outside itself', () => {
    const addresses = all(markup, /\s(?:href|src|action|data|poster|srcset|xlink:href)="([^"]*)"/g);
    expect(addresses.length).toBeGreaterThan(10);
    for (const address of addresses) expect(address).toMatch(/^#[\w-]+$|^data:,$/);
    expect(page).not.toMatch(/@import|url\((?!#)/);
  });

  test('has every id once, and every reference has its target', () => {
    const ids = all(markup, /\sid="([^"]*)"/g);
    expect(new Set(ids).size).toBe(ids.length);
    const targets = [
      ...all(markup, /\shref="#([^"]+)"/g),
      ...all(markup, /\saria-(?:labelledby|describedby)="([^"]+)"/g).flatMap((list) => list.split(' ')),
    ];
    for (const target of targets) expect(ids).toContain(target);
  });

  test('has headings without gaps, the first of them alone', () => {
    const levels = headings(page).map((heading) => Number(heading[1]));
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    levels.forEach((level, at) => {
      expect(level - (levels[at - 1] ?? 0)).toBeLessThanOrEqual(1);
    });
  });

  test('runs only what its policy names by hash', () => {
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)![1]!.replaceAll('&#39;', "'");
    expect(policy).toMatch(/^default-src 'none'; script-src 'sha256-/);
    expect(policy).not.toContain('unsafe');
    const blocks = [...page.matchAll(/<(script|style)>(.*?)<\/\1>/gs)].map((found) => found[2]!);
    expect(blocks).toHaveLength(4);
    for (const block of blocks) {
      expect(policy).toContain(`'sha256-${createHash('sha256').update(block).digest('base64')}'`);
    }
    expect(markup).not.toMatch(/\s(?:style|on\w+)="/);
  });

  test('names every table, and lets the keyboard reach what scrolls', () => {
    const tables = markup.split('<table').slice(1);
    expect(tables.length).toBeGreaterThan(5);
    for (const table of tables) expect(table.slice(0, table.indexOf('</table>'))).toMatch(/<caption>[^<]+<\/caption>/);
    const regions = all(markup, /<div class="scroll" (role="region" aria-label="[^"]+" tabindex="0")>\s*<table/g);
    expect(regions).toHaveLength(tables.length);
  });

  test('has no header cell without a scope', () => {
    expect(markup).not.toMatch(/<th(?![^>]*scope=)[\s>]/);
  });
});

test('one run: the answer comes first', () => {
  expect(headings(full)).toEqual([
    'h1 reuse',
    'h2 Answer',
    'h2 Variants',
    'h2 Comparison',
    'h3 Response time p50, ratio',
    'h3 Response time p99, ratio',
    'h2 Plots',
    ...headings(full).filter((heading) => /^h3 (Response times? (by|over)|Connections, desc)/.test(heading)),
    'h3 Where the time goes',
    'h3 Requests per connection',
    'h3 Every trial in run order',
    'h2 Gates',
    'h2 Claims of the scenario',
    'h2 Errors',
    'h2 Warnings',
    'h2 Invalid trials',
    'h2 Do the counts agree?',
    'h2 Environment',
    'h2 How to redo it',
  ]);
});

test('one run: what the scenario says of its variants stands below their figures, as text', () => {
  const input = fullInput();
  const [{ results }] = input.runs as [(typeof input.runs)[0]];
  const names = results.header.variants.map(({ name }) => name);
  const explanations = [
    { variants: names, text: 'Both <b>close</b>.' },
    { variants: ['not in this run'], text: 'Nobody.' },
  ];
  const runs = [{ ...input.runs[0]!, results: { ...results, header: { ...results.header, explanations } } }];
  const page = markupOf(renderHtml({ ...input, runs }, assets));
  expect(page).toMatch(
    /<h3[^>]*>Why<\/h3>\s*<ul>\s*<li><strong>close; keep-alive:<\/strong> Both &lt;b&gt;close&lt;\/b&gt;\.<\/li>/,
  );
  expect(page).not.toContain('Nobody.');
  expect(full).not.toContain('>Why<');
});

test('one run: winner, price, doubts, outcomes and how to redo it', () => {
  expect(full).toContain('<p class="lead">keep-alive answers fastest.</p>');
  expect(full).toContain('<b>keep-alive</b> instead of <b>close</b>');
  expect(full).toMatch(
    /<dt>Connections <span class="unit">opened<\/span><\/dt>\s*<dd>\s*<span class="big">32<\/span>\s*<span class="instead">instead of 22,000<\/span>/,
  );
  expect(full).toMatch(/1 of 16 trials must not be used: <a href="#run1-invalid">/);
  expect(full).toContain('gates: 1 passed');
  expect(full).toContain('claims: 1 confirmed');
  expect(full).toContain('connbench run reuse.yaml --blocks 8 --seed 42');
  expect(full).toContain('All pairs: Block 6 is left out: not-reconciled.');
});

test('the figures of the drawings are there as JSON', () => {
  const json = /id="drawing-data">(.*?)<\/script>/s.exec(full)![1]!;
  const data = JSON.parse(json) as {
    readonly runs: readonly {
      readonly phases: readonly object[];
      readonly trials: readonly { readonly p50: readonly unknown[] }[];
    }[];
    readonly comparison: readonly { readonly metrics: readonly { readonly metric: string }[] }[];
  };
  expect(data.runs[0]!.phases).toHaveLength(2);
  expect(data.runs[0]!.trials.map(({ p50 }) => p50.length)).toEqual([8, 8]);
  expect(data.comparison[0]!.metrics.map(({ metric }) => metric)).toEqual([
    'latency.response.p50',
    'latency.response.p99',
  ]);
});

test('several runs: what is across the files comes first, then each run', () => {
  const levels = headings(several).filter((heading) => /^h[12]/.test(heading));
  expect(levels).toEqual(['h1 2 runs', 'h2 Across files', 'h2 1. reuse', 'h2 2. reuse']);
  expect(several).toContain('<p class="lead">Gates across files: 1 failed.</p>');
  expect(several).toContain('Everything relative to <b>strategy=close</b> of run 1.');
});

test('hostile names appear as text only', () => {
  const markup = markupOf(hostile);
  expect(markup).toContain('&lt;/script&gt;&lt;img src=x onerror=&quot;window.__pwned=1&quot;&gt;');
  expect(markup).not.toMatch(/<img|<svg onload|<!--/);
  // The page's own elements and nothing else: two scripts and two blocks of JSON.
  expect(hostile.match(/<script/gi)).toHaveLength(4);
  expect(hostile.match(/<\/script/gi)).toHaveLength(4);
  expect(hostile).not.toMatch(/[\p{Cf}\p{Zl}\p{Zp}]|[^\P{Cc}\n]/u);
  expect(hostile).not.toContain('x'.repeat(1001));
});

test.each(hostileNames)('a run named %j', (name) => {
  const results = run({ variants: [variant(name, { [name]: name })], name, question: name }, () => ({}));
  const page = renderHtml(inputOf(results), assets);
  expect(page.match(/<script/gi)).toHaveLength(4);
  expect(page.match(/<title>[^<]*<\/title>/g)!.length).toBeGreaterThan(0);
});

test('a run without a trial says so', () => {
  const results = run({ variants: [variant('a', {})] }, () => ({}));
  const page = renderHtml(inputOf({ ...results, trials: [], footer: null }), assets);
  expect(page).toContain('No trial was finished.');
  expect(page).toContain('The run was killed after 0 of 1 trial.');
});

test('an imported run says that nothing was compared and cannot be redone', () => {
  const results = run({ variants: [variant('a', {})] }, () => ({ overrides: { reconciliation: [] } }));
  const header = { ...results.header, imported: { tool: 'autocannon', file: 'old.json' } };
  const page = renderHtml(inputOf({ ...results, header }), assets);
  expect(page).toContain('1 trial, no counts compared');
  expect(page).toContain('autocannon, old.json');
  expect(page).not.toContain('How to redo it');
});

/** Bytes of the page that are neither scripts nor the plots' data. */
function pageBytes(variants: number, blocks: number): number {
  const list = Array.from({ length: variants }, (_, at) => variant(`pool=${at}`, { pool: String(at) }));
  const results = run({ variants: list, blocks }, (_, block) => ({
    p50Ns: 200_000 + 100 * block,
    overrides: { warnings: [{ code: 'lag', message: `p99 lag ${block} ms`, advice: 'Lower the rate.' }] },
  }));
  const pairs = list.slice(1).map(({ name }) => comparedPair('pool=0', name));
  const runs = [{ file: null, results }];
  const page = renderHtml({ runs, comparison: comparison(runs, pairs) }, assets);
  return Buffer.byteLength(page.replaceAll(/<script type="application\/json".*?<\/script>/gs, ''));
}

test('1,000 trials make a page below 400 kB, and ten times the blocks less than three times the page', () => {
  expect(pageBytes(125, 8)).toBeLessThan(400_000);
  expect(pageBytes(500, 2)).toBeLessThan(400_000);
  const few = pageBytes(5, 20);
  const many = pageBytes(5, 200);
  expect(many).toBeLessThan(200_000);
  expect(many).toBeLessThan(3 * few);
});

test('outcomes are counted, the gravest first', () => {
  expect(tally(['passed', 'inconclusive', 'passed', 'failed'])).toBe('1 failed, 1 inconclusive, 2 passed');
  expect(tally(['better', 'worse', 'no change'])).toBe('1 worse, 1 better, 1 no change');
});

test('verdicts have the words of the other reports, lost requests are shares and points, and the file has no folder', () => {
  const [metric] = comparedPair('a', 'b').metrics;
  const lost = {
    ...metric!,
    metric: 'requests.lossRate',
    unit: 'ratio',
    base: { value: 0, perTrial: [] },
    other: { value: 0.287, perTrial: [] },
    ratio: null,
    interval: null,
    margin: 0.001,
    smallestDetectable: 0.0461,
  } as const;
  const reuse = {
    ...metric!,
    metric: 'connections.reuseRatio',
    verdict: 'equivalent',
    warn: true,
    margin: 0.05,
  } as const;
  const exact = { ...metric!, metric: 'connections.opened', kind: 'exact', smallestDetectable: 0 } as const;
  const results = run({ variants: [variant('a', { x: 'a' }), variant('b', { x: 'b' })] }, () => ({}));
  const page = renderHtml(inputOf(results, [comparedPair('a', 'b', { metrics: [lost, reuse, exact] })]), assets);
  const rows = all(page, /<tr\b[^>]*>(.*?)<\/tr>/gs).map((row) =>
    row.replaceAll(/\s*<[^>]*>\s*/g, '|').replaceAll(/\|+/g, '|'),
  );
  const rowOf = (name: string): string | undefined => rows.find((row) => row.startsWith(`|${name}`));
  expect(rowOf('share of requests lost')).toContain('median trial|0 %|28.7 %|');
  expect(rowOf('share of requests lost')).toContain('|worse beyond 0.1 points|');
  expect(rowOf('share of requests lost')).toContain('|4.6 points|');
  expect(rowOf('reuse ratio')).toContain('|within 5 %|');
  // 0 % would be a promise: an exact count has no error, and so no smallest change.
  expect(rowOf('connections opened')).not.toContain('|0 %|');
  expect(page).toContain('<dd>run.ndjson</dd>');
  expect(page).not.toContain('results/run.ndjson');
});
