import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  figure,
  linearTicks,
  logTicks,
  ninesTicks,
  percentile,
  seconds,
  shortCount,
} from '../../../src/report/browser/ticks.ts';

describe('logTicks', () => {
  it('gives as many round figures per decade as there is room for', () => {
    expect(logTicks(1, 100, 7)).toEqual([1, 2, 5, 10, 20, 50, 100]);
    expect(logTicks(1, 100, 5)).toEqual([1, 3, 10, 30, 100]);
    expect(logTicks(1, 100, 3)).toEqual([1, 10, 100]);
  });

  it('leaves out decades where even those are too many', () => {
    expect(logTicks(0.001, 1000, 4)).toEqual([0.001, 0.01, 0.1, 1, 10, 100, 1000].filter((_, at) => at % 2 === 0));
  });

  it('falls back to even steps within less than a step of a decade', () => {
    expect(logTicks(10.2, 10.8, 3)).toEqual([10.2, 10.4, 10.6, 10.8]);
  });

  it('stays between the ends and rises', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-4, max: 1e5, noNaN: true }),
        fc.double({ min: 1.01, max: 1e6, noNaN: true }),
        fc.integer({ min: 2, max: 20 }),
        (min, factor, most) => {
          const ticks = logTicks(min, min * factor, most);
          expect(ticks.every((tick) => tick >= min * 0.999 && tick <= min * factor * 1.001)).toBe(true);
          expect(ticks).toEqual([...new Set(ticks)].toSorted((a, b) => a - b));
          expect(ticks.length).toBeLessThanOrEqual(most + 2);
        },
      ),
    );
  });
});

describe('linearTicks', () => {
  it('takes steps of 1, 2 or 5 times a power of ten', () => {
    expect(linearTicks(0, 53, 5)).toEqual([0, 20, 40]);
    expect(linearTicks(-0.2, 1, 6)).toEqual([-0.2, 0, 0.2, 0.4, 0.6, 0.8, 1]);
  });

  it('gives the only value of an empty range', () => {
    expect(linearTicks(3, 3, 5)).toEqual([3]);
  });
});

describe('ninesTicks', () => {
  it('marks 0, 50, 90 and 99 %', () => {
    expect(ninesTicks(2.5, 1000)).toEqual([0, Math.log10(2), 1, 2]);
  });

  it('leaves out 50 % and whole nines that stand closer than a label is wide', () => {
    // 300 px for 3 nines: 50 % is at 30 px.
    expect(ninesTicks(3, 300)).toEqual([0, 1, 2, 3]);
    // 120 px for 6 nines: 20 px each, so that every third has room.
    expect(ninesTicks(6, 120)).toEqual([0, 1, 4]);
  });
});

describe('texts', () => {
  it('keeps the digits that tell percentiles apart', () => {
    expect([0, Math.log10(2), 1, 2, 3, 4].map(percentile)).toEqual([
      '0 %',
      '50 %',
      '90 %',
      '99 %',
      '99.9 %',
      '99.99 %',
    ]);
    // 1 - 10^-2.5 = 0.996838
    expect(percentile(2.5)).toBe('99.68 %');
  });

  it('shortens counts and groups digits', () => {
    expect([0, 950, 9500, 22_000, 1_500_000].map(shortCount)).toEqual(['0', '950', '9,500', '22k', '1.5M']);
    expect([0, 0.05214, 1.234, 12.34, 1234.5].map(figure)).toEqual(['0', '0.0521', '1.23', '12.3', '1,235']);
  });

  it('writes seconds before measure with a minus sign', () => {
    expect([-297.3, 0, 1500].map(seconds)).toEqual(['\u22120.2973 s', '0 s', '1.5 s']);
  });
});
