/** Which requests leak: by seed and place alone, and as many as the share says. */
import { describe, expect, it } from 'vitest';
import { LeakDraw } from '../../src/load/leak-draw.ts';
import { begun, share } from '../clients/begun-workload.ts';
import { closedLoad, openLoad } from '../clients/trial-config.ts';

const leak = { share: 0.25, collect: 'never' } as const;
const drawn = (of: LeakDraw, stream: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => of.draw(stream, index));
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe('the draw of leaks', () => {
  it('depends on seed, stream and place', () => {
    const once = drawn(new LeakDraw(openLoad({ leak }), 7), 0, 1000);
    expect(drawn(new LeakDraw(openLoad({ leak }), 7), 0, 1000)).toEqual(once);
    expect(drawn(new LeakDraw(openLoad({ leak }), 8), 0, 1000)).not.toEqual(once);
    expect(drawn(new LeakDraw(openLoad({ leak }), 7), 1, 1000)).not.toEqual(once);
  });

  // 10,000 draws of a quarter: 2500, with a standard deviation of 43.
  it.each([0, 5])('is a share of stream %i', (stream) => {
    const found = sum(drawn(new LeakDraw(openLoad({ leak }), 1), stream, 10_000));
    expect(Math.abs(found - 2500)).toBeLessThan(5 * 43);
  });

  it('takes all of a share of one, and none where nothing leaks', () => {
    expect(sum(drawn(new LeakDraw(openLoad({ leak: { ...leak, share: 1 } }), 1), 0, 500))).toBe(500);
    expect(sum(drawn(new LeakDraw(openLoad(), 1), 0, 500))).toBe(0);
  });
});

describe('a load that leaks', () => {
  it('open: is the same on two workers as on one', () => {
    const load = openLoad({ ratePerSecond: 200, leak });
    const plan = (worker: number, workers: number): readonly number[] => {
      const workload = begun(load, { ...share, worker, workers });
      const leaks: number[] = [];
      while (!workload.over) {
        leaks.push(workload.leaks);
        workload.take();
      }
      return leaks;
    };
    const [whole, even, odd] = [plan(0, 1), plan(0, 2), plan(1, 2)];
    expect(whole).toHaveLength(200);
    expect(sum(whole)).toBeGreaterThan(0);
    expect(whole.map((_, number) => (number % 2 === 0 ? even : odd)[Math.floor(number / 2)])).toEqual(whole);
  });

  it('closed: hangs on the user and on its requests so far', () => {
    const of = new LeakDraw(closedLoad({ leak }), share.seed);
    const workload = begun(closedLoad({ users: 1, thinkTimeMs: 1, leak }), share);
    const found = Array.from({ length: 100 }, () => {
      const { leaks, nextNs } = workload;
      workload.take();
      workload.settled(0, nextNs, false);
      return leaks;
    });
    expect(found).toEqual(drawn(of, 0, 100));
    expect(sum(found)).toBeGreaterThan(0);
  });
});
