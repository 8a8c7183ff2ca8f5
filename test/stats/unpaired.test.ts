/** Unpaired comparison: its figures, edge cases, and what must not change them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparePaired } from '../../src/stats/paired.ts';
import { compareUnpaired } from '../../src/stats/unpaired.ts';

const options = { margin: 0.05, better: 'lower', alpha: 0.05 } as const;
const values = fc.array(fc.double({ min: 1, max: 1000, noNaN: true }), { minLength: 4, maxLength: 12 });

describe('compareUnpaired', () => {
  // p of scipy.stats.mannwhitneyu(method='exact'): U = 46 of 64.
  const base = [10, 12, 13, 15, 18, 20, 21, 25];
  const other = [14, 16, 17, 19, 22, 24, 27, 30];

  it('gives test, ratio and interval', () => {
    const found = compareUnpaired(base, other, options);
    expect(found).toMatchObject({ n: 8, verdict: 'inconclusive', warn: false });
    expect(found.p).toBeCloseTo(0.1605283605283605, 12);
    expect(found.confidence).toBeCloseTo(1 - 0.049883449883449886, 12);
    // k = 13: the 14th smallest and the 14th largest of the 64 ratios.
    const ratios = base.flatMap((a) => other.map((b) => b / a)).sort((a, b) => a - b);
    expect(found.interval).toEqual({ low: ratios[13], high: ratios[50] });
    expect(found.ratio).toBeCloseTo(Math.sqrt(ratios[31]! * ratios[32]!), 12);
  });

  it('sees a change that is larger than the spread', () => {
    const doubled = base.map((value) => value * 3);
    expect(compareUnpaired(base, doubled, options)).toMatchObject({ verdict: 'regression' });
    expect(compareUnpaired(doubled, base, options)).toMatchObject({ verdict: 'improvement' });
    expect(compareUnpaired(base, doubled, { ...options, better: 'higher' })).toMatchObject({ verdict: 'improvement' });
  });

  it('cannot see what the pairs would show', () => {
    const slower = base.map((value) => value * 1.1);
    expect(comparePaired(base, slower, options).verdict).toBe('regression');
    expect(compareUnpaired(base, slower, options).verdict).toBe('inconclusive');
    expect(compareUnpaired(base, slower, options).smallestDetectable).toBeGreaterThan(0.1);
  });

  it('takes sides of unequal length, and needs so many that an order can be rare', () => {
    expect(compareUnpaired([1, 1.1, 1.2], [2, 2.1, 2.2, 2.3, 2.4], options)).toMatchObject({
      n: 3,
      verdict: 'regression',
    });
    expect(compareUnpaired([1, 1.1, 1.2], [2, 2.1, 2.2, 2.3], options)).toMatchObject({
      n: 3,
      interval: null,
      confidence: null,
      smallestDetectable: null,
      verdict: 'inconclusive',
      warn: false,
    });
    expect(compareUnpaired([2], [3], options)).toMatchObject({ n: 1, ratio: 1.5, p: 1, interval: null });
  });

  it('gives an interval of one point where each side agrees with itself', () => {
    const found = compareUnpaired([4, 4, 4, 4], [5, 5, 5, 5, 5], options);
    expect(found).toMatchObject({ ratio: 1.25, interval: { low: 1.25, high: 1.25 }, smallestDetectable: 0 });
    // One of the C(9,4) = 126 choices on either side.
    expect(found.p).toBeCloseTo(2 / 126, 14);
    expect(compareUnpaired([4, 4, 4, 4], [4, 4, 4, 4], options)).toMatchObject({ p: 1, verdict: 'equivalent' });
  });

  it.each([
    ['an empty side', [], [1, 2]],
    ['a zero', [0, 1, 1, 1], [1, 1, 1, 1]],
    ['a negative value', [1, 1, 1, 1], [1, -1, 1, 1]],
  ])('has no figure for %s', (_name, first, second) => {
    const nothing = { ratio: null, interval: null, confidence: null, p: null, smallestDetectable: null };
    const rest = { verdict: 'inconclusive', warn: false };
    expect(compareUnpaired(first, second, options)).toEqual({ n: Math.min(first.length, 4), ...nothing, ...rest });
  });

  it.each([
    ['NaN', [1, NaN], [1, 2], options],
    ['infinity', [1, 2], [Infinity], options],
    ['alpha 0', [1], [1], { ...options, alpha: 0 }],
    ['no margin', [1], [1], { ...options, margin: 0 }],
  ])('refuses %s', (_name, first, second, asked) => {
    expect(() => compareUnpaired(first, second, asked)).toThrow(RangeError);
  });

  it('takes a hundred values a side', () => {
    const many = Array.from({ length: 100 }, (_, index) => 100 + ((index * 37) % 101) / 10);
    const found = compareUnpaired(
      many,
      many.map((value) => value * 1.2),
      options,
    );
    expect(found).toMatchObject({ n: 100, verdict: 'regression' });
    expect(found.confidence).toBeCloseTo(0.95, 3);
  });

  it('turns over when the sides change places, and does not depend on the unit or the order', () => {
    fc.assert(
      fc.property(values, values, (first, second) => {
        const there = compareUnpaired(first, second, options);
        const back = compareUnpaired(second, first, { ...options, better: 'higher' });
        expect(back.p).toBeCloseTo(there.p!, 12);
        expect(back.ratio! * there.ratio!).toBeCloseTo(1, 12);
        expect(back.interval!.low * there.interval!.high).toBeCloseTo(1, 12);
        expect([back.verdict, back.warn]).toEqual([there.verdict, there.warn]);
        const scaled = compareUnpaired(
          first.map((v) => v / 8),
          second.toReversed().map((v) => v / 8),
          options,
        );
        expect([scaled.ratio, scaled.interval, scaled.p]).toEqual([there.ratio, there.interval, there.p]);
      }),
    );
  });

  it('gives a wider interval for a smaller alpha', () => {
    fc.assert(
      fc.property(values, values, (first, second) => {
        const wide = compareUnpaired(first, second, { ...options, alpha: 0.03 }).interval!;
        const narrow = compareUnpaired(first, second, { ...options, alpha: 0.3 }).interval!;
        expect(wide.low).toBeLessThanOrEqual(narrow.low);
        expect(wide.high).toBeGreaterThanOrEqual(narrow.high);
      }),
    );
  });
});
