/** Reading result files: whole, killed, damaged, foreign, from the future. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readResultFile } from '../../src/results/read-file.ts';
import type { TrialRecord } from '../../src/results/record.ts';
import { UserError } from '../../src/scenario/user-error.ts';
import { run, variant } from './fixtures.ts';

const variants = [variant('a', { strategy: 'a' }), variant('b', { strategy: 'b' })];
const { header, trials, footer } = run({ variants, question: 'Line\u2028and\u2029paragraph separators?' }, () => ({}));
const [first, second] = trials as [TrialRecord, TrialRecord];
const line = (value: unknown): string => `${JSON.stringify(value)}\n`;
const whole = [header, first, second, footer].map(line).join('');
const interrupted = { valid: false, invalidReasons: [{ code: 'interrupted', message: 'stopped by the user' }] };

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'connbench-read-'));
});
afterAll(async () => {
  await rm(dir, { recursive: true });
});

async function fileWith(content: string | Buffer): Promise<string> {
  const path = join(dir, 'file.ndjson');
  await writeFile(path, content);
  return path;
}

async function refusal(content: string | Buffer): Promise<UserError> {
  const path = await fileWith(content);
  const error: unknown = await readResultFile(path).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UserError);
  return error as UserError;
}

describe('a whole file', () => {
  test('is read as it was written, also with separators that split lines elsewhere', async () => {
    const path = await fileWith(whole);
    expect(await readResultFile(path)).toEqual({ path, header, trials: [first, second], footer, problems: [] });
  });

  test('needs no line feed at its end', async () => {
    expect((await readResultFile(await fileWith(whole.trimEnd()))).footer).toEqual(footer);
  });

  test('shows a trial that was interrupted and run again once', async () => {
    const content = [header, { ...first, ...interrupted }, second, first, footer].map(line).join('');
    expect((await readResultFile(await fileWith(content))).trials).toEqual([second, first]);
  });
});

describe('a killed run', () => {
  test('keeps its finished trials and says what is missing', async () => {
    const half = line(second).slice(0, 500);
    const result = await readResultFile(await fileWith(line(header) + line(first) + half));
    expect(result.trials).toEqual([first]);
    expect(result.footer).toBeNull();
    expect(result.problems.map(({ code, line: number }) => [code, number])).toEqual([
      ['half-written-line', 3],
      ['no-footer', null],
    ]);
    expect(result.problems[1]?.message).toBe('the run was killed: 1 of 2 trials are in the file');
  });

  test('keeps them where the machine filled the last line with zeros', async () => {
    const result = await readResultFile(await fileWith(`${line(header)}${line(first)}${'\0'.repeat(4096)}`));
    expect(result.trials).toEqual([first]);
  });
});

describe('refused', () => {
  test.each<[string, string | Buffer, string, string]>([
    ['an empty file', '', 'RESULTS_EMPTY', 'is empty'],
    ['half a header', line(header).slice(0, 300), 'RESULTS_EMPTY', 'half a header'],
    ['another kind of text', 'name: default\nbase: {}\n', 'RESULTS_FOREIGN', 'line 1 is not a header'],
    ['another NDJSON', '{"type":"log"}\n{}\n', 'RESULTS_FOREIGN', 'line 1 is not a header'],
    ['binary', Buffer.from([0x1f, 0x8b, 0xff, 0x0a, 0xfe]), 'RESULTS_FOREIGN', 'line 1 is not a header'],
    ['a trial first', line(first) + line(header), 'RESULTS_FOREIGN', 'line 1 is not a header'],
    ['a later version', line({ ...header, schemaVersion: 2 }), 'RESULTS_VERSION', 'has schema version 2'],
    ['a damaged header', line({ ...header, seed: 'x' }), 'RESULTS_CORRUPT', 'line 1: seed:'],
    ['garbage in the middle', `${line(header)}garbage\n${line(first)}`, 'RESULTS_CORRUPT', 'line 2: not JSON'],
    ['an empty line', `${line(header)}\n${line(first)}`, 'RESULTS_CORRUPT', 'line 2: not JSON'],
    ['a damaged trial', line(header) + line({ ...first, valid: 1 }), 'RESULTS_CORRUPT', 'line 2: valid:'],
    ['figures that only an import may lack', line(header) + line({ ...first, measureSeconds: null }), 'RESULTS_CORRUPT', 'line 2: measureSeconds: null'],
    ['a latency without its histogram', line(header) + line({ ...first, latency: { ...first.latency, service: { ...first.latency.service, histogram: null } } }), 'RESULTS_CORRUPT', 'line 2: latency.service.histogram: null'],
    ['a histogram without its figures', line(header) + line({ ...first, latency: { ...first.latency, service: { ...first.latency.service, p99: null } } }), 'RESULTS_CORRUPT', 'line 2: latency.service: a histogram has every figure'],
    ['requests that were not counted', line(header) + line({ ...first, requests: { ...first.requests, dropped: null } }), 'RESULTS_CORRUPT', 'line 2: requests.dropped: null'],
    ['a trial after the footer', line(header) + line(footer) + line(first), 'RESULTS_CORRUPT', 'line 3: stands after the footer'],
    ['two files in one', whole + whole, 'RESULTS_CORRUPT', 'line 5: stands after the footer'],
    ['two headers', line(header) + line(header), 'RESULTS_CORRUPT', 'line 2: a second header'],
    ['a trial twice', line(header) + line(first) + line(first), 'RESULTS_CORRUPT', 'line 3: trial 0 is there twice'],
    ['a foreign trial', line(header) + line({ ...first, index: 7 }), 'RESULTS_CORRUPT', 'line 2: trial 7 is not among'],
    ['another line', line(header) + line({ type: 'note' }), 'RESULTS_CORRUPT', 'line 2: neither a trial nor a footer'],
    ['bytes that are not UTF-8', Buffer.concat([Buffer.from(line(header)), Buffer.from([0xff, 0x0a])]), 'RESULTS_CORRUPT', 'line 2: not UTF-8'],
  ])('%s', async (_, content, code, message) => {
    const error = await refusal(content);
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
  });

  test('names every damaged line, and no more than twenty', async () => {
    const error = await refusal(line(header) + 'x\n'.repeat(25));
    expect(error.message.split('\n')).toHaveLength(22);
    expect(error.message).toContain('line 21: not JSON');
    expect(error.message).toContain('and 5 more');
  });

  test.each([
    ['a missing file', 'nowhere.ndjson', 'RESULTS_NOT_FOUND'],
    ['a directory', '.', 'RESULTS_NOT_FOUND'],
  ])('%s', async (_, name, code) => {
    await expect(readResultFile(join(dir, name))).rejects.toMatchObject({ code, name: 'UserError' });
  });

  test('an endless line, without reading on', async () => {
    await expect(readResultFile('/dev/zero')).rejects.toMatchObject({ code: 'RESULTS_FOREIGN' });
  });
});
