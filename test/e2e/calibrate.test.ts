/** `connbench calibrate` from the command line to its exit code, on short real trials. */
import { readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import type { CalibrationDocument } from '../../src/compare/calibration.ts';
import { Bench, until } from './connbench.ts';

const bench = new Bench();
afterAll(() => {
  bench.dispose();
});

const scenario = bench.file(
  'short.yaml',
  `name: short
base:
  server: { kind: reference, response: { delay: 2ms } }
  network: { mode: host }
  load: { model: open, rate: 300/s, arrivals: constant, warmUp: 50ms, duration: 200ms }
axes: { strategy.connection: [close, keep-alive] }
`,
);
const trialLines = (): number => {
  const [path] = bench.resultFiles();
  return path === undefined ? 0 : readFileSync(path, 'utf8').split('\n{"type":"trial"').length - 1;
};

test('stops at Ctrl-C, goes on, and tells the slower server from its twin', async () => {
  const options = ['--variant', 'strategy.connection=keep-alive', '--sessions', '2', '--blocks', '6'];
  const cut = bench.start('calibrate', scenario, ...options, '--inject-delay', '20ms', '--seed', '7');
  await until('a finished trial', () => trialLines() >= 1);
  cut.child.kill('SIGINT');
  const stopped = await cut.ended;
  expect(stopped.code).toBe(130);
  expect(stopped.stderr).toContain('short-calibration: 3 variants, 12 blocks, 36 trials');
  expect(stopped.stdout).toContain('of 2 sessions none is complete');

  const [path] = bench.resultFiles();
  const resumed = await bench.run('calibrate', '--resume', path!, '--quiet');
  expect(resumed.stderr).toBe('');
  const { trials } = await bench.results();
  expect(resumed.code).toBe(trials.every(({ valid }) => valid) ? 0 : 6);
  expect(resumed.stdout).toMatch(/slower \(median ratio \d+(\.\d+)?\) was called\s+a\s+regression/);
  expect(resumed.stdout).toContain(`Results: ${path!}`);

  const again = await bench.run('calibrate', '--from', path!, '--json');
  const document = JSON.parse(again.stdout) as CalibrationDocument;
  expect(document).toMatchObject({ type: 'calibration', blocks: 6, sessions: { planned: 2, used: 2 }, criesWolf: [] });
  const p50 = document.metrics.find(({ metric }) => metric === 'latency.response.p50')!;
  // 2 ms became 22 ms: no noise reaches that far.
  expect(p50.injected).toMatchObject({ regression: { count: 2, of: 2 } });
  expect(p50.sessions.map(({ session }) => session)).toEqual([0, 1]);
  const results = await bench.results();
  expect(results.header.variants.map(({ axes }) => axes)).toEqual([
    { calibrate: 'a' },
    { calibrate: 'b' },
    { calibrate: 'slower' },
  ]);
  expect(results.footer).toMatchObject({ completedTrials: 36, interrupted: false });
});

test.each([
  ['nothing to calibrate', [], 'calibrate takes one of'],
  ['two things to calibrate', [scenario, '--from', 'x.ndjson'], 'calibrate takes one of'],
  ['settings for a file', ['--from', 'x.ndjson', '--sessions', '3'], 'a file holds its scenario and settings already'],
  ['two injections', [scenario, '--inject', '10%', '--inject-delay', '1ms'], 'two ways to say one thing'],
  ['five blocks, which can prove nothing', [scenario, '--blocks', '5'], 'from 6 to 1000'],
  ['more blocks than a run has', [scenario, '--sessions', '200'], '200 sessions of 8 blocks are 1600'],
  ['a gate that is none', [scenario, '--gate', 'p99'], 'is not a gate'],
  ['no share', [scenario, '--inject', '0%'], 'more than 0%'],
])('%s: exit 2', async (_, args, message) => {
  const { code, stderr } = await bench.run('calibrate', ...args);
  expect(stderr).toContain(message);
  expect(code).toBe(2);
});
