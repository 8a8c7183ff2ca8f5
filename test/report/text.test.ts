/** Figures as text, wrapping and escaping. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { amount, count, milliseconds, significant } from '../../src/report/format.ts';
import { listed, percent, plural } from '../../src/compare/words.ts';
import { printable } from '../../src/report/printable.ts';
import { displayWidth, wrap } from '../../src/report/wrap.ts';

describe('figures', () => {
  test.each([
    [significant(0), '0'],
    [significant(0.05211), '0.0521'],
    [significant(1.3549), '1.35'],
    [significant(13.549), '13.5'],
    [significant(1354.9), '1355'],
    [significant(-0.25), '-0.250'],
    [milliseconds(52_113), '0.0521'],
    [milliseconds(1_500_000_000), '1500'],
    [count(0), '0'],
    [count(999), '999'],
    [count(1000), '1,000'],
    [count(1234567), '1,234,567'],
    [count(12.5), '12.5'],
    [amount(74_012.4), '74,012'],
    [amount(99.94), '99.9'],
    [percent(0.05), '5 %'],
    [percent(0.0001234), '0.0123 %'],
    [plural(1, 'block'), '1 block'],
    [plural(1200, 'trial'), '1,200 trials'],
    [listed([]), ''],
    [listed(['a']), 'a'],
    [listed(['a', 'b', 'c']), 'a, b and c'],
  ])('%s', (text, expected) => {
    expect(text).toBe(expected);
  });
});

describe('wrap', () => {
  test('breaks at spaces, cuts long words and indents', () => {
    expect(wrap('one two three-four-five six', 9, { first: '* ', rest: '  ' })).toEqual([
      '* one two',
      '  three-f',
      '  our-fiv',
      '  e six',
    ]);
  });

  test('counts wide characters twice and marks not at all', () => {
    expect(displayWidth('日本')).toBe(4);
    expect(displayWidth('e\u0301')).toBe(1);
    expect(wrap('日本語', 4)).toEqual(['日本', '語']);
  });

  test('keeps every character that is not a space, and the width', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }).map((text) => printable(text)),
        fc.integer({ min: 4, max: 40 }),
        (text, width) => {
          const lines = wrap(text, width, { first: '- ', rest: '  ' });
          for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width);
          const kept = lines.map((line) => line.slice(2)).join('');
          expect(kept.replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
        },
      ),
    );
  });
});

describe('printable', () => {
  test('cuts long text', () => {
    expect(printable('abcdef', 3)).toBe('abc…');
    expect(printable('abc', 3)).toBe('abc');
  });

  test('leaves no character that a terminal acts on', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});
