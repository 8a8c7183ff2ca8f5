/** The log of the slowest requests: the right ones are kept, in order, with what was noted of each. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SlowestLog, unknown, type SlowRequest } from '../../src/clients/slowest.ts';

/** Offers requests that all was spent on the first byte of; each is due at its place in ms. */
function logOf(times: readonly number[], capacity: number): SlowestLog {
  const log = new SlowestLog(capacity);
  times.forEach((time, place) => {
    if (!log.admits(time)) return;
    const row = log.add(time);
    log.intendedNs[row] = place * 1e6;
    log.firstByteNs[row] = time;
    log.user[row] = place;
    log.status[row] = 200;
  });
  return log;
}

const self = (user: number): number => user;
const kept = (log: SlowestLog): readonly (readonly [number, number])[] =>
  log.report(0, self).map(({ responseNs, dueMs }) => [responseNs, dueMs] as const);

describe('SlowestLog', () => {
  it('keeps the slowest in order, of equally slow ones the first', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 30 }), { maxLength: 200 }),
        fc.integer({ min: 1, max: 25 }),
        (times, capacity) => {
          const expected = times
            .map((time, place) => [time, place] as const)
            .toSorted(([a, first], [b, second]) => b - a || first - second)
            .slice(0, capacity);
          expect(kept(logOf(times, capacity)).map(([time]) => time)).toEqual(expected.map(([time]) => time));
          // Of the slowest value that did not fit as a whole, some are kept: the others exactly.
          const least = expected.at(-1)?.[0] ?? 0;
          const above = (list: readonly (readonly [number, number])[]) => list.filter(([time]) => time > least);
          expect(above(kept(logOf(times, capacity)))).toEqual(above(expected));
        },
      ),
    );
  });

  it('keeps the first of equally slow ones, since the later ones are not let in', () => {
    expect(kept(logOf([5, 5, 5, 5], 2))).toEqual([
      [5, 0],
      [5, 1],
    ]);
  });

  it('lets everything in until it is full, also a request that took no time', () => {
    const log = logOf([0], 2);
    expect(log.admits(0)).toBe(true);
    log.add(3);
    expect([log.admits(0), log.admits(1)]).toEqual([false, true]);
  });

  it('gives everything that was noted, and null for what is unknown', () => {
    const log = new SlowestLog(2);
    const row = log.add(1000);
    log.intendedNs[row] = 5e6;
    log.lagNs[row] = 100;
    log.connectionWaitNs[row] = 200;
    log.connectNs[row] = 300;
    log.firstByteNs[row] = 350;
    log.downloadNs[row] = 50;
    log.ageNs[row] = 2e6;
    log.idleNs[row] = unknown;
    log.use[row] = 7;
    log.user[row] = 3;
    log.status[row] = unknown;
    log.code[row] = 'RESPONSE_TIMEOUT';
    log.origin[row] = 1;
    log.fate[row] = 4;
    const expected: SlowRequest = {
      dueMs: 4,
      user: 31,
      responseNs: 1000,
      phasesNs: { lag: 100, connectionWait: 200, connect: 300, firstByte: 350, download: 50 },
      status: null,
      code: 'RESPONSE_TIMEOUT',
      connection: { origin: 'reused', fate: 'timeout', use: 7, ageMs: 2, idleMs: null },
    };
    expect(log.report(1e6, (user) => user * 10 + 1)).toEqual([expected]);
  });
});
