/** The Markdown: its answer first, its size bounded, and no name of a scenario more than text. */
import { expect, test } from 'vitest';
import type { ComparedPair } from '../../src/compare/document.ts';
import { BoundedPage } from '../../src/report/bounded-page.ts';
import { code, htmlProse, prose } from '../../src/report/markdown-text.ts';
import { markdownLimitBytes, renderMarkdown } from '../../src/report/markdown.ts';
import { warning } from '../../src/results/warnings.ts';
import { run, variant } from '../results/fixtures.ts';
import { emptyInput, hostileInput, reported, slower, smallComparison, smallInput, smallRun } from './report-inputs.ts';

const bytesOf = (text: string): number => Buffer.byteLength(text);

test('the small report', async () => {
  await expect(renderMarkdown(smallInput())).toMatchFileSnapshot('golden/small-markdown.txt');
});

test('the order: mark, answer, gates, claims, invalid trials, comparison, warnings, figures, runs', () => {
  const text = renderMarkdown(smallInput());
  const parts = [
    '<!-- connbench-report small -->',
    '## connbench: `small`',
    '**1 of 3 gates failed.** 1 inconclusive. Claims: 2 not decided. **1 invalid trial**: their figures are not used.',
    '### Gates',
    '### Claims',
    '### Invalid trials',
    '### Comparison',
    '### Warnings',
    'Figures of every variant',
    'Runs and machines',
  ];
  const places = parts.map((part) => text.indexOf(part));
  expect(places).not.toContain(-1);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(text).toContain(
    '| response p99 (gate) | 4.00 ms | 8.00 ms | 2.000 [1.900, 2.125] | **worse beyond 10 %** | 8.2 % |',
  );
  expect(text).toContain('| lost requests, median trial | 0 % | 25 % | - | figures only | - |');
  // Exact counts have no error in which a change could hide.
  expect(text).toContain('| no change, exact | - |');
  expect(text).not.toContain('Left out');
});

test.each([
  [['passed'], '**The gate passed.**'],
  [['passed', 'passed'], '**All 2 gates passed.**'],
  [['passed', 'inconclusive'], '**No gate failed, 1 of 2 inconclusive.**'],
  [['failed', 'inconclusive'], '**1 of 2 gates failed.** 1 inconclusive.'],
] as const)('the headline of the outcomes %j', (outcomes, headline) => {
  const gates = outcomes.map((outcome) => ({
    pair: 'a',
    metric: 'connections.opened',
    margin: 0.1,
    outcome,
    reason: 'r',
  }));
  const results = { ...smallRun({ expectations: [] }), trials: [] };
  const text = renderMarkdown({ runs: [reported(results)], comparison: smallComparison({ gates, pairs: [] }) });
  expect(text.split('\n')[3]).toBe(headline);
});

test('without gates, claims and invalid trials there is no headline', () => {
  const results = { ...smallRun({ expectations: [] }), trials: [] };
  const text = renderMarkdown({ runs: [reported(results)], comparison: smallComparison({ gates: [], pairs: [] }) });
  expect(text.split('\n').slice(1, 4)).toEqual(['## connbench: `small`', '', '### Warnings']);
});

test('failed gates and refuted claims come first', () => {
  const gates = ['passed', 'inconclusive', 'failed'].map((outcome) => ({
    ...smallComparison().gates[0]!,
    outcome: outcome as 'passed',
  }));
  const text = renderMarkdown(smallInput({ comparison: smallComparison({ gates }) }));
  const rows = text.split('\n').filter((line) => line.includes('response p99 10 %'));
  expect(rows.map((row) => row.split(' ')[1])).toEqual(['**failed**', 'inconclusive', 'passed']);
});

test('the mark is the same for other figures of the same scenarios, and holds no name that could end it', () => {
  const first = (text: string): string => text.split('\n')[0]!;
  const other = smallRun({ blocks: 5 });
  expect(first(renderMarkdown(smallInput({ runs: [reported(other)] })))).toBe(first(renderMarkdown(smallInput())));
  const named = (name: string): string => first(renderMarkdown(smallInput({ runs: [reported(smallRun({ name }))] })));
  expect(named('a --> <b>')).toBe('<!-- connbench-report a-b -->');
  expect(named('a---b')).toBe('<!-- connbench-report a-b -->');
});

/** A thousand variants, each compared, gated, claimed, warned about and invalid once, with names of a thousand characters. */
function endlessInput(letter: string): Parameters<typeof renderMarkdown>[0] {
  const name = (index: number): string => `${index}${letter.repeat(1000)}`;
  const variants = Array.from({ length: 1000 }, (_, index) => variant(name(index), { axis: name(index) }));
  const claim = { metric: 'connections.opened', of: {}, against: null, ratio: null, value: { below: 1, above: null } };
  const claims = Array.from({ length: 50 }, (_, index) => ({
    ...claim,
    of: { axis: name(index) },
    claim: name(index),
  }));
  // One trial stands for all: making a thousand histograms would take longer than everything else.
  const { header, trials, footer } = run({ variants: [variants[0]!] }, () => ({ samples: 10, failed: 1 }));
  const results = {
    header: { ...header, variants, expectations: claims, scenario: { ...header.scenario, name: name(0) } },
    trials: variants.map((of, index) => ({
      ...trials[0]!,
      index,
      variant: of.name,
      valid: false,
      invalidReasons: [{ code: name(1), message: name(2) }],
      warnings: [{ ...warning('lag', name(3)), code: name(index), advice: name(4) }],
    })),
    footer,
  };
  const pairs = variants.map((of, index): ComparedPair => ({
    name: `${of.name} against ${name(0)}`,
    base: { source: 0, variant: name(0) },
    other: { source: 0, variant: of.name },
    design: 'paired',
    excluded: [],
    metrics: Array.from({ length: 20 }, () => ({ ...slower, reason: name(index) })),
    warnings: [name(index), name(index + 1)],
  }));
  const gates = pairs.map(({ name: pair }) => {
    return { pair, metric: slower.metric, margin: 0.1, outcome: 'failed' as const, reason: name(5) };
  });
  return {
    runs: [reported(results)],
    comparison: smallComparison({ pairs, gates, warnings: variants.map((of) => of.name) }),
  };
}

test.each(['x', '|', '\u{e0001}', '\u{1f600}', '<', '@'])(
  'a thousand variants with long names of %j are under 60 kB',
  (letter) => {
    const text = renderMarkdown(endlessInput(letter));
    expect(bytesOf(text)).toBeLessThan(markdownLimitBytes);
    // What matters most is there, and what is left out is counted.
    expect(text).toContain('**1,000 of 1,000 gates failed.**');
    expect(text).toContain('### Gates');
    expect(text).toMatch(/\*\*Left out for the sake of length:\*\* 9\d\d gates, .*compared metrics, .*warnings/);
    expect(text).toContain('connbench report FILE --html');
    // Whatever was begun was ended.
    expect(text.split('<details').length).toBe(text.split('</details>').length);
  },
);

test('many runs are under 60 kB', () => {
  const { header, ...rest } = smallRun();
  const runs = Array.from({ length: 300 }, (_, index) => {
    return reported({ ...rest, header: { ...header, scenario: { ...header.scenario, name: `run-${index}` } } });
  });
  const sources = runs.map(({ results }) => ({
    ...smallComparison().sources[0]!,
    scenario: results.header.scenario.name,
  }));
  const text = renderMarkdown({ runs, comparison: smallComparison({ sources }) });
  expect(bytesOf(text)).toBeLessThan(markdownLimitBytes);
  expect(text).toContain('`run-0`, `run-1`, `run-2`, `run-3`, `run-4` and 295 other scenarios');
});

test('hostile names are text: no tag, no mention, no link, no new line or cell', () => {
  const text = renderMarkdown(hostileInput());
  const [mark, ...rest] = text.split('\n');
  expect(mark).toMatch(/^<!-- [\w. -]+ -->$/);
  for (const line of rest) {
    // Code spans are inert; what stands outside them must hold no active character that is not ours.
    const outside = line.replaceAll(/`[^`]*`/g, '');
    expect(outside).not.toMatch(/<(?!\/?(details|summary|b|br|code)\b)/);
    expect(outside).not.toMatch(/@(?!&#8203;)/);
    expect(outside).not.toMatch(/:\/\//);
    expect(outside).not.toContain('-->');
    expect(outside).not.toMatch(/[^\P{Cc}]|[\p{Cf}\p{Cs}]/u);
  }
  // Every row of a table has as many cells as its head: no pipe of a name ends one.
  let columns = 0;
  for (const line of rest) {
    const cells = line.startsWith('|') ? line.split('|').length : 0;
    if (cells > 0 && columns > 0) expect(cells, line).toBe(columns);
    columns = cells;
  }
});

test('pairs without a metric have no heading', () => {
  const [pair] = smallComparison().pairs;
  const comparison = smallComparison({ pairs: [{ ...pair!, metrics: [] }], gates: [] });
  expect(renderMarkdown(smallInput({ comparison }))).not.toContain('### Comparison');
});

test('lost requests are told in points, a change within the margin is not called none', () => {
  const [pair] = smallComparison().pairs;
  const metrics = [
    { ...slower, metric: 'requests.lossRate', ratio: null, interval: null, margin: 0.001, smallestDetectable: 0.0455 },
    { ...slower, metric: 'connections.reuseRatio', verdict: 'equivalent', warn: true, margin: 0.05 } as const,
    { ...slower, verdict: 'equivalent' } as const,
  ];
  const text = renderMarkdown(smallInput({ comparison: smallComparison({ pairs: [{ ...pair!, metrics }] }) }));
  expect(text).toContain('<b>1 worse</b>, 1 no change, 1 within margin, paired by block');
  // 4.55 to two digits; its binary value lies below.
  expect(text).toContain('| **worse beyond 0.1 points** | 4.5 points |');
  expect(text).toContain('| within 5 % | 8.2 % |');
});

test('a quantile with few samples beyond it has a tilde, and a note', () => {
  // Of 1,000 samples 10 lie beyond p99; of 900 there are 9.
  const text = (samples: number): string =>
    renderMarkdown(
      smallInput({ runs: [reported(run({ variants: [variant('a', {})] }, () => ({ samples, p99Ns: 1e6 })))] }),
    );
  expect(text(900)).toMatch(/\| `a` \| 0\.210 \| \\~1\.00 \|/);
  expect(text(900)).toContain('\\~ fewer than 10 samples lie beyond this quantile');
  expect(text(1000)).toMatch(/\| `a` \| 0\.210 \| 1\.00 \|/);
  expect(text(1000)).not.toContain('fewer than 10 samples');
});

test('nothing finished', () => {
  const text = renderMarkdown(emptyInput());
  expect(text).toContain('**1 run did not end as planned.**');
  expect(text).not.toContain('### Gates');
  expect(text).not.toContain('### Comparison');
});

test('prose escapes what has a meaning', () => {
  expect(prose('a|b *c* _d_ [e](f) <g> & `h` ~i~ $j$ \\k')).toBe(
    'a&#124;b \\*c\\* \\_d\\_ \\[e\\](f) &lt;g&gt; &amp; &#96;h&#96; \\~i\\~ \\$j\\$ \\\\k',
  );
  expect(prose('@octocat #12 # https://x www.x')).toBe(
    '@&#8203;octocat \\#&#8203;12 \\# https:&#8203;//x www.&#8203;x',
  );
  // References to issues in their long form, and names of emoji; a time is neither.
  expect(prose('GH-2 gh-3 GH-x ROUGH-4')).toBe('GH-&#8203;2 gh-&#8203;3 GH-x ROUGH-4');
  expect(prose(':tada: :+1::white_check_mark: 00:49:58 p50: a: b')).toBe(
    ':&#8203;tada: :&#8203;+1::&#8203;white\\_check\\_mark: 00:49:58 p50: a: b',
  );
  expect(prose('a\nb')).toBe('a\\\\u000ab');
  expect(prose('abcdef', 3)).toBe('abc…');
});

test('in a line of HTML only tags, entities and links have a meaning', () => {
  expect(htmlProse('a_b|c <g> & @x #1 https://y \\')).toBe(
    'a_b|c &lt;g&gt; &amp; @&#8203;x #&#8203;1 https:&#8203;//y \\',
  );
  const [pair] = smallComparison().pairs;
  const comparison = smallComparison({ pairs: [{ ...pair!, name: 'a_b <i>' }] });
  expect(renderMarkdown(smallInput({ comparison }))).toContain('<summary>a_b &lt;i&gt;: ');
});

test('a code span cannot be ended', () => {
  expect(code('a`b|c')).toBe('`a\\u0060b\\u007cc`');
  expect(code('')).toBe('`?`');
  expect(code('  ')).toBe('`?`');
});

test('a page takes whole items while there is room, and carries over what was not used', () => {
  const page = new BoundedPage();
  // Each line costs its bytes and a line feed: head, first item and tail are 6 bytes, and the second item does not fit into the seventh.
  page.allow(7);
  page.addPart({ head: ['h'], tail: ['t'], items: [['a'], ['b'], ['c']], noun: 'row' });
  expect(page.text()).toBe('h\na\nt\n');
  expect(page.leftOut()).toBe('2 rows');
  page.allow(4);
  page.addPart({ head: [], tail: [], items: [['\u00e9'], ['d']], noun: 'name' });
  // One byte was left over: 1 + 4 = 5, of which the letter takes 3 and the next 2.
  expect(page.text()).toBe('h\na\nt\n\u00e9\nd\n');
  page.addPart({ head: ['long head'], tail: [], items: [['x']], noun: 'row' });
  expect(page.leftOut()).toBe('3 rows');
  expect(page.add(['too long for it'])).toBe(false);
});
