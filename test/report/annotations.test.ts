/** Workflow commands: one line each, however hostile the names, and not more than GitHub shows. */
import { expect, test } from 'vitest';
import { renderAnnotations } from '../../src/report/annotations.ts';
import { emptyInput, hostileInput, reported, smallComparison, smallInput, smallRun } from './report-inputs.ts';

test('an error per failed gate, a warning per inconclusive one and per run with invalid trials', () => {
  expect(renderAnnotations(smallInput()).split('\n')).toEqual([
    '::error title=Gate failed%3A latency.response.p99::pool=2 against pool=1: p99 is 2 times the base.',
    '::warning title=Gate inconclusive%3A latency.response.p50::pool=2 against pool=1: p50 is open.',
    '::warning title=Invalid trials%3A small::1 invalid trial of 4: server-died',
    '',
  ]);
});

test('an error per refuted claim', () => {
  const results = smallRun({ blocks: 8 });
  const trials = results.trials.map((trial) => ({ ...trial, valid: true }));
  const comparison = smallComparison({ gates: [] });
  const text = renderAnnotations({ runs: [reported({ ...results, trials })], comparison });
  expect(text).toMatch(/^::error title=Claim refuted%3A small::A pool of two opens more than nine: pool=2: .*\n$/);
});

test('ten of a kind, the last of which counts the rest', () => {
  const gates = Array.from({ length: 25 }, (_, index) => ({
    ...smallComparison().gates[0]!,
    pair: `pair ${index}`,
  }));
  const lines = renderAnnotations(smallInput({ comparison: smallComparison({ gates }) }))
    .trimEnd()
    .split('\n');
  const errors = lines.filter((line) => line.startsWith('::error'));
  expect(errors.length).toBe(10);
  expect(errors[8]).toContain('::pair 8: ');
  expect(errors[9]).toBe('::error title=connbench::and 16 more; the report has them all');
});

test('hostile names end neither line nor title', () => {
  const lines = renderAnnotations(hostileInput()).trimEnd().split('\n');
  expect(lines.length).toBe(3);
  for (const line of lines) {
    // A comma or colon would end the title, a bare percent sign would begin an escape.
    expect(line).toMatch(/^::(error|warning) title=[^:,]*::/);
    expect(line).not.toMatch(/%(?!25|3A|2C)/);
    expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
  }
});

test('nothing where all is well', () => {
  expect(renderAnnotations(emptyInput())).toBe('');
});
