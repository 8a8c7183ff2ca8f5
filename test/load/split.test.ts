/** The exact split over workers. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shareOf } from '../../src/load/split.ts';

const workers = fc.integer({ min: 1, max: 64 });

describe('shareOf', () => {
  it('sums to the whole, with shares that differ by at most one', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), workers, (total, count) => {
        const shares = Array.from({ length: count }, (_, worker) => shareOf(total, count, worker));
        // Sums of numbers near 2^53 are exact in big integers only.
        expect(shares.reduce((sum, share) => sum + BigInt(share), 0n)).toBe(BigInt(total));
        expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('counts the items whose number leaves the worker as remainder', () => {
    fc.assert(
      fc.property(fc.nat({ max: 500 }), workers, fc.nat({ max: 63 }), (total, count, any) => {
        const worker = any % count;
        const items = Array.from({ length: total }, (_, item) => item).filter((item) => item % count === worker);
        expect(shareOf(total, count, worker)).toBe(items.length);
      }),
    );
  });

  it.each([
    [-1, 1, 0],
    [1.5, 1, 0],
    [1, 0, 0],
    [1, 2, 2],
    [1, 2, -1],
    [1, 2, 0.5],
    [NaN, 1, 0],
  ])('refuses %d items, %d workers, worker %d', (total, count, worker) => {
    expect(() => shareOf(total, count, worker)).toThrow(RangeError);
  });
});
