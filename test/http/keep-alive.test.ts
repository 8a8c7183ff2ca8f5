/** The Keep-Alive field: what its parameters mean, whatever else stands between them, and however it is cut. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeepAliveHint, mostHint } from '../../src/http/keep-alive.ts';

function read(...values: readonly string[]): { timeoutMs: number; max: number } {
  const hint = new KeepAliveHint();
  for (const value of values) {
    for (const letter of value) hint.octet(letter.charCodeAt(0));
    hint.end();
  }
  return { timeoutMs: hint.timeoutMs, max: hint.max };
}

describe('Keep-Alive', () => {
  it.each([
    ['both, as Node and Apache send them', 'timeout=5, max=100', 5000, 100],
    ['timeout alone, as nginx sends it', 'timeout=65', 65_000, -1],
    ['max first', 'max=7,timeout=1', 1000, 7],
    ['zero', 'timeout=0, max=0', 0, 0],
    ['leading zeros', 'timeout=005', 5000, -1],
    ['white space around everything', ' \ttimeout \t=\t 5 \t,  max = 2 ', 5000, 2],
    ['quoted numbers', 'timeout="5", max="9"', 5000, 9],
    ['upper case', 'TimeOut=5, MAX=1', 5000, 1],
    ['empty list members', ',, timeout=5 ,,', 5000, -1],
    ['unknown parameters', 'foo, bar=1, timeout=5, baz="x"', 5000, -1],
    ['a comma in a quoted string', 'foo="a, timeout=1", timeout=5', 5000, -1],
    ['an escaped quote in a quoted string', 'foo="a\\", timeout=1", timeout=5', 5000, -1],
    ['an unfinished quoted string', 'max=3, foo="a, timeout=1', -1, 3],
    ['a parameter twice: the smaller', 'timeout=9, timeout=5, timeout=7, max=2, max=3', 5000, 2],
    ['the largest that is told apart', 'timeout=2147483, max=2147483647', 2_147_483_000, mostHint],
    ['beyond it', 'timeout=2147484, max=2147483648', mostHint, mostHint],
    ['far beyond it', `timeout=${'9'.repeat(400)}, max=${'9'.repeat(400)}`, mostHint, mostHint],
    ['no value', 'timeout, max=', -1, -1],
    ['an empty quoted value', 'timeout=""', -1, -1],
    ['a negative number', 'timeout=-5', -1, -1],
    ['a fraction', 'timeout=5.5', -1, -1],
    ['a unit', 'timeout=5s', -1, -1],
    ['two numbers', 'timeout=5 6', -1, -1],
    ['quoted with more in it', 'timeout="5 ", max="x", timeout="5\\"', -1, -1],
    ['more after the quote', 'timeout="5"6', -1, -1],
    ['longer and shorter names', 'timeouts=5, timeou=6, maximum=1, m=2', -1, -1],
    ['no name', '=5, "timeout"=5', -1, -1],
    ['a semicolon is no separator', 'timeout=5; max=3', -1, -1],
    ['nothing', '', -1, -1],
  ])('%s: %s', (_name, value, timeoutMs, max) => {
    expect(read(value)).toEqual({ timeoutMs, max });
  });

  it('takes several fields together and starts each anew', () => {
    expect(read('timeout=5, foo="', 'max=3')).toEqual({ timeoutMs: 5000, max: 3 });
  });

  it('forgets everything on reset', () => {
    const hint = new KeepAliveHint();
    for (const letter of 'timeout=5, max=1, foo="') hint.octet(letter.charCodeAt(0));
    hint.reset();
    for (const letter of 'max=2') hint.octet(letter.charCodeAt(0));
    hint.end();
    expect([hint.timeoutMs, hint.max]).toEqual([-1, 2]);
  });

  it('finds the numbers among any other parameters', () => {
    const other = fc.constantFrom('foo', 'bar=1', 'x="a,b"', 'timeout-x=3', '');
    const number = fc.nat({ max: 2_000_000 });
    fc.assert(
      fc.property(fc.array(other), fc.array(other), number, number, (before, after, timeout, max) => {
        const value = [...before, `timeout=${timeout}`, ...after, `max=${max}`].join(', ');
        expect(read(value)).toEqual({ timeoutMs: timeout * 1000, max });
      }),
    );
  });

  it('takes any octets without a number that is out of range', () => {
    const text = fc.string({ unit: fc.constantFrom(...Array.from('timeoutmax=", \t\\0159-\xff')) });
    fc.assert(
      fc.property(fc.array(text, { maxLength: 3 }), (values) => {
        for (const number of Object.values(read(...values))) {
          expect(Number.isInteger(number) && number >= -1 && number <= mostHint).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
