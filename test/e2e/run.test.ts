/** The built program from the command line to its exit code. */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { TrialRecord } from '../../src/results/record.ts';
import type { RunSummary } from '../../src/report/summary.ts';
import { Bench, childrenOf, isAlive, until, type Running } from './connbench.ts';

const short = `name: short
question: Does reuse pay off?
base:
  network: { mode: host }
  load: { model: open, rate: 300/s, arrivals: constant, warmUp: 100ms, duration: 1s }
axes:
  strategy:
    close: { strategy: { connection: close } }
    keep-alive: {}
baseline: { strategy: close }
`;

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(() => {
  bench.dispose();
});

/** Resolves when both processes of a trial are there, with their ids. */
async function trialProcesses({ child }: Running): Promise<number[]> {
  let pids: number[] = [];
  await until('server and generator', () => (pids = childrenOf(child.pid!)).length === 2);
  return pids;
}
const gone = (pids: readonly number[]): Promise<void> =>
  until('no process is left', () => !pids.some((pid) => isAlive(pid)));
const trialLines = (): number => {
  const [path] = bench.resultFiles();
  return path === undefined
    ? 0
    : readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('{"type":"trial"')).length;
};

/** What makes trials invalid, but for what a busy machine does to sound ones. */
const faults = (trials: readonly TrialRecord[]): readonly string[] =>
  trials
    .flatMap(({ invalidReasons }) => invalidReasons.map((reason) => reason.code))
    .filter((reason) => reason !== 'generator-limited' && reason !== 'machine-busy');

describe('run', () => {
  test('measures every variant, reconciles every count and ends with an answer', async () => {
    const { code, stdout, stderr } = await bench.run('run', bench.file('short.yaml', short));
    const { header, trials, footer, problems } = await bench.results();
    expect(faults(trials)).toEqual([]);
    expect(code).toBe(trials.every(({ valid }) => valid) ? 0 : 6);
    expect(stdout).toContain('Does reuse pay off?');
    expect(stdout).toMatch(/^Answer$/m);
    expect(stdout).toMatch(/^Results: results\/short-.*\.ndjson$/m);
    expect(stderr).toContain('short: 2 variants, 1 block, 2 trials');
    expect(stderr).toContain('1/2 ');
    expect(header.variants.map(({ name }) => name)).toEqual(['strategy=close', 'strategy=keep-alive']);
    expect(footer).toMatchObject({ completedTrials: 2, interrupted: false });
    expect(problems).toEqual([]);
    for (const { requests, connections, reconciliation, variant, timeWait } of trials) {
      expect(requests).toMatchObject({ scheduled: 300, completed: 300, wholeTrial: { scheduled: 330, answered: 330 } });
      // Both processes must agree to the last event; the kernel's counters may hold other programs' events too.
      const disagreeing = reconciliation.filter(({ ok, kernel }) => ok !== true && kernel === null);
      expect(disagreeing).toEqual([]);
      if (variant !== 'strategy=close') continue;
      expect(connections).toMatchObject({ opened: 330, reuseRatio: 0 });
      expect(timeWait.server.entered).toBe(330);
    }
  });

  test('--explain shows the slowest requests of a variant, whose phases add up, in every one', async () => {
    vi.stubEnv('CONNBENCH_CHECK_PHASES', '1');
    const { code, stdout } = await bench.run('run', bench.file('short.yaml', short), '--explain', 'strategy=close');
    vi.unstubAllEnvs();
    const { trials } = await bench.results();
    expect(faults(trials)).toEqual([]);
    expect(code).toBe(trials.every(({ valid }) => valid) ? 0 : 6);
    for (const { slowest = [] } of trials) {
      expect(slowest).toHaveLength(20);
      for (const { phasesNs, responseNs } of slowest) {
        expect(Object.values(phasesNs).reduce((sum, ns) => sum + ns, 0)).toBe(responseNs);
      }
    }
    expect(stdout).toContain('Slowest requests of strategy=close\n');
    expect(stdout).toContain('Block 1, the slowest 20 requests\n');
    expect(stdout).toContain('opened for it, closed after it');
    expect(stdout).not.toContain('Slowest requests of strategy=keep-alive');
  });

  test('--explain of a variant that is not there is refused before anything runs, with the one that may be meant', async () => {
    const path = bench.file('short.yaml', short);
    const { code, stderr } = await bench.run('run', path, '--explain', 'strategy=closed');
    expect(code).toBe(2);
    expect(stderr).toContain('--explain: "closed" is not an alternative of the axis "strategy"');
    expect(stderr).toContain('(did you mean "close"?)');
    expect(bench.resultFiles()).toEqual([]);
  });

  test('--json prints one document for programs, --quiet nothing else, --only, --set and --seed are obeyed', async () => {
    const path = bench.file('short.yaml', short);
    const options = ['--json', '--quiet', '--only', 'strategy=close', '--set', 'load.rate=50/s', '--seed', '7'];
    const { code, stdout, stderr } = await bench.run('run', path, '--out', 'elsewhere', ...options);
    const summary = JSON.parse(stdout) as RunSummary;
    expect(stderr).toBe('');
    expect(summary).toMatchObject({ seed: 7, plannedTrials: 1, finishedTrials: 1, interrupted: false });
    expect(summary.file).toMatch(/^elsewhere\/short-.*\.ndjson$/);
    expect(summary.variants[0]).toMatchObject({ name: 'strategy=close', metrics: { 'connections.opened': 55 } });
    expect(code).toBe(0);
  });

  test('a refuted expectation exits 3', async () => {
    const claim = `
blocks: 6
expect:
  - claim: Closing opens no connections
    metric: connections.opened
    of: { strategy: close }
    value: { below: 2 }
`;
    const scenario = bench.file('claim.yaml', short.replace('duration: 1s', 'duration: 200ms') + claim);
    const { code, stdout } = await bench.run('run', scenario, '--only', 'strategy=close');
    expect(stdout).toContain('refuted: Closing opens no connections');
    expect(code).toBe(3);
  });

  test('a failed gate exits 4, and the file is compared to the same end', async () => {
    // A pool of one opens one connection.
    const gated = short
      .replace('duration: 1s', 'duration: 200ms')
      .replace('baseline: { strategy: close }', 'baseline: { strategy: keep-alive }\nblocks: 6');
    const scenario = bench.file('gate.yaml', `${gated}gates:\n  - { metric: connections.opened, margin: 0% }\n`);
    const { code, stdout } = await bench.run(
      'run',
      scenario,
      '--set',
      'strategy.pool.size=1',
      '--set',
      'load.rate=50/s',
    );
    expect(stdout).toContain('Gates: 1 gate, 1 failed, 0 passed, 0 inconclusive');
    // 15 requests at 50/s in 300 ms, each with a connection of its own.
    expect(stdout).toContain('FAILED  connections.opened is 15 against 1: worse');
    expect(code).toBe(4);
    const [path] = bench.resultFiles();
    const compared = await bench.run('compare', path!);
    expect(compared.stdout).toContain('The gate failed: connections.opened.');
    expect(compared.code).toBe(4);
    const { stdout: json } = await bench.run('compare', path!, '--json', '--gate', 'errors:1%');
    expect(JSON.parse(json)).toMatchObject({
      type: 'comparison',
      gates: [{ metric: 'requests.lossRate', outcome: 'passed' }],
    });
  });

  test('Ctrl-C keeps what is done, writes the footer and exits 130', async () => {
    const run = bench.start('run', bench.file('short.yaml', short), '--blocks', '4');
    await until('a finished trial', () => trialLines() >= 1);
    const pids = await trialProcesses(run);
    run.child.kill('SIGINT');
    const { code, stdout, stderr } = await run.ended;
    expect(code).toBe(130);
    expect(stderr).toContain('stopping: finished trials are kept');
    expect(stdout).toContain('--resume goes on from there');
    const { footer, trials } = await bench.results();
    expect(footer?.interrupted).toBe(true);
    expect(footer?.completedTrials).toBe(trials.filter(({ valid }) => valid).length);
    await gone(pids);
  });

  test('a second Ctrl-C leaves at once, and nothing stays behind', async () => {
    const run = bench.start('run', bench.file('short.yaml', short.replace('duration: 1s', 'duration: 30s')));
    const pids = await trialProcesses(run);
    run.child.kill('SIGINT');
    run.child.kill('SIGINT');
    // Two signals in a row may be delivered as one.
    await until('an end', () => {
      run.child.kill('SIGINT');
      return run.child.exitCode !== null;
    });
    expect((await run.ended).code).toBe(130);
    await gone(pids);
  });

  test('SIGTERM ends in order too, with 143', async () => {
    const run = bench.start('run', bench.file('short.yaml', short.replace('duration: 1s', 'duration: 30s')));
    const pids = await trialProcesses(run);
    run.child.kill('SIGTERM');
    expect((await run.ended).code).toBe(143);
    expect((await bench.results()).footer?.interrupted).toBe(true);
    await gone(pids);
  });

  test('kill -9 loses at most the trial in progress, orphans nothing, and --resume does the rest', async () => {
    const run = bench.start('run', bench.file('short.yaml', short), '--blocks', '2');
    await until('a finished trial', () => trialLines() >= 1);
    const pids = await trialProcesses(run);
    run.child.kill('SIGKILL');
    expect((await run.ended).signal).toBe('SIGKILL');
    await gone(pids);
    const before = await bench.results();
    expect(before.footer).toBeNull();
    expect(before.trials.length).toBeGreaterThanOrEqual(1);

    const { code, stdout, stderr } = await bench.run('run', '--resume', before.path);
    expect(stderr).toContain(`short: 2 variants, 2 blocks, ${4 - before.trials.length} trial`);
    expect(stdout).toContain('keep-alive');
    expect(code).toBe(0);
    const { trials, footer } = await bench.results();
    expect(trials.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    expect(trials.slice(0, before.trials.length)).toEqual(before.trials);
    expect(footer).toMatchObject({ completedTrials: 4, interrupted: false });

    const complete = await bench.run('run', '--resume', before.path);
    expect(complete.code).toBe(2);
    expect(complete.stderr).toContain('is complete: all of its 4 trials are done');
  });
});

describe('usage', () => {
  test('check lists every problem with its place and exits 2', async () => {
    const broken = bench.file(
      'broken.yaml',
      'name: x\nbase:\n  load: { rate: 50 }\n  strategy: { conection: close }\nblocks: none\n',
    );
    const { code, stdout, stderr } = await bench.run('check', broken);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/broken\.yaml:3:\d+ base\.load\.rate: /);
    expect(stderr).toMatch(/broken\.yaml:4:\d+ base\.strategy\.conection: .*did you mean "connection"/);
    expect(stderr).toMatch(/broken\.yaml:5:\d+ blocks: /);
    expect(stderr).toContain('error: 3 problems, nothing was run');
  });

  test('check of a good scenario says how long it takes', async () => {
    const { code, stdout } = await bench.run('check', bench.file('short.yaml', short));
    expect(stdout).toMatch(/short\.yaml: ok, 2 variants, 2 trials, about 0:0\d\n$/);
    expect(code).toBe(0);
  });

  test.each([
    ['an unknown scenario', ['run', 'reuse'], 'neither a shipped scenario'],
    ['a scenario without a command', ['short.yaml'], 'connbench run short.yaml'],
    ['an unknown command', ['ruin'], "unknown command 'ruin'"],
    ['an unknown option', ['run', '--fast'], "unknown option '--fast'"],
    ['a number out of range', ['run', '--blocks', '0'], 'It must be a whole number from 1 to 1000.'],
    ['an unknown variant', ['run', 'short.yaml', '--only', 'strategy=shut'], 'shut'],
    ['an unknown setting', ['run', 'short.yaml', '--set', 'load.rte=5/s'], 'did you mean "load.rate"'],
    ['settings beside --resume', ['run', '--resume', 'x.ndjson', '--blocks', '2'], '--resume takes no scenario'],
    ['a missing result file', ['run', '--resume', 'x.ndjson'], 'there is no such file'],
    ['an unknown schema', ['schema', 'report'], 'scenario, result'],
    ['a public address', ['serve', '--host', '0.0.0.0'], '--allow-remote'],
  ])('%s is an error of use', async (_, args, message) => {
    bench.file('short.yaml', short);
    const { code, stdout, stderr } = await bench.run(...args);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^ {4}at /m);
    expect(stdout).toBe('');
    expect(code).toBe(2);
    expect(bench.resultFiles()).toEqual([]);
  });

  test.each([['scenario'], ['result']])('schema %s is JSON Schema', async (kind) => {
    const { code, stdout } = await bench.run('schema', kind);
    expect(JSON.parse(stdout)).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema' });
    expect(code).toBe(0);
  });

  test('list names every shipped scenario with its question', async () => {
    const { code, stdout } = await bench.run('list');
    for (const name of ['default', 'time-wait-owner', 'pool-size', 'keep-alive-timeout', 'max-requests']) {
      expect(stdout).toMatch(new RegExp(`^${name} {2}\\(\\d+ variants, \\d+ trials, about \\d+:\\d\\d\\)$`, 'm'));
    }
    expect(code).toBe(0);
  });

  test('a reader that leaves early ends the program quietly', async () => {
    const run = bench.start('schema', 'result');
    run.child.stdout?.destroy();
    const { code, stderr } = await run.ended;
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });
});

test('serve answers until Ctrl-C and says what it did', async () => {
  const run = bench.start('serve', '--port', '0', '--response-size', '10B', '--keep-alive-timeout', '3s');
  let told = '';
  run.child.stdout?.on('data', (text: string) => (told += text));
  await until('the server listens', () => told.includes('Ctrl-C'));
  const address = /http:\/\/127\.0\.0\.1:\d+\//.exec(told)?.[0];
  const response = await fetch(address!, { headers: { connection: 'close' } });
  expect(await response.text()).toHaveLength(10);
  run.child.kill('SIGINT');
  const { code, stdout } = await run.ended;
  expect(stdout).toMatch(/keep-alive timeout, ms +3000$/m);
  expect(stdout).toContain('accepted 1 connections, executed 1 requests, refused 0');
  expect(code).toBe(0);
});
