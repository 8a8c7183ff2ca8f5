/** When work ends on a server that freezes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endOfWorkNs, type Freeze } from './freeze.ts';

// Frozen in [1000, 1200), [3000, 3200), [5000, 5200) ...
const freeze: Freeze = { firstNs: 1000, lengthNs: 200, periodNs: 2000 };

describe('endOfWorkNs', () => {
  it.each([
    ['before any freeze', 0, 100, 100],
    ['into a freeze: 50 before it, 50 after it', 950, 100, 1250],
    ['that would end as the freeze starts', 900, 100, 1200],
    ['from the start of a freeze', 1000, 50, 1250],
    ['from within a freeze: max(0, 1200 - 1150) + 50 = 100 later', 1150, 50, 1250],
    ['from the end of a freeze', 1200, 50, 1250],
    ['of no length in a freeze', 1150, 0, 1200],
    ['of no length between freezes', 1300, 0, 1300],
    ['that takes the 1800 between two freezes whole', 1200, 1800, 3200],
    ['over two freezes: 50, then 1800, then 150', 950, 2000, 3350],
    ['in the third period', 5100, 10, 5210],
  ])('work %s', (_, startNs, serviceNs, endNs) => {
    expect(endOfWorkNs(startNs, serviceNs, freeze)).toBe(endNs);
  });

  it('is start plus service without freezes', () => {
    expect(endOfWorkNs(1100, 50, null)).toBe(1150);
  });

  it('agrees with a clock that ticks through every ns', () => {
    const freezes = fc
      .record({
        firstNs: fc.nat(20),
        lengthNs: fc.integer({ min: 1, max: 10 }),
        workingNs: fc.integer({ min: 1, max: 10 }),
      })
      .map(({ firstNs, lengthNs, workingNs }) => ({ firstNs, lengthNs, periodNs: lengthNs + workingNs }));
    fc.assert(
      fc.property(freezes, fc.nat(60), fc.nat(60), (some, startNs, serviceNs) => {
        const isFrozen = (ns: number): boolean =>
          ns >= some.firstNs && (ns - some.firstNs) % some.periodNs < some.lengthNs;
        let now = startNs;
        let left = serviceNs;
        while (left > 0 || isFrozen(now)) {
          if (!isFrozen(now)) left--;
          now++;
        }
        expect(endOfWorkNs(startNs, serviceNs, some)).toBe(now);
      }),
    );
  });
});
