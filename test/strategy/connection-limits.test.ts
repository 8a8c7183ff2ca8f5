/** Limits drawn for each connection: inside their bounds, spread over all of them, the same by the same seed, and none shifts another. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/load/random.ts';
import { ConnectionLimits, type LimitRules } from '../../src/strategy/connection-limits.ts';

const lax: LimitRules = { maxRequests: Infinity, maxLifetimeNs: Infinity };
const seed = fc.nat();

/** Of the first `count` connections. */
function drawn(rules: Partial<LimitRules>, from: number, count: number): { requests: number[]; lifetimesNs: number[] } {
  const limits = new ConnectionLimits({ ...lax, ...rules }, new Random(from));
  const places = Array.from({ length: count }, (_, place) => place);
  return {
    requests: places.map((place) => limits.maxRequests(place)),
    lifetimesNs: places.map((place) => limits.lifetimeNs(place)),
  };
}

describe('maxRequests', () => {
  it('is a whole number of the range, both ends included', () => {
    const range = fc.tuple(fc.integer({ min: 1, max: 1e6 }), fc.nat({ max: 1000 }));
    fc.assert(
      fc.property(range, seed, fc.nat(), ([min, more], from, place) => {
        const limits = new ConnectionLimits({ ...lax, maxRequestsRange: { min, max: min + more } }, new Random(from));
        const requests = limits.maxRequests(place);
        expect(Number.isInteger(requests) && requests >= min && requests <= min + more).toBe(true);
      }),
    );
  });

  it('is each number of the range about equally often', () => {
    const { requests } = drawn({ maxRequests: 4.5, maxRequestsRange: { min: 1, max: 8 } }, 1, 8000);
    const counts = Array.from({ length: 8 }, (_, index) => requests.filter((number) => number === index + 1).length);
    // Each of 8000 draws falls on a number with 1/8: mean 1000, standard deviation sqrt(8000 x 1/8 x 7/8) = 29.6; five of them are 148.
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(148);
    expect(counts.reduce((sum, count) => sum + count)).toBe(8000);
  });

  it('is the number itself where there is no range', () => {
    expect(drawn({ maxRequests: 5 }, 1, 3).requests).toEqual([5, 5, 5]);
    expect(drawn({ maxRequestsRange: { min: 4, max: 4 } }, 1, 2).requests).toEqual([4, 4]);
  });
});

describe('lifetime', () => {
  it('is within the jitter of the one given, on both sides', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e15 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        seed,
        (ns, jitter, from) => {
          const { lifetimesNs } = drawn({ maxLifetimeNs: ns, maxLifetimeJitter: jitter }, from, 20);
          for (const lifetimeNs of lifetimesNs) {
            expect(lifetimeNs).toBeGreaterThanOrEqual(ns * (1 - jitter) - 1);
            expect(lifetimeNs).toBeLessThanOrEqual(ns * (1 + jitter) + 1);
          }
        },
      ),
    );
  });

  it('is spread evenly, so that connections opened together do not end together', () => {
    const { lifetimesNs } = drawn({ maxLifetimeNs: 1000, maxLifetimeJitter: 0.1 }, 1, 4000);
    // Quarters of 900..1100: 1000 each on average, standard deviation sqrt(4000 x 1/4 x 3/4) = 27.4; five of them are 137.
    for (const from of [900, 950, 1000, 1050]) {
      const count = lifetimesNs.filter((ns) => ns >= from && ns < from + 50).length;
      expect(Math.abs(count - 1000)).toBeLessThan(137);
    }
    expect(new Set(lifetimesNs).size).toBe(4000);
  });

  it('without limit has none, whatever the jitter; without jitter is as given', () => {
    expect(drawn({ maxLifetimeJitter: 1 }, 1, 2).lifetimesNs).toEqual([Infinity, Infinity]);
    expect(drawn({ maxLifetimeNs: 7 }, 1, 2).lifetimesNs).toEqual([7, 7]);
  });
});

describe('draws', () => {
  const both = { maxRequestsRange: { min: 1, max: 1000 }, maxLifetimeNs: 1e9, maxLifetimeJitter: 0.5 };

  it('are the same by the same seed, and others by another', () => {
    fc.assert(
      fc.property(seed, (from) => {
        expect(drawn(both, from, 50)).toEqual(drawn(both, from, 50));
        expect(drawn(both, from, 50).requests).not.toEqual(drawn(both, from + 1, 50).requests);
        expect(drawn(both, from, 50).lifetimesNs).not.toEqual(drawn(both, from + 1, 50).lifetimesNs);
      }),
    );
  });

  it('do not shift each other: of requests with or without jitter, of lifetimes with or without a range', () => {
    const { requests, lifetimesNs } = drawn(both, 3, 50);
    expect(drawn({ maxRequestsRange: both.maxRequestsRange }, 3, 50).requests).toEqual(requests);
    expect(drawn({ maxLifetimeNs: 1e9, maxLifetimeJitter: 0.5 }, 3, 50).lifetimesNs).toEqual(lifetimesNs);
  });

  it('need something to draw from, and only where there is something to draw', () => {
    expect(() => new ConnectionLimits({ ...lax, maxRequestsRange: { min: 1, max: 2 } })).toThrow(
      'nothing to draw them from',
    );
    expect(() => new ConnectionLimits({ ...lax, maxLifetimeNs: 1, maxLifetimeJitter: 0.1 })).toThrow('nothing to draw');
    expect(new ConnectionLimits({ ...lax, maxLifetimeJitter: 0.1 }).lifetimeNs(0)).toBe(Infinity);
  });
});
