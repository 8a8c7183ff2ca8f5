/** The response parser by the rules of RFC 9112 and RFC 9110: one named row for each, with exact results. */
import { responseTable as table } from './response-table.ts';

const ok = 'HTTP/1.1 200 OK\r\n';
const empty = 'Content-Length: 0\r\n\r\n';
const chunked = `${ok}Transfer-Encoding: chunked\r\n\r\n`;
const chunks = '5\r\nhello\r\n0\r\n\r\n';

table('status line (RFC 9112 §4)', [
  ['HTTP/1.1', `${ok}${empty}`, { done: true, status: 200, versionMinor: 1, keepAlive: true }],
  ['HTTP/1.0', `HTTP/1.0 404 Not Found\r\n${empty}`, { done: true, status: 404, versionMinor: 0, keepAlive: false }],
  ['an empty reason', `HTTP/1.1 500 \r\n${empty}`, { done: true, status: 500 }],
  ['no space before an absent reason', `HTTP/1.1 500\r\n${empty}`, { done: true, status: 500 }],
  ['a reason of any octets', `HTTP/1.1 500 a\x00\x7f\xff: b\r\n${empty}`, { done: true, status: 500 }],
  ['a status without a meaning (RFC 9110 §15)', `HTTP/1.1 999 ?\r\n${empty}`, { done: true, status: 999 }],
  ['a status below 100', `HTTP/1.1 099 ?\r\n${empty}`, { error: 'BAD_STATUS_LINE', taken: 9 }],
  ['two digits', `HTTP/1.1 20 OK\r\n${empty}`, { error: 'BAD_STATUS_LINE', taken: 11 }],
  ['four digits', `HTTP/1.1 2000 OK\r\n${empty}`, { error: 'BAD_STATUS_LINE', taken: 12 }],
  ['two spaces', `HTTP/1.1  200 OK\r\n${empty}`, { error: 'BAD_STATUS_LINE', taken: 9 }],
  ['a tab for the space', `HTTP/1.1\t200 OK\r\n${empty}`, { error: 'BAD_STATUS_LINE', taken: 8 }],
  ['lower case (§2.3)', `http/1.1 200 OK\r\n${empty}`, { error: 'BAD_STATUS_LINE', taken: 0 }],
  ['HTTP/1.2', `HTTP/1.2 200 OK\r\n${empty}`, { error: 'BAD_VERSION', taken: 7 }],
  ['HTTP/2.0', `HTTP/2.0 200 OK\r\n${empty}`, { error: 'BAD_STATUS_LINE', taken: 5 }],
  ['no HTTP at all', 'SSH-2.0-OpenSSH_9.6\r\n', { error: 'BAD_STATUS_LINE', taken: 0, headBytes: 0 }],
  ['bare LF (§2.2)', `HTTP/1.1 200 OK\n${empty}`, { error: 'BAD_STATUS_LINE', taken: 15 }],
  ['bare LF after the code', `HTTP/1.1 200\n${empty}`, { error: 'BAD_STATUS_LINE', taken: 12 }],
  ['bare CR (§2.2)', `HTTP/1.1 200 O\rK\r\n${empty}`, { error: 'BAD_STATUS_LINE', taken: 15 }],
  ['an empty line before it (§2.2)', `\r\n${ok}${empty}`, { error: 'BAD_STATUS_LINE', taken: 0 }],
]);

table('field lines (RFC 9112 §5)', [
  ['every token character', `${ok}!#$%&'*+-.^_\`|~09AZaz: x\r\n${empty}`, { done: true }],
  ['every value character', `${ok}A:\t !~\x80\xff\t \r\n${empty}`, { done: true }],
  ['an empty value', `${ok}A:\r\n${empty}`, { done: true }],
  ['no field at all', `${ok}\r\n`, { done: true, untilClose: true }],
  ['no name', `${ok}: b\r\n${empty}`, { error: 'BAD_HEADER', taken: 17 }],
  ['no colon', `${ok}A\r\n${empty}`, { error: 'BAD_HEADER', taken: 18 }],
  ['a space before the colon (§5.1)', `${ok}A : b\r\n${empty}`, { error: 'BAD_HEADER', taken: 18 }],
  ['a space before the first name (§2.2)', `${ok} A: b\r\n${empty}`, { error: 'BAD_HEADER', taken: 17 }],
  ['a letter beyond ASCII in a name', `${ok}\xe4: b\r\n${empty}`, { error: 'BAD_HEADER', taken: 17 }],
  ['NUL in a value (RFC 9110 §5.5)', `${ok}A: b\0\r\n${empty}`, { error: 'BAD_HEADER', taken: 21 }],
  ['a control in a value', `${ok}A: \x1f\r\n${empty}`, { error: 'BAD_HEADER', taken: 20 }],
  ['DEL in a value', `${ok}A: \x7f\r\n${empty}`, { error: 'BAD_HEADER', taken: 20 }],
  ['NUL in a value that matters', `${ok}Connection: close\0\r\n${empty}`, { error: 'BAD_HEADER', taken: 34 }],
  ['bare LF (§2.2)', `${ok}A: b\n${empty}`, { error: 'BAD_HEADER', taken: 21 }],
  ['bare CR (§2.2)', `${ok}A: b\rc\r\n${empty}`, { error: 'BAD_HEADER', taken: 22 }],
  ['bare LF for the empty line', `${ok}A: b\r\n\n`, { error: 'BAD_HEADER', taken: 23 }],
  ['two CR before the LF of the empty line', `${ok}\r\r\n`, { error: 'BAD_HEADER', taken: 18 }],
  ['a fold is a space (§5.2)', `${ok}A: b\r\n\tc\r\n d: e\r\n${empty}`, { done: true, bodyBytes: 0 }],
  ['a fold before a value', `${ok}Content-Length:\r\n 3\r\n\r\nabc`, { done: true, bodyBytes: 3 }],
  ['a fold after a value', `${ok}Content-Length: 3\r\n \r\n\r\nabc`, { done: true, bodyBytes: 3 }],
  ['a fold inside a number', `${ok}Content-Length: 3\r\n 3\r\n\r\nabc`, { error: 'BAD_CONTENT_LENGTH' }],
  ['a fold inside a list', `${ok}Connection: a,\r\n close\r\n${empty}`, { done: true, keepAlive: false }],
  ['a fold inside a token', `${ok}Connection: clo\r\n se\r\n${empty}`, { done: true, keepAlive: true }],
  ['a fold with a control in it', `${ok}A: b\r\n \x01\r\n${empty}`, { error: 'BAD_HEADER', taken: 24 }],
]);

table('body length (RFC 9112 §6.3)', [
  [
    'Content-Length (item 6)',
    `${ok}Content-Length: 3\r\n\r\nabcd`,
    { done: true, bodyBytes: 3, headBytes: 38, taken: 41 },
  ],
  ['leading zeros and white space', `${ok}content-length: \t 003 \t\r\n\r\nabc`, { done: true, bodyBytes: 3 }],
  [
    'equal values twice (item 5)',
    `${ok}Content-Length: 3\r\nCONTENT-LENGTH: 03\r\n\r\nabc`,
    { done: true, bodyBytes: 3 },
  ],
  [
    'different values (item 5)',
    `${ok}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc`,
    { error: 'CONFLICTING_LENGTH' },
  ],
  [
    'a list of equal values (item 5)',
    `${ok}Content-Length: 3, 3\r\n\r\nabc`,
    { error: 'BAD_CONTENT_LENGTH', taken: 34 },
  ],
  ['a plus sign', `${ok}Content-Length: +3\r\n\r\nabc`, { error: 'BAD_CONTENT_LENGTH', taken: 33 }],
  ['a minus sign', `${ok}Content-Length: -3\r\n\r\nabc`, { error: 'BAD_CONTENT_LENGTH', taken: 33 }],
  ['hexadecimal', `${ok}Content-Length: 0x3\r\n\r\nabc`, { error: 'BAD_CONTENT_LENGTH', taken: 34 }],
  ['two numbers', `${ok}Content-Length: 3 3\r\n\r\nabc`, { error: 'BAD_CONTENT_LENGTH', taken: 35 }],
  ['no number', `${ok}Content-Length: \r\n\r\nabc`, { error: 'BAD_CONTENT_LENGTH' }],
  ['2^53 - 1', `${ok}Content-Length: 9007199254740991\r\n\r\nabc`, { error: 'TRUNCATED_BODY', bodyBytes: 3 }],
  ['2^53', `${ok}Content-Length: 9007199254740992\r\n\r\nabc`, { error: 'BAD_CONTENT_LENGTH' }],
  ['400 digits', `${ok}Content-Length: ${'9'.repeat(400)}\r\n\r\nabc`, { error: 'BAD_CONTENT_LENGTH' }],
  [
    'length, then transfer coding (item 3)',
    `${ok}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`,
    { error: 'LENGTH_AND_CHUNKED' },
  ],
  [
    'transfer coding, then length (item 3)',
    `${ok}Transfer-Encoding: gzip\r\nContent-Length: 3\r\n\r\n${chunks}`,
    { error: 'LENGTH_AND_CHUNKED' },
  ],
  ['until close (item 8)', `${ok}\r\nabc`, { done: true, bodyBytes: 3, untilClose: true, keepAlive: false }],
  [
    'until close, still open',
    `${ok}\r\nabc`,
    { done: false, error: 'NONE', bodyBytes: 3, untilClose: true },
    { end: false },
  ],
  [
    'HEAD (item 1)',
    `${ok}Content-Length: 3\r\n\r\n`,
    { done: true, bodyBytes: 0, keepAlive: true },
    { headRequest: true, end: false },
  ],
  ['HEAD, chunked', chunked, { done: true, bodyBytes: 0, keepAlive: true }, { headRequest: true, end: false }],
  [
    'HEAD without a length',
    `${ok}\r\n`,
    { done: true, untilClose: false, keepAlive: true },
    { headRequest: true, end: false },
  ],
  [
    '204 (item 1)',
    'HTTP/1.1 204 N\r\nContent-Length: 3\r\n\r\n',
    { done: true, bodyBytes: 0, keepAlive: true },
    { end: false },
  ],
  [
    '304 (item 1)',
    'HTTP/1.1 304 N\r\nTransfer-Encoding: chunked\r\n\r\n',
    { done: true, keepAlive: true },
    { end: false },
  ],
  ['205 is no exception', `HTTP/1.1 205 R\r\n${empty}`, { done: true, status: 205, bodyBytes: 0 }, { end: false }],
]);

table('transfer codings (RFC 9112 §6.1)', [
  ['chunked', `${chunked}${chunks}`, { done: true, bodyBytes: 5, keepAlive: true }],
  ['any case, odd list', `${ok}TRANSFER-ENCODING: , CHUNKED\t,\r\n\r\n${chunks}`, { done: true, bodyBytes: 5 }],
  ['chunked last', `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n${chunks}`, { done: true, bodyBytes: 5 }],
  [
    'chunked last, in two fields',
    `${ok}Transfer-Encoding: gzip;q="1"\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`,
    { done: true, bodyBytes: 5 },
  ],
  [
    'chunked not last (§6.3 item 4)',
    `${ok}Transfer-Encoding: chunked, gzip\r\n\r\nabc`,
    { done: true, bodyBytes: 3, untilClose: true },
  ],
  [
    'no chunked (§6.3 item 4)',
    `${ok}Transfer-Encoding: gzip\r\n\r\nabc`,
    { done: true, bodyBytes: 3, untilClose: true, keepAlive: false },
  ],
  ['almost chunked', `${ok}Transfer-Encoding: xchunked\r\n\r\nabc`, { done: true, bodyBytes: 3, untilClose: true }],
  [
    'chunked with a parameter',
    `${ok}Transfer-Encoding: chunked;a=b\r\n\r\nabc`,
    { done: true, bodyBytes: 3, untilClose: true },
  ],
  ['two words', `${ok}Transfer-Encoding: x chunked\r\n\r\nabc`, { done: true, bodyBytes: 3, untilClose: true }],
  ['chunked twice', `${ok}Transfer-Encoding: chunked, chunked\r\n\r\n${chunks}`, { error: 'BAD_TRANSFER_ENCODING' }],
  [
    'chunked in two fields',
    `${ok}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`,
    { error: 'BAD_TRANSFER_ENCODING' },
  ],
  ['no coding', `${ok}Transfer-Encoding: ,\r\n\r\nabc`, { error: 'BAD_TRANSFER_ENCODING' }],
  [
    'from HTTP/1.0: read, and not trusted further',
    `HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`,
    { done: true, bodyBytes: 5, keepAlive: false },
  ],
]);

table('chunks (RFC 9112 §7.1)', [
  ['several', `${chunked}1\r\na\r\nA\r\n0123456789\r\n0\r\n\r\n`, { done: true, bodyBytes: 11 }],
  ['CR and LF as data', `${chunked}2\r\n\r\n\r\n0\r\n\r\n`, { done: true, bodyBytes: 2 }],
  ['leading zeros', `${chunked}${'0'.repeat(40)}5\r\nhello\r\n000\r\n\r\n`, { done: true, bodyBytes: 5 }],
  ['no data', `${chunked}0\r\n\r\n`, { done: true, bodyBytes: 0 }],
  ['what follows is not taken', `${chunked}0\r\n\r\nHTTP/1.1 200`, { done: true, taken: 52 }],
  [
    'extensions are skipped (§7.1.1)',
    `${chunked}5;a=b;c="d;\t\xff"\r\nhello\r\n0;e\r\n\r\n`,
    { done: true, bodyBytes: 5 },
  ],
  [
    'bad white space before an extension (§7.1.1)',
    `${chunked}5 \t;a\r\nhello\r\n0\r\n\r\n`,
    { done: true, bodyBytes: 5 },
  ],
  ['white space without an extension', `${chunked}5 \r\nhello\r\n0\r\n\r\n`, { error: 'BAD_CHUNK', taken: 49 }],
  ['a control in an extension', `${chunked}5;\x01\r\nhello\r\n0\r\n\r\n`, { error: 'BAD_CHUNK', taken: 49 }],
  ['no size', `${chunked}\r\nhello\r\n`, { error: 'BAD_CHUNK', taken: 47 }],
  ['no size but an extension', `${chunked};a\r\nhello\r\n`, { error: 'BAD_CHUNK', taken: 47 }],
  ['not hexadecimal', `${chunked}5g\r\nhello\r\n`, { error: 'BAD_CHUNK', taken: 48 }],
  ['a sign', `${chunked}+5\r\nhello\r\n`, { error: 'BAD_CHUNK', taken: 47 }],
  ['0x', `${chunked}0x5\r\nhello\r\n`, { error: 'BAD_CHUNK', taken: 48 }],
  ['2^53 - 1 octets', `${chunked}1fffffffffffff\r\na`, { error: 'TRUNCATED_BODY', bodyBytes: 1 }],
  ['2^53 octets', `${chunked}20000000000000\r\na`, { error: 'BAD_CHUNK', taken: 60 }],
  ['2^64 octets and five', `${chunked}10000000000000005\r\nhello\r\n0\r\n\r\n`, { error: 'BAD_CHUNK' }],
  ['bare LF after the size', `${chunked}5\nhello\r\n0\r\n\r\n`, { error: 'BAD_CHUNK', taken: 48 }],
  ['CR without LF after the size', `${chunked}5\rhello\r\n0\r\n\r\n`, { error: 'BAD_CHUNK', taken: 49 }],
  ['bare LF after the data', `${chunked}5\r\nhello\n0\r\n\r\n`, { error: 'BAD_CHUNK', taken: 55, bodyBytes: 5 }],
  ['data longer than its size', `${chunked}4\r\nhello\r\n0\r\n\r\n`, { error: 'BAD_CHUNK', taken: 54, bodyBytes: 4 }],
  ['data shorter than its size', `${chunked}6\r\nhello\r\n0\r\n\r\n`, { error: 'BAD_CHUNK', bodyBytes: 6 }],
  ['trailers (§7.1.2)', `${chunked}0\r\nA: b\r\nC: d\r\n\r\n`, { done: true }],
  ['a bad trailer', `${chunked}0\r\nA : b\r\n\r\n`, { error: 'BAD_HEADER', taken: 51 }],
  [
    'trailers change nothing (RFC 9110 §6.5.1)',
    `${chunked}0\r\nConnection: close\r\nContent-Length: 9\r\nTransfer-Encoding: gzip\r\nKeep-Alive: max=1\r\n\r\n`,
    { done: true, keepAlive: true, bodyBytes: 0, hintMax: -1 },
  ],
]);

table('persistence (RFC 9112 §9.3)', [
  ['close, any case', `${ok}Connection: CLOSE\r\n${empty}`, { keepAlive: false }],
  ['close among others', `${ok}Connection: foo ,close\t, bar\r\n${empty}`, { keepAlive: false }],
  ['close before keep-alive', `${ok}Connection: close, keep-alive\r\n${empty}`, { keepAlive: false }],
  ['close in the second field', `${ok}Connection: keep-alive\r\nConnection: close\r\n${empty}`, { keepAlive: false }],
  ['keep-alive and Upgrade', `${ok}Connection: keep-alive, Upgrade\r\n${empty}`, { keepAlive: true }],
  [
    'longer and shorter words',
    `${ok}Connection: closed, clos, xclose, close/1, "close"\r\n${empty}`,
    { keepAlive: true },
  ],
  ['two words', `${ok}Connection: close please, not close\r\n${empty}`, { keepAlive: true }],
  [
    'another field with close',
    `${ok}Connections: close\r\nProxy-Connection: close\r\nConnectio: close\r\n${empty}`,
    { keepAlive: true },
  ],
  ['HTTP/1.0 alone', `HTTP/1.0 200 OK\r\n${empty}`, { done: true, keepAlive: false }],
  ['HTTP/1.0 with keep-alive', `HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n${empty}`, { keepAlive: true }],
  ['HTTP/1.0 with both', `HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\n${empty}`, { keepAlive: false }],
  ['HTTP/1.0 until close', 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n', { done: true, keepAlive: false }],
  ['an error', `${ok}Content-Length: 3\r\n\r\nab`, { error: 'TRUNCATED_BODY', keepAlive: false }],
  ['the hint', `${ok}Keep-Alive: timeout=5, max=100\r\n${empty}`, { hintTimeoutMs: 5000, hintMax: 100 }],
  [
    'the hint in two fields',
    `${ok}keep-alive: max=3\r\nKEEP-ALIVE: timeout=1\r\n${empty}`,
    { hintTimeoutMs: 1000, hintMax: 3 },
  ],
  ['no hint', `${ok}${empty}`, { hintTimeoutMs: -1, hintMax: -1 }],
]);

const early = 'HTTP/1.1 103 Early Hints\r\nConnection: close\r\nKeep-Alive: max=1\r\nContent-Length: 9\r\n\r\n';
table('interim responses (RFC 9110 §15.2)', [
  [
    '100',
    `HTTP/1.1 100 Continue\r\n\r\n${ok}${empty}`,
    { done: true, status: 200, interimResponses: 1, headBytes: 63, taken: 63 },
  ],
  ['its fields do not count', `${early}${ok}${empty}`, { done: true, keepAlive: true, hintMax: -1, bodyBytes: 0 }],
  [
    'several',
    `${early}HTTP/1.1 102 P\r\n\r\n${early}HTTP/1.1 204 N\r\n\r\n`,
    { done: true, status: 204, interimResponses: 3 },
  ],
  [
    'before the answer to HEAD',
    `${early}${ok}Content-Length: 3\r\n\r\n`,
    { done: true, bodyBytes: 0 },
    { headRequest: true },
  ],
  [
    'as many as allowed',
    `${early.repeat(2)}${ok}${empty}`,
    { done: true, interimResponses: 2 },
    { limits: { interimResponses: 2 } },
  ],
  [
    'one more',
    `${early.repeat(3)}${ok}${empty}`,
    { error: 'TOO_MANY_INTERIM', taken: 3 * early.length },
    { limits: { interimResponses: 2 } },
  ],
  [
    '101, which nobody asked for',
    'HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n\x00',
    { error: 'UNEXPECTED_UPGRADE', taken: 51 },
  ],
  [
    'both framings in it',
    'HTTP/1.1 100 C\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    { error: 'LENGTH_AND_CHUNKED' },
  ],
]);
