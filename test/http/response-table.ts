/** Runs a table of responses, each with its name and what the parser must say about it. */
import { describe, expect, it } from 'vitest';
import { type ReadOptions, octets, readResponse } from './read-message.ts';

type Row = [name: string, text: string, expected: Partial<ReturnType<typeof readResponse>>, options?: ReadOptions];

/** One test a row: the parser says at least what is expected, with one octet for each character of the text. */
export function responseTable(title: string, rows: readonly Row[]): void {
  describe(title, () => {
    it.each(rows)('%s', (_name, text, expected, options) => {
      expect(readResponse(octets(text), options)).toMatchObject(expected);
    });
  });
}
