/** The margin verdict at and around its edges, for metrics that are better low and better high. */
import { describe, expect, it } from 'vitest';
import { differenceVerdict, marginVerdict } from '../../src/stats/verdict.ts';

describe('marginVerdict', () => {
  // Margin 25 %: the band is 0.8 to 1.25.
  it.each([
    ['wholly above the band', 1.3, 1.5, 'regression', 'improvement'],
    ['above, touching the edge', 1.25, 1.5, 'inconclusive', 'inconclusive'],
    ['across the upper edge', 1.1, 1.5, 'inconclusive', 'inconclusive'],
    ['inside the band', 0.9, 1.1, 'equivalent', 'equivalent'],
    ['inside, though not at 1', 1.1, 1.2, 'equivalent', 'equivalent'],
    ['inside, touching the edge', 0.9, 1.25, 'inconclusive', 'inconclusive'],
    ['wider than the band', 0.5, 2, 'inconclusive', 'inconclusive'],
    ['across the lower edge', 0.7, 0.9, 'inconclusive', 'inconclusive'],
    ['wholly below the band', 0.5, 0.7, 'improvement', 'regression'],
    ['one point', 1, 1, 'equivalent', 'equivalent'],
  ])('%s', (_name, low, high, whereLower, whereHigher) => {
    expect(marginVerdict({ low, high }, 0.25, 'lower')).toBe(whereLower);
    expect(marginVerdict({ low, high }, 0.25, 'higher')).toBe(whereHigher);
  });

  it('is inconclusive without an interval', () => {
    expect(marginVerdict(null, 0.05, 'lower')).toBe('inconclusive');
  });

  it('needs a margin above zero', () => {
    for (const margin of [0, -0.1, NaN, Infinity]) {
      expect(() => marginVerdict({ low: 1, high: 1 }, margin, 'lower')).toThrow(RangeError);
    }
  });
});

describe('differenceVerdict', () => {
  it.each([
    ['above', 1.1, 2, 1, 'regression', 'improvement'],
    ['below', -2, -1.1, 1, 'improvement', 'regression'],
    ['within, both edges touched', -1, 1, 1, 'equivalent', 'equivalent'],
    ['across an edge', 0.5, 1.1, 1, 'inconclusive', 'inconclusive'],
    ['nothing, which no margin allows', 0, 0, 0, 'equivalent', 'equivalent'],
    ['anything beside that', 0.1, 0.1, 0, 'regression', 'improvement'],
  ] as const)('%s', (_name, low, high, margin, lower, higher) => {
    expect(differenceVerdict({ low, high }, margin, 'lower')).toBe(lower);
    expect(differenceVerdict({ low, high }, margin, 'higher')).toBe(higher);
  });

  it('does not know without an interval', () => {
    expect(differenceVerdict(null, 1, 'lower')).toBe('inconclusive');
  });
});
