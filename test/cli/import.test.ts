/** The import command: files in, result files out, and every mistake told before anything is written. */
import { copyFile, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addImportCommand } from '../../src/cli/import-command.ts';
import { exitCodes, type ExitCode } from '../../src/cli/exit-codes.ts';
import { renderTerminal } from '../../src/report/terminal.ts';
import { readResultFile, type ResultFile } from '../../src/results/read-file.ts';

const sample = (name: string): string => fileURLToPath(new URL(`../results/import/${name}`, import.meta.url));

let dir = '';
let out = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'connbench-import-'));
  out = join(dir, 'out');
});
afterEach(async () => {
  await rm(dir, { recursive: true });
});

async function run(...args: readonly string[]): Promise<{ readonly code: ExitCode | null; readonly printed: string }> {
  let code: ExitCode | null = null;
  let printed = '';
  const program = new Command('connbench').exitOverride().configureOutput({ writeErr: () => undefined });
  const print = (text: string): void => {
    printed += `${text}\n`;
  };
  addImportCommand(program, { print, say: print, draw: print }, (finished) => {
    code = finished;
  });
  await program.parseAsync(['import', ...args, '--out', out], { from: 'user' });
  return { code, printed };
}

async function written(): Promise<readonly ResultFile[]> {
  const names = await readdir(out).catch((): string[] => []);
  return Promise.all(names.toSorted().map((name) => readResultFile(join(out, name))));
}

describe('import', () => {
  test('writes a result file per file, named after it', async () => {
    const { code, printed } = await run(sample('autocannon.json'), sample('oha.json'));
    expect(code).toBe(exitCodes.ok);
    const files = await written();
    expect(
      files.map(({ header, trials, footer, problems }) => [
        header.scenario.name,
        trials.length,
        footer?.completedTrials,
        problems,
      ]),
    ).toEqual([
      ['autocannon', 1, 1, []],
      ['oha', 1, 1, []],
    ]);
    expect(files[0]?.path).toMatch(/autocannon-20261122-040122-[0-9a-f]{8}\.ndjson$/);
    expect(printed).toContain(
      'imported from autocannon, not reconciled: 1,000 response times, p50 3.00 ms, p99 6.00 ms',
    );
    expect(printed).toContain(`Results: ${files[1]!.path}`);
  });

  test('takes a name, the unit of a distribution, and the time of the file', async () => {
    const file = join(dir, 'x.hgrm');
    await copyFile(sample('latencies.hgrm'), file);
    await utimes(file, new Date(0), new Date('2025-02-03T04:05:06Z'));
    await run(file, '--name', 'last year', '--unit', 'us');
    const [result] = await written();
    expect(result?.header).toMatchObject({
      scenario: { name: 'last year' },
      variants: [{ name: 'last year', axes: {} }],
      startedAt: '2025-02-03T04:05:06.000Z',
      imported: { tool: 'hgrm', file },
    });
    expect(result?.trials[0]?.latency.response?.mean).toBe(43);
  });

  test('is marked in the report of such a run', async () => {
    await run(sample('k6-flat.json'));
    const [result] = await written();
    const text = renderTerminal(result!, { width: 80, colour: false });
    expect(text.replaceAll(/\s+/g, ' ')).toMatch(/imported from k6 \(.*k6-flat\.json\), not reconciled/);
    expect(text).toContain('unreconciled');
    expect(text).not.toContain('from the intended start');
  });

  test('reads every file before it writes one', async () => {
    const bad = join(dir, 'bad.json');
    await writeFile(bad, '{"a":');
    await expect(run(sample('oha.json'), bad)).rejects.toMatchObject({
      name: 'UserError',
      message: `${bad}: line 1: not JSON: it ends too early`,
    });
    expect(await written()).toEqual([]);
  });
});

describe('refused', () => {
  test.each<[string, string | Buffer, string]>([
    ['an empty file', '', 'it is empty'],
    ['bytes that are not UTF-8', Buffer.of(0x7b, 0xff, 0xfe), 'not UTF-8 text'],
    ['binary that happens to be UTF-8', Buffer.of(0x7f, 0x45, 0x4c, 0x46, 0, 0), 'not UTF-8 text'],
    ['a file of another kind', 'GET / HTTP/1.1\n', 'not recognised'],
    ['a huge file', Buffer.alloc(16 * 1024 * 1024 + 1, 0x20), 'larger than 16 MiB'],
  ])('%s', async (_, content, message) => {
    const file = join(dir, 'file');
    await writeFile(file, content);
    await expect(run(file)).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringContaining(message) as string,
    });
  });

  test.each([
    ['a missing file', 'nowhere.json', 'no such file'],
    ['a directory', '.', 'is a directory'],
  ])('%s', async (_, name, message) => {
    await expect(run(join(dir, name))).rejects.toMatchObject({ message: expect.stringContaining(message) as string });
  });

  test('a file without an end, without reading on', async () => {
    await expect(run('/dev/zero')).rejects.toMatchObject({ message: '/dev/zero: larger than 16 MiB' });
  });

  test('a program that is not known', async () => {
    await expect(run(sample('oha.json'), '--format', 'ab')).rejects.toMatchObject({
      code: 'commander.invalidArgument',
    });
  });
});
