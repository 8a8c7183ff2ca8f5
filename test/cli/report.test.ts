/** `connbench report` with real files in a folder of its own: what it writes, what it says, what it refuses. */
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addReportCommand } from '../../src/cli/report-command.ts';
import { assertDistinct, writeReportFile } from '../../src/cli/report-files.ts';
import type { FooterRecord, HeaderRecord, TrialRecord } from '../../src/results/record.ts';
import { run, variant } from '../results/fixtures.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'connbench-report-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command in this process. A refusal is thrown, as the program gets it. */
async function report(...args: readonly string[]): Promise<Outcome> {
  let code: number | null = null;
  const texts = { stdout: '', stderr: '' };
  const output = {
    print: (text: string) => (texts.stdout += text),
    say: (text: string) => (texts.stderr += `${text}\n`),
    draw: (text: string) => (texts.stderr += text),
  };
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  addReportCommand(program, output, (finished) => {
    code = finished;
  });
  await program.parseAsync(['report', ...args], { from: 'user' });
  return { code, ...texts };
}

interface Lines {
  readonly header: HeaderRecord;
  readonly trials: readonly TrialRecord[];
  readonly footer: FooterRecord | null;
}

/** Eight blocks in which pool=2 takes `ratio` times as long as pool=1, and some jitter. */
function eightBlocks(ratio = 0.5, name = 'eight'): Lines {
  const variants = [variant('pool=1', { pool: '1' }), variant('pool=2', { pool: '2' })];
  return run({ variants, blocks: 8, name, baseline: { pool: '1' } }, (of, block) => {
    const scale = (of === 'pool=2' ? ratio : 1) * (1 + 0.002 * ((block * 5) % 8));
    return { p50Ns: Math.round(1e6 * scale), p99Ns: Math.round(4e6 * scale) };
  });
}

function resultFile(name: string, { header, trials, footer }: Lines, runId = name): string {
  const path = join(dir, name);
  const lines = [{ ...header, runId }, ...trials, ...(footer === null ? [] : [footer])];
  writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return path;
}

const at = (...parts: readonly string[]): string => join(dir, ...parts);
const read = (...parts: readonly string[]): string => readFileSync(at(...parts), 'utf8');
const refusal = (code: string): Error => expect.objectContaining({ code }) as Error;

describe('what it writes', () => {
  test('every form, with the folders that are missing, and says so on stderr', async () => {
    const file = resultFile('a.ndjson', eightBlocks());
    const { code, stdout, stderr } = await report(
      file,
      ...['--html', at('out/deep/r.html'), '--markdown', at('out/r.md'), '--junit', at('out/r.xml')],
      ...['--csv', at('out/r.csv'), '--openmetrics', at('out/r.txt'), '--hgrm', at('out/hgrm')],
      ...['--hlog', at('out/hlog'), '--benchmark-json', at('out/bench')],
    );
    expect(code).toBe(0);
    expect(stdout).toBe('');
    const said = stderr.trimEnd().split('\n');
    expect(said.map((line) => line.replace(/\(.*/, '').trim())).toEqual(
      ['deep/r.html', 'r.md', 'r.xml', 'r.csv', 'r.txt', 'hgrm', 'hlog', 'bench'].map(
        (name) => `wrote ${at('out', name)}`,
      ),
    );
    // Two variants and their eight trials each.
    expect(said[5]).toMatch(/ \(18 files, [\d.]+ kB\)$/);
    expect(said[6]).toMatch(/ \(1 file, [\d.]+ kB\)$/);
    expect(read('out/deep/r.html')).toMatch(/^<!doctype html>[^]*<\/html>\n$/);
    expect(read('out/r.md')).toMatch(/^<!-- connbench-report eight -->\n/);
    expect(read('out/r.xml')).toMatch(/^<\?xml [^]*<\/testsuites>\n$/);
    expect(read('out/r.csv').split('\r\n').length).toBe(1 + 16 + 1);
    expect(read('out/r.txt')).toMatch(/# EOF\n$/);
    expect(readdirSync(at('out/hgrm')).toSorted().slice(0, 3)).toEqual([
      'pool-1.block-01.hgrm',
      'pool-1.block-02.hgrm',
      'pool-1.block-03.hgrm',
    ]);
    expect(readdirSync(at('out/hlog'))).toEqual(['eight.hlog']);
    expect(readdirSync(at('out/bench')).toSorted()).toEqual(['bigger-is-better.json', 'smaller-is-better.json']);
    // No temporary file is left anywhere.
    expect(readdirSync(dir, { recursive: true }).filter((name) => String(name).endsWith('.tmp'))).toEqual([]);
  });

  test('the terminal report without any output option', async () => {
    const { code, stdout, stderr } = await report(resultFile('a.ndjson', eightBlocks()));
    expect(code).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^eight\n/);
    expect(stdout).toContain('answers fastest');
  });

  test('one form may go to stdout, beside files', async () => {
    const file = resultFile('a.ndjson', eightBlocks());
    const { stdout, stderr } = await report(file, '--csv', '-', '--junit', at('r.xml'));
    expect(stdout).toMatch(/^file,run,scenario/);
    expect(stderr).toMatch(/^wrote .*r\.xml \(\d+ B\)\n$/);
  });

  test('what stood under a name before is replaced whole, and keeps its permissions', async () => {
    const file = resultFile('a.ndjson', eightBlocks());
    writeFileSync(at('r.md'), 'x'.repeat(1e6));
    chmodSync(at('r.md'), 0o640);
    await report(file, '--markdown', at('r.md'));
    expect(read('r.md')).toMatch(/^<!-- connbench-report eight -->\n[^x]/);
    expect(statSync(at('r.md')).mode & 0o777).toBe(0o640);
  });

  test('a link stays a link: what it leads to is replaced', async () => {
    const file = resultFile('a.ndjson', eightBlocks());
    mkdirSync(at('real'));
    writeFileSync(at('real/r.md'), 'before');
    symlinkSync(at('real/r.md'), at('r.md'));
    await report(file, '--markdown', at('r.md'));
    expect(lstatSync(at('r.md')).isSymbolicLink()).toBe(true);
    expect(read('real/r.md')).toContain('## connbench');
  });

  test('a device is written to, and stays a device', async () => {
    const file = resultFile('a.ndjson', eightBlocks());
    await report(file, '--markdown', '/dev/null', '--csv', '/dev/null');
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });
});

describe('gates', () => {
  test('do not count unless asked for, and then as in a comparison', async () => {
    const slower = resultFile('a.ndjson', eightBlocks(2));
    expect((await report(slower, '--markdown', at('r.md'))).code).toBe(0);
    expect((await report(slower, '--markdown', at('r.md'), '--gate', 'p50:10%')).code).toBe(4);
    expect(read('r.md')).toContain('**1 of 1 gate failed.**');
    const faster = resultFile('b.ndjson', eightBlocks(0.5));
    expect((await report(faster, '--markdown', at('r.md'), '--gate', 'p50:10%')).code).toBe(0);
  });

  test('of the scenario count as in a comparison', async () => {
    const { header, ...rest } = eightBlocks(2);
    const gates = [{ metric: 'latency.response.p50', margin: 0.1 }];
    const file = resultFile('a.ndjson', { header: { ...header, gates }, ...rest });
    const { code, stdout } = await report(file, '--markdown', '-');
    expect(code).toBe(4);
    expect(stdout).toContain('**1 of 1 gate failed.**');
  });

  // Two blocks: the smallest two-sided p is 2 / 2^2 = 0.5.
  test('that nothing could have failed end with 5, whatever is asked for', async () => {
    const { header, trials, footer } = eightBlocks();
    const file = resultFile('a.ndjson', { header, trials: trials.slice(0, 4), footer });
    const { code, stderr } = await report(file, '--csv', at('r.csv'), '--gate', 'p50:10%');
    expect([code, stderr]).toEqual([5, expect.stringContaining('The gate needs a test, and cannot fail')]);
    expect((await report(file, '--csv', at('r.csv'), '--gate', 'p50:10%', '--fail-on', 'inconclusive')).code).toBe(5);
  });

  test('annotations go to stdout, and to stderr where a document goes there', async () => {
    const file = resultFile('a.ndjson', eightBlocks(2));
    const gate = ['--gate', 'p50:10%', '--github-annotations'];
    const alone = await report(file, ...gate, '--junit', at('r.xml'));
    expect(alone.stdout).toMatch(/^::error title=Gate failed%3A latency\.response\.p50::pool=2 against pool=1: /);
    const beside = await report(file, ...gate, '--junit', '-');
    expect(beside.stdout).toMatch(/^<\?xml/);
    expect(beside.stdout).not.toContain('::error');
    expect(beside.stderr).toMatch(/^::error /);
    // With the terminal report where there is no other.
    const terminal = await report(file, ...gate);
    expect(terminal.stdout).toContain('answers fastest');
    expect(terminal.stdout).toContain('::error ');
  });
});

describe('several files', () => {
  test('are one report, compared with each other', async () => {
    const files = [resultFile('a.ndjson', eightBlocks()), resultFile('b.ndjson', eightBlocks())];
    const { stdout, stderr } = await report(...files, '--csv', '-', '--markdown', at('r.md'));
    expect(stdout.trimEnd().split('\r\n').length).toBe(1 + 32);
    expect(stderr).not.toContain('not compared');
    expect(read('r.md')).toContain('b.ndjson');
  });

  test('of different scenarios stand side by side, which is said', async () => {
    const other = run({ variants: [variant('x', {})], name: 'other' }, () => ({}));
    const files = [resultFile('a.ndjson', eightBlocks()), resultFile('b.ndjson', other)];
    const { code, stdout, stderr } = await report(...files);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^the files are not compared with each other: .*no variant in common/);
    expect(stdout).toMatch(/^eight\n/);
    expect(stdout).toMatch(/\nother\n/);
    await expect(report(...files, '--gate', 'p50:10%')).rejects.toThrow(refusal('NO_COMMON_VARIANT'));
  });
});

describe('inputs', () => {
  test('a half-written last line and a missing footer are told, and the rest is used', async () => {
    const { header, trials } = eightBlocks();
    const file = resultFile('a.ndjson', { header, trials: trials.slice(0, 3), footer: null });
    writeFileSync(file, '{"type":"trial","index":3', { flag: 'a' });
    const { code, stdout, stderr } = await report(file, '--csv', '-');
    expect(code).toBe(0);
    expect(stderr).toContain(`${file}: line 5 is half written`);
    expect(stderr).toContain(`${file}: the run was killed: 3 of 16 trials are in the file`);
    expect(stdout.trimEnd().split('\r\n').length).toBe(1 + 3);
  });

  test.each([
    ['RESULTS_NOT_FOUND', null],
    ['RESULTS_EMPTY', ''],
    ['RESULTS_FOREIGN', 'hello\n'],
    ['RESULTS_FOREIGN', '{"a":1}\n'],
    ['RESULTS_VERSION', '{"type":"header","schemaVersion":99}\n'],
  ])('%s is refused with the path, and nothing is written', async (code, text) => {
    const path = at('bad.ndjson');
    if (text !== null) writeFileSync(path, text);
    await expect(report(path, '--csv', at('r.csv'))).rejects.toThrow(refusal(code));
    await expect(report(path, '--csv', at('r.csv'))).rejects.toThrow(path);
    expect(existsSync(at('r.csv'))).toBe(false);
  });

  test('a damaged histogram is refused before anything is written', async () => {
    const { header, trials, footer } = eightBlocks();
    const [first, ...rest] = trials;
    const response = { ...first!.latency.response!, histogram: 'HISTFAAA' };
    const damaged = { ...first!, latency: { ...first!.latency, response } };
    const file = resultFile('a.ndjson', { header, trials: [damaged, ...rest], footer });
    await expect(report(file, '--csv', at('r.csv'), '--hgrm', at('h'))).rejects.toThrow(refusal('RESULTS_CORRUPT'));
    expect(readdirSync(dir)).toEqual(['a.ndjson']);
  });
});

describe('outputs that cannot be meant', () => {
  test('over an input, by its path, another spelling, a link or its folder', async () => {
    const file = resultFile('a.ndjson', eightBlocks());
    const before = readFileSync(file, 'utf8');
    symlinkSync(file, at('link'));
    symlinkSync(dir, at('folder'));
    for (const path of [file, join(dir, '.', 'x', '..', 'a.ndjson'), at('link'), at('folder', 'a.ndjson')]) {
      await expect(report(file, '--csv', path)).rejects.toThrow(refusal('OUTPUT_IS_INPUT'));
    }
    await expect(report(at('link'), '--csv', file)).rejects.toThrow(refusal('OUTPUT_IS_INPUT'));
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  test('a file of a folder over an input', async () => {
    mkdirSync(at('out'));
    const file = resultFile(join('out', 'eight.hlog'), eightBlocks());
    await expect(report(file, '--hlog', at('out'))).rejects.toThrow(refusal('OUTPUT_IS_INPUT'));
  });

  test('a second name of an input is replaced, and the input stays', async () => {
    const file = resultFile('a.ndjson', eightBlocks());
    linkSync(file, at('twin'));
    const before = readFileSync(file, 'utf8');
    await report(file, '--markdown', at('twin'));
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect(read('twin')).toContain('## connbench');
  });

  test('two outputs on one path', async () => {
    const file = resultFile('a.ndjson', eightBlocks());
    const twice = ['--csv', at('out', 'r'), '--junit', `${dir}/out/../out/r`];
    await expect(report(file, ...twice)).rejects.toThrow(refusal('OUTPUT_TWICE'));
    await expect(report(file, '--csv', at('h/pool-1.hgrm'), '--hgrm', at('h'))).rejects.toThrow(
      refusal('OUTPUT_TWICE'),
    );
    expect(readdirSync(dir)).toEqual(['a.ndjson']);
  });

  test.each([
    [['--csv', '-', '--junit', '-'], 'OUTPUT_TWICE'],
    [['--hgrm', '-'], 'OUTPUT_NOT_DIRECTORY'],
    [['--csv', ''], 'OUTPUT_EMPTY'],
  ])('%j', async (args, code) => {
    // Refused before the input is looked at.
    await expect(report(at('missing.ndjson'), ...args)).rejects.toThrow(refusal(code));
  });

  test('a folder, a path through a file, and a place where nothing can be made', async () => {
    const file = resultFile('a.ndjson', eightBlocks());
    mkdirSync(at('folder'));
    await expect(report(file, '--csv', at('folder'))).rejects.toThrow(
      `--csv: cannot write ${at('folder')}: it is a directory`,
    );
    const through = at('a.ndjson', 'r.csv');
    await expect(report(file, '--csv', through)).rejects.toThrow(
      `--csv: cannot write ${through}: part of the path is not a directory`,
    );
    await expect(report(file, '--csv', '/proc/connbench/r.csv')).rejects.toThrow(
      /^--csv: cannot write \/proc\/connbench\/r\.csv: /,
    );
    const long = at('x'.repeat(300));
    await expect(report(file, '--csv', long)).rejects.toThrow('the path is too long');
    expect(readdirSync(dir).toSorted()).toEqual(['a.ndjson', 'folder']);
  });

  test('a wrong gate and a gate given twice', async () => {
    const file = resultFile('a.ndjson', eightBlocks());
    await expect(report(file, '--gate', 'p99')).rejects.toThrow(/is not a gate/);
    await expect(report(file, '--gate', 'p99:1%', '--gate', 'p99:2%')).rejects.toThrow(/already/);
  });
});

test('a failed write leaves what was there, and no temporary file', async () => {
  // The folder's name is free, but a folder stands under the file's name.
  mkdirSync(at('taken'));
  const file = { option: '--csv', path: at('taken'), content: 'new' };
  await expect(writeReportFile(file)).rejects.toThrow('it is a directory');
  expect(readdirSync(dir)).toEqual(['taken']);
  await expect(assertDistinct([file], [at('missing')])).resolves.toBeUndefined();
});
