import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearest } from '../../src/scenario/suggest.ts';

describe('nearest', () => {
  it.each([
    ['a swap', 'stratgey', 'strategy'],
    ['a missing letter', 'stratgy', 'strategy'],
    ['another style', 'keep_alive_timeout', 'keepAliveTimeout'],
    ['nothing near', 'colour', undefined],
    ['a single letter', 'x', undefined],
    ['an endless word', 's'.repeat(100_000), undefined],
  ])('%s', (_name, word, found) => {
    expect(nearest(word, ['strategy', 'server', 'keepAliveTimeout'])).toBe(found);
  });
});

describe('edit distance', () => {
  it.each([
    ['', 'abc', 3],
    ['abc', 'acb', 1],
    ['kitten', 'sitting', 3],
  ])('%s to %s is %d', (left, right, distance) => {
    expect(editDistance(left, right)).toBe(distance);
  });

  it('is symmetric, and zero for equal words only', () => {
    const words = fc.string({ maxLength: 8, unit: fc.constantFrom('a', 'b', 'c') });
    fc.assert(
      fc.property(words, words, (left, right) => {
        expect(editDistance(left, right)).toBe(editDistance(right, left));
        expect(editDistance(left, right) === 0).toBe(left === right);
      }),
    );
  });
});
