/** A trend in words, on a terminal, as Markdown, as CSV and as a page. */
import { describe, expect, test } from 'vitest';
import { trendOf } from '../../src/compare/trend.ts';
import type { TrendDocument } from '../../src/compare/trend-document.ts';
import { renderTrendCsv } from '../../src/report/trend-csv.ts';
import { renderTrendMarkdown } from '../../src/report/trend-markdown.ts';
import { renderTrendPage } from '../../src/report/trend-page.ts';
import { renderTrendText } from '../../src/report/trend-text.ts';
import { pText, trendAnswer } from '../../src/report/trend-words.ts';
import { displayWidth } from '../../src/report/wrap.ts';
import type { HistoryEntry } from '../../src/results/history.ts';
import { control, entry } from '../results/history-fixture.ts';

const p99 = 'latency.response.p99';

function trend(entries: readonly HistoryEntry[], metrics: readonly string[] = ['p99']): TrendDocument {
  return trendOf(entries, { scenario: null, metrics, variant: null, control: null, recent: 7 });
}

/** Without noise: the ratio 0.5, from the given night on multiplied. */
function exact(count: number, ...steps: readonly (readonly [from: number, factor: number])[]): HistoryEntry[] {
  return Array.from({ length: count }, (_, at) =>
    entry(at, {
      ratio: (_name, metric) =>
        metric === p99 ? steps.reduce((ratio, [from, factor]) => (at >= from ? ratio * factor : ratio), 0.5) : 0.5,
    }),
  );
}

const worse = trend(exact(60, [20, 0.8], [54, 1.12]));
const steady = trend(exact(60), []);
const short = trend(exact(5));
const sha256 = (): string => 'HASH';

const hostileName = '<img src=x onerror=alert(1)>|"\'&`[x](javascript:1)\u001b[31m\u202e=cmd()@everyone';
const hostile = trend(
  exact(20, [10, 2], [16, 1.5]).map((one) => ({
    ...one,
    scenario: hostileName,
    label: `=${hostileName}`,
    host: { ...one.host, kernel: one.label! < 'c000010' ? hostileName : 'other' },
    variants: one.variants.map((variant) => ({
      ...variant,
      name: variant.name === control ? variant.name : hostileName,
    })),
  })),
);

describe('the answer', () => {
  test('is what got worse, first', () => {
    expect(trendAnswer(worse)).toEqual({
      outcome: 'worse',
      sentences: [
        'Response time p99 of pool=8 got worse by 12.0 % with c000054 on 2026-10-25: from 0.400 to 0.448 times that of pool=32.',
        '1 earlier change is listed below.',
      ],
    });
  });

  test('is that nothing did', () => {
    expect(trendAnswer(steady)).toEqual({
      outcome: 'steady',
      sentences: ['Nothing got worse in the last 7 runs: 3 series were looked at.'],
    });
  });

  test('is that it got better', () => {
    expect(trendAnswer(trend(exact(60, [54, 0.8]))).sentences).toEqual([
      'Nothing got worse in the last 7 runs: 1 series were looked at.',
      'Response time p99 of pool=8 got better by 20.0 % with c000054 on 2026-10-25: from 0.500 to 0.400 times that of pool=32.',
    ]);
  });

  test('is how many runs are missing', () => {
    expect(trendAnswer(short)).toEqual({
      outcome: 'too short',
      sentences: [
        'Too short yet: pool-size needs 3 more runs; a change can be found with 8 runs, 4 before it and 4 after.',
      ],
    });
  });

  test('says which runs are left out', () => {
    const old = exact(3).map((one) => ({ ...one, runId: `old${one.runId}`, configHash: 'b'.repeat(64) }));
    const { sentences } = trendAnswer(trend([...old, ...exact(60).slice(10)]));
    expect(sentences.at(-1)).toBe('3 earlier runs of pool-size with other settings are left out.');
  });

  test.each([
    [0, '< 1e-12'],
    [2.4e-9, '2e-9'],
    [0.001, '1e-3'],
  ])('has p = %d as %s', (p, text) => {
    expect(pText(p)).toBe(text);
  });
});

describe('on a terminal', () => {
  test('is the answer, then every change', () => {
    expect(renderTrendText(worse, { width: 80, colour: false })).toBe(
      `Trend
  Response time p99 of pool=8 got worse by 12.0 % with c000054 on 2026-10-25:
  from 0.400 to 0.448 times that of pool=32.
  1 earlier change is listed below.

response time p99 of pool=8, against pool=32
  when        what     before -> after  change          p
  2026-10-25  c000054  0.400 -> 0.448   +12.0 % worse   < 1e-12
  2026-09-21  c000020  0.500 -> 0.400   -20.0 % better  < 1e-12

A change is one of at least 5 % that lasted 4 runs, with p of at most 0.001. One
for the worse in the last 7 runs counts as a failure.
`,
    );
  });

  test.each([60, 80, 100, 140])('fits %d columns and has no control character', (width) => {
    for (const document of [worse, steady, short, hostile]) {
      const text = renderTrendText(document, { width, colour: false });
      expect(Math.max(...text.split('\n').map(displayWidth))).toBeLessThanOrEqual(width);
      expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }
  });

  test('marks what got worse in red', () => {
    const text = renderTrendText(worse, { width: 80, colour: true });
    expect(text.split('\n').filter((line) => line.includes('\u001b[31m') && line.includes('2026-10-25'))).toHaveLength(
      2,
    );
  });

  test('tells of another machine', () => {
    const moved = exact(60, [54, 1.12]).map((one, at) =>
      at < 54 ? one : { ...one, host: { ...one.host, kernel: '6.19' } },
    );
    expect(renderTrendText(trend(moved), { width: 100, colour: false })).toContain(
      '    2026-10-25: The machine changed with this run (kernel: 6.18.0 to 6.19).',
    );
  });
});

describe('as Markdown', () => {
  test('is the answer, then a table', () => {
    expect(renderTrendMarkdown(worse)).toBe(
      `## connbench trend: something got worse

**Response time p99 of pool=8 got worse by 12.0 % with c000054 on 2026-10-25: from 0.400 to 0.448 times that of pool=32.**

- 1 earlier change is listed below.

| when | what | metric | variant | control | before -> after | change | p |
| --- | --- | --- | --- | --- | --- | --- | --- |
| 2026-10-25 | \`c000054\` | response time p99 | \`pool=8\` | \`pool=32\` | 0.400 -&gt; 0.448 | +12.0 % **worse** | &lt; 1e-12 |
| 2026-09-21 | \`c000020\` | response time p99 | \`pool=8\` | \`pool=32\` | 0.500 -&gt; 0.400 | -20.0 % better | &lt; 1e-12 |

<sub>A change is one of at least 5 % that lasted 4 runs, with p of at most 0.001. One for the worse in the last 7 runs counts as a failure.</sub>
`,
    );
  });

  test('keeps names out of the markup', () => {
    const text = renderTrendMarkdown(hostile);
    // Nothing has a meaning in a code span, which ends with the first backtick.
    const outside = text.replaceAll(/`[^`\n]*`/g, '').replaceAll(/<\/?sub>/g, '');
    expect(outside).not.toMatch(/<|`|(?<!\\)\]\(|@everyone/);
    // Every row of the table has its eight cells.
    const rows = text.split('\n').filter((line) => line.startsWith('| 2026'));
    expect(rows.map((row) => row.split('|').length)).toEqual([10, 10]);
  });

  test('stays below 60 kB, and says what is left out', () => {
    const scenario = worse.scenarios[0]!;
    const names = Array.from({ length: 1000 }, (_, at) => `${at}${'\u202e'.repeat(100)}`);
    const series = names.map((variant) => ({ ...scenario.series[0]!, variant }));
    const text = renderTrendMarkdown({ ...worse, scenarios: [{ ...scenario, series }] });
    expect(Buffer.byteLength(text)).toBeLessThan(60_000);
    expect(text).toMatch(/Left out here: .*1,\d{3} changes/);
  });
});

describe('as CSV', () => {
  test('has a line per run and a column per series', () => {
    const { text, leftOut } = renderTrendCsv(trend(exact(9, [8, 1.12]), ['p50', 'p99']).scenarios[0]!);
    const [head, first, ...rest] = text.split('\n');
    expect(head).toBe('time,commit,latency.response.p50 pool=8,latency.response.p99 pool=8');
    expect(first).toBe('2026-09-01 02:00:00 +0000,c000000,0.5,0.5');
    expect(rest.at(-2)).toBe(`2026-09-09 02:00:00 +0000,c000008,0.5,${0.5 * 1.12}`);
    expect([rest.length, leftOut]).toEqual([9, 0]);
  });

  test('leaves out runs with a gap', () => {
    const gappy = [entry(0), entry(1, { ratio: (_name, metric) => (metric === p99 ? null : 0.5) }), entry(2)];
    const { text, leftOut } = renderTrendCsv(trend(gappy, ['p50', 'p99']).scenarios[0]!);
    expect([text.trimEnd().split('\n').length, leftOut]).toEqual([3, 1]);
  });

  test('has no formula', () => {
    const [, first = ''] = renderTrendCsv(hostile.scenarios[0]!).text.split('\n');
    expect(first).toMatch(/^2026-09-01 02:00:00 \+0000,"'=<img/);
  });
});

describe('as a page', () => {
  const page = renderTrendPage(worse, { sha256 });

  test('begins with the answer and has no script', () => {
    expect(page.startsWith('<!doctype html>')).toBe(true);
    expect(page.indexOf('got worse by 12.0 %')).toBeLessThan(page.indexOf('<table'));
    expect(page).not.toMatch(/<script|https?:\/\/|\son\w+=/i);
    expect(page).toContain(`default-src &#39;none&#39;; style-src &#39;sha256-HASH&#39;`);
  });

  test('draws every run, every mean and every change', () => {
    const drawing = /<svg class="drawing".*?<\/svg>\s*<\/svg>|<svg class="drawing"[\s\S]*?<\/figure>/.exec(page)![0];
    const count = (pattern: RegExp): number => drawing.match(pattern)?.length ?? 0;
    // 60 runs, of which the first after each change has another shape; 3 stretches, 2 changes.
    expect(count(/class="mark dot"/g)).toBe(58);
    expect(count(/class="mark regression"/g)).toBe(1);
    expect(count(/class="mark improvement"/g)).toBe(1);
    expect(count(/class="level"/g)).toBe(3);
    expect(count(/class="change (regression|improvement)"/g)).toBe(2);
    expect(/points="([^"]*)"/.exec(drawing)![1]!.split(' ')).toHaveLength(60);
    expect(drawing).not.toMatch(/NaN|Infinity|undefined/);
  });

  test('puts the lowest ratio lowest', () => {
    const points = /points="([^"]*)"/
      .exec(page)![1]!
      .split(' ')
      .map((point) => Number(point.split(',')[1]));
    // Pixels from the top: nights 20 to 53 at 0.4 are below the first ones at 0.5, the last at 0.448 between.
    expect(points[30]!).toBeGreaterThan(points[59]!);
    expect(points[59]!).toBeGreaterThan(points[0]!);
  });

  test('has every run in a table', () => {
    const table = page.slice(page.indexOf('id="s1-1-table"'));
    expect(table.match(/c0000\d\d/g)).toHaveLength(60);
    expect(table).toContain('change 2: +12.0 %');
  });

  test.each([
    ['steady', steady],
    ['short', short],
    ['one run', trend(exact(1))],
  ])('shows %s', (_, document) => {
    const text = renderTrendPage(document, { sha256 });
    expect(text).toContain('No change was found in any series.');
    expect(text).not.toMatch(/NaN|Infinity|undefined/);
  });

  test('lets no name become markup', () => {
    const text = renderTrendPage(hostile, { sha256 });
    expect(text).not.toContain('<img');
    expect(text).not.toContain('"\'&`');
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(text).toContain('&lt;img src=x onerror=alert(1)&gt;|&quot;&#39;&amp;`');
  });
});
