/** The request parser by the rules of RFC 9112: one named row for each, with exact results. */
import { describe, expect, it } from 'vitest';
import { RequestParser, requestErrorName, requestMethods } from '../../src/http/request-parser.ts';
import { type ReadOptions, octets, readRequest } from './read-message.ts';

type Result = Partial<ReturnType<typeof readRequest>>;
type Row = [name: string, text: string, expected: Result, options?: ReadOptions];

const get = 'GET / HTTP/1.1\r\nHost: a\r\n';
const post = 'POST / HTTP/1.1\r\nHost: a\r\n';

function table(title: string, rows: readonly Row[]): void {
  describe(title, () => {
    it.each(rows)('%s', (_name, text, expected, options) => {
      expect(readRequest(octets(text), options)).toMatchObject(expected);
    });
  });
}

table('request line (RFC 9112 §3)', [
  [
    'GET',
    `${get}\r\n`,
    { done: true, method: 1, isHead: false, versionMinor: 1, keepAlive: true, headBytes: 27, taken: 27 },
  ],
  ['HEAD', `HEAD /a?b HTTP/1.0\r\n\r\n`, { done: true, method: 2, isHead: true, versionMinor: 0, keepAlive: false }],
  ['a method that only starts like another', `GETS / HTTP/1.1\r\nHost: a\r\n\r\n`, { done: true, method: 0 }],
  [
    'methods are case-sensitive (RFC 9110 §9.1)',
    `head / HTTP/1.1\r\nHost: a\r\n\r\n`,
    { done: true, method: 0, isHead: false },
  ],
  ['any token is a method', `M-SEARCH * HTTP/1.1\r\nHost: a\r\n\r\n`, { done: true, method: 0 }],
  ['absolute form', `GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n`, { done: true, method: 1 }],
  ['empty lines before it (§2.2)', `\r\n\r\n${get}\r\n`, { done: true, headBytes: 31 }],
  ['a space before it', ` ${get}\r\n`, { error: 'BAD_REQUEST_LINE', taken: 0 }],
  ['no method', '/ HTTP/1.1\r\n', { error: 'BAD_REQUEST_LINE', taken: 0 }],
  ['no target', 'GET  HTTP/1.1\r\n', { error: 'BAD_REQUEST_LINE', taken: 4 }],
  ['no version', 'GET /\r\n', { error: 'BAD_REQUEST_LINE', taken: 5 }],
  ['a space in the target', 'GET /a b HTTP/1.1\r\n', { error: 'BAD_REQUEST_LINE', taken: 7 }],
  ['a control in the target', 'GET /\x01 HTTP/1.1\r\n', { error: 'BAD_REQUEST_LINE', taken: 5 }],
  ['DEL in the target', 'GET /\x7f HTTP/1.1\r\n', { error: 'BAD_REQUEST_LINE', taken: 5 }],
  ['an octet beyond ASCII in the target', 'GET /\xe4 HTTP/1.1\r\n', { error: 'BAD_REQUEST_LINE', taken: 5 }],
  ['two spaces before the version', 'GET /  HTTP/1.1\r\n', { error: 'BAD_REQUEST_LINE', taken: 6 }],
  ['a space after the version', 'GET / HTTP/1.1 \r\n', { error: 'BAD_REQUEST_LINE', taken: 14 }],
  ['bare LF (§2.2)', 'GET / HTTP/1.1\nHost: a\r\n\r\n', { error: 'BAD_REQUEST_LINE', taken: 14 }],
  ['CR without LF', 'GET / HTTP/1.1\rHost: a\r\n\r\n', { error: 'BAD_REQUEST_LINE', taken: 15 }],
  ['lower case version', 'GET / http/1.1\r\n', { error: 'BAD_REQUEST_LINE', taken: 6 }],
  ['HTTP/1.2', 'GET / HTTP/1.2\r\n', { error: 'BAD_VERSION', taken: 13 }],
  ['HTTP/2.0, its preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', { error: 'BAD_VERSION', taken: 11 }],
  ['TLS', '\x16\x03\x01\x02\x00', { error: 'BAD_REQUEST_LINE', taken: 0 }],
]);

table('Host (RFC 9112 §3.2)', [
  ['missing', 'GET / HTTP/1.1\r\n\r\n', { error: 'MISSING_HOST', headDone: true, keepAlive: false }],
  ['missing from HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n', { done: true }],
  ['twice', `${get}HOST: a\r\n\r\n`, { error: 'DUPLICATE_HOST' }],
  ['twice from HTTP/1.0', 'GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n', { error: 'DUPLICATE_HOST' }],
  ['another field', 'GET / HTTP/1.1\r\nHosts: a\r\n\r\n', { error: 'MISSING_HOST' }],
]);

table('body length (RFC 9112 §6.3)', [
  ['none', `${post}\r\nabc`, { done: true, bodyBytes: 0, taken: 28 }],
  ['Content-Length', `${post}Content-Length: 3\r\n\r\nabcGET`, { done: true, bodyBytes: 3, taken: 50, headBytes: 47 }],
  ['Content-Length 0', `${post}Content-Length: 0\r\n\r\nabc`, { done: true, bodyBytes: 0, taken: 47 }],
  ['in a GET', `${get}Content-Length: 3\r\n\r\nabc`, { done: true, bodyBytes: 3 }],
  ['in a HEAD', `HEAD / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc`, { done: true, bodyBytes: 3 }],
  [
    'chunked',
    `${post}Transfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\nA: b\r\n\r\n`,
    { done: true, bodyBytes: 3, keepAlive: true },
  ],
  [
    'chunked from HTTP/1.0 (§6.1)',
    'PUT / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    { done: true, keepAlive: false },
  ],
  ['chunked not last (item 4)', `${post}Transfer-Encoding: chunked, gzip\r\n\r\n`, { error: 'BAD_TRANSFER_ENCODING' }],
  ['no chunked (item 4)', `${post}Transfer-Encoding: identity\r\n\r\n`, { error: 'BAD_TRANSFER_ENCODING' }],
  ['both (item 3)', `${post}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n`, { error: 'LENGTH_AND_CHUNKED' }],
  [
    'both, the other way round (item 3)',
    `${post}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n`,
    { error: 'LENGTH_AND_CHUNKED' },
  ],
  [
    'different lengths (item 5)',
    `${post}Content-Length: 3\r\nContent-Length: 4\r\n\r\n`,
    { error: 'CONFLICTING_LENGTH' },
  ],
  ['a bad length', `${post}Content-Length: 3a\r\n\r\n`, { error: 'BAD_CONTENT_LENGTH' }],
  ['a bad chunk', `${post}Transfer-Encoding: chunked\r\n\r\nx`, { error: 'BAD_CHUNK', keepAlive: false }],
]);

table('persistence (RFC 9112 §9.3)', [
  ['HTTP/1.1', `${get}\r\n`, { keepAlive: true }],
  ['HTTP/1.1 close', `${get}Connection: x, Close\r\n\r\n`, { keepAlive: false }],
  ['HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n', { keepAlive: false }],
  ['HTTP/1.0 keep-alive', 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n', { keepAlive: true }],
]);

table('the end of the connection (RFC 9112 §8)', [
  ['between requests', '', { done: false, error: 'NONE', started: false }],
  ['after an empty line', '\r\n', { done: false, error: 'NONE', started: false }],
  ['in the request line', 'G', { error: 'TRUNCATED_HEAD', started: true }],
  ['in the fields', get, { error: 'TRUNCATED_HEAD', headDone: false }],
  ['in a body', `${post}Content-Length: 3\r\n\r\nab`, { error: 'TRUNCATED_BODY', bodyBytes: 2, headDone: true }],
  ['in a chunk', `${post}Transfer-Encoding: chunked\r\n\r\n3\r\nab`, { error: 'TRUNCATED_BODY', bodyBytes: 2 }],
]);

table('limits', [
  ['a head as large as allowed', `${get}\r\n`, { done: true }, { limits: { headBytes: 27 } }],
  ['one octet more', `${get}\r\n`, { error: 'HEAD_TOO_LARGE', taken: 26 }, { limits: { headBytes: 26 } }],
  [
    'a target too long',
    `GET /${'a'.repeat(100)}`,
    { error: 'HEAD_TOO_LARGE', taken: 50 },
    { limits: { headBytes: 50 } },
  ],
  [
    'endless empty lines',
    '\r\n'.repeat(100),
    { error: 'HEAD_TOO_LARGE', taken: 50, started: false },
    { limits: { headBytes: 50 } },
  ],
  ['one field more', `${get}A: b\r\n\r\n`, { error: 'TOO_MANY_HEADERS' }, { limits: { fields: 1 } }],
  ['a length as allowed', `${post}Content-Length: 3\r\n\r\nabc`, { done: true }, { limits: { bodyBytes: 3 } }],
  [
    'a length beyond',
    `${post}Content-Length: 4\r\n\r\n`,
    { error: 'BODY_TOO_LARGE', keepAlive: false },
    { limits: { bodyBytes: 3 } },
  ],
  [
    'chunks beyond',
    `${post}Transfer-Encoding: chunked\r\n\r\n4\r\nabcd`,
    { error: 'BODY_TOO_LARGE' },
    { limits: { bodyBytes: 3 } },
  ],
]);

describe('request parser', () => {
  it('knows the methods by their codes', () => {
    const codes = requestMethods.map((method) => readRequest(octets(`${method} / HTTP/1.0\r\n\r\n`)).method);
    expect(codes).toEqual(requestMethods.map((_, code) => code));
  });

  it('carries nothing over a reset', () => {
    const parser = new RequestParser();
    const fresh = JSON.stringify(parser);
    const first = octets('HEAD / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nab');
    parser.feed(first, 0, first.length);
    parser.finish();
    expect(requestErrorName(parser.error)).toBe('TRUNCATED_BODY');
    parser.reset();
    expect(JSON.stringify(parser)).toBe(fresh);
    const second = octets(`${get}\r\n`);
    expect(parser.feed(second, 0, second.length)).toBe(second.length);
    expect([parser.done, parser.isHead, parser.keepAlive, parser.bodyBytes]).toEqual([true, false, true, 0]);
  });
});

describe('the number of a request', () => {
  const numbered = (fields: string, readsNumber = true): RequestParser => {
    const parser = new RequestParser({}, readsNumber);
    const bytes = octets(`${get}${fields}\r\n`);
    for (let at = 0; at < bytes.length; at++) parser.feed(bytes, at, at + 1);
    expect(parser.done).toBe(true);
    return parser;
  };

  it.each([
    ['digits', 'Connbench-Request: 00010000000000ff\r\n', 16, 1, 255],
    ['any case, and space around it', 'CONNBENCH-REQUEST:\t ABCD0123456789aF \r\n', 16, 0xabcd, 0x0123456789af],
    ['the largest', 'Connbench-Request: ffffffffffffffff\r\n', 16, 65_535, 2 ** 48 - 1],
    ['none', '', 0, 0, 0],
  ])('%s', (_name, fields, digits, worker, sequence) => {
    const { numberDigits, numberWorker, numberSequence } = numbered(fields);
    expect([numberDigits, numberWorker, numberSequence]).toEqual([digits, worker, sequence]);
  });

  it.each([
    ['too short', 'Connbench-Request: 1\r\n'],
    ['too long', 'Connbench-Request: 000100000000000ff\r\n'],
    ['no digit', 'Connbench-Request: 000100000000000g\r\n'],
    ['a digit missing in the middle', 'Connbench-Request: 0001-00000000000\r\n'],
    ['twice', 'Connbench-Request: 00010000000000ff\r\nConnbench-Request: 00010000000000ff\r\n'],
  ])('is none: %s', (_name, fields) => {
    expect(numbered(fields).numberDigits).not.toBe(16);
  });

  it('is forgotten before the next request, and not read unless asked', () => {
    const parser = numbered('Connbench-Request: 00010000000000ff\r\n');
    parser.reset();
    const next = octets(`${get}\r\n`);
    parser.feed(next, 0, next.length);
    expect(parser.numberDigits).toBe(0);
    expect(numbered('Connbench-Request: 00010000000000ff\r\n', false).numberDigits).toBe(0);
  });
});
