/** Finding out the program, refusing what is none, and the lines that come out: complete, explained, and read back as written. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readResultFile } from '../../../src/results/read-file.ts';
import { unexplainedNulls } from '../../../src/results/missing.ts';
import { headerSchema, trialSchema } from '../../../src/results/record.ts';
import { createResultFile } from '../../../src/results/store.ts';
import { warningAdvice } from '../../../src/results/warnings.ts';
import type { ImportTool } from '../../../src/results/import/imported-run.ts';
import { header } from '../fixtures.ts';
import { changed, linesOf, mistake, read, sampleText } from './import-sample.ts';

const samples: readonly [string, ImportTool][] = [
  ['autocannon.json', 'autocannon'],
  ['oha.json', 'oha'],
  ['k6-flat.json', 'k6'],
  ['k6-summary.json', 'k6'],
  ['wrk2.txt', 'wrk2'],
  ['latencies.hgrm', 'hgrm'],
];

describe.each(samples)('%s', (name, tool) => {
  const figures = read(sampleText(name), { unit: 'ms' });
  const lines = linesOf(figures);

  test('is recognised', () => {
    expect(figures.tool).toBe(tool);
  });

  test('becomes records that the schemas take, with a reason for every null', () => {
    expect(headerSchema.safeParse(lines.header).error).toBeUndefined();
    expect(trialSchema.safeParse(lines.trial).error).toBeUndefined();
    expect(unexplainedNulls(lines.trial)).toEqual([]);
  });

  test('is marked as not reconciled, and says what is in its latency', () => {
    expect(lines.header.imported).toEqual({ tool, file: 'old.file' });
    expect(lines.trial.reconciliation).toEqual([]);
    expect(lines.trial.server.kind).toBe('external');
    const codes = lines.trial.warnings.map(({ code }) => code);
    expect(codes).toEqual(['unreconciled', ...figures.pitfalls.map(() => 'other-latency')]);
    expect(figures.pitfalls.length).toBeGreaterThan(0);
    expect(lines.trial.warnings[0]?.advice).toBe(warningAdvice.unreconciled);
  });

  test('is read back from its file as it was written', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'connbench-import-'));
    onTestFinished(() => rm(dir, { recursive: true }));
    const writer = await createResultFile(dir, lines.header);
    await writer.append(lines.trial);
    await writer.finish(lines.footer);
    const { header: top, trials, footer, problems } = await readResultFile(writer.path);
    expect({ header: top, trial: trials[0], footer, problems }).toEqual({ ...lines, problems: [] });
    expect((await readFile(writer.path, 'utf8')).split('\n')).toHaveLength(4);
  });
});

describe('refused', () => {
  test.each<[string, string, string, string]>([
    ['an empty file', ' \n', 'IMPORT_UNUSABLE', 'old.file: it is empty'],
    ['other text', 'name: default\nbase: {}\n', 'IMPORT_UNKNOWN_FORMAT', 'not recognised'],
    ['another JSON document', '{"a":1}', 'IMPORT_UNKNOWN_FORMAT', 'not recognised'],
    ['a JSON array', '[1,2]', 'IMPORT_UNKNOWN_FORMAT', 'not recognised'],
    ['a result file', `${JSON.stringify(header({ variants: [] }))}\n{}`, 'IMPORT_RESULT_FILE', 'already'],
    ['half a document', sampleText('oha.json').slice(0, 200), 'IMPORT_UNUSABLE', 'old.file: line 10: not JSON'],
    ['a log of lines', '{"metric":"a"}\n{"metric":"b"}\n', 'IMPORT_UNUSABLE', 'old.file: line 2: not JSON'],
    ['NaN', '{\n "latency": NaN\n}', 'IMPORT_UNUSABLE', 'old.file: line 2: not JSON'],
  ])('%s', (_, text, code, message) => {
    const error = mistake(text);
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(error.hint).not.toBeNull();
  });

  test.each<[string, string, (document: Record<string, Record<string, unknown>>) => void, string]>([
    ['a figure that is missing', 'autocannon.json', (document) => delete document['latency']!['max'], 'latency.max: '],
    ['a figure below zero', 'oha.json', (document) => (document['summary']!['fastest'] = -1), 'summary.fastest: '],
    ['a text for a number', 'k6-flat.json', (document) => (document['metrics']!['http_reqs'] = { count: '5', rate: 1 }), 'metrics.http_reqs.count: '],
    ['a k6 test without HTTP', 'k6-flat.json', (document) => delete document['metrics']!['http_req_duration'], 'metrics.http_req_duration: '],
    ['no duration', 'oha.json', (document) => (document['summary']!['total'] = 0), 'summary.total: '],
  ])('%s, with its path', (_, name, change, path) => {
    expect(mistake(changed(name, change)).message).toContain(`an unusable field: ${path}`);
  });

  test('an infinite figure', () => {
    const text = sampleText('oha.json').replace('"slowest": 0.0161', '"slowest": 1e999');
    expect(mistake(text).message).toContain('summary.slowest: ');
  });

  test('what another program wrote than --format says', () => {
    expect(mistake(sampleText('oha.json'), { format: 'autocannon' }).message).toContain('as a result of autocannon');
    expect(mistake(sampleText('wrk2.txt'), { format: 'k6' }).message).toContain('line 1: not JSON');
    expect(mistake(sampleText('oha.json'), { format: 'hgrm' }).message).toContain('not a percentile distribution');
  });
});
