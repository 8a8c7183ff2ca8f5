/** `connbench trend` as a user runs it: adding, looking, and every mistake. Needs the built `dist/`. */
import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TrendDocument } from '../../src/compare/trend-document.ts';
import { Bench, type Ended } from '../e2e/connbench.ts';
import { run, variant, type RunChoice } from '../results/fixtures.ts';
import { control, entry, lines, nights } from '../results/history-fixture.ts';

const variants = [variant('size=8', { size: '8' }), variant('size=32', { size: '32' })];

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(() => {
  bench.dispose();
});

function trend(...args: readonly string[]): Promise<Ended> {
  return bench.run('trend', '--history', 'history.ndjson', ...args);
}

/** Writes a result file. */
function result(name: string, runId: string, choice: Partial<RunChoice> = {}): string {
  const { header, trials, footer } = run({ variants, blocks: 6, baseline: { size: '32' }, ...choice }, (of) => ({
    p50Ns: of === 'size=8' ? 400_000 : 200_000,
  }));
  return bench.file(
    name,
    [{ ...header, runId }, ...trials, footer].map((line) => `${JSON.stringify(line)}\n`).join(''),
  );
}

function history(): string {
  return readFileSync(`${bench.dir}/history.ndjson`, 'utf8');
}

function planted(count = 60, from = 54): void {
  const shift = (at: number, metric: string): number =>
    metric === 'latency.response.p99' && at >= from ? Math.log(1.12) : 0;
  bench.file('history.ndjson', lines(nights(count, shift)));
}

describe('--add', () => {
  test('puts runs into the history, once', async () => {
    result('one.ndjson', 'one');
    result('two.ndjson', 'two');
    const added = await trend('--add', 'one.ndjson', 'two.ndjson', '--label', 'abc123', '--metric', 'p90');
    expect(added).toMatchObject({ code: 0, stderr: '' });
    expect(added.stdout).toBe('added run one of default\nadded run two of default\n');
    const [first] = history().split('\n');
    expect(JSON.parse(first!)).toMatchObject({ runId: 'one', label: 'abc123', blocks: 6 });
    const { variants: kept } = JSON.parse(first!) as { variants: { figures: Record<string, object> }[] };
    // 400 us over 200 us, both as the upper edges of their buckets.
    expect(kept[0]!.figures['latency.response.p50']).toMatchObject({ n: 6, ratio: { blocks: 6 } });
    expect(kept[0]!.figures).toHaveProperty(['latency.response.p90']);
    const before = history();
    const again = await trend('--add', 'two.ndjson', '--label', 'other');
    expect(again).toMatchObject({ code: 0, stdout: 'run two is in the history already\n', stderr: '' });
    expect(history()).toBe(before);
  });

  test('repairs a half-written line and says so', async () => {
    planted(8, 99);
    appendFileSync(`${bench.dir}/history.ndjson`, '{"type":"history","run');
    result('one.ndjson', 'one');
    const looked = await trend();
    expect(looked.code).toBe(0);
    expect(looked.stderr).toMatch(/^warning: history\.ndjson: line 9 is half written/);
    expect((await trend('--add', 'one.ndjson')).stderr).toMatch(/line 9 is half written/);
    expect(
      history()
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { runId: string }).runId)
        .slice(7),
    ).toEqual(['run007', 'one']);
  });

  test('says that a run has no ratios', async () => {
    result('one.ndjson', 'one', { baseline: null });
    const { stdout } = await trend('--add', 'one.ndjson');
    expect(stdout).toBe('added run one of default, without ratios, since it has no control: see --control\n');
    expect(await trend()).toMatchObject({ code: 2 });
    expect(await trend('--control', 'size=32')).toMatchObject({ code: 0 });
  });

  test.each([
    ['a missing file', ['--add', 'none.ndjson'], 'cannot read none.ndjson: there is no such file'],
    ['a foreign file', ['--add', 'foreign.txt'], 'foreign.txt is not a connbench result file'],
    ['an unfinished run', ['--add', 'killed.ndjson'], 'killed.ndjson holds a run that did not end'],
    ['an unknown control', ['--add', 'one.ndjson', '--control', 'size=31'], '"31" is not an alternative'],
    [
      'an unknown metric',
      ['--add', 'one.ndjson', '--metric', 'latency.respons.p50'],
      'did you mean "latency.response.p50"?',
    ],
    ['an empty label', ['--add', 'one.ndjson', '--label', ' '], '--label must have 1 to 200 characters'],
    ['an output', ['--add', 'one.ndjson', '--html', 'x.html'], '--html does not go with --add'],
    ['a second, bad file', ['--add', 'one.ndjson', 'foreign.txt'], 'foreign.txt is not a connbench result file'],
  ])('refuses %s and adds nothing', async (_, args, message) => {
    const path = result('one.ndjson', 'one');
    bench.file('foreign.txt', 'hello\n');
    const whole = readFileSync(path, 'utf8').trimEnd().split('\n');
    bench.file('killed.ndjson', `${whole.slice(0, -1).join('\n')}\n`);
    const { code, stdout, stderr } = await trend(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(readdirSync(bench.dir)).not.toContain('history.ndjson');
  });
});

describe('looking', () => {
  test('exits 4 where something got worse, and writes every form', async () => {
    planted();
    const { code, stdout, stderr } = await trend(
      '--html',
      'out/trend.html',
      '--markdown',
      'trend.md',
      '--csv',
      'trend.csv',
    );
    expect([code, stderr]).toEqual([4, '']);
    expect(stdout).toContain('Response time p99 of pool=8 got worse by');
    expect(stdout).toMatch(/2026-10-25 {2}c000054/);
    const read = (name: string): string => readFileSync(`${bench.dir}/${name}`, 'utf8');
    expect(read('out/trend.html')).toMatch(/^<!doctype html>[\s\S]*c000054/);
    expect(read('trend.md')).toMatch(/^## connbench trend: something got worse\n/);
    expect(read('trend.csv').split('\n')).toHaveLength(62);
  });

  test('exits 0 where that was long ago', async () => {
    planted(60, 30);
    const { code, stdout } = await trend();
    expect(code).toBe(0);
    expect(stdout).toContain('Nothing got worse in the last 7 runs');
    expect(stdout).toContain('c000030');
    expect(await trend('--recent', '30')).toMatchObject({ code: 4 });
    expect(await trend('--recent', '29')).toMatchObject({ code: 0 });
  });

  test('prints JSON', async () => {
    planted();
    const { code, stdout } = await trend('--json', '--metric', 'p99', '--variant', 'pool=8', '--control', control);
    const document = JSON.parse(stdout) as TrendDocument;
    expect(code).toBe(4);
    expect(document).toMatchObject({ type: 'trend', schemaVersion: 1, worse: true });
    expect(document.scenarios[0]!.series.map(({ changes }) => changes.map(({ point }) => point))).toEqual([[54]]);
  });

  test('says how many runs are missing', async () => {
    planted(5);
    const { code, stdout } = await trend();
    expect(code).toBe(0);
    expect(stdout).toContain('Too short yet: pool-size needs 3 more runs');
  });

  const foreign = 'history.ndjson is not a connbench history: line 1 is not an entry';
  const future = JSON.stringify({ ...entry(1), schemaVersion: 2 });
  test.each([
    ['no history', null, [], 'cannot read history.ndjson: there is no such file'],
    ['an empty one', '', [], 'the history has no run yet'],
    ['a foreign one', 'hello\n', [], foreign],
    ['a later version', `${lines([entry(0)])}${future}\n`, [], 'has schema version 2 in line 2'],
    ['a damaged line', `${lines([entry(0)])}{"type":\n${lines([entry(1)])}`, [], 'line 2: not JSON'],
    [
      'an unknown metric',
      lines(nights(8)),
      ['--metric', 'latency.response.p9x'],
      'did you mean "latency.response.p99"?',
    ],
    ['an unknown variant', lines(nights(8)), ['--variant', 'pol=8'], 'did you mean "pool"?'],
    [
      'an unknown control',
      lines(nights(8)),
      ['--control', 'pool=33'],
      '"33" is not an alternative of the axis "pool"; it has 8, 32',
    ],
    ['an unknown scenario', lines(nights(8)), ['--scenario', 'poolsize'], 'did you mean "pool-size"?'],
    ['a label', lines(nights(8)), ['--label', 'x'], '--label goes with --add only'],
    ['no run for --recent', lines(nights(8)), ['--recent', '0'], 'It must be a whole number from 4 to 10000'],
    [
      'a --recent that no change can be within',
      lines(nights(8)),
      ['--recent', '3'],
      'It must be a whole number from 4 to 10000: a change is told when it has lasted 4 runs.',
    ],
    ['an output over the history', lines(nights(8)), ['--csv', './history.ndjson'], 'would overwrite'],
    ['two outputs of one name', lines(nights(8)), ['--csv', 'x', '--html', './x'], 'both write'],
    ['an output without a name', lines(nights(8)), ['--html', ''], '--html has no path'],
    [
      'two scenarios in a CSV',
      lines([entry(0), entry(1, { overrides: { scenario: 'other' } })]),
      ['--csv', 'x.csv'],
      '--csv takes one scenario, and the history has 2',
    ],
  ])('refuses %s', async (_, content, args, message) => {
    if (content !== null) bench.file('history.ndjson', content);
    const { code, stdout, stderr } = await trend(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(readdirSync(bench.dir)).toEqual(content === null ? [] : ['history.ndjson']);
  });

  test('refuses to run without a history', async () => {
    const { code, stderr } = await bench.run('trend');
    expect(code).toBe(2);
    expect(stderr).toContain("required option '--history <file>' not specified");
  });

  test('prints no control character of a hostile history', async () => {
    const evil = '\u001b[2J\u202e';
    const hostile = nights(12).map((one, at) => ({ ...one, label: `${evil}${at}`, scenario: `a${evil}` }));
    bench.file('history.ndjson', lines(hostile));
    for (const args of [[], ['--json'], ['--scenario', evil], ['--variant', evil]]) {
      const { stdout, stderr } = await trend(...args);
      expect(`${stdout}${stderr}`.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }
  });
});
