/** `connbench catalogue` on a folder of two short scenarios: unattended, resumed after a kill, and never twice the same work. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readResultFile } from '../../src/results/read-file.ts';
import { Bench, until, type Ended } from './connbench.ts';

/** An exact count, decided by two blocks. */
const scenario = (name: string, below = 2): string => `name: ${name}
base:
  network: { mode: host }
  strategy: { connection: keep-alive, pool: { size: 1 } }
  load: { model: open, rate: 50/s, arrivals: constant, warmUp: 0s, duration: 300ms }
blocks: 3
expect:
  - claim: One connection is enough
    metric: connections.opened
    of: default
    value: { below: ${below} }
`;

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
  mkdirSync(join(bench.dir, 'tiny'));
  bench.file('tiny/first.yaml', scenario('first'));
  bench.file('tiny/second.yaml', scenario('second'));
});
afterEach(() => {
  bench.dispose();
});

const resultPath = (name: string): string => join(bench.dir, 'results/catalogue/tiny', `${name}.ndjson`);
const runIdOf = async (name: string): Promise<string> => (await readResultFile(resultPath(name))).header.runId;
const linesOf = (name: string): number => {
  try {
    return readFileSync(resultPath(name), 'utf8').split('\n').length - 1;
  } catch {
    return 0;
  }
};

/** 6 is for trials that a busy machine made invalid: nothing that is tested here. */
function expectEnded({ code, stderr }: Ended): void {
  expect([0, 6], stderr).toContain(code);
}

describe('catalogue', () => {
  test('runs each scenario into a file of its own, and the second time nothing', async () => {
    const ended = await bench.run('catalogue', 'tiny');
    expectEnded(ended);
    expect(ended.stderr).toContain('[1/2] tiny/first: new, about ');
    expect(ended.stderr).toContain('[2/2] tiny/second: new, about ');
    expect(ended.stdout).toContain('Expectations of the scenarios');
    expect(ended.stdout).toContain('Invalid trials');
    // Scenarios of the reader's own show no claim of the catalogue.
    expect(ended.stdout).not.toContain('Claims');
    const before = [await runIdOf('first'), await runIdOf('second')];

    const again = await bench.run('catalogue', 'tiny');
    expectEnded(again);
    expect(again.stderr).toContain('[1/2] tiny/first: finished already');
    expect(again.stderr).toContain('[2/2] tiny/second: finished already');
    expect([await runIdOf('first'), await runIdOf('second')]).toEqual(before);
  });

  test('killed in the middle of a scenario, it goes on with that very run', async () => {
    const run = bench.start('catalogue', 'tiny');
    // The header and a trial.
    await until('a trial is on the disk', () => linesOf('first') >= 2);
    run.child.kill('SIGKILL');
    await run.ended;
    const killed = await readResultFile(resultPath('first'));
    expect(killed.footer).toBeNull();
    expect(linesOf('second')).toBe(0);

    const ended = await bench.run('catalogue', 'tiny');
    expectEnded(ended);
    expect(ended.stderr).toMatch(/\[1\/2\] tiny\/first: goes on after [12] of 3 trials, about /);
    const file = await readResultFile(resultPath('first'));
    expect(file.header.runId).toBe(killed.header.runId);
    expect(file.footer).toMatchObject({ completedTrials: 3, interrupted: false });
    // What was measured before the kill is still there, as it was.
    expect(file.trials.slice(0, killed.trials.length).map(({ startedAt }) => startedAt)).toEqual(
      killed.trials.map(({ startedAt }) => startedAt),
    );
    expect(linesOf('second')).toBe(5);
  });

  test('Ctrl-C ends the scenario and the whole run in order, and the next one goes on there', async () => {
    const run = bench.start('catalogue', 'tiny');
    await until('a trial is on the disk', () => linesOf('first') >= 2);
    run.child.kill('SIGINT');
    const stopped = await run.ended;
    expect(stopped.code).toBe(130);
    expect(stopped.stdout).toContain('Results: results/catalogue');
    expect((await readResultFile(resultPath('first'))).footer).toMatchObject({ interrupted: true });
    expect(linesOf('second')).toBe(0);

    const ended = await bench.run('catalogue', 'tiny');
    expectEnded(ended);
    expect(ended.stderr).toMatch(/\[1\/2\] tiny\/first: goes on after \d of 3 trials, about /);
    expect((await readResultFile(resultPath('first'))).footer).toMatchObject({
      completedTrials: 3,
      interrupted: false,
    });
  });

  test('results of another text are put aside, and so is everything with --again', async () => {
    await bench.run('catalogue', 'tiny', '--only', 'first');
    const old = await runIdOf('first');
    writeFileSync(join(bench.dir, 'tiny/first.yaml'), scenario('first', 3));
    const ended = await bench.run('catalogue', 'tiny', '--only', 'first');
    expectEnded(ended);
    expect(ended.stderr).toContain('since the scenario has changed: expectations;');
    expect(await runIdOf('first')).not.toBe(old);
    const earlier = join(bench.dir, 'results/catalogue/tiny/earlier');
    expect((await readResultFile(join(earlier, 'first-1.ndjson'))).header.runId).toBe(old);

    expectEnded(await bench.run('catalogue', 'tiny', '--only', 'first', '--again'));
    expect(readdirSync(earlier)).toEqual(['first-1.ndjson', 'first-2.ndjson']);
    expect(linesOf('second')).toBe(0);
  });

  test('a refuted expectation ends it with 3, after all scenarios', async () => {
    bench.file('tiny/first.yaml', scenario('first', 1));
    const { code, stdout } = await bench.run('catalogue', 'tiny');
    expect([3, 6]).toContain(code);
    expect(stdout).toContain('first: 1 refuted');
    expect(stdout).toContain('refuted: One connection is enough');
    expect(linesOf('second')).toBe(5);
  });

  test('--dry-run says what would run, and runs nothing', async () => {
    const { code, stdout } = await bench.run('catalogue', 'tiny', '--dry-run');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^tiny\/first: new, about 0:0\d$/m);
    expect(stdout).toMatch(/^2 of 2 scenarios to run, about 0:\d\d by their own times/m);
    expect(bench.resultFiles()).toEqual([]);
  });

  test('the shipped catalogue lists every folder', async () => {
    const { code, stdout } = await bench.run(
      'catalogue',
      '--dry-run',
      '--only',
      'scenarios/protocol',
      '--only',
      'packets',
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^cost\/packets: new, about /m);
    expect(stdout).toMatch(/^protocol\/hol: new, about /m);
    expect(stdout).not.toContain('lifetime/');
  });

  test.each([
    ['a selection that names nothing', ['tiny', '--only', 'frist'], 'did you mean "first"?'],
    ['a folder that is not there', ['tinny'], 'tinny'],
  ])('%s is an error of use', async (_, args, message) => {
    const { code, stderr } = await bench.run('catalogue', ...args);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^ {4}at /m);
    expect(code).toBe(2);
  });

  test('two scenarios that would share a file are refused before anything runs', async () => {
    bench.file('tiny/third.yaml', scenario('first'));
    const { code, stderr } = await bench.run('catalogue', 'tiny');
    expect(stderr).toContain('tiny/first.yaml and tiny/third.yaml would share the result file');
    expect(code).toBe(2);
    rmSync(join(bench.dir, 'tiny/third.yaml'));
  });

  test('so are two of the same name in different folders, whose results nobody could tell apart', async () => {
    mkdirSync(join(bench.dir, 'other'));
    bench.file('other/first.yaml', scenario('first'));
    const { code, stderr } = await bench.run('catalogue', 'tiny', 'other');
    expect(stderr).toContain('tiny/first.yaml and other/first.yaml have one name, first');
    expect(code).toBe(2);
  });
});

describe('list --handbook', () => {
  test('writes the handbook, says what has no results, and takes a damaged file for none', async () => {
    // Of the name of one of the catalogue's, so that it is taken for its results.
    const load = '{ model: open, rate: 50/s, warmUp: 0s, duration: 200ms }';
    const tiny = bench.file('packets.yaml', `name: packets\nbase: { network: { mode: host }, load: ${load} }\n`);
    expect((await bench.run('run', tiny, '--out', 'found', '--quiet')).stderr).not.toContain('error:');
    bench.file('found/broken.ndjson', 'nothing of the kind\n');
    const { code, stdout, stderr } = await bench.run('list', '--handbook', '--from', 'found', '--out', 'book');
    expect(code).toBe(0);
    expect(stdout).toContain('book/HANDBOOK.md and 0 drawings, from the results of 1 of ');
    expect(stderr).toContain('left out: found/broken.ndjson is not a connbench result file');
    expect(stderr).toContain('connbench catalogue runs them');
    expect(readFileSync(join(bench.dir, 'book/HANDBOOK.md'), 'utf8')).toContain('25 claims: 25 not decided.');
  });

  test('without any result nothing is written', async () => {
    const { code, stderr } = await bench.run('list', '--handbook', '--from', 'found', '--out', 'book');
    expect(stderr).toContain('found holds no results of a scenario of the catalogue');
    expect(stderr).toContain('connbench catalogue makes them');
    expect(code).toBe(2);
    expect(existsSync(join(bench.dir, 'book'))).toBe(false);
  });

  test('--from without --handbook is an error of use', async () => {
    const { code, stderr } = await bench.run('list', '--from', 'found');
    expect(stderr).toContain('--from and --out belong to --handbook');
    expect(code).toBe(2);
  });
});
