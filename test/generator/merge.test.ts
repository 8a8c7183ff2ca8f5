/** The merge of worker reports: every total is the sum of its parts, in whatever order they come. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  clientCloseReasons,
  latencyNames,
  type RequestCounts,
  type WorkerReport,
} from '../../src/clients/observations.ts';
import type { SlowRequest } from '../../src/clients/slowest.ts';
import { mergeWorkers } from '../../src/generator/merge.ts';
import type { SparseCounts } from '../../src/stats/histogram.ts';
import { countOf, sum, totalOf } from '../clients/consistency.ts';

const count = fc.nat({ max: 1000 });
const sparse: fc.Arbitrary<SparseCounts> = fc.uniqueArray(fc.nat({ max: 2000 }), { maxLength: 6 }).chain((indices) =>
  fc.record({
    indices: fc.constant(indices.toSorted((a, b) => a - b)),
    counts: fc.array(fc.integer({ min: 1, max: 99 }), { minLength: indices.length, maxLength: indices.length }),
  }),
);

const requestCounts: fc.Arbitrary<RequestCounts> = fc
  .record({ started: count, completed: count, failed: count, dropped: count, abandoned: count })
  .map((counts) => ({
    ...counts,
    scheduled: counts.completed + counts.failed + counts.dropped + counts.abandoned,
  }));

const failures = fc.uniqueArray(
  fc.record({
    phase: fc.constantFrom('connect', 'firstByte'),
    code: fc.constantFrom('ECONNRESET', 'EPIPE'),
    reused: fc.boolean(),
    socketAgeMs: fc.constantFrom(null, 0, 5),
    count: fc.integer({ min: 1, max: 99 }),
  }),
  {
    selector: ({ phase, code, reused, socketAgeMs }) => `${phase}${code}${reused}${String(socketAgeMs)}`,
    maxLength: 6,
  },
);

const byNumber = fc.dictionary(fc.constantFrom('0', '1', '7', '200'), fc.integer({ min: 1, max: 99 }));

const interval = fc.record({
  started: count,
  completed: count,
  failed: count,
  dropped: count,
  opened: count,
  response: sparse,
  lag: sparse,
});

const report: fc.Arbitrary<WorkerReport> = fc
  .record({
    drainedNs: count,
    stopped: fc.boolean(),
    measure: requestCounts,
    whole: requestCounts,
    sent: count,
    answered: count,
    errors: failures,
    warmUpErrors: failures,
    statuses: byNumber,
    censored: sparse,
    phaseFaults: fc.option(fc.record({ checked: count, faults: count, first: fc.constant(null) })),
    sides: fc.array(sparse, { minLength: latencyNames.length * 2, maxLength: latencyNames.length * 2 }),
    closes: fc.array(count, { minLength: clientCloseReasons.length, maxLength: clientCloseReasons.length }),
    numbers: fc.array(count, { minLength: 12, maxLength: 12 }),
    requestsPerConnection: byNumber,
    bytes: fc.record({ sent: count, received: count }),
    intervals: fc.array(interval, { maxLength: 4 }),
  })
  .map(({ whole, sent, answered, sides, closes, numbers, requestsPerConnection, intervals, ...rest }) => ({
    ...rest,
    slowest: [],
    wholeTrial: { ...whole, sent, answered },
    latency: Object.fromEntries(
      latencyNames.map((name, index) => [name, { new: sides[2 * index]!, reused: sides[2 * index + 1]! }]),
    ) as WorkerReport['latency'],
    connections: {
      attempted: numbers[0]!,
      notAttempted: numbers[1]!,
      opened: numbers[2]!,
      connectFailed: numbers[3]!,
      peakOpen: numbers[4]!,
      closesByReason: Object.fromEntries(
        clientCloseReasons.map((reason, index) => [reason, closes[index]!]),
      ) as WorkerReport['connections']['closesByReason'],
      firstCloser: { client: numbers[5]!, server: numbers[6]!, reset: numbers[7]! },
      teardown: numbers[8]!,
      resetsReceived: numbers[9]!,
      resetsSent: numbers[10]!,
      requestsPerConnection,
      foundDead: numbers[11]!,
    },
    intervals: intervals.map((one, index) => ({ ...one, startMs: (index - 1) * 1000 })),
  }));

/** Every number of a report by its path, with sparse histograms as their count and total, and lists by what tells their rows apart. */
function figures(value: unknown, path = ''): Map<string, number> {
  const found = new Map<string, number>();
  const add = (at: string, amount: number): void => void found.set(at, (found.get(at) ?? 0) + amount);
  if (typeof value === 'number') add(path, value);
  else if (Array.isArray(value)) {
    for (const row of value as readonly Record<string, unknown>[]) {
      const { count: rowCount, startMs, ...key } = row;
      const inner = startMs === undefined ? { count: rowCount } : key;
      const name = startMs === undefined ? JSON.stringify(key) : JSON.stringify(startMs);
      for (const [at, amount] of figures(inner, `${path}[${name}]`)) add(at, amount);
    }
  } else if (typeof value === 'object' && value !== null) {
    if ('indices' in value) {
      add(`${path}.count`, countOf(value as SparseCounts));
      add(`${path}.total`, totalOf(value as SparseCounts));
    } else {
      for (const [key, inner] of Object.entries(value)) {
        for (const [at, amount] of figures(inner, `${path}.${key}`)) add(at, amount);
      }
    }
  }
  return found;
}

const withoutZeros = (map: Map<string, number>): Record<string, number> =>
  Object.fromEntries([...map].filter(([, amount]) => amount !== 0).sort(([a], [b]) => (a < b ? -1 : 1)));

describe('mergeWorkers', () => {
  it('gives the sum of every number', () => {
    fc.assert(
      fc.property(fc.array(report, { minLength: 1, maxLength: 4 }), (parts) => {
        const total = new Map<string, number>();
        for (const part of parts) {
          for (const [at, amount] of figures({ ...part, drainedNs: 0 })) total.set(at, (total.get(at) ?? 0) + amount);
        }
        const merged = mergeWorkers(parts);
        expect(withoutZeros(figures({ ...merged, drainedNs: 0 }))).toEqual(withoutZeros(total));
        expect(merged.drainedNs).toBe(Math.max(...parts.map((part) => part.drainedNs)));
        expect(merged.stopped).toBe(parts.some((part) => part.stopped));
      }),
      { numRuns: 60 },
    );
  });

  it('does not depend on the order or the grouping of the parts', () => {
    const sorted = ({ errors, warmUpErrors, ...rest }: WorkerReport): unknown => {
      const rows = (list: WorkerReport['errors']): string[] => list.map((row) => JSON.stringify(row)).sort();
      return { ...rest, errors: rows(errors), warmUpErrors: rows(warmUpErrors) };
    };
    fc.assert(
      fc.property(report, report, report, (a, b, c) => {
        const together = sorted(mergeWorkers([a, b, c]));
        expect(sorted(mergeWorkers([c, a, b]))).toEqual(together);
        expect(sorted(mergeWorkers([mergeWorkers([a, b]), c]))).toEqual(together);
      }),
      { numRuns: 40 },
    );
  });

  it('puts intervals in order and failures by frequency', () => {
    fc.assert(
      fc.property(fc.array(report, { minLength: 2, maxLength: 3 }), (parts) => {
        const { intervals, errors } = mergeWorkers(parts);
        const starts = intervals.map((one) => one.startMs);
        expect(starts).toEqual([...new Set(starts)].sort((a, b) => a - b));
        const counts = errors.map((error) => error.count);
        expect(counts).toEqual(counts.toSorted((a, b) => b - a));
        expect(sum(counts)).toBe(sum(parts.flatMap((part) => part.errors.map((error) => error.count))));
      }),
      { numRuns: 40 },
    );
  });

  it('keeps the slowest requests of all workers, the slowest first', () => {
    const [part] = fc.sample(report, { numRuns: 1, seed: 1 });
    const slow = (responseNs: number, dueMs: number): SlowRequest => ({
      dueMs,
      user: null,
      responseNs,
      phasesNs: { lag: 0, connectionWait: 0, connect: 0, firstByte: responseNs, download: 0 },
      status: 200,
      code: null,
      connection: { origin: 'opened', fate: 'kept', use: 1, ageMs: 0, idleMs: null },
    });
    // 20 of each worker, one apart: the slowest 20 of the 40 are 10 of either.
    const even = Array.from({ length: 20 }, (_, at) => slow(1038 - 2 * at, 5));
    const odd = Array.from({ length: 20 }, (_, at) => slow(1039 - 2 * at, 3));
    const { slowest } = mergeWorkers([
      { ...part!, slowest: even },
      { ...part!, slowest: odd },
    ]);
    expect(slowest.map(({ responseNs }) => responseNs)).toEqual(Array.from({ length: 20 }, (_, at) => 1039 - at));
    // Equally slow: the first that was due stands first.
    const equal = mergeWorkers([
      { ...part!, slowest: [slow(7, 5)] },
      { ...part!, slowest: [slow(7, 3)] },
    ]);
    expect(equal.slowest.map(({ dueMs }) => dueMs)).toEqual([3, 5]);
  });

  it('adds up what was sent again, and why where every worker knows', () => {
    const [part] = fc.sample(report, { numRuns: 1, seed: 1 });
    const cause = { phase: 'firstByte', code: 'ECONNRESET', reused: true, socketAgeMs: 5, count: 2 } as const;
    const first = { measure: 2, wholeTrial: 3, causes: [cause] };
    const second = { measure: 5, wholeTrial: 5, causes: [{ ...cause, count: 5 }] };
    expect(mergeWorkers([part!, part!]).retried).toBeUndefined();
    const known = mergeWorkers([
      { ...part!, retried: first },
      { ...part!, retried: second },
    ]);
    expect(known.retried).toEqual({ measure: 7, wholeTrial: 8, causes: [{ ...cause, count: 7 }] });
    const unknown = mergeWorkers([
      { ...part!, retried: first },
      { ...part!, retried: { measure: 1, wholeTrial: 1 } },
    ]);
    expect(unknown.retried).toEqual({ measure: 3, wholeTrial: 4 });
  });

  it('says the first fault of a worker that found one', () => {
    const [part] = fc.sample(report, { numRuns: 1, seed: 1 });
    const merged = mergeWorkers([
      { ...part!, phaseFaults: { checked: 5, faults: 0, first: null } },
      { ...part!, phaseFaults: { checked: 3, faults: 2, first: 'lag -1' } },
    ]);
    expect(merged.phaseFaults).toEqual({ checked: 8, faults: 2, first: 'lag -1' });
  });

  it('throws where there is no part, or where one does not conserve', () => {
    expect(() => mergeWorkers([])).toThrow('no worker reported');
    const [part] = fc.sample(report, { numRuns: 1, seed: 1 });
    const { measure } = part!;
    const broken = { ...part!, measure: { ...measure, scheduled: measure.scheduled + 1 } };
    expect(() => mergeWorkers([part!, broken])).toThrow('requests of measure do not conserve');
  });
});
