/** The summary for programs holds what the terminal shows, in the record's units. */
import { expect, test } from 'vitest';
import { renderSummary, summarise } from '../../src/report/summary.ts';
import { warning } from '../../src/results/warnings.ts';
import { defaultRun, run, variant } from '../results/fixtures.ts';

test('of the default run', async () => {
  const text = renderSummary(summarise(defaultRun({ blocks: 2 }), 'results/run.ndjson'));
  await expect(text).toMatchFileSnapshot('golden/default-json.txt');
});

test('medians are taken over valid trials, losses are summed over all', () => {
  const variants = [variant('a', {})];
  const opened = [10, 20, 90, 1000];
  const results = run({ variants, blocks: 4 }, (_, block) => ({
    opened: opened[block]!,
    failed: block,
    clientFds: null,
    overrides: {
      valid: block !== 3,
      invalidReasons: block === 3 ? [{ code: 'not-reconciled', message: 'one more' }] : [],
      warnings: block > 1 ? [warning('lag', `block ${block}`)] : [],
    },
  }));
  const summary = summarise(results, null);
  const [row] = summary.variants;
  expect(row).toMatchObject({ name: 'a', trials: 4, validTrials: 3, missing: { 'fds.client.peak': 'needs Linux' } });
  expect(row?.metrics['connections.opened']).toBe(20);
  expect(row?.metrics['fds.client.peak']).toBeNull();
  expect(row?.losses).toEqual({ scheduled: 80_006, failed: 6, dropped: 0, abandoned: 0 });
  // 20,000 samples: 200 lie beyond p99 and 20 beyond p99.9.
  expect(row?.tailSamples).toEqual({ p99: 200, p999: 20 });
  expect(summary.invalid).toEqual([
    { index: 3, variant: 'a', block: 3, reasons: [{ code: 'not-reconciled', message: 'one more' }] },
  ]);
  expect(summary.warnings).toEqual([
    {
      code: 'lag',
      advice: warning('lag', '').advice,
      cases: [
        { variant: 'a', block: 2, message: 'block 2' },
        { variant: 'a', block: 3, message: 'block 3' },
      ],
    },
  ]);
  expect(summary.errors).toEqual([{ variant: 'a', phase: 'firstByte', code: 'ECONNRESET', reused: true, count: 6 }]);
});

test('a killed run is interrupted', () => {
  const results = defaultRun();
  expect(summarise({ ...results, footer: null }, null).interrupted).toBe(true);
  expect(summarise(results, null).interrupted).toBe(false);
});

test('its text parses back and holds no bare control or format character', () => {
  const name = 'a\u001b[31m\u009b2J\u202e\u2028\u{e0001}"\\';
  const summary = summarise(
    run({ variants: [variant(name, {})], name }, () => ({})),
    null,
  );
  const text = renderSummary(summary);
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(summary)));
});
