/** The recorder: conservation, intervals, ages, and which series a request goes to. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COMPLETED, createLiveCounts, DROPPED, FAILED, STARTED } from '../../src/clients/live.ts';
import { latencyNames } from '../../src/clients/observations.ts';
import { roundAgeMs } from '../../src/clients/failure-tally.ts';
import { Recorder } from '../../src/clients/recorder.ts';
import { addCounts, assertConserved } from '../../src/clients/request-balance.ts';
import { countOf, sum } from './consistency.ts';

const second = 1e9;

function recorderOf(warmUpSeconds = 0, measureSeconds = 10, startNs = 0): Recorder {
  const measureStartNs = startNs + warmUpSeconds * second;
  const window = { startNs, measureStartNs, measureEndNs: measureStartNs + measureSeconds * second };
  return new Recorder(window, createLiveCounts());
}

/** One completed request; `endNs` after the intended start, everything else at once. */
function complete(recorder: Recorder, inMeasure: number, endNs = 5, reused = 0, status = 200): void {
  recorder.scheduled(inMeasure);
  recorder.started(inMeasure, 0);
  recorder.completed(inMeasure, reused, 0, 0, 0, 0, 0, 0, endNs, status);
}

describe('roundAgeMs', () => {
  it.each([
    [0, 0],
    [0.99, 0],
    [1, 1],
    [1.99, 1],
    [2, 2],
    [4.999, 2],
    [5, 5],
    [9.999, 5],
    [10, 10],
    [19.9, 10],
    [20, 20],
    [50, 50],
    [99.9, 50],
    [100, 100],
    [1000, 1000],
    [4999, 2000],
    [5000, 5000],
    [100_000, 100_000],
    [3_600_000, 2_000_000],
  ])('%d ms -> %d', (ageMs, expected) => {
    expect(roundAgeMs(ageMs)).toBe(expected);
  });

  it('rounds down, by a factor below 2.5', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 1e9, noNaN: true }), (ageMs) => {
        const rounded = roundAgeMs(ageMs);
        expect(rounded).toBeLessThanOrEqual(ageMs);
        expect(rounded * 2.5).toBeGreaterThan(ageMs);
      }),
    );
  });
});

describe('requests without an answer', () => {
  it('keeps the ages of those of measure, apart from every latency', () => {
    const recorder = recorderOf(1);
    complete(recorder, 1);
    for (const [inMeasure, ageNs] of [
      [1, 1500],
      [1, 1500],
      [1, 40],
      [0, 7],
    ] as const) {
      recorder.scheduled(inMeasure);
      recorder.started(inMeasure, 0);
      recorder.abandoned(inMeasure);
      recorder.censored(inMeasure, ageNs);
    }
    const { censored, latency } = recorder.report();
    expect(censored).toEqual({ indices: [40, 1500], counts: [1, 2] });
    expect(countOf(latency.response.new)).toBe(1);
  });
});

describe('the check of phases', () => {
  /** Reused or not, then the instants. */
  type Times = readonly [number, number, number, number, number, number, number, number];
  const checked = (times: Times) => {
    const recorder = new Recorder({ startNs: 0, measureStartNs: 0, measureEndNs: second }, createLiveCounts(), {
      checkPhases: true,
    });
    recorder.scheduled(1);
    recorder.started(1, 0);
    const [reused, intendedNs, startNs, assignedNs, connectedNs, sentNs, firstByteNs, endNs] = times;
    recorder.completed(1, reused, intendedNs, startNs, assignedNs, connectedNs, sentNs, firstByteNs, endNs, 200);
    return recorder.report().phaseFaults!;
  };

  it('passes a request whose every nanosecond is in one phase', () => {
    expect(checked([0, 10, 13, 20, 40, 50, 90, 100])).toEqual({ checked: 1, faults: 0, first: null });
    expect(checked([1, 10, 13, 20, 0, 20, 90, 100])).toEqual({ checked: 1, faults: 0, first: null });
  });

  it.each([
    [
      'time between a reused connection and writing is in no phase',
      [1, 10, 13, 20, 30, 50, 90, 100],
      'connect 0 + tls 0 + firstByte 40',
    ],
    ['a first byte before writing', [0, 10, 13, 20, 50, 50, 45, 100], 'firstByte -5'],
    ['a start before it was due', [0, 10, 9, 20, 50, 50, 90, 100], 'lag -1'],
    ['a connection assigned before the start', [0, 10, 13, 12, 50, 50, 90, 100], 'connectionWait -1'],
    ['writing before the connection was established', [0, 10, 13, 20, 50, 48, 90, 100], 'tls -2'],
  ] as const)('finds %s', (_, times, words) => {
    const { faults, first } = checked(times);
    expect(faults).toBe(1);
    expect(first).toContain(words);
  });

  it('is off unless it is asked for', () => {
    const recorder = recorderOf();
    complete(recorder, 1);
    expect(recorder.report().phaseFaults).toBeNull();
  });
});

describe('conservation', () => {
  const events = fc.array(
    fc.tuple(fc.constantFrom('completed', 'failed', 'dropped', 'abandoned'), fc.nat({ max: 1 })),
    {
      minLength: 1,
      maxLength: 50,
    },
  );

  function play(recorder: Recorder, what: string, inMeasure: number): void {
    recorder.scheduled(inMeasure);
    recorder.started(inMeasure, 3);
    if (what === 'completed') recorder.completed(inMeasure, 1, 0, 0, 0, 0, 0, 0, 1, 200);
    else if (what === 'failed') recorder.failed(inMeasure, 'firstByte', 'ECONNRESET', false, 7);
    else if (what === 'dropped') recorder.dropped(inMeasure);
    else recorder.abandoned(inMeasure);
  }

  it('reports what was recorded, by phase', () => {
    fc.assert(
      fc.property(events, (list) => {
        const recorder = recorderOf();
        for (const [what, inMeasure] of list) play(recorder, what, inMeasure);
        const report = recorder.report();
        const number = (what: string, inMeasure?: number): number =>
          list.filter(([kind, phase]) => kind === what && (inMeasure ?? phase) === phase).length;
        const measured = list.filter(([, inMeasure]) => inMeasure === 1).length;
        expect(report.measure).toEqual({
          scheduled: measured,
          started: measured,
          completed: number('completed', 1),
          failed: number('failed', 1),
          dropped: number('dropped', 1),
          abandoned: number('abandoned', 1),
        });
        expect(report.wholeTrial).toMatchObject({ scheduled: list.length, completed: number('completed') });
        expect([
          sum(report.errors.map((error) => error.count)),
          sum(report.warmUpErrors.map((error) => error.count)),
        ]).toEqual([number('failed', 1), number('failed', 0)]);
      }),
    );
  });

  it.each([0, 1])('throws where an event is missing (in measure: %d)', (inMeasure) => {
    const recorder = recorderOf();
    complete(recorder, inMeasure);
    recorder.scheduled(inMeasure);
    expect(() => recorder.report()).toThrow(
      `requests of ${inMeasure === 1 ? 'measure' : 'warm-up'} do not conserve: 2 scheduled, 1 settled`,
    );
  });

  it('throws where an event comes twice, also if the other phase would make up for it', () => {
    const recorder = recorderOf();
    recorder.scheduled(0);
    recorder.scheduled(1);
    recorder.dropped(1);
    recorder.dropped(1);
    expect(() => recorder.report()).toThrow('do not conserve');
  });

  it('assertConserved and addCounts look at every count', () => {
    const one = { scheduled: 10, started: 9, completed: 4, failed: 3, dropped: 2, abandoned: 1 };
    expect(addCounts(one, one)).toEqual({
      scheduled: 20,
      started: 18,
      completed: 8,
      failed: 6,
      dropped: 4,
      abandoned: 2,
    });
    assertConserved('measure', one);
    for (const name of ['scheduled', 'completed', 'failed', 'dropped', 'abandoned'] as const) {
      expect(() => {
        assertConserved('measure', { ...one, [name]: one[name] + 1 });
      }).toThrow('do not conserve');
    }
  });
});

describe('latency', () => {
  it('goes to one bucket of each series, new and reused apart; connect and tls only for new connections', () => {
    const window = { startNs: 0, measureStartNs: 0, measureEndNs: 10 * second };
    const recorder = new Recorder(window, createLiveCounts(), { tls: true });
    recorder.scheduled(1);
    recorder.scheduled(1);
    // Intended 100, started 101, assigned 103, established 107, sent 110, first byte 118, end 134.
    recorder.completed(1, 0, 100, 101, 103, 107, 110, 118, 134, 200);
    recorder.completed(1, 1, 100, 101, 103, 107, 110, 118, 135, 404);
    const { latency, statuses } = recorder.report();
    const values = latencyNames.map((name) => [name, latency[name].new.indices, latency[name].reused.indices]);
    expect(values).toEqual([
      ['response', [34], [35]],
      ['service', [33], [34]],
      ['connectionWait', [2], [2]],
      ['connect', [4], []],
      ['tls', [3], []],
      ['firstByte', [8], [8]],
      ['download', [16], [17]],
      ['lag', [1], [1]],
    ]);
    expect(statuses).toEqual({ 200: 1, 404: 1 });
  });

  it('has no series tls without TLS', () => {
    const recorder = recorderOf();
    complete(recorder, 1);
    const { tls, connect } = recorder.report().latency;
    expect([countOf(tls.new), countOf(connect.new)]).toEqual([0, 1]);
  });

  it('leaves out warm-up, which intervals and answers hold', () => {
    const recorder = recorderOf(1);
    complete(recorder, 0);
    complete(recorder, 1);
    const { latency, statuses, intervals, wholeTrial } = recorder.report();
    expect([countOf(latency.response.new), statuses, wholeTrial.answered]).toEqual([1, { 200: 1 }, 2]);
    expect(countOf(intervals[0]!.response)).toBe(2);
  });
});

describe('intervals', () => {
  it('a border lies on the start of measure: the first interval is what is left of warm-up', () => {
    const recorder = recorderOf(2.5);
    expect(recorder.intervalEndNs).toBe(0.5 * second);
    recorder.endInterval(4.1 * second);
    complete(recorder, 1);
    expect(recorder.intervalEndNs).toBe(4.5 * second);
    expect(recorder.report().intervals.map(({ startMs, completed }) => [startMs, completed])).toEqual([
      [-2500, 0],
      [-2000, 0],
      [-1000, 0],
      [0, 0],
      [1000, 1],
    ]);
  });

  it('the border belongs to the interval that it begins', () => {
    const recorder = recorderOf();
    recorder.endInterval(second - 1);
    expect(recorder.intervalEndNs).toBe(second);
    recorder.endInterval(second);
    expect(recorder.intervalEndNs).toBe(2 * second);
  });

  it('a border lies on the end of measure: what ends in the drain is in none of its intervals', () => {
    const recorder = recorderOf(0, 1.5);
    recorder.endInterval(second);
    expect(recorder.intervalEndNs).toBe(1.5 * second);
    complete(recorder, 1);
    recorder.endInterval(1.6 * second);
    complete(recorder, 1);
    recorder.endInterval(2.6 * second);
    complete(recorder, 1);
    expect(recorder.report().intervals.map(({ startMs, completed }) => [startMs, completed])).toEqual([
      [0, 0],
      [1000, 1],
      [1500, 1],
      [2500, 1],
    ]);
  });

  it('get longer in long trials, so that no report holds more than 600 of measure', () => {
    const hour = recorderOf(0, 3600);
    expect(hour.intervalEndNs).toBe(6 * second);
    const longest = recorderOf(0, 600);
    expect(longest.intervalEndNs).toBe(second);
    expect(recorderOf(0, 600.5).intervalEndNs).toBe(2 * second);
  });

  it('an interval without anything is not added at the end', () => {
    const recorder = recorderOf();
    complete(recorder, 1);
    recorder.endInterval(second);
    expect(recorder.report().intervals).toHaveLength(1);
  });

  it('sum to the totals, however the events fall', () => {
    const event = fc.record({ gapMs: fc.nat({ max: 900 }), what: fc.nat({ max: 3 }), valueNs: fc.nat({ max: 5e9 }) });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (list) => {
        const recorder = recorderOf(1.5, 20, 5e14);
        let nowNs = 5e14;
        for (const { gapMs, what, valueNs } of list) {
          nowNs += gapMs * 1e6;
          recorder.endInterval(nowNs);
          recorder.scheduled(1);
          recorder.started(1, valueNs);
          recorder.opened();
          if (what === 0) recorder.dropped(1);
          else if (what === 1) recorder.failed(1, 'connect', 'ECONNREFUSED', false, null);
          else recorder.completed(1, 0, 0, 0, 0, 0, 0, 0, valueNs, 200);
        }
        const { intervals, measure } = recorder.report();
        const total = (of: (interval: (typeof intervals)[number]) => number): number => sum(intervals.map(of));
        expect({
          started: total((one) => one.started),
          completed: total((one) => one.completed),
          failed: total((one) => one.failed),
          dropped: total((one) => one.dropped),
          opened: total((one) => one.opened),
          responses: total((one) => countOf(one.response)),
          lags: total((one) => countOf(one.lag)),
        }).toEqual({
          started: measure.started,
          completed: measure.completed,
          failed: measure.failed,
          dropped: measure.dropped,
          opened: list.length,
          responses: measure.completed,
          lags: measure.started,
        });
        expect(intervals.map((one) => one.startMs)).toEqual(
          intervals.map((_, index) => (index === 0 ? -1500 : (index - 2) * 1000)),
        );
      }),
    );
  });
});

describe('failures and live counts', () => {
  it('failures alike are one row with a count; any difference makes another', () => {
    const recorder = recorderOf();
    const record = (reused: boolean, ageMs: number | null, code = 'ECONNRESET'): void => {
      recorder.scheduled(1);
      recorder.failed(1, 'firstByte', code, reused, ageMs);
    };
    record(false, 5);
    record(false, 9.9);
    record(false, 10);
    record(true, 5);
    record(false, null);
    record(false, 5, 'EPIPE');
    const { errors } = recorder.report();
    expect(errors.map(({ code, reused, socketAgeMs, count }) => [code, reused, socketAgeMs, count])).toEqual([
      ['ECONNRESET', false, 5, 2],
      ['ECONNRESET', false, 10, 1],
      ['ECONNRESET', true, 5, 1],
      ['ECONNRESET', false, null, 1],
      ['EPIPE', false, 5, 1],
    ]);
  });

  it('live counts hold everything, warm-up included', () => {
    const live = createLiveCounts();
    const recorder = new Recorder({ startNs: 0, measureStartNs: 0, measureEndNs: second }, live);
    complete(recorder, 0);
    complete(recorder, 1);
    recorder.started(1, 0);
    recorder.failed(1, 'send', 'EPIPE', true, 1);
    recorder.started(0, 0);
    recorder.dropped(0);
    expect([live[STARTED], live[COMPLETED], live[FAILED], live[DROPPED]]).toEqual([4, 2, 1, 1]);
  });
});
