/** The quick way of reading a trial's line: the same trial as the schema gives, and no answer for anything unusual. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { trialSchema, type TrialRecord } from '../../src/results/record.ts';
import { readTrialLine } from '../../src/results/trial-line.ts';
import { trial, variant } from './fixtures.ts';

const planned = { index: 0, block: 0, order: 0, variant: 'a' };
const a = variant('a', { strategy: 'close' });
const base = trial(planned, a);
const gauge = { start: 1, peak: 3, end: 2, series: [[-100, 1], [0, 3.5], [100.25, null]] as [number, number | null][] };
const { response } = base.latency;
const interval = { ...base.series.intervals[0]!, response: response!.histogram, lag: null };
const busy: TrialRecord = {
  ...base,
  fds: { client: gauge, server: { ...gauge, series: [[0, 7]] } },
  memory: { ...base.memory, server: { ...base.memory.server, series: [[0, 1e8]] } },
  series: { intervals: [interval, { ...interval, startMs: -1000.5, response: null, lag: response!.histogram }] },
};

/** By the schema alone; null where it refuses. */
function bySchema(text: string): TrialRecord | null {
  try {
    const parsed = trialSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

describe('a line as this program writes it', () => {
  test.each([
    ['with points and intervals', busy],
    ['with a single interval', base],
    ['without any', { ...base, series: { intervals: [] } }],
    ['with names that look like its keys', { ...busy, variant: '"series":[[0,1]],"series":{"intervals":[' }],
  ])('%s is read as the schema reads it', (_, record) => {
    const text = JSON.stringify(record);
    const read = readTrialLine(text);
    expect(read).not.toBeNull();
    expect(read).toEqual(bySchema(text));
    // Points and intervals are made when they are asked for: also the second time.
    expect(read).toEqual(record);
    expect(JSON.parse(JSON.stringify(read))).toEqual(record);
  });

  test('with points where only the program’s own settings are is left to the schema', () => {
    const text = JSON.stringify({ ...busy, config: { ...busy.config, series: [[0, 1]] } });
    expect(bySchema(text)).not.toBeNull();
    expect(readTrialLine(text)).toBeNull();
  });

  test.each([
    ['intervals in the settings', { config: { series: { intervals: [] } } }],
    ['no intervals of its own', { series: undefined }],
    ['a fraction of a request', { series: { intervals: [{ ...interval, started: 0.5 }] } }],
    ['a negative count', { series: { intervals: [{ ...interval, failed: -1 }] } }],
    ['a histogram that is a number', { series: { intervals: [{ ...interval, lag: 5 }] } }],
    ['a negative gauge', { fds: { client: { ...gauge, series: [[0, -1]] }, server: gauge } }],
    ['a point of three numbers', { fds: { client: { ...gauge, series: [[0, 1, 2]] }, server: gauge } }],
    ['a kernel counter that is a text', { kernel: { ...base.kernel, client: { ActiveOpens: '5' } } }],
    ['a missing section', { cpu: undefined }],
    ['a wrong field', { valid: 1 }],
  ])('with %s is left to the schema', (_, change) => {
    expect(readTrialLine(JSON.stringify({ ...busy, ...change }))).toBeNull();
  });

  test('with numbers that are infinite or longer than any written is left to the schema', () => {
    const text = JSON.stringify(busy);
    expect(readTrialLine(text.replace('[0,3.5]', '[0,1e999]'))).toBeNull();
    expect(bySchema(text.replace('[0,3.5]', '[0,1e999]'))).toBeNull();
    expect(readTrialLine(text.replace('[0,3.5]', '[0,12345678901234567890]'))).toBeNull();
  });
});

test('whatever is changed in a line, the answer is the schema’s or none', () => {
  const text = JSON.stringify(busy);
  const places = fc.oneof(
    fc.nat(text.length - 1),
    // Where the quick way cuts.
    fc.nat(400).map((offset) => Math.min(text.length - 1, text.indexOf('"series":[[') + offset)),
    fc.nat(400).map((offset) => Math.min(text.length - 1, text.indexOf('"series":{"intervals"') + offset)),
  );
  fc.assert(
    fc.property(places, fc.nat(3), fc.constantFrom('', ',', '"', '}', ']', '[', '{', '0', '-', '.', 'null', ' ', '\\', ':'), (at, drop, put) => {
      const changed = text.slice(0, at) + put + text.slice(at + drop);
      const read = readTrialLine(changed);
      if (read !== null) expect(read).toEqual(bySchema(changed));
    }),
    { numRuns: 2000 },
  );
});
