import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLate, nextTick } from '../../src/samplers/schedule.ts';

// Start at 1000, interval 100: tick n is due at 1000 + 100 n.
describe('nextTick', () => {
  it.each([
    ['on time', 0, 1001, 1, 0],
    ['after a long sample that ended before the next is due', 4, 1499, 5, 0],
    ['when the next one is due right now', 4, 1500, 6, 1],
    ['after three intervals were lost', 4, 1730, 8, 3],
    ['when the timer fired a little early', 5, 1499.9, 6, 0],
  ])('%s', (_name, tick, nowNs, next, skipped) => {
    expect(nextTick(1000, 100, tick, nowNs)).toEqual({ tick: next, skipped });
  });

  it('is always still to come, never the same tick again, and accounts for every tick', () => {
    const clock = fc.double({ min: 0, max: 1e7, noNaN: true });
    fc.assert(
      fc.property(fc.nat(50_000), clock, (tick, elapsedNs) => {
        const next = nextTick(0, 100, tick, elapsedNs);
        expect(next.tick).toBeGreaterThan(tick);
        expect(next.tick * 100).toBeGreaterThan(elapsedNs);
        expect(next.tick - next.skipped).toBe(tick + 1);
      }),
    );
  });
});

it.each([
  ['early', 1199, false],
  ['half an interval late', 1250, false],
  ['more than half an interval late', 1251, true],
])('isLate: %s', (_name, nowNs, late) => {
  expect(isLate(1000, 100, 2, nowNs)).toBe(late);
});
