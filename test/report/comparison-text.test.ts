/** A comparison on a terminal: golden texts, widths, and names that try to escape. */
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { renderComparison, renderGates } from '../../src/report/comparison-text.ts';
import { metricLabel } from '../../src/report/metric-label.ts';
import { displayWidth } from '../../src/report/wrap.ts';
import { compare, fileOf, runOf } from '../compare/runs.ts';
import { run, variant } from '../results/fixtures.ts';

/** Worse, better, open, unchanged, exact and withheld, with an excluded block. */
function mixed(): ReturnType<typeof compare> {
  const invalid = { valid: false, invalidReasons: [{ code: 'link-late', message: 'the machine was too busy' }] };
  const results = runOf(
    (block) => ({
      p50Ns: 1200 + block,
      p99Ns: 1990 + 2 * block,
      opened: 4400,
      serverTimeWait: 21_992,
      clientCpuUs: 15.2 * [0.98, 0.99, 1, 1.01, 1.06, 1.09, 1.1, 1.12, 1][block]!,
      serverCpuUs: 15,
      ...(block === 4 ? { overrides: invalid } : {}),
    }),
    9,
  );
  return compare([results], { gates: ['p50:5%', 'p999:10%', 'throughput:5%'] });
}

describe('golden', () => {
  test('a run with gates in 80 columns', async () => {
    await expect(renderComparison(mixed(), { width: 80, colour: false })).toMatchFileSnapshot(
      'golden/comparison-80.txt',
    );
  });

  test('two files of different machines in 80 columns', async () => {
    const other = fileOf(
      'results/head.ndjson',
      { p50Ns: 1300, failed: 400 },
      { header: { connbenchVersion: '0.2.0' } },
    );
    const document = compare([fileOf('results/base.ndjson', {}), other], { gates: ['p50:5%'] });
    await expect(renderComparison(document, { width: 80, colour: false })).toMatchFileSnapshot(
      'golden/comparison-files-80.txt',
    );
  });

  test('the gates at the end of a run', () => {
    expect(renderGates(mixed(), { width: 80, colour: false })).toBe(
      [
        'Gates: 3 gates, 1 failed, 1 passed, 1 inconclusive',
        "  FAILED  latency.response.p50 is 1.20 times the base's (98.3 % interval 1.20 to",
        '          1.21): worse by more than 5 %.',
        '  open    latency.response.p999 is not judged: a verdict needs 100,000 requests',
        '          in every trial, for 100 beyond the quantile; one has 20 beyond it.',
        "  passed  throughput.achievedPerSecond is 1.00 times the base's (98.3 % interval",
        '          1.00): not worse by more than 5 %.',
        '',
      ].join('\n'),
    );
    expect(renderGates(compare([runOf(() => ({}))]), { width: 80, colour: false })).toBe('');
  });
});

describe('any terminal', () => {
  const anyName = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }).filter((name) => name.trim() !== '');

  test('no line is wider, no control character gets through, whatever the names', () => {
    fc.assert(
      fc.property(anyName, anyName, fc.integer({ min: 60, max: 160 }), (first, second, width) => {
        fc.pre(first !== second);
        const variants = [variant(first, { s: 'a' }), variant(second, { s: 'b' })];
        const results = run({ variants, blocks: 1, name: first }, () => ({ samples: 500 }));
        const text = renderComparison(compare([results], { gates: ['p50:5%'] }), { width, colour: false });
        expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
        for (const line of text.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(width);
      }),
      { numRuns: 25 },
    );
  });

  test('colour changes nothing but the colour', () => {
    const [plain, coloured] = [false, true].map((colour) => renderComparison(mixed(), { width: 80, colour }));
    expect(coloured).toContain('\u001b[31m');
    expect(stripVTControlCharacters(coloured!)).toBe(plain);
  });
});

test.each([
  ['latency.response.p999', 'response p99.9'],
  ['latencyByConnection.new.service.p05', 'new conn. service p5'],
  ['latencyByConnection.reused.firstByte.p99999', 'reused conn. firstByte p99.999'],
  ['timeWait.server.entered', 'server TIME_WAIT'],
  ['kernel.client.TW', 'kernel.client.TW'],
  ['constructor', 'constructor'],
])('%s is called %s', (metric, label) => {
  expect(metricLabel(metric)).toBe(label);
});
