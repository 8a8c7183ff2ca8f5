/** Shapes of a rate: their integrals by hand, the inverse, and its behaviour where nothing arrives. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rateProfile } from '../../src/load/rate-profile.ts';
import type { ArrivalShape } from '../../src/scenario/config.ts';
import { anyShape } from './shapes.ts';

const bursts: ArrivalShape = { kind: 'bursts', onMs: 200, offMs: 800 };
const steps: ArrivalShape = {
  kind: 'steps',
  steps: [
    { ratePerSecond: 10, forMs: 1000 },
    { ratePerSecond: 0, forMs: 500 },
    { ratePerSecond: 40, forMs: 500 },
  ],
};

describe('rateProfile', () => {
  it('a ramp integrates to a parabola', () => {
    const profile = rateProfile(100, { kind: 'ramp', toPerSecond: 300 }, 10e9);
    // 100 t + 20 t^2 / 2: at 5 s 500 + 250, at 10 s 1000 + 1000.
    expect([profile.countAt(0), profile.countAt(5e9), profile.countAt(10e9)]).toEqual([0, 750, 2000]);
    expect([profile.offsetNs(0), profile.offsetNs(750), profile.offsetNs(2000)]).toEqual([0, 5e9, 10e9]);
  });

  it('a ramp may fall nearly to nothing', () => {
    const profile = rateProfile(100, { kind: 'ramp', toPerSecond: 0.001 }, 10e9);
    // (100 + 0.001) / 2 x 10 s.
    expect(profile.countAt(10e9)).toBeCloseTo(500.005, 9);
    expect(profile.offsetNs(500.005) / 1e9).toBeCloseTo(10, 5);
    expect(profile.offsetNs(1e6)).toBeLessThan(Infinity);
  });

  it('bursts bring what their time on brings, and an arrival never falls into the time off', () => {
    const profile = rateProfile(500, bursts, 10e9);
    // 100 in each second, all within 200 ms.
    expect([profile.countAt(0.1e9), profile.countAt(0.2e9), profile.countAt(1e9), profile.countAt(3.1e9)]).toEqual([
      50, 100, 100, 350,
    ]);
    // The 100th, counted from 0, opens the next burst.
    expect([profile.offsetNs(99), profile.offsetNs(100), profile.offsetNs(350)]).toEqual([0.198e9, 1e9, 3.1e9]);
  });

  it('steps repeat', () => {
    const profile = rateProfile(1, steps, 10e9);
    // 10 + 0 + 20 in every 2 s.
    expect([profile.countAt(1e9), profile.countAt(1.5e9), profile.countAt(2e9), profile.countAt(7.75e9)]).toEqual([
      10, 10, 30, 110,
    ]);
    expect([profile.offsetNs(9), profile.offsetNs(10), profile.offsetNs(30), profile.offsetNs(100)]).toEqual([
      0.9e9,
      1.5e9,
      6e9 - 4e9,
      7.5e9,
    ]);
  });

  it('the inverse undoes the count, and never goes back', () => {
    fc.assert(
      fc.property(
        anyShape,
        fc.double({ min: 0.5, max: 1e5, noNaN: true }),
        fc.integer({ min: 1e6, max: 100e9 }),
        (shape, rate, lengthNs) => {
          const profile = rateProfile(rate, shape, lengthNs);
          const total = profile.countAt(lengthNs);
          let lastNs = 0;
          for (let step = 0; step < 50; step++) {
            const count = (total * step) / 50;
            const offsetNs = profile.offsetNs(count);
            expect(offsetNs).toBeGreaterThanOrEqual(lastNs);
            // Half a nanosecond of time, and rounding.
            expect(Math.abs(profile.countAt(offsetNs) - count)).toBeLessThan(1e-3 + total * 1e-9);
            lastNs = offsetNs;
          }
        },
      ),
    );
  });

  it.each<[string, ArrivalShape, string]>([
    ['no time', { kind: 'steps', steps: [] }, 'take 0 ns'],
    ['no arrivals', { kind: 'steps', steps: [{ ratePerSecond: 0, forMs: 1 }] }, 'with 0 arrivals'],
    ['endless steps', { kind: 'steps', steps: [{ ratePerSecond: 1, forMs: Infinity }] }, 'take Infinity ns'],
  ])('refuses %s', (_name, shape, message) => {
    expect(() => rateProfile(1, shape, 1e9)).toThrow(message);
  });
});
