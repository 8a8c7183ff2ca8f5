/** The engine with a warm-up that ends when it is steady: when measure begins, what counts, and that nothing is lost. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { borderNs, bringForward, createMeasureStart } from '../../../src/clients/measure-start.ts';
import { closedLoad, openLoad } from '../trial-config.ts';
import { response, type WorldSetup } from './fake-network.ts';
import { answers, ms, run } from './worlds.ts';

const intervalMs = 100;
const longestMs = 1000;
const times = { warmUpMs: 200, steadyMs: 800, durationMs: 300 } as const;
const server = { answer: answers(response(2)) };

interface Waiting {
  readonly steady: NonNullable<WorldSetup['steady']>;
  /** Ends of intervals that were told. */
  readonly told: number[];
  /** Where measure begins; null where nobody moved it. */
  readonly measureMs: () => number | null;
}

/** A main thread that lets measure begin when it was told of so many intervals. */
function mainThread(afterIntervals: number): Waiting {
  const shared = createMeasureStart(longestMs * ms, intervalMs * ms);
  const told: number[] = [];
  let border: number | null = null;
  const tell: Waiting['steady']['tell'] = ({ counts }) => {
    told.push(counts.reduce((sum, count) => sum + count, 0));
    if (told.length === afterIntervals) border = bringForward(shared, 2);
  };
  return {
    steady: { shared, tell },
    told,
    measureMs: () => (border === null ? null : borderNs(shared, border, longestMs * ms) / ms),
  };
}

describe('a warm-up that ends when it is steady', () => {
  it('measures all that is planned from the border after the next, and sends no more of warm-up', () => {
    const main = mainThread(3);
    const { report, drainedNs } = run({
      load: openLoad({ ratePerSecond: 100, ...times }),
      server,
      steady: main.steady,
    });
    // Told at 300 ms; the border at 400 ms is where the worker hears of it.
    expect(main.measureMs()).toBe(500);
    expect(report.measure).toMatchObject({ scheduled: 30, started: 30, completed: 30 });
    expect(report.wholeTrial).toMatchObject({ scheduled: 80, completed: 80 });
    expect(main.told).toEqual([10, 10, 10, 10, 10]);
    expect(report.intervals.map(({ startMs, started }) => [startMs, started])).toEqual([
      [-500, 10],
      [-400, 10],
      [-300, 10],
      [-200, 10],
      [-100, 10],
      [0, 30],
    ]);
    expect(report.slowest[0]!.dueMs).toBeLessThan(300);
    // The last is due at 790 ms and answered at once.
    expect(drainedNs / ms).toBeCloseTo(790.1, 3);
  });

  it('measures as planned where nobody says otherwise', () => {
    const main = mainThread(Infinity);
    const { report } = run({ load: openLoad({ ratePerSecond: 100, ...times }), server, steady: main.steady });
    expect(report.measure).toMatchObject({ scheduled: 30, completed: 30 });
    expect(report.wholeTrial).toMatchObject({ scheduled: 130, completed: 130 });
    expect(main.told).toHaveLength(10);
  });

  it('gives up what is unfinished that much earlier, too', () => {
    const stuck = { answer: () => [] };
    const main = mainThread(1);
    const load = openLoad({ ratePerSecond: 100, ...times });
    const { report, drainedNs } = run({ load, server: stuck, steady: main.steady, drainMs: 250 });
    expect(main.measureMs()).toBe(300);
    expect(drainedNs / ms).toBe(300 + 300 + 250);
    expect(report.measure).toMatchObject({ scheduled: 30, abandoned: 30 });
  });

  it('a load that falls silent keeps its connections until the end of measure, wherever that is', () => {
    const main = mainThread(3);
    const shape = { kind: 'bursts', onMs: 50, offMs: 50 } as const;
    const { drainedNs } = run({ load: openLoad({ ratePerSecond: 100, ...times, shape }), server, steady: main.steady });
    expect(drainedNs / ms).toBe(800);
  });

  it('users go on as they are; what they start from then on is measured, until the end', () => {
    const main = mainThread(2);
    const load = closedLoad({ users: 3, thinkTimeMs: 10, ...times });
    const { report, drainedNs } = run({ load, server, steady: main.steady });
    expect(main.measureMs()).toBe(400);
    // One visit of each user takes 10.1 ms.
    expect(report.measure.completed).toBeGreaterThanOrEqual(3 * 29);
    expect(report.measure.completed).toBeLessThanOrEqual(3 * 30);
    expect(drainedNs / ms).toBeLessThan(701);
  });

  it('stopped in warm-up: measure counts as abandoned, and nothing comes back', () => {
    for (const stopAtMs of [150, 350, 450]) {
      const main = mainThread(3);
      const load = openLoad({ ratePerSecond: 100, ...times });
      const { report } = run({ load, server, steady: main.steady, stopAtNs: stopAtMs * ms });
      expect(report.measure).toMatchObject({ scheduled: 30, abandoned: 30, started: 0 });
      // The one that became due at this moment was still sent.
      expect(report.wholeTrial.scheduled).toBe(30 + stopAtMs / 10 + 1);
    }
  });

  it('whatever the load and the server do, the requests of measure are those of the plan', () => {
    const world = fc.record({
      ratePerSecond: fc.integer({ min: 20, max: 400 }),
      arrivals: fc.constantFrom('constant' as const, 'poisson' as const),
      afterIntervals: fc.integer({ min: 1, max: 12 }),
      answerMs: fc.integer({ min: 0, max: 250 }),
      size: fc.integer({ min: 1, max: 4 }),
      workers: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(world, ({ ratePerSecond, arrivals, afterIntervals, answerMs, size, workers }) => {
        for (let worker = 0; worker < workers; worker++) {
          const load = openLoad({ ratePerSecond, arrivals, ...times });
          const slow = { answer: () => [{ afterNs: answerMs * ms, send: response(2) }] };
          const setup = { load, server: slow, strategy: { pool: { size } }, worker, workers };
          const planned = run({ ...setup, steady: mainThread(Infinity).steady }).report;
          const moved = run({ ...setup, steady: mainThread(afterIntervals).steady }).report;
          expect(moved.measure.scheduled).toBe(planned.measure.scheduled);
          expect(moved.measure.started).toBe(planned.measure.started);
        }
      }),
      { numRuns: 40 },
    );
  });
});
