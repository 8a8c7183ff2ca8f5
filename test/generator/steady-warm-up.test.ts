/** A warm-up that ends when it is steady, as the main thread decides it: from the intervals of all workers, in time, and once. */
import { describe, expect, it } from 'vitest';
import { passBorder, type WarmUpInterval } from '../../src/clients/measure-start.ts';
import { SteadyWarmUp } from '../../src/generator/steady-warm-up.ts';
import { Histogram } from '../../src/stats/histogram.ts';

/** An interval whose answers took this long. */
function interval(responseNs: number, count = 100): WarmUpInterval {
  const histogram = new Histogram();
  histogram.recordMany(responseNs, count);
  return histogram.toSparse();
}

const nothing: WarmUpInterval = { indices: [], counts: [] };
const steady = interval(1e6);

interface Watched {
  readonly warmUp: SteadyWarmUp;
  /** What was told of the start of measure. */
  readonly told: number[];
}

function watched(workers = 1, warmUpNs = 2000, steadyNs = 38_000): Watched {
  const warmUp = new SteadyWarmUp({ workers, warmUpNs, steadyNs, intervalNs: 1000 });
  const told: number[] = [];
  warmUp.onKnown((startNs) => told.push(startNs));
  return { warmUp, told };
}

/** A worker passes a border, and tells of the interval before it. */
function pass({ warmUp }: Watched, worker: number, border: number, response: WarmUpInterval = steady): void {
  passBorder(warmUp.shared, border);
  warmUp.take(worker, response);
}

describe('SteadyWarmUp', () => {
  it('lets a load be measured that is steady from the start after the least that shows it', () => {
    const one = watched();
    for (let border = 1; border <= 19; border++) pass(one, 0, border);
    expect([one.told, one.warmUp.reached]).toEqual([[], false]);
    pass(one, 0, 20);
    expect([one.told, one.warmUp.reached]).toEqual([[22_000], true]);
    expect(passBorder(one.warmUp.shared, 21)).toBe(22);
    for (let border = 21; border <= 40; border++) pass(one, 0, border);
    expect(one.told).toEqual([22_000]);
  });

  it('not before the warm-up that was asked for, and right at its end', () => {
    const one = watched(1, 30_000, 10_000);
    for (let border = 1; border <= 28; border++) pass(one, 0, border);
    expect(one.told).toEqual([30_000]);
  });

  it('waits for a server that gets faster', () => {
    const one = watched();
    for (let border = 1; border <= 10; border++) pass(one, 0, border, interval(50e6 / border));
    for (let border = 11; border <= 40; border++) pass(one, 0, border);
    expect(one.warmUp.reached).toBe(true);
    // MSER-5 cuts at 10, which is not the latest place any more, half of all, with 30.
    expect(one.told).toEqual([32_000]);
  });

  it('a load that never is: measure begins as planned, and it says so in time', () => {
    const one = watched();
    for (let border = 1; border <= 37; border++) pass(one, 0, border, interval(1e6 * border));
    expect(one.told).toEqual([]);
    pass(one, 0, 38, interval(38e6));
    expect(one.told).toEqual([40_000]);
    for (const border of [39, 40]) pass(one, 0, border, interval(1e6 * border));
    expect([one.warmUp.reached, one.told]).toEqual([false, [40_000]]);
  });

  it('what becomes steady too late for another start was steady all the same', () => {
    const one = watched(1, 2000, 20_000);
    for (let border = 1; border <= 20; border++) pass(one, 0, border);
    expect([one.warmUp.reached, one.told]).toEqual([true, [22_000]]);
  });

  it('intervals without answers say nothing, so nothing is found', () => {
    const one = watched();
    for (let border = 1; border <= 40; border++) pass(one, 0, border, border % 3 === 0 ? steady : nothing);
    expect([one.warmUp.reached, one.told]).toEqual([false, [40_000]]);
  });

  it('judges what all workers saw together, when the last of them has told', () => {
    const three = watched(3);
    for (let border = 1; border <= 25; border++) pass(three, 0, border);
    for (let border = 1; border <= 22; border++) pass(three, 1, border);
    for (let border = 1; border <= 19; border++) pass(three, 2, border);
    expect(three.told).toEqual([]);
    pass(three, 2, 20);
    // The first worker has passed border 25.
    expect(three.told).toEqual([27_000]);
  });

  it('does not wait for a worker that has ended', () => {
    const two = watched(2);
    for (let border = 1; border <= 25; border++) pass(two, 0, border);
    pass(two, 1, 1);
    expect(two.told).toEqual([]);
    two.warmUp.ended(1);
    expect(two.told).toEqual([27_000]);
  });

  it('giving up is for good', () => {
    const one = watched();
    one.warmUp.giveUp();
    for (let border = 1; border <= 30; border++) pass(one, 0, border);
    expect([one.told, passBorder(one.warmUp.shared, 30)]).toEqual([[40_000], 0]);
  });
});
