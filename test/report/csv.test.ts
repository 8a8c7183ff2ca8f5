/** The CSV is read back by a parser of its own that follows RFC 4180 to the letter. */
import { expect, test } from 'vitest';
import { renderCsv } from '../../src/report/csv.ts';
import { metricPaths } from '../../src/scenario/metrics.ts';
import { run, variant } from '../results/fixtures.ts';
import {
  emptyInput,
  hostileInput,
  hostileName,
  reported,
  smallComparison,
  smallInput,
  smallRun,
} from './report-inputs.ts';

/** Fields are quoted or hold neither quote, comma nor line end; every record ends in CRLF. Throws for anything else. */
function parse(text: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  while (field.lastIndex < text.length) {
    const at = field.lastIndex;
    const match = field.exec(text);
    if (match === null) throw new Error(`not a field at ${at}: ${text.slice(at, at + 40)}`);
    record.push(match[1]?.replaceAll('""', '"') ?? match[2]!);
    if (match[3] === '\r\n') {
      records.push(record);
      record = [];
    }
  }
  if (record.length > 0) throw new Error('the last record has no end');
  return records;
}

function table(text: string): Record<string, string>[] {
  const [headings = [], ...rows] = parse(text);
  return rows.map((row) => {
    expect(row.length).toBe(headings.length);
    return Object.fromEntries(headings.map((heading, index) => [heading, row[index]!]));
  });
}

test('a line per trial, with every metric as a column', () => {
  const text = renderCsv(smallInput());
  const [headings = []] = parse(text);
  expect(headings.slice(0, 14)).toEqual([
    'file',
    'run',
    'scenario',
    'variant',
    'index',
    'block',
    'order',
    'valid',
    'invalidReasons',
    'warnings',
    'startedAt',
    'measureSeconds',
    'mode',
    'axis:pool',
  ]);
  expect(headings.slice(14)).toEqual([...metricPaths, 'kernel.client.ActiveOpens', 'kernel.server.ActiveOpens']);
  expect(new Set(headings).size).toBe(headings.length);
  const rows = table(text);
  expect(rows.length).toBe(4);
  expect(rows[3]).toMatchObject({
    file: 'results/small.ndjson',
    run: 'k3v9xq',
    scenario: 'small',
    variant: 'pool=2',
    index: '3',
    block: '1',
    order: '1',
    valid: 'false',
    invalidReasons: 'server-died',
    warnings: '',
    'axis:pool': '2',
    // The upper edge of the bucket of 100,000 ns, which is 64 wide: 99,968 to 100,031.
    'latency.response.p50': '100031',
    'latency.response.count': '1000',
    // No connection was made in measure: a figure that could not be had is empty, not 0.
    'latency.connect.p50': '',
    'connections.opened': '2',
    'timeWait.server.entered': '0',
    'kernel.client.ActiveOpens': '2',
  });
  expect(rows[0]).toMatchObject({ valid: 'true', warnings: 'lag' });
});

test('figures keep all their digits', () => {
  const results = run({ variants: [variant('a', {})] }, () => ({ clientCpuUs: 0.1 + 0.2, opened: 3 }));
  const [row] = table(renderCsv({ runs: [reported(results)], comparison: smallComparison() }));
  expect(row!['cpu.generator.perRequestUs']).toBe('0.30000000000000004');
  expect(Number(row!['connections.reuseRatio'])).toBe(1 - 3 / 22_000);
});

test('runs with other axes and counters share the columns', () => {
  const other = run({ variants: [variant('x=1', { x: '1' })], name: 'other' }, () => ({
    overrides: { kernel: { client: null, server: { TW: 5 }, scope: 'separate' } },
  }));
  const rows = table(renderCsv(smallInput({ runs: [reported(smallRun()), reported(other)] })));
  expect(rows[4]).toMatchObject({ scenario: 'other', 'axis:pool': '', 'axis:x': '1', 'kernel.server.TW': '5' });
  expect(rows[4]!['kernel.client.ActiveOpens']).toBe('');
  expect(rows[0]).toMatchObject({ 'axis:pool': '1', 'axis:x': '', 'kernel.server.TW': '' });
});

test.each(['=1+1', '+1', '-1', '@SUM(A1)', ' =1', '\uff1d1', '\uff0b1', '\uff0d1', '\uff201'])(
  'a text that would be a formula gets an apostrophe: %s',
  (name) => {
    const results = run({ variants: [variant(name, { [name]: name })], name }, () => ({}));
    const [row] = table(renderCsv({ runs: [reported(results, name)], comparison: smallComparison() }));
    for (const column of ['file', 'scenario', 'variant', `axis:${name}`]) expect(row![column]).toMatch(/^['a]/);
    expect(row!['variant']).toBe(`'${name}`);
  },
);

test('a negative figure is a figure, not a formula', () => {
  // More connections opened than requests answered: 1 - 33,000 / 22,000.
  const results = run({ variants: [variant('a', {})] }, () => ({ opened: 33_000 }));
  const [row] = table(renderCsv({ runs: [reported(results)], comparison: smallComparison() }));
  expect(row!['connections.reuseRatio']).toBe('-0.5');
});

test('hostile names stay in their cells', () => {
  const text = renderCsv(hostileInput());
  const rows = table(text);
  expect(rows.length).toBe(4);
  for (const row of rows) {
    expect(row['scenario']).toBe(
      `'${hostileName.replace('\u001b', '\\u001b').replace('\r\n', '\\u000d\\u000a').replace('\u0000', '\\u0000').replace('\u202e', '\\u202e').replace('\ud800', '\\ud800').replace('\t', '\\u0009')}`,
    );
    for (const cell of Object.values(row)) expect(cell).not.toMatch(/^\s*[=+@]/);
  }
  expect(text.replaceAll('\r\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
});

test('nothing finished: headings only', () => {
  expect(parse(renderCsv(emptyInput())).length).toBe(1);
});
