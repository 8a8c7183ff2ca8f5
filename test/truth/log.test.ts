/** The truth out of a server's log. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endOfWorkNs } from './freeze.ts';
import { clockOffsetNs, plannedAtServerNs, responseTimesByLogNs, serverLatenessNs, type ServerLog } from './log.ts';
import { responseTimesNs } from './queue.ts';

// Three requests that were meant for 0, 100 and 200 and came 1005, 1102 and 1203 by the server's clock; the last left unanswered.
const arrivalsNs = [0, 100, 200];
const log: ServerLog = {
  arrivedNs: [1005, 1102, 1203],
  dueNs: [1015, 1152, 1213],
  answeredNs: [1016, 1155, NaN],
};

describe('plannedAtServerNs', () => {
  it('is what the plan asked for from the arrival', () => {
    expect(plannedAtServerNs(log)).toEqual([10, 50, 10]);
  });
});

describe('serverLatenessNs', () => {
  it('is answer less due time, of the answered', () => {
    expect(serverLatenessNs(log)).toEqual([1, 3]);
  });
});

describe('clockOffsetNs', () => {
  it('is that of the fastest request', () => {
    // 1005 - 0, 1102 - 100, 1203 - 200.
    expect(clockOffsetNs(arrivalsNs, log)).toBe(1002);
  });

  it('refuses a plan that is not what came', () => {
    expect(() => clockOffsetNs([0, 100], log)).toThrow('2 arrivals were planned and 3 came');
    expect(() => clockOffsetNs([], { arrivedNs: [], dueNs: [], answeredNs: [] })).toThrow(RangeError);
  });
});

describe('responseTimesByLogNs', () => {
  it('is from the intended start to the answer', () => {
    // 1016 - 1002 - 0, 1155 - 1002 - 100.
    expect(responseTimesByLogNs(arrivalsNs, log, 1002)).toEqual([14, 53, NaN]);
  });

  it('equals the plan where every request goes out on time and machines cost nothing', () => {
    const freeze = { firstNs: 1000, lengthNs: 200, periodNs: 2000 };
    const arrivals = fc
      .array(fc.nat(5_000), { minLength: 1, maxLength: 50 })
      .map((all) => all.toSorted((a, b) => a - b));
    fc.assert(
      fc.property(arrivals, fc.nat(300), fc.nat(10_000), (plannedNs, serviceNs, offsetNs) => {
        const arrivedNs = plannedNs.map((ns) => ns + offsetNs);
        const onServer = { ...freeze, firstNs: freeze.firstNs + offsetNs };
        const dueNs = arrivedNs.map((ns) => endOfWorkNs(ns, serviceNs, onServer));
        const perfect = { arrivedNs, dueNs, answeredNs: dueNs };
        const servicesNs = plannedNs.map(() => serviceNs);
        const byPlan = responseTimesNs({ arrivalsNs: plannedNs, servicesNs, connections: Infinity, freeze });
        const offset = clockOffsetNs(plannedNs, perfect);
        expect(responseTimesByLogNs(plannedNs, perfect, offset)).toEqual(byPlan);
        expect(plannedAtServerNs(perfect)).toEqual(byPlan);
      }),
    );
  });
});
