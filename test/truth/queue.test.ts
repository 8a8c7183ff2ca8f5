/** Response times of an arrival plan at a planned server. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { constantArrivalsNs, responseTimesNs } from './queue.ts';

const ascending = (values: readonly number[]): readonly number[] => values.toSorted((a, b) => a - b);
const arrivals = fc.array(fc.nat(5_000), { minLength: 1, maxLength: 50 }).map(ascending);
const freeze = { firstNs: 1000, lengthNs: 200, periodNs: 2000 };

describe('responseTimesNs', () => {
  it('makes requests wait for a connection, first come first served', () => {
    // Two at once: 0..10 and 0..10, then 10..20 and 10..20.
    const plan = { arrivalsNs: [0, 0, 0, 5], servicesNs: [10, 10, 10, 10], connections: 2, freeze: null };
    expect(responseTimesNs(plan)).toEqual([10, 10, 20, 15]);
  });

  it('takes the connection that is free first', () => {
    // 0..100 on one, 0..10 on the other, which the third takes at 10 and the fourth at 20.
    const plan = { arrivalsNs: [0, 0, 0, 0], servicesNs: [100, 10, 10, 10], connections: 2, freeze: null };
    expect(responseTimesNs(plan)).toEqual([100, 10, 20, 30]);
  });

  it('holds what arrives in a freeze, and what finds no connection because of it', () => {
    // Frozen until 1200. The first two end at 1210, the third on a connection of theirs at 1220, the last finds all free.
    const plan = { arrivalsNs: [1000, 1050, 1100, 1300], servicesNs: [10, 10, 10, 10], connections: 2, freeze };
    expect(responseTimesNs(plan)).toEqual([210, 160, 120, 10]);
  });

  it('is max(0, end of freeze - arrival) + service with connections for all', () => {
    fc.assert(
      fc.property(fc.nat(5_000), (arrivalNs) => {
        // A service that ends at the latest as the next freeze starts is not in question here: none lasts a ns.
        const frozen = [1200, 3200, 5200].map((end) =>
          arrivalNs >= end - 200 && arrivalNs < end ? end - arrivalNs : 0,
        );
        const plan = { arrivalsNs: [arrivalNs], servicesNs: [0.5], connections: Infinity, freeze };
        expect(responseTimesNs(plan)).toEqual([Math.max(...frozen) + 0.5]);
      }),
    );
  });

  it("obeys Lindley's equation with one connection", () => {
    fc.assert(
      fc.property(arrivals, fc.nat(300), (arrivalsNs, serviceNs) => {
        let waitNs = 0;
        const expected = arrivalsNs.map((arrivalNs, index) => {
          // The wait of the next is that of the last, plus its service, less the time between.
          if (index > 0) waitNs = Math.max(0, waitNs + serviceNs - (arrivalNs - arrivalsNs[index - 1]!));
          return waitNs + serviceNs;
        });
        const servicesNs = arrivalsNs.map(() => serviceNs);
        expect(responseTimesNs({ arrivalsNs, servicesNs, connections: 1, freeze: null })).toEqual(expected);
      }),
    );
  });

  it('lets nobody wait longer for having more connections', () => {
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 8 }), fc.nat(300), (arrivalsNs, connections, serviceNs) => {
        const servicesNs = arrivalsNs.map(() => serviceNs);
        const few = responseTimesNs({ arrivalsNs, servicesNs, connections, freeze });
        const more = responseTimesNs({ arrivalsNs, servicesNs, connections: connections + 1, freeze });
        expect(more.every((value, index) => value <= few[index]!)).toBe(true);
      }),
    );
  });
});

describe('constantArrivalsNs', () => {
  it('is the rate times the length, each computed from its number', () => {
    const times = constantArrivalsNs(3, 2);
    expect(times).toHaveLength(6);
    expect(times[3]).toBe(1e9);
    expect(times[1]).toBe(1e9 / 3);
  });
});
