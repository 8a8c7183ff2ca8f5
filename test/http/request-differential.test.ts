/** The request parser against Node's own HTTP server (llhttp, strict): same verdict, body length, persistence and end of message. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mutated, request } from './messages.ts';
import { type ServerVerdict, askNodeServer } from './node-server.ts';
import { octets, readRequest } from './read-message.ts';

type Ours = ReturnType<typeof readRequest>;

interface Difference {
  readonly name: string;
  readonly why: string;
  readonly example: string;
  readonly ours: Partial<Ours>;
  readonly node: Partial<ServerVerdict>;
  /** Whether this difference explains the two verdicts on a text. */
  readonly explains: (text: string, ours: Ours, node: ServerVerdict) => boolean;
}

const post = 'POST / HTTP/1.1\r\nHost: a\r\n';
const chunked = `${post}Transfer-Encoding: chunked\r\n\r\n`;

/** Where we differ on purpose. Each has an example that proves the difference real, and a condition as narrow as could be written. */
const differences: readonly Difference[] = [
  {
    name: 'stricter: no request without a version',
    why: 'RFC 9112 §2.3; llhttp takes such a line as HTTP/0.9',
    example: 'GET /\r\n\r\n',
    ours: { error: 'BAD_REQUEST_LINE', taken: 5 },
    node: { outcome: 'complete' },
    explains: (text, ours) =>
      ours.error === 'BAD_REQUEST_LINE' && /^[\r\n]*[A-Z-]+ +[^ \r\n]+$/.test(text.slice(0, ours.taken)),
  },
  {
    name: 'stricter: one space between the parts of a request line',
    why: 'RFC 9112 §3; llhttp takes several',
    example: 'GET  /  HTTP/1.1\r\nHost: a\r\n\r\n',
    ours: { error: 'BAD_REQUEST_LINE', taken: 4 },
    node: { outcome: 'complete' },
    explains: (text, ours) =>
      ours.error === 'BAD_REQUEST_LINE' && text.slice(0, ours.taken).endsWith(' ') && text[ours.taken] === ' ',
  },
  {
    name: 'stricter: only HTTP/1.0 and HTTP/1.1 are versions of this protocol',
    why: 'RFC 9112 §2.3; llhttp also takes 0.9 and 2.0',
    example: 'GET / HTTP/2.0\r\nHost: a\r\n\r\n',
    ours: { error: 'BAD_VERSION', taken: 11 },
    node: { outcome: 'complete' },
    explains: (text, ours) => ours.error === 'BAD_VERSION' && /HTTP\/(0\.9|2\.0|\d(\.\d?)?$)/.test(text),
  },
  {
    name: 'sooner: the name of another protocol, where the bytes end in it',
    why: 'RFC 9112 §2.3; llhttp reads ICE/ and RTSP/ to their end before it looks at the method',
    example: 'POST / I',
    ours: { error: 'BAD_REQUEST_LINE', taken: 7 },
    node: { outcome: 'cut' },
    explains: (text, ours) =>
      ours.error === 'BAD_REQUEST_LINE' && /^(I(C(E\/?)?)?|R(T(S(P\/?)?)?)?)$/.test(text.slice(ours.taken)),
  },
  {
    name: 'sooner: chunked applied twice, where the head ends too early',
    why: 'RFC 9112 §6.1 forbids it; llhttp overlooks chunked before a tab until the end of the head',
    example: `${post}Transfer-Encoding: chunked\t\r\nTransfer-Encoding: chunked\t\r\nA`,
    ours: { error: 'BAD_TRANSFER_ENCODING' },
    node: { outcome: 'cut' },
    explains: (text, ours, node) =>
      ours.error === 'BAD_TRANSFER_ENCODING' &&
      node.outcome === 'cut' &&
      /chunked *[,\t][^]*chunked[ \t,]*\r/i.test(text.slice(0, ours.taken)),
  },
  {
    name: 'stricter: Host twice',
    why: 'RFC 9112 §3.2: a server must refuse it',
    example: `${post}Host: a\r\n\r\n`,
    ours: { error: 'DUPLICATE_HOST' },
    node: { outcome: 'complete' },
    explains: (_text, ours) => ours.error === 'DUPLICATE_HOST',
  },
  {
    name: 'stricter: Content-Length beyond 2^53 - 1',
    why: 'RFC 9110 §8.6: recipients must guard against overflow; llhttp counts to 2^64 - 1',
    example: `${post}Content-Length: 9007199254740992\r\n\r\n`,
    ours: { error: 'BAD_CONTENT_LENGTH' },
    node: { outcome: 'cut' },
    explains: (text, ours) =>
      ours.error === 'BAD_CONTENT_LENGTH' && /Content-Length:[ \t]*\d{15,18}$/i.test(text.slice(0, ours.taken)),
  },
  {
    name: 'stricter: Transfer-Encoding without a coding',
    why: 'RFC 9112 §6.1: it changes the framing and says not how; Node takes the request as one without a body',
    example: `${post}Transfer-Encoding:\r\n\r\n`,
    ours: { error: 'BAD_TRANSFER_ENCODING' },
    node: { outcome: 'complete', bodyBytes: 0 },
    explains: (text, ours) =>
      ours.error === 'BAD_TRANSFER_ENCODING' && /\nTransfer-Encoding:[ \t,\r\n]*\r\n$/i.test(text.slice(0, ours.taken)),
  },
  {
    name: 'later: what follows chunked, where the head ends too early',
    why: 'RFC 9112 §6.3 item 4 speaks of the final coding, which the end of the head tells; llhttp does not wait for it',
    example: `${post}Transfer-Encoding: chunked, gzip`,
    ours: { error: 'TRUNCATED_HEAD' },
    node: { outcome: 'rejected' },
    explains: (text, ours, node) =>
      ours.error === 'TRUNCATED_HEAD' &&
      node.reason.startsWith('HPE_INVALID_TRANSFER_ENCODING') &&
      /Transfer-Encoding:[^]*chunked *[^ \r]|Transfer-Encoding:[^]*chunked[^]*\nTransfer-Encoding:/i.test(text),
  },
  {
    name: 'laxer: any token is a method',
    why: 'RFC 9110 §9.1: the server answers what it does not know, with 501',
    example: 'get / HTTP/1.1\r\nHost: a\r\n\r\n',
    ours: { done: true, method: 0 },
    node: { outcome: 'rejected' },
    explains: (_text, ours, node) =>
      ours.method === 0 && /^HPE_INVALID_METHOD: (Invalid method|Expected space after)/.test(node.reason),
  },
  {
    name: 'laxer: any visible ASCII is a target',
    why: 'RFC 9112 §3.2: what it means is not asked here',
    example: 'GET ?a HTTP/1.1\r\nHost: a\r\n\r\n',
    ours: { done: true },
    node: { outcome: 'rejected' },
    explains: (_text, _ours, node) => node.reason.startsWith('HPE_INVALID_URL'),
  },
  {
    name: 'laxer: the same Content-Length twice',
    why: 'RFC 9110 §8.6 lets a recipient take equal values as one',
    example: `${post}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`,
    ours: { done: true, bodyBytes: 3 },
    node: { outcome: 'rejected' },
    explains: (_text, _ours, node) => node.reason === 'HPE_UNEXPECTED_CONTENT_LENGTH: Duplicate Content-Length',
  },
  {
    name: 'laxer: obsolete line folding',
    why: 'RFC 9112 §5.2: a server may read a fold as spaces',
    example: `${post}A: b\r\n c\r\n\r\n`,
    ours: { done: true },
    node: { outcome: 'rejected' },
    explains: (text, _ours, node) =>
      /\r\n[ \t]/.test(text) &&
      /: (Unexpected whitespace after header value|Invalid header value char)$/.test(node.reason),
  },
  {
    name: 'laxer: what chunk extensions hold',
    why: 'RFC 9112 §7.1.1: a recipient must ignore extensions it does not know; only their octets are checked',
    example: `${chunked}3; a\r\nabc\r\n0\r\n\r\n`,
    ours: { done: true, bodyBytes: 3 },
    node: { outcome: 'rejected' },
    explains: (_text, _ours, node) => /: Invalid (character|quoted-pair) in chunk extensions/.test(node.reason),
  },
  {
    name: 'laxer: white space before a chunk extension',
    why: 'RFC 9112 §7.1.1 (BWS): a recipient must parse it',
    example: `${chunked}3 ;a\r\nabc\r\n0\r\n\r\n`,
    ours: { done: true, bodyBytes: 3 },
    node: { outcome: 'rejected' },
    explains: (text, _ours, node) =>
      node.reason === 'HPE_INVALID_CHUNK_SIZE: Invalid character in chunk size' && /\n[0-9a-f]+[ \t]+(;|$)/i.test(text),
  },
  {
    name: 'laxer: a tab after Content-Length',
    why: 'RFC 9110 §5.6.3: optional white space is spaces and tabs',
    example: `${post}Content-Length: 3\t\r\n\r\nabc`,
    ours: { done: true, bodyBytes: 3 },
    node: { outcome: 'rejected' },
    explains: (text, _ours, node) =>
      node.reason === 'HPE_INVALID_CONTENT_LENGTH: Invalid character in Content-Length' &&
      /Content-Length:[ \t]*\d+ *\t/i.test(text),
  },
  {
    name: 'laxer: chunked before a tab or an empty list member',
    why: 'RFC 9110 §5.6.1 and §5.6.3: both mean nothing',
    example: `${post}Transfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n`,
    ours: { done: true },
    node: { outcome: 'rejected' },
    explains: (text, _ours, node) =>
      node.reason.startsWith('HPE_INVALID_TRANSFER_ENCODING') && /chunked *[,\t][ \t,]*(\r|$)/i.test(text),
  },
  {
    name: 'laxer: Content-Length as a trailer',
    why: 'RFC 9110 §6.5.1: a trailer says nothing about framing, and is ignored where it tries',
    example: `${chunked}0\r\nContent-Length: 3\r\n\r\n`,
    ours: { done: true, bodyBytes: 0 },
    node: { outcome: 'rejected' },
    explains: (text, ours, node) =>
      node.reason === "HPE_INVALID_CONTENT_LENGTH: Content-Length can't be present with Transfer-Encoding" &&
      /\n0+(;[^\r]*)?\r\n([^\r]+\r\n)*Content-Length:/i.test(text) &&
      ours.error !== 'LENGTH_AND_CHUNKED',
  },
  {
    name: 'close before a tab',
    why: 'RFC 9110 §5.6.3: optional white space is spaces and tabs; Node overlooks the option',
    example: `${post}Connection: close\t\r\n\r\n`,
    ours: { done: true, keepAlive: false },
    node: { outcome: 'complete', keepAlive: true },
    explains: (text, ours, node) =>
      ours.done && !ours.keepAlive && node.keepAlive && /\nConnection:[^\r]*close *\t/i.test(text),
  },
  {
    name: 'HTTP/1.0 with close and keep-alive',
    why: 'RFC 9112 §9.3 looks at close first',
    example: 'GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n',
    ours: { done: true, keepAlive: false },
    node: { outcome: 'complete', keepAlive: true },
    explains: (text, ours, node) =>
      ours.done &&
      ours.versionMinor === 0 &&
      !ours.keepAlive &&
      node.keepAlive &&
      /\nConnection:[^\r]*close/i.test(text) &&
      /\nConnection:[^\r]*keep-alive/i.test(text),
  },
  {
    name: 'HTTP/1.0 with Transfer-Encoding does not persist',
    why: 'RFC 9112 §6.1: the framing of such a message is faulty; close after it',
    example: 'POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ours: { done: true, keepAlive: false },
    node: { outcome: 'complete', keepAlive: true },
    explains: (text, ours, node) =>
      ours.done && ours.versionMinor === 0 && !ours.keepAlive && node.keepAlive && /\nTransfer-Encoding:/i.test(text),
  },
];

function agree(ours: Ours, node: ServerVerdict): boolean {
  if (ours.done)
    return node.outcome === 'complete' && node.bodyBytes === ours.bodyBytes && node.keepAlive === ours.keepAlive;
  if (ours.error.startsWith('TRUNCATED') || ours.error === 'NONE') return node.outcome === 'cut';
  return node.outcome === 'rejected';
}

async function compare(text: string): Promise<void> {
  const ours = readRequest(octets(text));
  // What follows a complete request is the next one: Node is asked about the first alone.
  const own = ours.done ? text.slice(0, ours.taken) : text;
  const node = await askNodeServer(octets(own));
  if (!agree(ours, node) && !differences.some((difference) => difference.explains(own, ours, node))) {
    throw new Error(`not alike: ${JSON.stringify({ own, ours, node }, null, 1)}`);
  }
  if (!ours.done || !agree(ours, node)) return;
  const shorter = await askNodeServer(octets(own.slice(0, -1)));
  expect(shorter.outcome, `a byte less than ${JSON.stringify(own)}`).toBe('cut');
}

// llhttp 9.3 is what the differences were read from; another version may have fewer or more of them.
describe(`request parser and Node's (llhttp ${process.versions['llhttp'] ?? '?'})`, () => {
  it.each(differences)('$name ($why)', async ({ example, ours, node, explains }) => {
    const seenByUs = readRequest(octets(example));
    const seenByNode = await askNodeServer(octets(example));
    expect(seenByUs).toMatchObject(ours);
    expect(seenByNode).toMatchObject(node);
    expect(explains(example, seenByUs, seenByNode)).toBe(true);
  });

  it('agree on generated requests', async () => {
    await fc.assert(fc.asyncProperty(request, compare), { numRuns: 1500 });
  });

  it('agree on mutated requests', async () => {
    await fc.assert(fc.asyncProperty(mutated(request), compare), { numRuns: 3000 });
  });
});
