import { expect, test } from 'vitest';
import { calibrationOf, type CalibrationDocument } from '../../src/compare/calibration.ts';
import { renderCalibration, renderCalibrationJson } from '../../src/report/calibration-text.ts';
import { run, variant, type TrialChoice } from '../results/fixtures.ts';

const narrow = { width: 80, colour: false };

function document(
  names: readonly string[],
  choose: (alternative: string, block: number) => TrialChoice,
  overrides: Parameters<typeof run>[0] | object = {},
): CalibrationDocument {
  const variants = names.map((name) => variant(`calibrate=${name}`, { calibrate: name }));
  const results = run({ variants, blocks: 36, ...overrides }, (name, block) => choose(name.split('=')[1]!, block));
  return calibrationOf({ file: 'x.ndjson', results, blocks: 6, gates: [] });
}

test('a quiet machine: the table, the worst rate with its interval, and margins ready to paste', () => {
  const figures = (name: string, block: number): TrialChoice => ({
    clientCpuUs: name === 'b' && block % 2 === 0 ? 10.2 : 10,
    p50Ns: name === 'slower' ? 240_000 : 210_000,
  });
  const text = renderCalibration(document(['a', 'b', 'slower'], figures), narrow);
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(text).toMatch(/^latency\.response\.p50 +0\.210 ms +0\/6 +0\/6 +0 % +1 % +0 %$/m);
  // None in six: up to 1 - 0.025^(1/6) = 46 %.
  const prose = text.replaceAll(/\s+/g, ' ');
  expect(prose).toContain('where there is none in 0 of 6 sessions (0 %; 0 % to 46 % with');
  expect(text).toContain('--gate p50:1% --gate p99:1%');
  // 240/210 in every block of every session; 0.025^(1/6) = 54 %.
  expect(prose).toContain(
    'latency.response.p50: slower (median ratio 1.14) was called a regression beyond 5 % in 6 of 6 sessions (100 %; 54 % to 100 % with a confidence of 95 %), its twin b in 0 of 6.',
  );
});

test('a machine that cries wolf is told so, with the metric', () => {
  const text = renderCalibration(
    document(['a', 'b'], (name) => ({ p50Ns: name === 'a' ? 210_000 : 240_000 })),
    narrow,
  ).replaceAll(/\s+/g, ' ');
  expect(text).toContain('This machine cries wolf');
  expect(text).toContain(
    'in 6 of 6 sessions (100 %; 54 % to 100 % with a confidence of 95 %) with latency.response.p50',
  );
  expect(text).toContain('A verdict went beyond its margin in at most 6 of 6');
  // All p-values are 2/2^6.
  expect(text).toContain('The p-values of latency.response.p50 are not spread evenly');
  expect(text).not.toContain('Sensitivity');
});

test('nothing usable says so and shows no table', () => {
  const none = document(['a', 'b'], () => ({ overrides: { valid: false } }));
  const text = renderCalibration(none, narrow);
  expect(text).toContain('of 6 sessions none is complete');
  expect(text).not.toContain('off by');
});

test('names of a file cannot reach the terminal as control sequences', () => {
  const hostile = document(['a', 'b'], () => ({}), { name: 'x\u001b[2J', question: 'why\u202e\u009b?' });
  const everything = renderCalibration(hostile, narrow) + renderCalibrationJson(hostile);
  expect(everything).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
  expect(JSON.parse(renderCalibrationJson(hostile))).toEqual(JSON.parse(JSON.stringify(hostile)));
});
