/** Numbers as they are written into a request that is sent: the same as those made as text, and nothing beside them is touched. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { requestNumber, writeSequence } from '../../src/http/request-number.ts';
import { parseRequestNumber } from '../../src/server/executed-numbers.ts';

const sequences = fc.oneof(
  fc.nat(),
  fc.maxSafeNat().map((number) => number % 2 ** 48),
  fc.constantFrom(0, 2 ** 24 - 1, 2 ** 24, 2 ** 48 - 1),
);

test('a number that is written over another one is the one that the text would be', () => {
  fc.assert(
    fc.property(fc.nat({ max: 65_535 }), sequences, sequences, fc.nat({ max: 5 }), (worker, first, second, at) => {
      const around = '<'.repeat(at);
      const bytes = new TextEncoder().encode(`${around}${requestNumber(worker, first)}>`);
      writeSequence(bytes, at, second);
      const text = new TextDecoder().decode(bytes);
      expect(text).toBe(`${around}${requestNumber(worker, second)}>`);
      expect(parseRequestNumber(text.slice(at, -1))).toEqual({ worker, sequence: second });
    }),
  );
});
