/** Claims of a scenario, judged from one value per block. */
import { describe, expect, it } from 'vitest';
import { judgeExpectation } from '../../src/stats/expectation.ts';

const against = [100, 110, 90, 105, 95, 100];
/** About half of `against` in every block. */
const half = [50, 56, 44, 53, 47, 51];

describe('judgeExpectation', () => {
  it.each([
    ['inside', { below: 0.6 }, 'confirmed'],
    ['inside two bounds', { above: 0.4, below: 0.6 }, 'confirmed'],
    ['outside', { below: 0.4 }, 'refuted'],
    ['outside the other way', { above: 0.6 }, 'refuted'],
    ['outside one of two', { above: 0.1, below: 0.4 }, 'refuted'],
    ['across', { below: 0.505 }, 'not decided'],
    ['across the other way', { above: 0.505 }, 'not decided'],
  ])('ratio %s', (_name, ratio, outcome) => {
    const judged = judgeExpectation({ ratio }, half, against);
    expect(judged.outcome).toBe(outcome);
    // Six blocks: the interval is the least and the greatest ratio, 44/90 and 51/100.
    expect(judged.interval).toEqual({ low: 44 / 90, high: 51 / 100 });
    expect(judged.estimate).toBeGreaterThan(0.49);
    expect(judged.estimate).toBeLessThan(0.51);
  });

  it('writes the reason out', () => {
    expect(judgeExpectation({ ratio: { below: 0.6 } }, half, against).reason).toBe(
      'the ratio is 0.4889 to 0.51, below 0.6',
    );
    expect(judgeExpectation({ ratio: { above: 0.6, below: 2 } }, half, against).reason).toBe(
      'the ratio is 0.4889 to 0.51, not above 0.6 and below 2',
    );
  });

  it('judges a value by itself', () => {
    const judged = judgeExpectation({ value: { above: 80 } }, against, null);
    expect(judged).toEqual({
      outcome: 'confirmed',
      estimate: 100,
      interval: { low: 90, high: 110 },
      reason: 'the value is 90 to 110, above 80',
    });
  });

  it('decides by the point where all blocks agree exactly', () => {
    const opened = [32, 32, 32, 32, 32, 32];
    const closed = [6400, 6400, 6400, 6400, 6400, 6400];
    const judged = judgeExpectation({ ratio: { below: 0.01 } }, opened, closed);
    const point = { estimate: 0.005, interval: { low: 0.005, high: 0.005 } };
    expect(judged).toEqual({ outcome: 'confirmed', ...point, reason: 'the ratio is 0.005, below 0.01' });
    // The bounds are exclusive: a ratio of exactly the bound is not below it.
    expect(judgeExpectation({ ratio: { below: 0.005 } }, opened, closed).outcome).toBe('refuted');
  });

  it('gives only an estimate below six blocks', () => {
    expect(judgeExpectation({ ratio: { below: 0.6 } }, [5, 5, 5], [10, 10, 10])).toEqual({
      outcome: 'not decided',
      estimate: 0.5,
      interval: null,
      reason: 'a decision needs at least 6 blocks, there are 3; the ratio is 0.5',
    });
    expect(judgeExpectation({ value: { below: 6 } }, [5], null).reason).toBe(
      'a decision needs at least 6 blocks, there is 1; the value is 5',
    );
  });

  it('takes zero over something as a ratio of zero', () => {
    const judged = judgeExpectation({ ratio: { below: 0.1 } }, [0, 0, 0, 0, 0, 0], against);
    expect(judged).toMatchObject({ outcome: 'confirmed', estimate: 0, interval: { low: 0, high: 0 } });
  });

  it.each([
    ['something over zero', half, [100, 0, 90, 0, 95, 100], 'the metric compared against is zero in 2 of 6 blocks'],
    ['zero over zero', [0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0], 'the metric compared against is zero in 6 of 6 blocks'],
    ['a negative metric', [-1, 1, 1, 1, 1, 1], against, 'the metric is negative in at least one block'],
    ['a missing metric', [NaN, 1, 1, 1, 1, 1], against, 'the metric is missing in at least one block'],
    ['no block', [], [], 'there is no finished block'],
  ])('has no estimate for %s', (_name, of, other, reason) => {
    const judged = judgeExpectation({ ratio: { below: 1 } }, of, other);
    expect(judged).toMatchObject({ outcome: 'not decided', estimate: null, interval: null });
    expect(judged.reason).toContain(reason);
  });

  it('refuses what cannot be asked', () => {
    expect(() => judgeExpectation({ ratio: {} }, half, against)).toThrow('below or above');
    expect(() => judgeExpectation({ ratio: { below: 1 } }, half, [1])).toThrow('both sides');
    expect(() => judgeExpectation({ ratio: { below: 1 } }, half, null)).toThrow('both sides');
  });
});
