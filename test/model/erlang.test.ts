/** Waiting for a connection of the pool: tables, sums written out, and simulations of the same queues. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../src/load/random.ts';
import {
  constantWait,
  erlangB,
  erlangC,
  exponentialWait,
  exponentialWaitQuantile,
  generalWait,
  meanWaitError,
  type QueueLoad,
} from '../../src/model/erlang.ts';

/** The definition, a^c / c! over the sum of a^k / k!, in whole. */
function blockedByDefinition(servers: number, offered: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; k <= servers; k++) sum += term *= offered / k;
  return term / sum;
}

/** Waits of customers served in order of arrival by the server that is free first, after a start that is left out. */
function simulatedWaits(
  servers: number,
  customers: number,
  draw: { readonly gap: () => number; readonly service: () => number },
): readonly number[] {
  const freeAt = new Float64Array(servers);
  const waits: number[] = [];
  let now = 0;
  const start = customers / 10;
  for (let customer = 0; customer < customers; customer++) {
    now += draw.gap();
    let first = 0;
    for (let server = 1; server < servers; server++) if (freeAt[server]! < freeAt[first]!) first = server;
    const begin = Math.max(now, freeAt[first]!);
    freeAt[first] = begin + draw.service();
    if (customer >= start) waits.push(begin - now);
  }
  return waits;
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('tables', () => {
  // C(3, 2) = 4/9 and C(2, 1) = 1/3 in every textbook; one server waits with its utilisation.
  test.each([
    [1, 0.5, 0.5],
    [2, 1, 1 / 3],
    [3, 2, 4 / 9],
    [5, 4, 0.5541],
    [10, 8, 0.4092],
    [20, 16, 0.2561],
  ])('of %i servers and %d erlang %d wait', (servers, offered, waiting) => {
    expect(erlangC(servers, offered)).toBeCloseTo(waiting, 4);
  });

  // Erlang B: 5 erlang on 10 lines lose 1.84 %, 10 on 15 lose 3.65 %.
  test.each([
    [10, 5, 0.0184],
    [15, 10, 0.0365],
  ])('%i lines lose of %d erlang %d', (servers, offered, blocked) => {
    expect(erlangB(servers, offered)).toBeCloseTo(blocked, 4);
  });

  test('the recursion is the definition', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        (servers, offered) => {
          expect(erlangB(servers, offered)).toBeCloseTo(blockedByDefinition(servers, offered), 12);
        },
      ),
    );
  });

  test('one server: Pollaczek-Khinchine, u s (1 + v) / (2 (1 - u))', () => {
    const load = { servers: 1, offered: 0.8, serviceTime: 5 };
    expect(exponentialWait(load)).toBeCloseTo(20, 10);
    expect(constantWait(load)).toBeCloseTo(10, 10);
    expect(generalWait(load, 0.25)).toBeCloseTo(12.5, 10);
    expect(generalWait(load, 3)).toBeCloseTo(40, 10);
  });

  test('quantiles of one server: P(W > t) = u exp(-(1 - u) t / s)', () => {
    const load = { servers: 1, offered: 0.5, serviceTime: 2 };
    expect(exponentialWaitQuantile(load, 0.99)).toBeCloseTo(4 * Math.log(50), 10);
    expect(exponentialWaitQuantile(load, 0.5)).toBe(0);
    expect(exponentialWaitQuantile(load, 0.4)).toBe(0);
  });

  test('without a steady state there is nothing to say', () => {
    expect(() => erlangC(2, 2)).toThrow(RangeError);
    expect(() => erlangC(2, 3)).toThrow(RangeError);
    expect(() => erlangB(1.5, 1)).toThrow(RangeError);
    expect(() => erlangB(1, NaN)).toThrow(RangeError);
  });
});

test('more servers wait less, more load waits more, and constant service waits less than exponential', () => {
  const loads = fc.record({
    servers: fc.integer({ min: 1, max: 40 }),
    share: fc.double({ min: 0.05, max: 0.98, noNaN: true }),
  });
  fc.assert(
    fc.property(loads, ({ servers, share }) => {
      const load = { servers, offered: servers * share, serviceTime: 1 };
      const wait = exponentialWait(load);
      expect(exponentialWait({ ...load, servers: servers + 1 })).toBeLessThan(wait);
      expect(exponentialWait({ ...load, offered: load.offered * 1.01 })).toBeGreaterThan(wait);
      expect(constantWait(load)).toBeLessThan(wait);
      expect(generalWait(load, 0.5)).toBeGreaterThan(constantWait(load));
      expect(generalWait(load, 1)).toBeCloseTo(wait, 12);
      expect(exponentialWaitQuantile(load, 0.999)).toBeGreaterThanOrEqual(exponentialWaitQuantile(load, 0.99));
    }),
  );
});

describe('simulations', () => {
  const customers = 400_000;
  const random = new Random(7);
  const services = {
    exponential: { variation: 1, draw: () => random.nextExponential() },
    constant: { variation: 0, draw: () => 1 },
    // Uniform on 0..2: variance 1/3.
    uniform: { variation: 1 / 3, draw: () => 2 * random.nextUnit() },
  };
  const queues: readonly (readonly [keyof typeof services, QueueLoad])[] = [
    ['exponential', { servers: 3, offered: 2, serviceTime: 1 }],
    ['exponential', { servers: 8, offered: 6, serviceTime: 1 }],
    ['constant', { servers: 4, offered: 3.2, serviceTime: 1 }],
    ['constant', { servers: 2, offered: 1.2, serviceTime: 1 }],
    ['uniform', { servers: 3, offered: 2.4, serviceTime: 1 }],
  ];

  test.each(queues)('%s service, %j', (kind, load) => {
    const { variation, draw } = services[kind];
    const gap = (): number => random.nextExponential() / load.offered;
    const waits = simulatedWaits(load.servers, customers, { gap, service: draw });
    const measured = meanOf(waits);
    // Four standard errors of the simulation, and the 2 % that the approximations are good for.
    const tolerance = 4 * meanWaitError(load, variation, waits.length) + (kind === 'exponential' ? 0 : 0.02);
    expect(Math.abs(measured / generalWait(load, variation) - 1)).toBeLessThan(tolerance);
    expect(tolerance).toBeLessThan(0.09);
    if (kind === 'exponential') {
      const p99 = Float64Array.from(waits).toSorted()[Math.ceil(waits.length * 0.99) - 1]!;
      expect(Math.abs(p99 / exponentialWaitQuantile(load, 0.99) - 1)).toBeLessThan(2 * tolerance);
    }
  });

  test.each([
    { servers: 1, offered: 0.7, serviceTime: 1 },
    { servers: 4, offered: 3, serviceTime: 1 },
  ])('the standard error is what means of trials scatter by: %j', (load) => {
    const trial = (): number =>
      meanOf(
        simulatedWaits(load.servers, 20_000, {
          gap: () => random.nextExponential() / load.offered,
          service: () => random.nextExponential(),
        }),
      );
    const means = Array.from({ length: 100 }, trial);
    const mean = meanOf(means);
    const scatter = Math.sqrt(meanOf(means.map((value) => (value - mean) ** 2))) / mean;
    const expected = meanWaitError(load, 1, 18_000);
    expect(scatter / expected).toBeGreaterThan(0.7);
    expect(scatter / expected).toBeLessThan(1.4);
  });
});
