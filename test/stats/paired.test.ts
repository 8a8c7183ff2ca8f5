/** Paired comparison: its figures, verdicts, edge cases, and what must not change them. */
import wilcoxon from '@stdlib/stats-wilcoxon';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparePaired } from '../../src/stats/paired.ts';

const options = { margin: 0.05, better: 'lower', alpha: 0.05 } as const;
const base8 = [100, 104, 98, 110, 95, 102, 99, 107];
const times = (values: readonly number[], factors: readonly number[]): number[] =>
  values.map((value, index) => value * factors[index]!);

/** Both sides, block by block; ratios within 1/2 to 2. */
const sides = fc
  .array(fc.tuple(fc.double({ min: 1, max: 1e6, noNaN: true }), fc.double({ min: 0.5, max: 2, noNaN: true })), {
    minLength: 6,
    maxLength: 16,
  })
  .map((pairs) => ({ base: pairs.map(([value]) => value), other: pairs.map(([value, factor]) => value * factor) }));

describe('comparePaired', () => {
  it('takes the ratio of every block, and the interval from the 4th and 33rd Walsh average of eight', () => {
    // Ratios are powers of two with exponents 1..8, so Walsh averages are (i+j)/2: 1, 1.5, 2, 2, 2.5, 2.5 ... The 4th is 2, the
    // 33rd (4th from above) 7, the middle ones 4.5.
    const other = base8.map((value, block) => value * 2 ** (block + 1));
    const found = comparePaired(base8, other, options);
    expect(found).toMatchObject({ n: 8, confidence: 1 - 10 / 256, p: 0.0078125, verdict: 'regression', warn: false });
    expect(found.ratio).toBeCloseTo(2 ** 4.5, 10);
    expect(found.interval?.low).toBeCloseTo(4, 12);
    expect(found.interval?.high).toBeCloseTo(128, 10);
  });

  it.each([
    ['slower', [1.2, 1.22, 1.18, 1.21, 1.19, 1.2, 1.23, 1.17], 'regression', false],
    ['faster', [0.8, 0.82, 0.78, 0.81, 0.79, 0.8, 0.83, 0.77], 'improvement', false],
    ['as fast', [1.01, 0.99, 1.02, 0.98, 1, 1.01, 0.99, 1.01], 'equivalent', false],
    ['slower within the margin', [1.02, 1.03, 1.01, 1.02, 1.03, 1.02, 1.01, 1.02], 'equivalent', true],
    ['slower, perhaps beyond the margin', [1.02, 1.12, 1.05, 1.06, 1.09, 1.03, 1.08, 1.04], 'inconclusive', true],
    ['all over the place', [1.4, 0.7, 1.2, 0.8, 1.5, 0.6, 1.1, 0.9], 'inconclusive', false],
  ])('calls %s', (_name, factors, verdict, warn) => {
    expect(comparePaired(base8, times(base8, factors), options)).toMatchObject({ verdict, warn });
  });

  it('sees a throughput the other way round', () => {
    const more = times(base8, [1.2, 1.22, 1.18, 1.21, 1.19, 1.2, 1.23, 1.17]);
    expect(comparePaired(base8, more, { ...options, better: 'higher' }).verdict).toBe('improvement');
  });

  it('does not mistake a drift between the blocks for a change', () => {
    const drifting = base8.map((value, block) => value * 1.5 ** block);
    const other = times(drifting, [1.01, 0.99, 1.02, 0.98, 1, 1.01, 0.99, 1.01]);
    expect(comparePaired(drifting, other, options)).toMatchObject({ verdict: 'equivalent' });
  });

  it('gives an interval of one point, and can see any change, where all blocks agree', () => {
    const same = { ratio: 1, interval: { low: 1, high: 1 }, p: 1, smallestDetectable: 0, verdict: 'equivalent' };
    expect(comparePaired([7, 7, 7, 7, 7, 7], [7, 7, 7, 7, 7, 7], options)).toMatchObject({ ...same, warn: false });
    const more = comparePaired([7, 7, 7, 7, 7, 7], [7.7, 7.7, 7.7, 7.7, 7.7, 7.7], options);
    expect(more).toMatchObject({ p: 0.03125, smallestDetectable: 0, verdict: 'regression' });
    expect(more.interval).toEqual({ low: more.ratio, high: more.ratio });
    expect(more.ratio).toBe(7.7 / 7);
  });

  it.each([1, 2, 5])('gives a ratio and no interval for %i blocks', (blocks) => {
    const found = comparePaired(
      base8.slice(0, blocks),
      base8.slice(0, blocks).map((value) => value * 2),
      options,
    );
    expect(found).toEqual({
      n: blocks,
      ratio: 2,
      interval: null,
      confidence: null,
      p: 2 ** (1 - blocks),
      smallestDetectable: null,
      verdict: 'inconclusive',
      warn: false,
    });
  });

  it.each([
    ['nothing', [], []],
    ['a zero in the base', [1, 0, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1]],
    ['a zero in the other', [1, 1, 1, 1, 1, 1], [1, 1, 1, 0, 1, 1]],
    ['zeros on both sides', [0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]],
    ['a negative value', [1, 1, 1, 1, 1, -1], [1, 1, 1, 1, 1, 1]],
    ['ratios past the range of a number', [1e-200, 1, 1, 1, 1, 1], [1e200, 1, 1, 1, 1, 1]],
  ])('has no figure for %s', (_name, base, other) => {
    const nothing = { ratio: null, interval: null, confidence: null, p: null, smallestDetectable: null };
    expect(comparePaired(base, other, options)).toEqual({
      n: base.length,
      ...nothing,
      verdict: 'inconclusive',
      warn: false,
    });
  });

  it.each([
    ['sides of unequal length', [1, 2], [1], options],
    ['NaN', [1, NaN], [1, 2], options],
    ['infinity', [1, 2], [Infinity, 2], options],
    ['NaN beside a zero', [0, 1], [1, NaN], options],
    ['alpha 0', [1], [1], { ...options, alpha: 0 }],
    ['alpha 1', [1], [1], { ...options, alpha: 1 }],
    ['no margin', [1], [1], { ...options, margin: 0 }],
    ['an infinite margin, even of nothing', [], [], { ...options, margin: Infinity }],
  ])('refuses %s', (_name, base, other, asked) => {
    expect(() => comparePaired(base, other, asked)).toThrow(RangeError);
  });

  it('sees that changes up and down by one factor are tied', () => {
    // Six blocks times 1.25 and two divided by it, all of rank 4.5: p is that of two or fewer heads of eight, 2 x 37 / 256.
    const whole = [3, 7, 11, 13, 17, 19, 23, 29];
    const more = whole.map((value) => value * 1.25);
    const base = [...whole.slice(0, 6), ...more.slice(6)];
    const other = [...more.slice(0, 6), ...whole.slice(6)];
    expect(comparePaired(base, other, options).p).toBeCloseTo((2 * 37) / 256, 14);
  });

  it('takes a hundred blocks', () => {
    const base = Array.from({ length: 100 }, (_, block) => 100 + ((block * 37) % 11));
    const other = base.map((value, block) => value * (1.1 + ((block * 53) % 19) / 1000));
    const found = comparePaired(base, other, options);
    expect(found).toMatchObject({ n: 100, verdict: 'regression' });
    expect(found.confidence).toBeGreaterThan(0.95);
    expect(found.confidence).toBeLessThan(0.951);
    expect(found.p).toBeLessThan(1e-15);
  });

  it('gives the p-value of @stdlib, which has the exact distribution without ties', () => {
    const exponents = fc.uniqueArray(fc.integer({ min: 1, max: 200 }), { minLength: 6, maxLength: 20 });
    fc.assert(
      fc.property(exponents, fc.infiniteStream(fc.boolean()), (sizes, coin) => {
        const logs = sizes.map((size) => (coin.next().value ? size : -size) / 100);
        const found = comparePaired(
          logs.map(() => 1),
          logs.map(Math.exp),
          options,
        );
        const { pValue } = wilcoxon(logs, { exact: true, correction: false });
        expect(found.p).toBeCloseTo(Math.min(1, pValue), 9);
      }),
    );
  });
});

describe('comparePaired, for any blocks', () => {
  it('turns ratio and interval over when the sides change places', () => {
    fc.assert(
      fc.property(sides, ({ base, other }) => {
        const there = comparePaired(base, other, options);
        const back = comparePaired(other, base, { ...options, better: 'higher' });
        expect(back.p).toBe(there.p);
        expect(back.ratio! * there.ratio!).toBeCloseTo(1, 12);
        expect(back.interval!.low * there.interval!.high).toBeCloseTo(1, 12);
        expect(back.interval!.high * there.interval!.low).toBeCloseTo(1, 12);
        expect(back.smallestDetectable).toBeCloseTo(there.smallestDetectable!, 9);
        expect([back.verdict, back.warn]).toEqual([there.verdict, there.warn]);
      }),
    );
  });

  it('says the same in another unit, and with the blocks in another order', () => {
    fc.assert(
      fc.property(sides, ({ base, other }) => {
        const found = comparePaired(base, other, options);
        // A power of two changes no digit.
        const scaled = comparePaired(
          base.map((v) => v * 1024),
          other.map((v) => v * 1024),
          options,
        );
        expect(scaled).toEqual(found);
        const { smallestDetectable, ...turned } = comparePaired(base.toReversed(), other.toReversed(), options);
        expect(found).toMatchObject(turned);
        expect(smallestDetectable).toBeCloseTo(found.smallestDetectable!, 9);
      }),
    );
  });

  it('holds the estimate in the interval, and a wider interval for a smaller alpha', () => {
    fc.assert(
      fc.property(sides, ({ base, other }) => {
        const wide = comparePaired(base, other, { ...options, alpha: 0.04 });
        const narrow = comparePaired(base, other, { ...options, alpha: 0.2 });
        expect(wide.interval!.low).toBeLessThanOrEqual(narrow.interval!.low);
        expect(wide.interval!.high).toBeGreaterThanOrEqual(narrow.interval!.high);
        expect(wide.confidence).toBeGreaterThanOrEqual(narrow.confidence!);
        expect(wide.smallestDetectable).toBeGreaterThanOrEqual(narrow.smallestDetectable!);
        expect(narrow.ratio).toBeGreaterThanOrEqual(narrow.interval!.low);
        expect(narrow.ratio).toBeLessThanOrEqual(narrow.interval!.high);
        expect([wide.ratio, wide.p]).toEqual([narrow.ratio, narrow.p]);
      }),
    );
  });
});
