/** The plan of a load: the same on any number of workers and whenever measure begins, and made before the load begins. */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { createWorkload } from '../../src/clients/workload.ts';
import { Random } from '../../src/load/random.ts';
import type { LoadConfig, OpenLoadConfig } from '../../src/scenario/config.ts';
import { anyShape } from '../load/shapes.ts';
import { at, begun, ms, share, startNs, take } from './begun-workload.ts';
import { closedLoad, openLoad } from './trial-config.ts';

const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });
const mixOf = (of: readonly number[]): Pick<LoadConfig, 'requests'> => ({
  requests: of.map((weight, at) => ({ weight, method: 'GET', path: `/${at}` })),
});

describe('one plan, however many workers', () => {
  it('open: times and requests of any shape, spacing and mix', () => {
    const load = fc
      .record({
        ratePerSecond: fc.double({ min: 0.5, max: 300, noNaN: true }),
        warmUpMs: fc.nat({ max: 1500 }),
        durationMs: fc.integer({ min: 10, max: 1500 }),
        arrivals: fc.constantFrom('constant' as const, 'poisson' as const),
        shape: anyShape,
        weights,
      })
      .map(({ weights: of, ...rest }): OpenLoadConfig => openLoad({ ...rest, ...mixOf(of) }));
    fc.assert(
      fc.property(load, fc.nat(), fc.integer({ min: 1, max: 4 }), (of, seed, workers) => {
        const plan = (worker: number, count: number): (readonly [number, number, number])[] => {
          const workload = begun(of, { seed, worker, workers: count });
          const all: (readonly [number, number, number])[] = [];
          while (!workload.over) {
            all.push([workload.nextNs, workload.alternative, workload.inMeasure]);
            workload.take();
          }
          return all;
        };
        const whole = plan(0, 1);
        const parts = Array.from({ length: workers }, (_, worker) => plan(worker, workers));
        // Arrival i belongs to worker i mod W.
        expect(whole.map((_, number) => parts[number % workers]![Math.floor(number / workers)])).toEqual(whole);
        expect(parts.flat()).toHaveLength(whole.length);
      }),
    );
  });

  it('closed: pauses and requests of every user, whatever the others do', () => {
    const thinkTime = fc.constantFrom(
      {},
      { thinkTimeMs: 7 },
      { thinkTime: { distribution: 'exponential', meanMs: 5 } as const },
      { thinkTime: { distribution: 'lognormal', medianMs: 3, sigma: 1 } as const },
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        thinkTime,
        weights,
        fc.nat(),
        fc.integer({ min: 2, max: 4 }),
        (users, think, of, seed, workers) => {
          const load = closedLoad({ users, durationMs: 1e6, ...think, ...mixOf(of) });
          /** By user: what it asks first, and how long it pauses before each of its next five requests, which are answered at once. */
          const plan = (count: number): Map<number, (readonly [number, number])[]> => {
            const byUser = new Map<number, (readonly [number, number])[]>();
            const lastNs = new Map<number, number>();
            for (let worker = 0; worker < count; worker++) {
              const workload = begun(load, { seed, worker, workers: count });
              while (!workload.over) {
                const { user, nextNs, alternative } = workload;
                const all = user * count + worker;
                const own = byUser.get(all) ?? [];
                byUser.set(all, [...own, [nextNs - (lastNs.get(all) ?? startNs), alternative]]);
                lastNs.set(all, nextNs);
                workload.take();
                if (own.length < 5) workload.settled(user, nextNs, false);
              }
            }
            return byUser;
          };
          const whole = plan(1);
          const parts = plan(workers);
          expect([...whole.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: users }, (_, user) => user));
          for (const [user, own] of whole) expect(parts.get(user)).toEqual(own);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('measure that begins earlier than planned', () => {
  const steady = { warmUpMs: 20, steadyMs: 80 };

  it('open: the warm-up until then, and then all of measure, whenever it is', () => {
    const when = fc.record({ atMs: fc.integer({ min: 1, max: 99 }), taken: fc.nat({ max: 60 }) });
    fc.assert(
      fc.property(when, weights, anyShape, fc.integer({ min: 1, max: 4 }), ({ atMs, taken }, of, shape, workers) => {
        const load = openLoad({
          ratePerSecond: 500,
          durationMs: 60,
          arrivals: 'poisson',
          shape,
          ...steady,
          ...mixOf(of),
        });
        const plan = (worker: number, moved: boolean): (readonly [number, number, number])[] => {
          const workload = begun(load, { seed: 9, worker, workers });
          expect(workload.scheduled[0]).toBeNull();
          const measureMs = moved ? atMs : 100;
          const all: (readonly [number, number, number])[] = [];
          let isMoved = !moved;
          for (;;) {
            if (!isMoved && (workload.over || all.length === taken || workload.nextNs >= at(atMs))) {
              isMoved = true;
              workload.beginMeasureAt(at(atMs));
            }
            if (workload.over) break;
            const { inMeasure, alternative } = workload;
            const fromMs = inMeasure === 1 ? measureMs : 0;
            all.push([Math.round(workload.nextNs - at(fromMs)), inMeasure, alternative]);
            workload.take();
          }
          expect(workload.stop()).toEqual([0, 0]);
          return all;
        };
        for (let worker = 0; worker < workers; worker++) {
          const planned = plan(worker, false);
          expect(plan(worker, true)).toEqual(planned.filter(([ns, inMeasure]) => inMeasure === 1 || ns < atMs * ms));
        }
      }),
    );
  });

  it('open: a load that falls silent lasts until the end of measure, wherever that is', () => {
    const shape = { kind: 'bursts', onMs: 10, offMs: 20 } as const;
    const workload = begun(openLoad({ ratePerSecond: 200, durationMs: 60, shape, ...steady }), share);
    expect(workload.lastsUntilNs).toBe(at(160));
    workload.beginMeasureAt(at(30));
    expect(workload.lastsUntilNs).toBe(at(90));
  });

  it('closed: requests count from then on, and the users stop that much earlier', () => {
    const workload = begun(closedLoad({ users: 2, durationMs: 50, ...steady }), share);
    take(workload);
    take(workload);
    workload.settled(0, at(40), false);
    expect(workload.inMeasure).toBe(0);
    // Due at the very start of measure.
    workload.beginMeasureAt(at(40));
    expect(take(workload)).toEqual({ atMs: 40, user: 0, inMeasure: 1 });
    workload.settled(0, at(89), false);
    expect(take(workload)).toEqual({ atMs: 89, user: 0, inMeasure: 1 });
    workload.settled(1, at(90), false);
    expect(workload.over).toBe(true);
  });

  it('after stop nothing comes back', () => {
    for (const load of [openLoad(steady), closedLoad(steady)]) {
      const workload = begun(load, share);
      workload.stop();
      workload.beginMeasureAt(at(50));
      expect([workload.over, workload.nextNs]).toEqual([true, Infinity]);
    }
  });
});

describe('what takes time', () => {
  it('is done before the load begins: beginning draws no more than the first request', () => {
    const draws = vi.spyOn(Random.prototype, 'nextExponential');
    try {
      const workload = createWorkload(
        openLoad({ ratePerSecond: 1000, durationMs: 20_000, arrivals: 'poisson' }),
        share,
      );
      expect(draws.mock.calls.length).toBeGreaterThan(20_000);
      draws.mockClear();
      workload.begin(startNs);
      expect(draws.mock.calls.length).toBe(1);
    } finally {
      draws.mockRestore();
    }
  });
});
