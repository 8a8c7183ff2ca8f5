/** How many connections a range of ports allows: the formula against ports that are taken and given back one by one. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openable } from '../../src/model/time-wait.ts';

/** A connection is wanted every 1 / rate; it takes a free port, which is out of use for `holdSeconds` from then on. */
function simulated(ports: number, holdSeconds: number, perSecond: number, seconds: number): number {
  const freeAt: number[] = Array<number>(ports).fill(0);
  let opened = 0;
  for (let wanted = 0; wanted / perSecond < seconds; wanted++) {
    const now = wanted / perSecond;
    // The one that was given back first; they come back in the order in which they were taken.
    const at = opened % ports;
    if (freeAt[at]! > now + 1e-9) continue;
    freeAt[at] = now + holdSeconds;
    opened++;
  }
  return opened;
}

test('as simulated, to within a connection or two for each time round', () => {
  const cases = fc.record({
    ports: fc.integer({ min: 1, max: 500 }),
    holdSeconds: fc.integer({ min: 1, max: 60 }),
    perSecond: fc.integer({ min: 1, max: 2000 }),
    seconds: fc.integer({ min: 1, max: 130 }),
  });
  fc.assert(
    fc.property(cases, ({ ports, holdSeconds, perSecond, seconds }) => {
      const rounds = 1 + seconds / holdSeconds;
      const difference =
        openable(ports, holdSeconds, perSecond, seconds) - simulated(ports, holdSeconds, perSecond, seconds);
      expect(Math.abs(difference)).toBeLessThanOrEqual(2 * rounds);
    }),
  );
});

test('500 ports, 800 a second for 3 s: 500 without reuse, 500 a second with it, all with 10 ms', () => {
  expect(openable(500, 60, 800, 3)).toBe(500);
  expect(openable(500, 1, 800, 3)).toBe(1500);
  expect(openable(500, 0.01, 800, 3)).toBe(2400);
});
