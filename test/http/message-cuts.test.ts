/** Properties of both parsers for all inputs: any cut gives the same result, and no bytes make them throw, stall or read too far. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RequestParser } from '../../src/http/request-parser.ts';
import { ResponseParser } from '../../src/http/response-parser.ts';
import { mutated, request, response } from './messages.ts';
import { type ReadOptions, octets, readRequest, readResponse } from './read-message.ts';

const everyOffset = (length: number): number[] =>
  Array.from({ length: Math.max(0, length - 1) }, (_, index) => index + 1);

/** Whole, in two pieces cut at every place, and one octet at a time: `feedPieces` checks each call, this checks that the results are one. */
function sameHoweverCut(
  read: (input: Uint8Array, options: ReadOptions) => object,
  text: string,
  options: ReadOptions,
): void {
  const input = octets(text);
  const whole = read(input, options);
  for (const cut of everyOffset(input.length))
    expect(read(input, { ...options, cuts: [cut] }), `cut at ${cut}`).toEqual(whole);
  expect(read(input, { ...options, cuts: everyOffset(input.length) }), 'octet by octet').toEqual(whole);
}

/** Limits so low that generated messages meet them. */
const limits = fc.constantFrom(
  {},
  {},
  { headBytes: 60, fields: 2, interimResponses: 1, chunkLineBytes: 6, bodyBytes: 12 },
);
const noise = fc.uint8Array({ maxLength: 60 }).map((bytes) => String.fromCharCode(...bytes));
const nearNoise = (start: string): fc.Arbitrary<string> => noise.map((text) => start + text);

describe('response parser', () => {
  const inputs = fc.oneof(
    response,
    mutated(response),
    noise,
    nearNoise('HTTP/1.1 200 OK\r\nA:'),
    nearNoise('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'),
    nearNoise('HTTP/1.1 200 OK\r\nKeep-Alive: '),
    nearNoise('HTTP/1.1 200 OK\r\nContent-Length: '),
  );

  it('gives the same result however its input is cut', () => {
    fc.assert(
      fc.property(inputs, fc.boolean(), fc.boolean(), limits, (text, headRequest, end, bounds) => {
        sameHoweverCut(readResponse, text, { headRequest, end, limits: bounds });
      }),
      { numRuns: 600 },
    );
  });

  it('gives the same result in any three pieces, empty ones too', () => {
    fc.assert(
      fc.property(inputs, fc.nat(), fc.nat(), (text, first, second) => {
        const cuts = [first % (text.length + 1), second % (text.length + 1)].sort((a, b) => a - b);
        expect(readResponse(octets(text), { cuts })).toEqual(readResponse(octets(text)));
      }),
      { numRuns: 2000 },
    );
  });

  it('ends every input, with a name for what was wrong', () => {
    fc.assert(
      fc.property(inputs, limits, (text, bounds) => {
        const { done, error, keepAlive, bodyBytes, headBytes, taken } = readResponse(octets(text), { limits: bounds });
        expect(done).toBe(error === 'NONE');
        if (!done) expect(keepAlive).toBe(false);
        expect(headBytes + bodyBytes).toBeLessThanOrEqual(taken);
      }),
      { numRuns: 5000 },
    );
  });

  it('reads responses that follow each other in one buffer', () => {
    const complete = response.map((text) => text.slice(0, readResponse(octets(text), { end: false }).taken));
    const ended = complete.filter((text) => readResponse(octets(text), { end: false }).done);
    fc.assert(
      fc.property(fc.array(ended, { minLength: 1, maxLength: 4 }), (texts) => {
        const bytes = octets(texts.join(''));
        const parser = new ResponseParser();
        let offset = 0;
        for (const text of texts) {
          parser.begin(false);
          offset = parser.feed(bytes, offset, bytes.length);
          expect([parser.done, parser.bodyBytes]).toEqual([true, readResponse(octets(text)).bodyBytes]);
        }
        expect(offset).toBe(bytes.length);
      }),
      { numRuns: 300 },
    );
  });
});

describe('request parser', () => {
  const inputs = fc.oneof(request, mutated(request), noise, nearNoise('GET / HTTP/1.1\r\nHost: a\r\n'));

  it('gives the same result however its input is cut', () => {
    fc.assert(
      fc.property(inputs, fc.boolean(), limits, (text, end, bounds) => {
        sameHoweverCut(readRequest, text, { end, limits: bounds });
      }),
      { numRuns: 600 },
    );
  });

  it('reads pipelined requests one after another, wherever the buffer was cut', () => {
    const ended = request
      .map((text) => text.slice(0, readRequest(octets(text), { end: false }).taken))
      .filter((text) => readRequest(octets(text), { end: false }).done);
    fc.assert(
      fc.property(fc.array(ended, { minLength: 1, maxLength: 4 }), fc.nat(), (texts, seed) => {
        const bytes = octets(texts.join(''));
        const cut = seed % (bytes.length + 1);
        const parser = new RequestParser();
        const bodies: number[] = [];
        for (const [start, end] of [
          [0, cut],
          [cut, bytes.length],
        ] as const) {
          let offset = start;
          while (offset < end) {
            offset = parser.feed(bytes, offset, end);
            expect(parser.error).toBe(0);
            if (!parser.done) break;
            bodies.push(parser.bodyBytes);
            parser.reset();
          }
        }
        expect(bodies).toEqual(texts.map((text) => readRequest(octets(text)).bodyBytes));
        expect(parser.started).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});
