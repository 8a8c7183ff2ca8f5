/** Predictions beside measurements in every report: the figures, the marks, and the assumption that fails. */
import { describe, expect, test } from 'vitest';
import { renderHtml } from '../../src/report/html/page.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { renderModel } from '../../src/report/model-text.ts';
import { summarise } from '../../src/report/summary.ts';
import { footer, header, variant } from '../results/fixtures.ts';
import { displayWidth } from '../../src/report/wrap.ts';
import { configFrom, latencySet, recordOf } from '../model/trials.ts';
import { assets } from './html/fixtures.ts';
import { reported, smallComparison, smallRun } from './report-inputs.ts';
import type { RunResults } from '../../src/report/variant-figures.ts';

/** 100 requests on connections of their own over 50 ms: all that theory says of it holds, but that 600 of them fail in `bad`. */
function resultsOf(failed = 0): RunResults {
  const config = configFrom(
    '  strategy: { connection: close }\n  network: { mode: lab, rtt: 50ms }\n  server: { kind: reference }\n  load: { model: open, rate: 100/s }\n',
  );
  const byConnection = {
    new: latencySet({ connect: 51, firstByte: 50, service: 101 }),
    reused: latencySet({}),
  };
  const record = recordOf(config, { sent: 1000, opened: 1000, failed, byConnection });
  const top = header({ variants: [variant('t', { strategy: 'close | <b>' })] });
  return { header: top, trials: [record], footer: { ...footer, completedTrials: 1 } };
}

describe('the terminal', () => {
  test.each([40, 60, 80, 200])('at %i columns no line is wider', (width) => {
    for (const line of renderModel(resultsOf(600), { width, colour: false }).split('\n')) {
      expect(displayWidth(line)).toBeLessThanOrEqual(Math.max(60, width));
    }
  });

  test('figures and ratio on one line', () => {
    const text = renderModel(resultsOf(), { width: 100, colour: false });
    expect(text).toMatch(/^opening a connection, new connection, median +50\.0 ms +51\.0 ms +1\.020$/m);
    expect(text).toMatch(/^connections opened per request +1\.00 +1\.00 +1\.000$/m);
    expect(text).not.toContain('not so:');
  });

  test('an assumption that fails takes the ratio away and says why', () => {
    const text = renderModel(resultsOf(600), { width: 100, colour: false });
    expect(text).toMatch(/^connections opened per request +1\.00 +1\.00 +-$/m);
    expect(text.replaceAll(/\s+/g, ' ')).toContain('600 of 1000 requests had no answer');
  });

  test('a run that no formula fits says so', () => {
    expect(renderModel(smallRun(), { width: 80, colour: false })).toContain('No formula applies');
  });
});

test('Markdown: a row per figure, names only text', () => {
  const text = renderMarkdown({ runs: [reported(resultsOf())], comparison: smallComparison({ pairs: [], gates: [] }) });
  const line = text.split('\n').find((one) => one.includes('opening a connection'));
  expect(line).toContain('| 50.0 ms | 51.0 ms | 1.020 | 1 round trip |');
  const nothing = renderMarkdown({
    runs: [reported(smallRun())],
    comparison: smallComparison({ pairs: [], gates: [] }),
  });
  expect(nothing).not.toContain('Model beside measurement');
});

test('HTML: with formula, source and what does not hold; nothing where theory says nothing', () => {
  const page = renderHtml(
    { runs: [reported(resultsOf(600))], comparison: smallComparison({ pairs: [], gates: [] }) },
    assets,
  );
  expect(page).toContain('id="run1-model"');
  expect(page).toContain('href="#run1-model"');
  expect(page).toContain('1 round trip');
  expect(page).toContain('does not hold:');
  expect(page).toContain('close | &lt;b&gt;');
  const other = renderHtml({ runs: [reported(smallRun())], comparison: smallComparison() }, assets);
  expect(other).not.toContain('run1-model');
});

test('JSON: the predictions of each variant, and no key where there are none', () => {
  const model = summarise(resultsOf(), null).variants[0]!.model!;
  const connect = model.find(({ metric }) => metric === 'latencyByConnection.new.connect.p50');
  expect(connect).toMatchObject({
    unit: 'ns',
    predicted: 50e6,
    range: null,
    source: expect.stringContaining('RFC 9293') as string,
  });
  expect(summarise(smallRun(), null).variants[0]).not.toHaveProperty('model');
});
