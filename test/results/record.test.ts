/** Record schemas: what they take, the JSON Schema made from them, the JSON form of settings, and reasons of missing figures. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { jsonForm } from '../../src/results/json-form.ts';
import { latencyRecord } from '../../src/results/latency-record.ts';
import { reasonMissing, unexplainedNulls } from '../../src/results/missing.ts';
import { footerSchema, headerSchema, lineSchema, trialSchema } from '../../src/results/record.ts';
import { resultJsonSchema } from '../../src/results/schema.ts';
import { decodeHdr } from '../../src/stats/hdr-codec.ts';
import { Histogram } from '../../src/stats/histogram.ts';
import { defaultRun, footer, trial, variant } from './fixtures.ts';

const planned = { index: 0, block: 0, order: 0, variant: 'a' };
const a = variant('a', {});

describe('schemas', () => {
  const { header, trials } = defaultRun();
  const lines = [header, ...trials, footer];

  test('take every line of a run', () => {
    expect(lines.map((line) => lineSchema.safeParse(line).success)).toEqual(lines.map(() => true));
  });

  test.each([
    ['a count that is not whole', { requests: { ...trials[0]!.requests, completed: 1.5 } }],
    ['a negative count', { fds: { ...trials[0]!.fds, client: { start: -1, peak: 1, end: 1, series: [] } } }],
    ['NaN', { measureSeconds: NaN }],
    ['a missing field', { sampler: undefined }],
    ['an empty reason', { missing: { link: '' } }],
    ['a histogram without samples', { latency: { ...trials[0]!.latency, lag: { unit: 'ns', count: 0 } } }],
  ])('refuse %s', (_, change) => {
    expect(trialSchema.safeParse({ ...trials[0], ...change }).success).toBe(false);
  });

  test('take the fields of a later version', () => {
    expect(trialSchema.safeParse({ ...trials[0], simulated: { p50: 1 } }).success).toBe(true);
    expect(headerSchema.safeParse({ ...header, model: 'x' }).success).toBe(true);
    expect(footerSchema.safeParse({ ...footer, note: 1 }).success).toBe(true);
  });
});

describe('JSON Schema', () => {
  // zod's reader of JSON Schema knows nothing of the schemas that ours was generated from.
  const fromSchema = z.fromJSONSchema(resultJsonSchema());
  const { header, trials } = defaultRun();

  test('takes every line of a run as it is written', () => {
    for (const line of [header, ...trials, footer]) {
      expect(fromSchema.safeParse(JSON.parse(JSON.stringify(line))).error).toBeUndefined();
    }
  });

  test.each([
    ['another type', { ...footer, type: 'foot' }],
    ['a future version', { ...header, schemaVersion: 2 }],
    ['a text for a count', { ...footer, completedTrials: '3' }],
    ['a trial without latency', { ...trials[0], latency: undefined }],
  ])('refuses %s', (_, line) => {
    expect(fromSchema.safeParse(JSON.parse(JSON.stringify(line))).success).toBe(false);
  });
});

describe('jsonForm', () => {
  test('writes Infinity as "unlimited" and leaves out what is undefined', () => {
    expect(jsonForm({ pool: { size: Infinity, list: [1, Infinity, null] }, gone: undefined })).toEqual({
      pool: { size: 'unlimited', list: [1, 'unlimited', null] },
    });
  });

  test.each([
    ['NaN', NaN],
    ['-Infinity', -Infinity],
    ['a bigint', 1n],
    ['a function', () => 1],
    ['a map', new Map()],
    ['a typed array', new Uint8Array(2)],
  ])('refuses %s', (_, value) => {
    expect(() => jsonForm({ deep: [value] })).toThrow(TypeError);
  });
});

describe('latencyRecord', () => {
  test('is null without a sample', () => {
    expect(latencyRecord({ indices: [], counts: [] })).toBeNull();
  });

  test('gives the figures and the whole histogram', () => {
    const histogram = new Histogram();
    for (let value = 1; value <= 1000; value++) histogram.record(value);
    const record = latencyRecord(histogram.toSparse())!;
    // Below 2048 ns every bucket is one nanosecond, so the quantiles are the exact ranks.
    expect(record).toMatchObject({ unit: 'ns', count: 1000, min: 1, p50: 500, p90: 900, p99: 990, p999: 999, max: 1000 });
    expect(record.mean).toBe(500.5);
    expect(decodeHdr(record.histogram!)).toEqual(histogram.toSparse());
  });
});

describe('missing figures', () => {
  test('take the reason of the nearest object around them', () => {
    const record = trial(planned, a, { overrides: { missing: { fds: 'far', 'fds.client': 'near' } } });
    expect(reasonMissing(record, 'fds.client.peak')).toBe('near');
    expect(reasonMissing(record, 'fds.server.peak')).toBe('far');
    expect(reasonMissing(record, 'link')).toBeNull();
  });

  test('are found where nobody explained them', () => {
    expect(unexplainedNulls(trial(planned, a, { clientFds: null }))).toEqual(
      // Event-loop delay and three timeouts do not exist in this server, which the fixture does not explain.
      [
        'server.settings.headersTimeoutMs',
        'server.settings.requestTimeoutMs',
        'server.settings.connectionsCheckingIntervalMs',
        'server.eventLoopDelay',
      ],
    );
    const unexplained = trial(planned, a, { overrides: { link: null, missing: { server: 'x', latency: 'x' } } });
    expect(unexplainedNulls(unexplained)).toEqual([
      'latencyByConnection.new.response',
      'latencyByConnection.new.service',
      'latencyByConnection.new.connectionWait',
      'latencyByConnection.new.connect',
      'latencyByConnection.new.tls',
      'latencyByConnection.new.firstByte',
      'latencyByConnection.new.download',
      'latencyByConnection.new.lag',
      'latencyByConnection.reused.connectionWait',
      'latencyByConnection.reused.connect',
      'latencyByConnection.reused.tls',
      'latencyByConnection.reused.firstByte',
      'latencyByConnection.reused.download',
      'latencyByConnection.reused.lag',
      'connections.tls',
      'link',
    ]);
  });
});
