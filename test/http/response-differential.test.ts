/** The response parser against Node's own HTTP client (llhttp, strict): same verdict, status, body length, persistence and end of message. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mutated, response } from './messages.ts';
import { type NodeVerdict, askNodeClient } from './node-client.ts';
import { octets, readResponse } from './read-message.ts';

type Ours = ReturnType<typeof readResponse>;

interface Difference {
  readonly name: string;
  readonly why: string;
  readonly example: string;
  /** GET unless given. */
  readonly method?: 'GET' | 'HEAD';
  readonly ours: Partial<Ours>;
  readonly node: Partial<NodeVerdict>;
  /** Whether this difference explains the two verdicts on a text. */
  readonly explains: (text: string, ours: Ours, node: NodeVerdict, method: 'GET' | 'HEAD') => boolean;
}

const ok = 'HTTP/1.1 200 OK\r\n';
const chunked = `${ok}Transfer-Encoding: chunked\r\n\r\n`;
const head = (text: string): string => text.slice(0, text.lastIndexOf('\r\n\r\n') + 4);
const hasFold = (text: string): boolean => /\r\n[ \t]/.test(text);
/** Whether a fault of ours lies on an octet that follows `before` and matches `octet`. */
const faultAt = (text: string, ours: Ours, before: RegExp, octet: RegExp): boolean =>
  before.test(text.slice(0, ours.taken)) && octet.test(text.slice(ours.taken));

/** Where the head begins in which the parser stopped. */
const headStart = (text: string, taken: number): number => {
  const before = text.slice(0, taken).lastIndexOf('\r\n\r\n');
  return before < 0 ? 0 : before + 4;
};
/** Another protocol or version, also where the text ends in the middle of its name. */
const startsOtherProtocol = (text: string): boolean =>
  /^(HTTP\/(0\.9|2\.0|\d$|\d\.\d?$)|RTSP\/|ICE\/)/.test(text) || 'RTSP/'.startsWith(text) || 'ICE/'.startsWith(text);

/** Where we differ on purpose. Each has an example that proves the difference real, and a condition as narrow as could be written. */
const differences: readonly Difference[] = [
  {
    name: 'stricter: only HTTP/1.0 and HTTP/1.1 are versions of this protocol',
    why: 'RFC 9112 §2.3; llhttp also takes 0.9, 2.0 and the names RTSP and ICE',
    example: 'HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n',
    ours: { error: 'BAD_STATUS_LINE', taken: 5 },
    node: { outcome: 'complete' },
    explains: (text, ours) =>
      ours.error === 'BAD_STATUS_LINE' && startsOtherProtocol(text.slice(headStart(text, ours.taken))),
  },
  {
    name: 'stricter: no empty line before a status line',
    why: 'RFC 9112 §2.2 asks only servers to overlook one',
    example: `\r\n${ok}Content-Length: 0\r\n\r\n`,
    ours: { error: 'BAD_STATUS_LINE', taken: 0 },
    node: { outcome: 'complete' },
    explains: (text, ours) => ours.error === 'BAD_STATUS_LINE' && faultAt(text, ours, /(^|\r\n\r\n)$/, /^[\r\n]/),
  },
  {
    name: 'stricter: a status code starts at 100',
    why: 'RFC 9110 §15',
    example: 'HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n',
    ours: { error: 'BAD_STATUS_LINE', taken: 9 },
    node: { outcome: 'complete' },
    explains: (text, ours) => ours.error === 'BAD_STATUS_LINE' && faultAt(text, ours, /HTTP\/1\.[01] $/, /^0/),
  },
  {
    name: 'stricter: a status line ends with LF, not with a second CR',
    why: 'RFC 9112 §2.2: a CR without LF is invalid; llhttp takes either after the first CR',
    example: 'HTTP/1.1 200 OK\r\rContent-Length: 0\r\n\r\n',
    ours: { error: 'BAD_STATUS_LINE', taken: 16 },
    node: { outcome: 'complete' },
    explains: (text, ours) =>
      ours.error === 'BAD_STATUS_LINE' && faultAt(text, ours, /HTTP\/1\.[01] \d{3}( [^\r\n]*)?\r$/, /^\r/),
  },
  {
    name: 'stricter: 101 is an error',
    why: 'RFC 9110 §15.2.2: nobody asked for another protocol; Node takes it as final unless it carries Upgrade',
    example: 'HTTP/1.1 101 Switching Protocols\r\n\r\n',
    ours: { error: 'UNEXPECTED_UPGRADE' },
    node: { outcome: 'complete' },
    explains: (_text, ours) => ours.error === 'UNEXPECTED_UPGRADE' && ours.status === 101,
  },
  {
    name: 'stricter: Content-Length beyond 2^53 - 1',
    why: 'RFC 9110 §8.6: recipients must guard against overflow; llhttp counts to 2^64 - 1',
    example: `${ok}Content-Length: 9007199254740992\r\n\r\n`,
    ours: { error: 'BAD_CONTENT_LENGTH' },
    node: { outcome: 'cut' },
    explains: (text, ours) =>
      ours.error === 'BAD_CONTENT_LENGTH' && faultAt(text, ours, /Content-Length:[ \t]*\d{15,18}$/i, /^\d/),
  },
  {
    name: 'stricter: a chunk beyond 2^53 - 1',
    why: 'RFC 9112 §7.1: recipients must guard against overflow; llhttp counts to 2^64 - 1',
    example: `${chunked}20000000000000\r\na`,
    ours: { error: 'BAD_CHUNK' },
    node: { outcome: 'cut' },
    explains: (text, ours) => ours.error === 'BAD_CHUNK' && faultAt(text, ours, /\n[0-9a-f]{13,15}$/i, /^[0-9a-f]/i),
  },
  {
    name: 'stricter: Transfer-Encoding without a coding',
    why: 'RFC 9112 §6.1: it changes the framing and says not how; Node reads until the connection ends',
    example: `${ok}Transfer-Encoding:\r\n\r\na`,
    ours: { error: 'BAD_TRANSFER_ENCODING' },
    node: { outcome: 'complete', bodyBytes: 1 },
    explains: (text, ours) =>
      ours.error === 'BAD_TRANSFER_ENCODING' && /\nTransfer-Encoding:[ \t,\r\n]*\r\n$/i.test(text.slice(0, ours.taken)),
  },
  {
    name: 'stricter: chunked applied twice',
    why: 'RFC 9112 §6.1 forbids it; the data would be chunks again',
    example: `${ok}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`,
    ours: { error: 'BAD_TRANSFER_ENCODING' },
    node: { outcome: 'complete' },
    explains: (text, ours) =>
      ours.error === 'BAD_TRANSFER_ENCODING' &&
      (text.slice(0, ours.taken).match(/[:,\n]\s*chunked\s*(?=[,\r])/gi)?.length ?? 0) > 1,
  },
  {
    name: 'laxer: the same Content-Length twice',
    why: 'RFC 9110 §8.6 lets a recipient take equal values as one',
    example: `${ok}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`,
    ours: { done: true, bodyBytes: 3 },
    node: { outcome: 'rejected' },
    explains: (_text, _ours, node) => node.reason === 'HPE_UNEXPECTED_CONTENT_LENGTH: Duplicate Content-Length',
  },
  {
    name: 'laxer: obsolete line folding',
    why: 'RFC 9112 §5.2: a user agent must read a fold as spaces',
    example: `${ok}A: b\r\n c\r\nConnection:\r\n close\r\nContent-Length: 0\r\n\r\n`,
    ours: { done: true, keepAlive: false },
    node: { outcome: 'rejected' },
    explains: (text, _ours, node) =>
      hasFold(text) && /: (Unexpected whitespace after header value|Invalid header value char)$/.test(node.reason),
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
    example: `${ok}Content-Length: 3\t\r\n\r\nabc`,
    ours: { done: true, bodyBytes: 3 },
    node: { outcome: 'rejected' },
    explains: (text, _ours, node) =>
      node.reason === 'HPE_INVALID_CONTENT_LENGTH: Invalid character in Content-Length' &&
      /Content-Length:[ \t]*\d+ *\t/i.test(text),
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
    name: 'laxer: an interim response that says close, or is HTTP/1.0',
    why: 'RFC 9110 §15.2: the final response follows on the same connection',
    example: `HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\n${ok}Content-Length: 0\r\n\r\n`,
    ours: { done: true, status: 200, interimResponses: 1 },
    node: { outcome: 'rejected' },
    explains: (text, ours, node) =>
      node.reason === 'HPE_CLOSED_CONNECTION: Data after `Connection: close`' &&
      ours.interimResponses > 0 &&
      /(^|\r\n\r\n)HTTP\/1\.([01] 1\d\d[^]*?\nConnection:[^]*?close|0 1\d\d)/i.test(text),
  },
  {
    name: 'chunked is the final coding before a tab or an empty list member',
    why: 'RFC 9110 §5.6.1 and §5.6.3; Node reads until the connection ends',
    example: `${ok}Transfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n`,
    ours: { done: true, bodyBytes: 0, untilClose: false },
    node: { outcome: 'complete', bodyBytes: 5, keepAlive: false },
    explains: (text, ours, node) =>
      !ours.untilClose &&
      node.status === ours.status &&
      !node.keepAlive &&
      /\n(Transfer-Encoding:|[ \t])[^\r]*chunked *[,\t][ \t,]*\r/i.test(text),
  },
  {
    name: 'close before a tab',
    why: 'RFC 9110 §5.6.3: optional white space is spaces and tabs; Node overlooks the option',
    example: `${ok}Connection: close\t\r\nContent-Length: 0\r\n\r\n`,
    ours: { done: true, keepAlive: false },
    node: { outcome: 'complete', keepAlive: true },
    explains: (text, ours, node) =>
      ours.done && !ours.keepAlive && node.keepAlive && /\nConnection:[^\r]*close *\t/i.test(text),
  },
  {
    name: 'HTTP/1.0 with close and keep-alive',
    why: 'RFC 9112 §9.3 looks at close first',
    example: 'HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\nContent-Length: 0\r\n\r\n',
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
    example: 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ours: { done: true, keepAlive: false },
    node: { outcome: 'complete', keepAlive: true },
    explains: (text, ours, node) =>
      ours.done &&
      ours.versionMinor === 0 &&
      !ours.keepAlive &&
      node.keepAlive &&
      /\nTransfer-Encoding:/i.test(head(text)),
  },
  {
    name: 'a response to HEAD persists without a length',
    why: 'RFC 9112 §6.3 item 1: its end is the end of the head; llhttp decides before Node tells it of HEAD',
    example: `${ok}\r\n`,
    method: 'HEAD',
    ours: { done: true, keepAlive: true },
    node: { outcome: 'complete', keepAlive: false },
    explains: (text, ours, node, method) =>
      method === 'HEAD' && ours.keepAlive && !node.keepAlive && readResponse(octets(text)).untilClose,
  },
];

function agree(ours: Ours, node: NodeVerdict): boolean {
  if (ours.done) {
    const same = node.status === ours.status && node.bodyBytes === ours.bodyBytes && node.keepAlive === ours.keepAlive;
    return node.outcome === 'complete' && same;
  }
  if (ours.error.startsWith('TRUNCATED') || ours.error === 'NO_RESPONSE') {
    return node.outcome === 'cut' && (ours.error !== 'TRUNCATED_BODY' || node.bodyBytes === ours.bodyBytes);
  }
  return node.outcome === 'rejected';
}

async function compare(text: string, method: 'GET' | 'HEAD'): Promise<void> {
  const headRequest = method === 'HEAD';
  const ours = readResponse(octets(text), { headRequest });
  // Bytes after a complete response are the caller's affair: Node is asked about the response alone.
  const own = ours.done ? text.slice(0, ours.taken) : text;
  const node = await askNodeClient(octets(own), method);
  if (!agree(ours, node) && !differences.some((difference) => difference.explains(own, ours, node, method))) {
    throw new Error(`not alike: ${JSON.stringify({ method, own, ours, node }, null, 1)}`);
  }
  if (!ours.done || ours.untilClose || !agree(ours, node)) return;
  const shorter = await askNodeClient(octets(own.slice(0, -1)), method);
  expect(shorter.outcome, `a byte less than ${JSON.stringify(own)}`).toBe('cut');
}

// llhttp 9.3 is what the differences were read from; another version may have fewer or more of them.
describe(`response parser and Node's (llhttp ${process.versions['llhttp'] ?? '?'})`, () => {
  it.each(differences)('$name ($why)', async ({ example, ours, node, explains, ...row }) => {
    const method = row.method ?? 'GET';
    const seenByUs = readResponse(octets(example), { headRequest: method === 'HEAD' });
    const seenByNode = await askNodeClient(octets(example), method);
    expect(seenByUs).toMatchObject(ours);
    expect(seenByNode).toMatchObject(node);
    expect(explains(example, seenByUs, seenByNode, method)).toBe(true);
  });

  const method = fc.constantFrom('GET' as const, 'GET' as const, 'GET' as const, 'HEAD' as const);

  it('agree on generated responses', async () => {
    await fc.assert(fc.asyncProperty(response, method, compare), { numRuns: 1500 });
  });

  it('agree on mutated responses', async () => {
    await fc.assert(fc.asyncProperty(mutated(response), method, compare), { numRuns: 4000 });
  });
});
