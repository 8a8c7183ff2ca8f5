/** The request parser by the rules of RFC 9112: one named row for each, with exact results; and against Node's own server. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RequestParser, requestErrorName, requestMethods } from '../../src/http/request-parser.ts';
import { mutated, request } from './messages.ts';
import { askNodeServer } from './node-server.ts';
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
    const fresh = { ...parser };
    const first = octets('HEAD / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nab');
    parser.feed(first, 0, first.length);
    parser.finish();
    expect(requestErrorName(parser.error)).toBe('TRUNCATED_BODY');
    parser.reset();
    expect({ ...parser }).toEqual(fresh);
    const second = octets(`${get}\r\n`);
    expect(parser.feed(second, 0, second.length)).toBe(second.length);
    expect([parser.done, parser.isHead, parser.keepAlive, parser.bodyBytes]).toEqual([true, false, true, 0]);
  });
});

/** What Node's server says that we deliberately do not, by its sentence. */
const nodeIsStricter: readonly [why: string, reason: RegExp, text: RegExp][] = [
  [
    'RFC 9110 §9.1: any token is a method',
    /^HPE_INVALID_METHOD: (Invalid method encountered|Expected space after method)/,
    /^/,
  ],
  ['RFC 9110 §8.6: equal values are one', /Duplicate Content-Length$/, /^/],
  [
    'RFC 9112 §5.2: a fold may be read as spaces',
    /(Unexpected whitespace after header value|Invalid header value char)$/,
    /\r\n[ \t]/,
  ],
  ['RFC 9112 §7.1.1: extensions are ignored', /Invalid (character|quoted-pair) in chunk extensions/, /;/],
  ['RFC 9112 §7.1.1: bad white space is parsed', /Invalid character in chunk size$/, /\n[0-9a-f]+[ \t]+(;|$)/i],
  ['RFC 9110 §5.6.3: a tab is white space', /Invalid character in Content-Length$/, /Content-Length:[ \t]*\d+ *\t/i],
  [
    'RFC 9110 §6.5.1: no framing in trailers',
    /Content-Length can't be present with Transfer-Encoding$/,
    /\n0+(;[^\r]*)?\r\n([^\r]+\r\n)*Content-Length:/i,
  ],
  ['RFC 9110 §5.6.1, §5.6.3: tabs and empty members', /^HPE_INVALID_TRANSFER_ENCODING/, /chunked *[,\t][ \t,]*\r/i],
  ['RFC 9112 §3.2: what a target means is not asked', /^HPE_INVALID_URL/, /^/],
];
/** Errors of ours that Node's server does not make, and where they come from. */
const weAreStricter: readonly [why: string, error: string, text: RegExp][] = [
  ['RFC 9112 §3.2: one Host only', 'DUPLICATE_HOST', /\nHost:[^]*\nHost:/i],
  ['RFC 9112 §2.3: other versions', 'BAD_VERSION', /HTTP\/(0\.9|2\.0|\d(\.\d?)?$)/],
  ['RFC 9112 §6.1: chunked once', 'BAD_TRANSFER_ENCODING', /chunked[^]*chunked/i],
  ['RFC 9110 §8.6: overflow', 'BAD_CONTENT_LENGTH', /Content-Length:[ \t]*\d{16,}/i],
];

describe("request parser and Node's server", () => {
  it('agree on generated and mutated requests', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(request, mutated(request)), async (text) => {
        const ours = readRequest(octets(text));
        const own = ours.done ? text.slice(0, ours.taken) : text;
        const node = await askNodeServer(octets(own));
        const accepted = node.reason === '';
        const same = accepted
          ? node.complete === ours.done && (!ours.done || node.bodyBytes === ours.bodyBytes)
          : !ours.done && !ours.error.startsWith('TRUNCATED');
        const rejected = !ours.done && !ours.error.startsWith('TRUNCATED') && ours.error !== 'NONE';
        const agreed = accepted && rejected ? false : same;
        const explained =
          nodeIsStricter.some(([, reason, where]) => reason.test(node.reason) && where.test(own)) ||
          weAreStricter.some(([, error, where]) => ours.error === error && where.test(own));
        if (!agreed && !explained) throw new Error(`not alike: ${JSON.stringify({ own, ours, node }, null, 1)}`);
      }),
      { numRuns: 2500 },
    );
  });
});
