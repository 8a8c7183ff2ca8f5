/** Requests with the place of their number: read back by the servers' parser, whatever else the request carries. */
import { expect, test } from 'vitest';
import { putNumber, requestBytes } from '../../../src/clients/reference/request-bytes.ts';
import { encodeRequest } from '../../../src/http/request.ts';
import { RequestParser } from '../../../src/http/request-parser.ts';

const shape = {
  method: 'POST',
  path: '/connbench-request:',
  host: 'localhost',
  port: 8080,
  versionMinor: 1,
  connection: 'keep-alive',
  bodyBytes: 20,
  headers: { 'x-note': 'connbench-request: 0000000000000000' },
} as const;

test('a numbered request says its number, and the next one after it', () => {
  const request = requestBytes(shape, 0xabc);
  const copy = request.bytes.slice();
  for (const sequence of [0, 7, 2 ** 40 + 5]) {
    putNumber(copy, request, sequence);
    const parser = new RequestParser({}, true);
    expect(parser.feed(copy, 0, copy.length)).toBe(copy.length);
    expect([parser.done, parser.bodyBytes, parser.numberDigits]).toEqual([true, 20, 16]);
    expect([parser.numberWorker, parser.numberSequence]).toEqual([0xabc, sequence]);
  }
});

test('a request without a number is the plain one, and stays it', () => {
  const request = requestBytes(shape, null);
  expect(request).toEqual({ bytes: encodeRequest(shape), numberAt: -1 });
  const copy = request.bytes.slice();
  putNumber(copy, request, 5);
  expect(copy).toEqual(request.bytes);
});
