/** The load as a client sees it: all arrivals of the open model, users who think and pause in the closed one, and a stop in both. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Workload } from '../../src/clients/workload.ts';
import { at, begun, inMs, ms, share, take, type Taken } from './begun-workload.ts';
import { closedLoad, openLoad } from './trial-config.ts';

describe('open model', () => {
  it('gives every arrival, warm-up first, and is over after the last', () => {
    const workload = begun(openLoad({ ratePerSecond: 100, warmUpMs: 20, durationMs: 30 }), share);
    expect([workload.users, workload.scheduled]).toEqual([1, [2, 3]]);
    const taken: Taken[] = [];
    while (!workload.over) {
      taken.push(take(workload));
      workload.settled(0, at(1e6), true);
    }
    expect(taken.map(({ atMs, inMeasure }) => [atMs, inMeasure])).toEqual([
      [0, 0],
      [10, 0],
      [20, 1],
      [30, 1],
      [40, 1],
    ]);
    expect([workload.nextNs, workload.stop()]).toEqual([Infinity, [0, 0]]);
  });

  it('stop gives what was not taken, by phase', () => {
    const untaken = [0, 1, 2, 3, 5].map((count) => {
      const workload = begun(openLoad({ ratePerSecond: 100, warmUpMs: 20, durationMs: 30 }), share);
      for (let index = 0; index < count; index++) workload.take();
      const rest = workload.stop();
      expect([workload.over, workload.nextNs]).toEqual([true, Infinity]);
      return rest;
    });
    expect(untaken).toEqual([
      [2, 3],
      [1, 3],
      [0, 3],
      [0, 2],
      [0, 0],
    ]);
  });

  it('workers together give the arrivals of one worker', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.constantFrom('constant', 'poisson'), (workers, arrivals) => {
        const load = openLoad({ ratePerSecond: 1000, warmUpMs: 20, durationMs: 50, arrivals });
        const all = (worker: number, of: number): number[] => {
          const workload = begun(load, { ...share, worker, workers: of });
          const times: number[] = [];
          while (!workload.over) times.push(take(workload).atMs);
          return times;
        };
        const together = Array.from({ length: workers }, (_, worker) => all(worker, workers)).flat();
        expect(together.toSorted((a, b) => a - b)).toEqual(all(0, 1));
      }),
    );
  });
});

describe('open model: shapes, traces, mixes', () => {
  const times = (workload: Workload): number[] => {
    const all: number[] = [];
    while (!workload.over) all.push(take(workload).atMs);
    return all;
  };

  it('follows the shape', () => {
    const shape = { kind: 'bursts', onMs: 10, offMs: 20 } as const;
    const workload = begun(openLoad({ ratePerSecond: 200, warmUpMs: 30, durationMs: 60, shape }), share);
    expect(workload.scheduled).toEqual([2, 4]);
    expect(times(workload)).toEqual([0, 5, 30, 35, 60, 65]);
  });

  it('replays a trace, and insists on its times', () => {
    const trace = { path: '/t', sha256: '', arrivals: 3 };
    const load = openLoad({ warmUpMs: 20, durationMs: 50, trace });
    const traceNs = Float64Array.from([0, 7 * ms, 49 * ms, 50 * ms]);
    const workload = begun(load, { ...share, traceNs });
    expect([workload.scheduled, workload.inMeasure]).toEqual([[0, 3], 1]);
    expect(times(workload)).toEqual([20, 27, 69]);
    expect(() => begun(load, share)).toThrow('the times of the trace are missing');
  });

  it('draws requests by their number in the plan: the same on any number of workers', () => {
    const requests = [1, 2, 3].map((weight) => ({ weight, method: 'GET', path: `/${weight}` }) as const);
    const load = openLoad({ ratePerSecond: 1000, warmUpMs: 20, durationMs: 200, requests });
    const plan = (worker: number, workers: number): [number, number][] => {
      const workload = begun(load, { ...share, worker, workers });
      const drawn: [number, number][] = [];
      while (!workload.over) {
        const { alternative } = workload;
        drawn.push([take(workload).atMs, alternative]);
      }
      return drawn;
    };
    const whole = plan(0, 1);
    expect(new Set(whole.map(([, alternative]) => alternative))).toEqual(new Set([0, 1, 2]));
    const parts = [0, 1, 2].flatMap((worker) => plan(worker, 3));
    expect(parts.sort(([a], [b]) => a - b)).toEqual(whole);
  });
});

describe('closed model: mixes and sessions', () => {
  it("draws a user's requests by their number: whoever is served first, on any number of workers", () => {
    const requests = [1, 2, 3].map((weight) => ({ weight, method: 'GET', path: `/${weight}` }) as const);
    const load = closedLoad({ users: 6, durationMs: 1000, requests });
    /** The first twenty alternatives of every user, who are answered after so many ms. */
    const plan = (workers: number, answerMs: (user: number) => number): Map<number, number[]> => {
      const drawn = new Map<number, number[]>();
      for (let worker = 0; worker < workers; worker++) {
        const workload = begun(load, { ...share, worker, workers });
        while (!workload.over) {
          const { alternative, user } = workload;
          const all = user * workers + worker;
          const own = [...(drawn.get(all) ?? []), alternative];
          drawn.set(all, own);
          const { atMs } = take(workload);
          if (own.length < 20) workload.settled(user, at(atMs + answerMs(all)), false);
        }
      }
      return drawn;
    };
    const whole = plan(1, () => 1);
    expect([...whole.values()].every((own) => own.length === 20)).toBe(true);
    expect(new Set([...whole.values()].map((own) => own.join(''))).size).toBe(6);
    const parts = plan(4, (user) => 1 + user);
    for (let user = 0; user < 6; user++) expect(parts.get(user)).toEqual(whole.get(user));
  });

  it('a session opens a page, then its assets at once, thinks, and returns', () => {
    const load = closedLoad({ durationMs: 1000, thinkTimeMs: 30, page: { assets: 2 } });
    const workload = begun(load, share);
    const { atMs } = take(workload);
    expect(atMs).toBeLessThan(30);
    expect(workload.over).toBe(true);
    workload.settled(0, at(100), false);
    expect([take(workload), take(workload)]).toEqual([
      { atMs: 100, user: 0, inMeasure: 1 },
      { atMs: 100, user: 0, inMeasure: 1 },
    ]);
    workload.settled(0, at(110), false);
    expect(workload.over).toBe(true);
    workload.settled(0, at(120), false);
    expect(take(workload).atMs).toBe(150);
    workload.settled(0, at(160), true);
    expect(take(workload).atMs).toBe(190);
  });

  it('assets count where they begin: of a page in warm-up they may be measured', () => {
    const workload = begun(closedLoad({ warmUpMs: 10, durationMs: 50, page: { assets: 1 } }), share);
    expect(take(workload)).toEqual({ atMs: 0, user: 0, inMeasure: 0 });
    workload.settled(0, at(12), false);
    expect(take(workload)).toEqual({ atMs: 12, user: 0, inMeasure: 1 });
  });

  it('drawn think times differ from pause to pause', () => {
    const load = closedLoad({ durationMs: 10_000, thinkTime: { distribution: 'exponential', meanMs: 20 } });
    const workload = begun(load, share);
    const pauses: number[] = [];
    let lastMs = take(workload).atMs;
    while (!workload.over || lastMs < 9000) {
      workload.settled(0, at(lastMs), false);
      if (workload.over) break;
      const { atMs } = take(workload);
      pauses.push(atMs - lastMs);
      lastMs = atMs;
    }
    expect(new Set(pauses).size).toBe(pauses.length);
    // About 500 pauses of 20 ms in 10 s: standard deviation of their number 22.
    expect(Math.abs(pauses.length - 500)).toBeLessThan(100);
  });
});

describe('closed model', () => {
  it('a user starts again when it has its answer, until the end of measure', () => {
    const workload = begun(closedLoad({ warmUpMs: 10, durationMs: 20 }), share);
    expect(take(workload)).toEqual({ atMs: 0, user: 0, inMeasure: 0 });
    expect([workload.over, workload.nextNs]).toEqual([true, Infinity]);
    workload.settled(0, at(9), false);
    expect(workload.over).toBe(false);
    expect(take(workload)).toEqual({ atMs: 9, user: 0, inMeasure: 0 });
    workload.settled(0, at(10), false);
    expect(take(workload)).toEqual({ atMs: 10, user: 0, inMeasure: 1 });
    workload.settled(0, at(30), false);
    expect(workload.over).toBe(true);
  });

  it('a user thinks after its answer', () => {
    const workload = begun(closedLoad({ durationMs: 100, thinkTimeMs: 15 }), share);
    const { atMs } = take(workload);
    expect(atMs).toBeGreaterThanOrEqual(0);
    expect(atMs).toBeLessThan(15);
    workload.settled(0, at(40), false);
    expect(inMs(workload)).toBe(55);
  });

  it('a user who fails pauses 10 ms; the others do not wait for it', () => {
    const workload = begun(closedLoad({ users: 3, durationMs: 100 }), share);
    expect([take(workload).user, take(workload).user, take(workload).user]).toEqual([0, 1, 2]);
    workload.settled(1, at(5), true);
    expect(inMs(workload)).toBe(15);
    workload.settled(0, at(6), false);
    expect(take(workload)).toEqual({ atMs: 6, user: 0, inMeasure: 1 });
    workload.settled(2, at(7), true);
    workload.settled(0, at(16), false);
    const order = [take(workload), take(workload), take(workload)].map(({ atMs, user }) => [atMs, user]);
    expect(order).toEqual([
      [15, 1],
      [16, 0],
      [17, 2],
    ]);
    expect(workload.over).toBe(true);
    workload.settled(1, at(20), false);
    expect([inMs(workload), workload.user]).toEqual([20, 1]);
  });

  it.each([
    ['shorter than the pause', 4, 10],
    ['longer than the pause', 25, 25],
  ])(
    'after a failure a user with a think time %s does not come earlier than after an answer',
    (_name, thinkTimeMs, waitMs) => {
      const workload = begun(closedLoad({ durationMs: 200, thinkTimeMs }), share);
      take(workload);
      workload.settled(0, at(50), true);
      expect(inMs(workload)).toBe(50 + waitMs);
      expect(take(workload).user).toBe(0);
      workload.settled(0, at(90), false);
      expect(inMs(workload)).toBe(90 + thinkTimeMs);
    },
  );

  it('a pause that would end after measure ends the user', () => {
    const workload = begun(closedLoad({ durationMs: 20 }), share);
    take(workload);
    workload.settled(0, at(10), true);
    expect([workload.over, workload.nextNs]).toEqual([true, Infinity]);
  });

  it('after stop nobody comes back', () => {
    const workload = begun(closedLoad({ users: 2, durationMs: 20 }), share);
    take(workload);
    expect(workload.stop()).toEqual([0, 0]);
    workload.settled(0, at(5), false);
    expect([workload.over, workload.nextNs]).toEqual([true, Infinity]);
  });

  it('each worker has its own users, numbered from 0', () => {
    const users = [0, 1, 2].map((worker) => {
      const workload = begun(closedLoad({ users: 7 }), { ...share, worker, workers: 3 });
      const seen: number[] = [];
      while (!workload.over) seen.push(take(workload).user);
      expect(seen).toHaveLength(workload.users);
      return seen;
    });
    expect(users).toEqual([
      [0, 1, 2],
      [0, 1],
      [0, 1],
    ]);
  });

  it('no user has two requests under way, none is lost, and time never goes back', () => {
    const step = fc.record({
      failed: fc.boolean(),
      which: fc.nat(),
      afterMs: fc.nat({ max: 12 }),
      takes: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.constantFrom(0, 3, 10, 30),
        fc.array(step, { maxLength: 200 }),
        (users, thinkTimeMs, steps) => {
          const workload = begun(closedLoad({ users, thinkTimeMs, durationMs: 300 }), share);
          const underWay: number[] = [];
          let nowMs = 0;
          let lastMs = 0;
          for (const { failed, which, afterMs, takes } of steps) {
            nowMs += afterMs;
            while (takes && inMs(workload) <= nowMs) {
              const { user, atMs, inMeasure } = take(workload);
              expect(underWay).not.toContain(user);
              expect(user).toBeLessThan(users);
              expect(atMs).toBeGreaterThanOrEqual(lastMs);
              expect([atMs < 300, inMeasure]).toEqual([true, 1]);
              lastMs = atMs;
              underWay.push(user);
            }
            if (underWay.length === 0) continue;
            const [user] = underWay.splice(which % underWay.length, 1);
            workload.settled(user!, at(nowMs), failed);
          }
          expect(workload.over).toBe(workload.nextNs === Infinity);
          if (nowMs + Math.max(10, thinkTimeMs) < 300) expect(workload.over).toBe(underWay.length === users);
        },
      ),
    );
  });
});
