import { describe, expect, it } from 'vitest';
import { formatProblem, joinPath, quote, type Problem } from '../../src/scenario/problem.ts';

describe('formatProblem', () => {
  const problem: Problem = { file: 'a.yaml', line: 3, column: 5, path: 'base.load', message: 'is wrong' };
  it.each([
    ['a place and a path', problem, 'a.yaml:3:5 base.load: is wrong'],
    ['a suggestion', { ...problem, suggestion: 'right' }, 'a.yaml:3:5 base.load: is wrong (did you mean "right"?)'],
    ['no path', { ...problem, path: '' }, 'a.yaml:3:5 is wrong'],
    ['no place', { ...problem, line: 0, column: 0 }, 'a.yaml base.load: is wrong'],
    ['a whole file', { ...problem, line: 0, column: 0, path: '' }, 'a.yaml: is wrong'],
  ])('%s', (_name, given, line) => {
    expect(formatProblem(given)).toBe(line);
  });
});

describe('quote', () => {
  it.each([
    ['text', 'a "b"', '"a \\"b\\""'],
    ['control characters', 'a\u001b[31m\u202eb', '"a\\u{1b}[31m\\u{202e}b"'],
    ['long text', 'x'.repeat(100), `"${'x'.repeat(60)}..."`],
    ['a number', 1.5, '1.5'],
    ['a map', { a: { b: { c: 1 } }, d: [1, 2] }, '{a: {b: ...}, d: [1, 2]}'],
    ['nothing', undefined, 'nothing'],
    ['null', null, 'null'],
  ])('%s', (_name, value, shown) => {
    expect(quote(value)).toBe(shown);
  });
});

it('joins keys and indexes to a path that a terminal can show', () => {
  expect(joinPath('expect', [0, 'of', 'a b', '\u001b'])).toBe('expect[0].of."a b"."\\u{1b}"');
});
