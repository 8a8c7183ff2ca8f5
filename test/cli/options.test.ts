/** Values of options: what is taken, and what is refused with what would be right. */
import { describe, expect, test } from 'vitest';
import { countOrUnlimited, durationMs, repeated, sizeBytes, wholeNumber } from '../../src/cli/options.ts';
import { canRedraw, wantsColour, widthOf } from '../../src/cli/terminal.ts';

describe('whole numbers', () => {
  const parse = wholeNumber(1, 1000);
  test.each([
    ['1', 1],
    ['1000', 1000],
    ['007', 7],
  ])('%s', (text, value) => {
    expect(parse(text)).toBe(value);
  });
  test.each(['0', '1001', '-1', '1.5', '1e3', '0x10', ' 5', '', 'x', '9'.repeat(400)])('refuses %j', (text) => {
    expect(() => parse(text)).toThrow('It must be a whole number from 1 to 1000.');
  });
  test('unlimited where it is allowed', () => {
    expect(countOrUnlimited(1, 10)('unlimited')).toBe(Infinity);
    expect(countOrUnlimited(1, 10)('10')).toBe(10);
    expect(() => countOrUnlimited(1, 10)('11')).toThrow('whole number');
  });
});

test('durations and sizes carry a unit and have a bound', () => {
  expect(durationMs(86_400_000)('1.5s')).toBe(1500);
  expect(() => durationMs(86_400_000)('25h')).toThrow('at most 86400s');
  expect(() => durationMs(86_400_000)('5')).toThrow('needs a unit');
  expect(sizeBytes(1000)('1kB')).toBe(1000);
  expect(() => sizeBytes(1000)('1KiB')).toThrow('at most 1000 bytes');
});

test('a repeatable option keeps its order', () => {
  expect(['b', 'a', 'b'].reduce<readonly string[]>((list, text) => repeated(text, list), [])).toEqual(['b', 'a', 'b']);
});

describe('what a stream can show', () => {
  const tty = { isTTY: true, columns: 80 };
  test.each([
    ['a terminal', tty, {}, true],
    ['a dumb terminal', tty, { TERM: 'dumb' }, false],
    ['a file', {}, {}, false],
    ['NO_COLOR', tty, { NO_COLOR: '1' }, false],
    ['an empty NO_COLOR', tty, { NO_COLOR: '' }, true],
    ['FORCE_COLOR on a file', {}, { FORCE_COLOR: '1' }, true],
    ['FORCE_COLOR over NO_COLOR', {}, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
    ['FORCE_COLOR=0', tty, { FORCE_COLOR: '0' }, false],
  ])('colour: %s', (_, stream, env, wanted) => {
    expect(wantsColour(stream, env)).toBe(wanted);
  });

  test('only a real terminal is drawn over, and only it has a width', () => {
    expect([canRedraw(tty, {}), canRedraw(tty, { TERM: 'dumb' }), canRedraw({}, { FORCE_COLOR: '1' })]).toEqual([
      true,
      false,
      false,
    ]);
    expect([widthOf(tty), widthOf({ columns: 40 }), widthOf({ isTTY: true, columns: 0 })]).toEqual([80, 100, 100]);
  });
});
