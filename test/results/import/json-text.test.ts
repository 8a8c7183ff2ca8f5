/** Where JSON breaks: the same texts as the engine's parser refuses, and the line in which they do. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { brokenAt } from '../../../src/results/import/json-text.ts';

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test.each([
  ['{"a":1,}', 7],
  ['{"a" 1}', 5],
  ['[1 2]', 3],
  ['[1,\n  NaN]', 6],
  ['{"a":1} {"b":2}', 8],
  ['{"a":[1,2', 9],
  ['{"a":"x', 5],
  ['[01]', 2],
  ['', 0],
  ['}', 0],
  ['[}', 1],
])('%j breaks at %d', (text, at) => {
  expect(brokenAt(text)).toBe(at);
});

test('agrees with the engine on texts with one change', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat(), fc.constantFrom('', ',', '"', '}', ']', '0', 'x', '\n', '\\', ':'), (value, where, put) => {
      const text = JSON.stringify(value, null, 1);
      const at = where % (text.length + 1);
      const changed = text.slice(0, at) + put + text.slice(at + 1);
      expect(brokenAt(text)).toBeNull();
      expect(brokenAt(changed) === null).toBe(isJson(changed));
    }),
    { numRuns: 1000 },
  );
});
