/** The history file: what is added, what is refused with the line that shows it, and what a killed program leaves behind. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { configHash } from '../../src/results/config-hash.ts';
import { withFileLock } from '../../src/results/file-lock.ts';
import { appendHistory, readHistory } from '../../src/results/history.ts';
import { UserError } from '../../src/scenario/user-error.ts';
import { entry, lines } from './history-fixture.ts';

const [first, second, third] = [entry(0), entry(1), entry(2)];

let dir = '';
let path = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'connbench-history-'));
  path = join(dir, 'history.ndjson');
});
afterEach(async () => {
  await rm(dir, { recursive: true });
});

async function refusal(work: Promise<unknown>): Promise<UserError> {
  const error: unknown = await work.catch((reason: unknown) => reason);
  if (!(error instanceof UserError)) throw new Error(`not refused: ${String(error)}`);
  return error;
}

describe('appendHistory', () => {
  test('makes the file and its directory, and readHistory reads what it wrote', async () => {
    const deep = join(dir, 'deep', 'er', 'history.ndjson');
    expect(await appendHistory(deep, [first])).toEqual({ added: [first], known: [], problems: [] });
    expect(await appendHistory(deep, [second, third])).toMatchObject({ added: [second, third] });
    expect(await readFile(deep, 'utf8')).toBe(lines([first, second, third]));
    expect(await readHistory(deep)).toEqual({ path: deep, entries: [first, second, third], problems: [] });
  });

  test('adds a run once, also where it comes twice', async () => {
    await appendHistory(path, [first]);
    const { added, known } = await appendHistory(path, [first, second, second]);
    expect([added, known]).toEqual([[second], [first, second]]);
    expect(await readFile(path, 'utf8')).toBe(lines([first, second]));
  });

  test('writes nothing where there is nothing to add', async () => {
    await appendHistory(path, []);
    await expect(readFile(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('cuts off a half-written line, wherever the program was killed', async () => {
    const whole = lines([first, second]);
    const start = lines([first]).length;
    for (let bytes = start + 1; bytes < whole.length - 1; bytes += 97) {
      await writeFile(path, whole);
      await truncate(path, bytes);
      expect(await readHistory(path)).toMatchObject({
        entries: [first],
        problems: [{ code: 'half-written-line', line: 2 }],
      });
      expect(await appendHistory(path, [third])).toMatchObject({ added: [third], problems: [{ line: 2 }] });
      expect(await readFile(path, 'utf8')).toBe(lines([first, third]));
    }
  });

  test('keeps a last line that lost only its line feed', async () => {
    await writeFile(path, lines([first]).trimEnd());
    expect(await appendHistory(path, [second])).toMatchObject({ added: [second], problems: [] });
    expect(await readFile(path, 'utf8')).toBe(lines([first, second]));
  });

  test('goes on where even the first line is half written', async () => {
    await writeFile(path, '{"type":"his');
    expect(await appendHistory(path, [first])).toMatchObject({ added: [first], problems: [{ line: 1 }] });
    expect(await readFile(path, 'utf8')).toBe(lines([first]));
  });

  test('goes on with an empty file', async () => {
    await writeFile(path, '');
    await appendHistory(path, [first]);
    expect(await readFile(path, 'utf8')).toBe(lines([first]));
  });

  test('touches nothing that is not a history', async () => {
    await writeFile(path, 'a diary\n');
    expect((await refusal(appendHistory(path, [first]))).code).toBe('HISTORY_FOREIGN');
    expect(await readFile(path, 'utf8')).toBe('a diary\n');
  });

  test('throws for an entry that does not fit, and adds none', async () => {
    const wrong = entry(3, { overrides: { configHash: 'abc' } });
    await expect(appendHistory(path, [first, wrong])).rejects.toThrow('configHash');
    await expect(readFile(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test.each([
    ['below a file', 'file/history.ndjson', 'HISTORY_NOT_FOUND'],
    ['a directory', 'dir', 'HISTORY_NOT_FOUND'],
    ['where no files can be', '/proc/connbench/history.ndjson', 'HISTORY_NOT_FOUND'],
  ])('gives a sentence for a path %s', async (_, name, code) => {
    await writeFile(join(dir, 'file'), '');
    await mkdir(join(dir, 'dir'));
    const target = name.startsWith('/') ? name : join(dir, name);
    expect((await refusal(appendHistory(target, [first]))).code).toBe(code);
  });
});

describe('two at once', () => {
  test('lose no run, round after round', async () => {
    const module = new URL('../../dist/results/history.js', import.meta.url).href;
    const adder = (from: number): Promise<unknown> => {
      const entries = JSON.stringify(Array.from({ length: 20 }, (_, at) => entry(from + at)));
      const script = `import { appendHistory } from ${JSON.stringify(module)};
for (const one of ${entries}) await appendHistory(${JSON.stringify(path)}, [one]);`;
      return promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    };
    await Promise.all([adder(0), adder(20)]);
    const { entries, problems } = await readHistory(path);
    expect([entries.length, problems]).toEqual([40, []]);
    expect(await readdir(dir)).toEqual(['history.ndjson']);
  });

  test('the lock of a process that is gone holds nobody up', async () => {
    // No process has this id: the greatest that Linux gives is 4194304. The start is of another time for one that has it again.
    for (const owner of ['4194999 1\n', `${process.pid} 1\n`]) {
      await writeFile(`${path}.lock`, owner);
      await appendHistory(path, [first]);
    }
    expect(await readdir(dir)).toEqual(['history.ndjson']);
  });

  test('who finds it held for too long says by whom', async () => {
    await withFileLock(path, async () => {
      await expect(withFileLock(path, () => Promise.resolve(), 30)).rejects.toMatchObject({
        code: 'RESULTS_BUSY',
        message: `${path} is in use by process ${process.pid}`,
      });
    });
  });
});

describe('readHistory refuses', () => {
  test('a missing file, and says how to make one', async () => {
    const { code, message, hint } = await refusal(readHistory(path));
    expect(code).toBe('HISTORY_NOT_FOUND');
    expect(message).toBe(`cannot read ${path}: there is no such file`);
    expect(hint).toContain('trend --add');
  });

  test('damaged lines, each with its number', async () => {
    const half = lines([second]).slice(0, 100);
    const wrong = JSON.stringify({ ...third, blocks: -1 });
    await writeFile(path, `${lines([first])}${half}\n${wrong}\n<<<<<<< HEAD\n{"type":"trial"}\n${lines([second])}`);
    const { code, message } = await refusal(readHistory(path));
    expect(code).toBe('HISTORY_CORRUPT');
    const [head, ...rest] = message.split('\n');
    expect(head).toBe(`${path} is damaged:`);
    expect(rest.map((line) => line.slice(0, 22))).toEqual([
      '  line 2: not JSON',
      '  line 3: blocks: Too ',
      '  line 4: not JSON',
      '  line 5: type: Invali',
    ]);
  });

  test('not more than twenty lines at once', async () => {
    await writeFile(path, `${lines([first])}${'x\n'.repeat(30)}`);
    const { message } = await refusal(readHistory(path));
    expect(message.split('\n')).toHaveLength(22);
    expect(message.endsWith('\n  and 10 more')).toBe(true);
  });

  test('a last line that is whole but wrong', async () => {
    await writeFile(path, `${lines([first])}{"type":"history"}`);
    expect((await refusal(readHistory(path))).code).toBe('HISTORY_CORRUPT');
  });

  test('a later version, with its line', async () => {
    await writeFile(path, `${lines([first])}${JSON.stringify({ ...second, schemaVersion: 2, new: true })}\n`);
    const { code, message } = await refusal(readHistory(path));
    expect(code).toBe('HISTORY_VERSION');
    expect(message).toBe(`${path} has schema version 2 in line 2; this connbench reads version 1`);
  });

  test.each([
    ['a text', 'hello\n', 'Name a file'],
    ['a text without a line feed', 'hello', 'Name a file'],
    ['other JSON', '{"type":"trend"}\n', 'Name a file'],
    ['a result file', '{"type":"header","schemaVersion":1}\n', 'this file with --add'],
    ['bytes that are no text', Buffer.from([0x7b, 0xff, 0xfe, 0x0a]), 'Name a file'],
  ])('%s', async (_, content, hint) => {
    await writeFile(path, content);
    const error = await refusal(readHistory(path));
    expect(error.code).toBe('HISTORY_FOREIGN');
    expect(error.message).toBe(`${path} is not a connbench history: line 1 is not an entry`);
    expect(error.hint).toContain(hint);
  });
});

test('a run that is there twice counts once and is reported', async () => {
  await writeFile(path, lines([first, second, { ...first, label: 'other' }]));
  const { entries, problems } = await readHistory(path);
  expect(entries).toEqual([first, second]);
  expect(problems).toEqual([
    { code: 'repeated-run', line: 3, message: 'line 3 has run run000, which is there already, and is left out' },
  ]);
});

describe('configHash', () => {
  test('is that of the JSON with sorted keys', () => {
    // sha256sum of {"a":[1,{"x":null,"y":"é"}],"b":true}
    const document = { b: true, a: [1, { y: 'é', x: null }] };
    expect(configHash(document)).toBe('363b42a7ee7a86e3f8938dc2b56eceeed776c6cc6d484a7f4138473256e29b75');
    expect(configHash({ a: [1, { x: null, y: 'é' }], b: true })).toBe(configHash(document));
  });

  test('tells documents apart', () => {
    const hashes = [{}, { a: 1 }, { a: '1' }, { a: [1] }, { a: { b: 1 } }, { 'a:{b': 1 }, []].map(configHash);
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});
