/** Where a response ends: the end of the connection, limits, errors, and the start of the next response on the same parser. */
import { describe, expect, it } from 'vitest';
import { parseErrorName, parseErrorNames } from '../../src/http/parse-error.ts';
import { ResponseParser, responseErrorName } from '../../src/http/response-parser.ts';
import { octets, readResponse } from './read-message.ts';
import { responseTable as table } from './response-table.ts';

const ok = 'HTTP/1.1 200 OK\r\n';
const empty = 'Content-Length: 0\r\n\r\n';
const chunked = `${ok}Transfer-Encoding: chunked\r\n\r\n`;
const early = 'HTTP/1.1 103 Early Hints\r\nConnection: close\r\nKeep-Alive: max=1\r\nContent-Length: 9\r\n\r\n';

table('the end of the connection (RFC 9112 §8)', [
  ['nothing received', '', { error: 'NO_RESPONSE' }],
  ['one octet', 'H', { error: 'TRUNCATED_HEAD' }],
  ['after an interim response', 'HTTP/1.1 100 C\r\n\r\n', { error: 'TRUNCATED_HEAD' }],
  ['before the empty line', `${ok}Content-Length: 0\r\n`, { error: 'TRUNCATED_HEAD' }],
  ['in the middle of the empty line', `${ok}Content-Length: 0\r\n\r`, { error: 'TRUNCATED_HEAD' }],
  ['after the head', `${ok}Content-Length: 3\r\n\r\n`, { error: 'TRUNCATED_BODY', bodyBytes: 0 }],
  ['in a body', `${ok}Content-Length: 3\r\n\r\nab`, { error: 'TRUNCATED_BODY', bodyBytes: 2 }],
  ['in a chunk size', `${chunked}5`, { error: 'TRUNCATED_BODY' }],
  ['in a chunk', `${chunked}5\r\nhel`, { error: 'TRUNCATED_BODY', bodyBytes: 3 }],
  ['before the last chunk', `${chunked}5\r\nhello\r\n`, { error: 'TRUNCATED_BODY', bodyBytes: 5 }],
  ['in the trailers', `${chunked}0\r\nA: b\r\n`, { error: 'TRUNCATED_BODY' }],
  ['after an error', 'x', { error: 'BAD_STATUS_LINE' }],
]);

const lines = 'A: b\r\nC: d\r\n';
const small = `${ok}${lines}${empty}`;
table('limits', [
  [
    'a head as large as allowed',
    small,
    { done: true, headBytes: small.length },
    { limits: { headBytes: small.length } },
  ],
  [
    'one octet more',
    small,
    { error: 'HEAD_TOO_LARGE', taken: small.length - 1 },
    { limits: { headBytes: small.length - 1 } },
  ],
  ['too large in the status line', small, { error: 'HEAD_TOO_LARGE', taken: 14 }, { limits: { headBytes: 14 } }],
  ['too large after the status line', small, { error: 'HEAD_TOO_LARGE', taken: 17 }, { limits: { headBytes: 17 } }],
  ['64 KiB by default', `${ok}A: ${'b'.repeat(65_536)}`, { error: 'HEAD_TOO_LARGE', taken: 65_536 }],
  ['as many fields as allowed', small, { done: true }, { limits: { fields: 3 } }],
  ['one field more', small, { error: 'TOO_MANY_HEADERS', taken: ok.length + lines.length }, { limits: { fields: 2 } }],
  ['1000 fields by default', `${ok}${'A: b\r\n'.repeat(1001)}`, { error: 'TOO_MANY_HEADERS', taken: ok.length + 6000 }],
  ['a fold is no field', `${ok}A: b\r\n c\r\n d\r\n\r\n`, { done: true }, { limits: { fields: 1 } }],
  [
    'a chunk line as long as allowed',
    `${chunked}1;abc\r\na\r\n0;abc\r\n\r\n`,
    { done: true },
    { limits: { chunkLineBytes: 7 } },
  ],
  [
    'one octet more in it',
    `${chunked}1;abcd\r\na`,
    { error: 'CHUNK_LINE_TOO_LARGE', taken: 54 },
    { limits: { chunkLineBytes: 7 } },
  ],
  ['endless leading zeros', `${chunked}${'0'.repeat(20_000)}`, { error: 'CHUNK_LINE_TOO_LARGE', taken: 47 + 16_384 }],
  [
    'trailers as large as a head',
    `${chunked}0\r\nA: ${'b'.repeat(39)}\r\n\r\n`,
    { done: true },
    { limits: { headBytes: 47 } },
  ],
  [
    'trailers larger than a head',
    `${chunked}0\r\nA: ${'b'.repeat(46)}`,
    { error: 'TRAILER_TOO_LARGE', taken: 97 },
    { limits: { headBytes: 47 } },
  ],
  [
    'too many trailers',
    `${chunked}0\r\n${lines}\r\n`,
    { error: 'TOO_MANY_HEADERS', taken: 56 },
    { limits: { fields: 1 } },
  ],
  ['a length as allowed', `${ok}Content-Length: 3\r\n\r\nabc`, { done: true }, { limits: { bodyBytes: 3 } }],
  [
    'a length beyond',
    `${ok}Content-Length: 4\r\n\r\nabcd`,
    { error: 'BODY_TOO_LARGE', taken: 38, keepAlive: false },
    { limits: { bodyBytes: 3 } },
  ],
  [
    'a length beyond that HEAD is told',
    `${ok}Content-Length: 4\r\n\r\n`,
    { done: true },
    { headRequest: true, limits: { bodyBytes: 3 } },
  ],
  ['chunks as allowed', `${chunked}1\r\na\r\n2\r\nab\r\n0\r\n\r\n`, { done: true }, { limits: { bodyBytes: 3 } }],
  [
    'chunks beyond',
    `${chunked}1\r\na\r\n3\r\nabc\r\n0\r\n\r\n`,
    { error: 'BODY_TOO_LARGE', bodyBytes: 1 },
    { limits: { bodyBytes: 3 } },
  ],
  ['until close as allowed', `${ok}\r\nabc`, { done: true }, { limits: { bodyBytes: 3 } }],
  [
    'until close beyond',
    `${ok}\r\nabcd`,
    { error: 'BODY_TOO_LARGE', bodyBytes: 3, taken: 22 },
    { limits: { bodyBytes: 3 } },
  ],
]);

describe('one parser for many responses', () => {
  it('carries nothing over, whatever came before', () => {
    const parser = new ResponseParser();
    const fresh = readResponse(octets(`${ok}${empty}`));
    const before = [
      `${ok}Connection: close\r\nKeep-Alive: timeout=5, max=2\r\nContent-Length: 3\r\n\r\nab`,
      `${ok}Connection: close\r\nKeep-Alive: timeout=5, max=2, foo="`,
      `HTTP/1.0 204 N\r\nTransfer-Encoding: chunked\r\n\r\n`,
      `${early}${chunked}5\r\nhel`,
      `${chunked}0\r\nA: b\r\n`,
      `${ok}\r\nabc`,
      `${ok}Content-Length: 5`,
      'nonsense',
      'HTTP/1.0 50',
    ];
    for (const text of before) {
      readResponse(octets(text), { parser, end: false });
      expect(readResponse(octets(`${ok}${empty}`), { parser }), text).toEqual(fresh);
    }
  });

  it('counts the limits of each head anew', () => {
    const text = `${ok}A: b\r\n${empty}`;
    const parser = new ResponseParser({ headBytes: text.length, fields: 2 });
    const input = octets(`HTTP/1.1 100 OK\r\nA: b\r\nC: d\r\n\r\n${text}`);
    for (let round = 0; round < 3; round++) {
      expect(readResponse(input, { parser })).toMatchObject({ done: true, headBytes: input.length });
    }
  });

  it('answers HEAD only when told so', () => {
    const parser = new ResponseParser();
    const head = octets(`${ok}Content-Length: 3\r\n\r\n`);
    expect(readResponse(head, { parser, headRequest: true }).done).toBe(true);
    expect(readResponse(head, { parser })).toMatchObject({ done: false, error: 'TRUNCATED_BODY' });
    parser.begin(true);
    parser.reset();
    parser.feed(head, 0, head.length);
    expect(parser.done).toBe(false);
  });

  it('reads nothing after the end or an error', () => {
    const parser = new ResponseParser();
    const bytes = octets(`${ok}${empty}${ok}${empty}`);
    const half = bytes.length / 2;
    expect(parser.feed(bytes, 0, bytes.length)).toBe(half);
    expect(parser.feed(bytes, half, bytes.length)).toBe(half);
    parser.finish();
    expect([parser.done, parser.error]).toEqual([true, 0]);
    parser.begin(false);
    expect(parser.feed(bytes, 1, bytes.length)).toBe(1);
    expect(parser.feed(bytes, 0, bytes.length)).toBe(0);
    expect(responseErrorName(parser.error)).toBe('BAD_STATUS_LINE');
  });

  it('refuses limits that are no counts', () => {
    expect(() => new ResponseParser({ headBytes: -1 })).toThrow(RangeError);
    expect(() => new ResponseParser({ bodyBytes: Infinity })).toThrow(RangeError);
    expect(() => new ResponseParser({ fields: 0.5 })).toThrow(RangeError);
  });
});

describe('error names', () => {
  it('are one for each code', () => {
    expect(parseErrorNames.map((_, code) => parseErrorName(code))).toEqual(parseErrorNames);
    expect(new Set(parseErrorNames).size).toBe(parseErrorNames.length);
    expect(() => parseErrorName(parseErrorNames.length)).toThrow(RangeError);
  });
});
