/** Writing result files: durable lines, kill -9, a full disk, resuming. Needs the built `dist/`, which child processes run. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readResultFile } from '../../src/results/read-file.ts';
import type { TrialRecord } from '../../src/results/record.ts';
import { createResultFile, resultFileName, resumeResultFile } from '../../src/results/store.ts';
import { UserError } from '../../src/scenario/user-error.ts';
import { header as headerOf, run, trial, variant } from './fixtures.ts';

const variants = [variant('a', { strategy: 'a' }), variant('b', { strategy: 'b' })];
const { header, trials, footer } = run({ variants, blocks: 2 }, () => ({}));
const [first, second, third, fourth] = trials as [TrialRecord, TrialRecord, TrialRecord, TrialRecord];
const interruptedFooter = { ...footer, completedTrials: 2, interrupted: true, reason: 'SIGINT' };

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'connbench-store-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true });
});

describe('createResultFile', () => {
  test('writes what readResultFile reads, in a new directory', async () => {
    const writer = await createResultFile(join(dir, 'deep', 'er'), header);
    expect(writer.path).toBe(join(dir, 'deep', 'er', 'default-20261122-004958-k3v9xq.ndjson'));
    for (const record of trials) await writer.append(record);
    await writer.finish(footer);
    expect(await readResultFile(writer.path)).toEqual({ path: writer.path, header, trials, footer, problems: [] });
  });

  test('keeps unlimited settings', async () => {
    const writer = await createResultFile(dir, header);
    await writer.append({ ...first, config: { strategy: { pool: { size: Infinity } } } });
    await writer.close();
    const [read] = (await readResultFile(writer.path)).trials;
    expect(read?.config).toEqual({ strategy: { pool: { size: 'unlimited' } } });
  });

  test('throws for a record that does not fit and writes nothing of it', async () => {
    const writer = await createResultFile(dir, header);
    const before = await readFile(writer.path, 'utf8');
    await expect(writer.append({ ...first, measureSeconds: -1 })).rejects.toThrow('measureSeconds');
    await expect(writer.append({ ...first, measureSeconds: NaN })).rejects.toThrow(TypeError);
    expect(await readFile(writer.path, 'utf8')).toBe(before);
    await writer.close();
    await expect(writer.append(first)).rejects.toThrow('is closed');
  });

  test('refuses a second line while the first is being written', async () => {
    const writer = await createResultFile(dir, header);
    const results = await Promise.allSettled([writer.append(first), writer.append(second)]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await writer.append(second);
    await writer.close();
    expect((await readResultFile(writer.path)).trials).toEqual([first, second]);
  });

  test('never overwrites', async () => {
    const writer = await createResultFile(dir, header);
    await writer.close();
    await expect(createResultFile(dir, header)).rejects.toMatchObject({ code: 'RESULTS_EXIST' });
  });

  test.each([
    ['a directory below a file', 'file/below', 'RESULTS_NOT_FOUND'],
    ['a file for a directory', 'file', 'RESULTS_EXIST'],
    ['a file system without files', '/proc/connbench', 'RESULTS_NOT_FOUND'],
  ])('gives a sentence for %s', async (_, name, code) => {
    await writeFile(join(dir, 'file'), '');
    const target = name.startsWith('/') ? name : join(dir, name);
    const error: unknown = await createResultFile(target, header).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ code });
  });
});

describe('resultFileName', () => {
  test.each([
    ['../../etc/passwd', 'etc-passwd-20261122-004958-k3v9xq.ndjson'],
    ['.hidden', 'hidden-20261122-004958-k3v9xq.ndjson'],
    ['täst \u001b[31m', 't-st-31m-20261122-004958-k3v9xq.ndjson'],
    ['日本', 'scenario-20261122-004958-k3v9xq.ndjson'],
  ])('of %j', (name, expected) => {
    expect(resultFileName(headerOf({ variants, name }))).toBe(expected);
  });

  test('is one safe path component for every name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ unit: 'binary' }), (name, runId) => {
        const fileName = resultFileName({ ...header, scenario: { ...header.scenario, name }, runId });
        expect(fileName).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,200}\.ndjson$/);
      }),
    );
  });
});

describe('resumeResultFile', () => {
  async function written(records: readonly TrialRecord[]): Promise<string> {
    const writer = await createResultFile(dir, header);
    for (const record of records) await writer.append(record);
    await writer.close();
    return writer.path;
  }

  test('goes on after an interrupted run, whose footer it drops', async () => {
    const writer = await createResultFile(dir, header);
    await writer.append(first);
    await writer.append(second);
    await writer.finish(interruptedFooter);
    const resumed = await resumeResultFile(writer.path);
    expect([...resumed.completedIndexes]).toEqual([0, 1]);
    expect(resumed.header).toEqual(header);
    expect(resumed.problems).toEqual([]);
    await resumed.writer.append(third);
    await resumed.writer.append(fourth);
    await resumed.writer.finish(footer);
    expect(await readResultFile(writer.path)).toEqual({ path: writer.path, header, trials, footer, problems: [] });
  });

  test('runs an interrupted trial again', async () => {
    const cut = { ...second, valid: false, invalidReasons: [{ code: 'interrupted', message: 'stopped' }] };
    const path = await written([first, cut]);
    const resumed = await resumeResultFile(path);
    expect([...resumed.completedIndexes]).toEqual([0]);
    await resumed.writer.append(second);
    await resumed.writer.close();
    expect((await readResultFile(path)).trials).toEqual([first, second]);
  });

  test('cuts a half-written line off with the next one, and says so', async () => {
    const path = await written([first]);
    const whole = await readFile(path, 'utf8');
    await writeFile(path, whole + JSON.stringify(second).slice(0, -1));
    const resumed = await resumeResultFile(path);
    expect(resumed.problems.map(({ code }) => code)).toEqual(['half-written-line', 'no-footer']);
    await resumed.writer.append(second);
    await resumed.writer.close();
    expect(await readFile(path, 'utf8')).toBe(`${whole}${JSON.stringify(second)}\n`);
  });

  test('leaves the file as it was where nothing is written', async () => {
    const writer = await createResultFile(dir, header);
    await writer.append(first);
    await writer.finish(interruptedFooter);
    const before = await readFile(writer.path, 'utf8');
    await (await resumeResultFile(writer.path)).writer.close();
    expect(await readFile(writer.path, 'utf8')).toBe(before);
  });

  test('refuses a complete run', async () => {
    const writer = await createResultFile(dir, header);
    for (const record of trials) await writer.append(record);
    await writer.finish(footer);
    const before = await readFile(writer.path, 'utf8');
    await expect(resumeResultFile(writer.path)).rejects.toMatchObject({ code: 'RESULTS_COMPLETE' });
    expect(await readFile(writer.path, 'utf8')).toBe(before);
  });

  test('completes a file cut at any byte, losing only the line that was cut', async () => {
    const path = await written(trials);
    const whole = await readFile(path);
    const finished = Buffer.concat([whole, Buffer.from(`${JSON.stringify(footer)}\n`)]);
    const headerBytes = whole.indexOf('\n');
    const ends = [...whole.entries()].flatMap(([at, byte]) => (byte === 0x0a ? [at] : []));
    // Around every line's end, where off-by-one errors live, and anywhere.
    const cuts = fc.oneof(
      fc.integer({ min: headerBytes, max: whole.length }),
      fc.tuple(fc.constantFrom(...ends), fc.integer({ min: -1, max: 2 })).map(([end, by]) => end + by),
    );
    await fc.assert(
      fc.asyncProperty(cuts, async (cut) => {
        fc.pre(cut >= headerBytes && cut <= whole.length);
        await writeFile(path, whole);
        await truncate(path, cut);
        const resumed = await resumeResultFile(path);
        // A line counts once its last byte is there; the line feed after it may be missing.
        const complete = ends.slice(1).filter((end) => end <= cut).length;
        expect(resumed.completedIndexes.size).toBe(complete);
        for (const record of trials) if (!resumed.completedIndexes.has(record.index)) await resumed.writer.append(record);
        await resumed.writer.finish(footer);
        expect((await readFile(path)).equals(finished)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

/** Starts Node on a script that has `store`, `header` and `first`; lines on its stdout are the script's. */
async function storeProcess(script: string, shellLimit = ''): Promise<ChildProcess> {
  const store = pathToFileURL(join(import.meta.dirname, '../../dist/results/store.js')).href;
  const plan = { ...header, trials: Array.from({ length: 5000 }, (_, index) => ({ ...first, index })) };
  const planned = plan.trials.map(({ index, block, order, variant: name }) => ({ index, block, order, variant: name }));
  const input = join(dir, 'input.json');
  await writeFile(input, JSON.stringify({ header: { ...header, trials: planned }, first }));
  const file = join(dir, 'script.mjs');
  await writeFile(
    file,
    `import { readFileSync } from 'node:fs';
import * as store from ${JSON.stringify(store)};
const { header, first } = JSON.parse(readFileSync(${JSON.stringify(input)}, 'utf8'));
const dir = ${JSON.stringify(join(dir, 'out'))};
${script}`,
  );
  const command = `${shellLimit} exec "$0" "$1"`;
  return spawn('bash', ['-c', command, process.execPath, file], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function onlyResultFile(): Promise<string> {
  const names = await readdir(join(dir, 'out'));
  expect(names).toHaveLength(1);
  return join(dir, 'out', names[0]!);
}

describe('kill -9', () => {
  test.each([1, 7, 30])('after %i appended trials loses none of them', async (wanted) => {
    const child = await storeProcess(`
const writer = await store.createResultFile(dir, header);
for (let index = 0; index < header.trials.length; index++) {
  await writer.append({ ...first, index });
  process.stdout.write(index + '\\n');
}`);
    const exited = once(child, 'exit');
    let reported = 0;
    for await (const text of createInterface({ input: child.stdout! })) {
      reported = Number(text) + 1;
      if (reported >= wanted) child.kill('SIGKILL');
    }
    expect((await exited)[1]).toBe('SIGKILL');
    const { trials: kept, problems } = await readResultFile(await onlyResultFile());
    // The child may have finished one more between its last report and the signal.
    expect(kept.length).toBeGreaterThanOrEqual(reported);
    expect(kept.map(({ index }) => index)).toEqual(kept.map((_, position) => position));
    expect(problems.at(-1)?.code).toBe('no-footer');
    const resumed = await resumeResultFile(await onlyResultFile());
    await resumed.writer.append({ ...first, index: kept.length });
    await resumed.writer.close();
    expect((await readResultFile(await onlyResultFile())).trials).toHaveLength(kept.length + 1);
  });
});

describe('a full disk', () => {
  test('is a sentence with a way out, and the file still ends in a whole line', async () => {
    // A file size limit of 512 KiB stands in for the disk: a write across it is cut short, the next one refused.
    const child = await storeProcess(
      `
const writer = await store.createResultFile(dir, header);
let done = 0;
try {
  for (; done < header.trials.length; done++) await writer.append({ ...first, index: done });
} catch (error) {
  console.log(JSON.stringify({ done, name: error.name, code: error.code, hint: error.hint }));
}`,
      "trap '' XFSZ; ulimit -f 512;",
    );
    const exited = once(child, 'exit');
    const lines: string[] = [];
    for await (const text of createInterface({ input: child.stdout! })) lines.push(text);
    expect(await exited).toEqual([0, null]);
    const report = JSON.parse(lines.join('')) as { done: number; name: string; code: string; hint: string };
    expect(report).toMatchObject({ name: 'UserError', code: 'RESULTS_DISK_FULL' });
    expect(report.hint).toContain('--resume');
    expect(report.done).toBeGreaterThan(0);
    const { trials: kept, problems } = await readResultFile(await onlyResultFile());
    expect(kept).toHaveLength(report.done);
    expect(problems.map(({ code }) => code)).toEqual(['no-footer']);
  });
});

test('the fixture of these tests is one trial per planned trial', () => {
  expect(trial(header.trials[0]!, variants[0]!)).toEqual(first);
});
