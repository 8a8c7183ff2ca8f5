/**
 * What a fault does to a response: which bytes are sent, at which pace, and what becomes of the connection. Pure; both kinds of server do
 * what is decided here.
 *
 * Every fault takes effect where the response would begin: the handler has run by then and its delay is over, so that a request that meets
 * a fault counts as executed, whatever its client sees of it.
 */
import { encodeResponse, type ResponseShape } from '../http/response.ts';
import type { Random } from '../load/random.ts';
import type { FaultConfig, FaultName } from '../scenario/config.ts';

/** What becomes of the connection when the bytes are sent. After all but the first three no further request on it is executed. */
type FaultEnd =
  /** What the response says, as without a fault. */
  | 'as-usual'
  /** It persists, though the request may have asked for its end. */
  | 'stay'
  /** It persists, and has no idle timeout until the next response. */
  | 'stay-open'
  /** Closed at once. */
  | 'fin'
  /** Closed after `lateMs`. */
  | 'fin-late'
  /** FIN, and all that comes is read and thrown away until the client closes. */
  | 'half-close'
  | 'reset'
  /** Nothing, until the client closes. */
  | 'hang';

export interface FaultyResponse {
  readonly fault: FaultName;
  readonly bytes: Uint8Array;
  /** The bytes from this offset on are the body, with its framing. */
  readonly bodyStart: number;
  /** How long the body takes, byte by byte; 0: everything is sent at once. */
  readonly dripMs: number;
  readonly end: FaultEnd;
  readonly lateMs: number;
}

/** Faults that leave no client with a whole response. */
export const certainFailures: readonly FaultName[] = ['close-without-answer', 'reset-before', 'reset-during', 'stall'];

/** Faults that have a meaning in HTTP/2; the others are about the framing and persistence of HTTP/1. */
export const http2Faults: readonly FaultName[] = [
  'close-without-answer',
  'reset-before',
  'reset-during',
  'reset-after',
  'wrong-length',
  'stall',
  'slow-drip',
  'close-unsaid',
];

/** One draw for each request: of the faults in the order of the list, each has its share of the numbers from 0 to 1. */
export class FaultDraw {
  readonly #random: Random;
  /** Where the share of each ends. */
  readonly #upTo: readonly number[];

  constructor(faults: readonly FaultConfig[], random: Random) {
    this.#random = random;
    let sum = 0;
    this.#upTo = faults.map(({ probability }) => (sum += probability));
  }

  /** A position in the list, or -1: no fault. */
  next(): number {
    const drawn = this.#random.nextUnit();
    return this.#upTo.findIndex((end) => drawn < end);
  }
}

/** `Random.fork` of the server's seed: independent of its delays. */
export const faultStream = 0xfa017;

/**
 * The response that a request meets in place of the one of `shape`, or null where the fault could not show: a hint in a response that says
 * close, a slow body where there is none.
 */
export function faultyResponse(config: FaultConfig, shape: ResponseShape): FaultyResponse | null {
  const { fault, durationMs = 0 } = config;
  const seconds = Math.floor(durationMs / 1000);
  const make = (
    bytes: Uint8Array,
    end: FaultEnd,
    times: { dripMs?: number; lateMs?: number } = {},
  ): FaultyResponse => ({
    fault,
    bytes,
    bodyStart: bodyStart(bytes),
    dripMs: 0,
    lateMs: 0,
    end,
    ...times,
  });
  const said = (connection: 'close' | 'keep-alive'): Uint8Array => encodeResponse({ ...shape, connection });
  const normal = encodeResponse(shape);
  switch (fault) {
    case 'close-without-answer':
      return make(new Uint8Array(0), 'fin');
    case 'reset-before':
      return make(new Uint8Array(0), 'reset');
    case 'reset-during':
      return make(half(normal), 'reset');
    case 'reset-after':
      return make(normal, 'reset');
    case 'wrong-length':
      return make(withFraming(shape, [`Content-Length: ${shape.bodyBytes + 1}`], false), 'fin');
    case 'no-length':
      return make(withFraming({ ...shape, connection: 'keep-alive' }, [], false), 'stay');
    case 'length-and-chunked':
      return make(
        withFraming(shape, [`Content-Length: ${shape.bodyBytes}`, 'Transfer-Encoding: chunked'], true),
        'as-usual',
      );
    case 'stall':
      return make(half(normal), 'hang');
    case 'slow-drip':
      return bodyStart(normal) === normal.length ? null : make(normal, 'as-usual', { dripMs: durationMs });
    case 'half-close':
      return make(normal, 'half-close');
    case 'late-fin':
      return make(said('close'), 'fin-late', { lateMs: durationMs });
    case 'close-unsaid':
      return make(said('keep-alive'), 'fin');
    case 'close-not-done':
      return make(said('close'), 'stay-open');
    case 'hint-lies':
      if (shape.connection === 'close') return null;
      return make(encodeResponse({ ...shape, keepAliveTimeoutSeconds: seconds }), 'as-usual');
  }
}

/** Up to and with the first half of the body; of a response without a body, the first half of its head. */
function half(response: Uint8Array): Uint8Array {
  const start = bodyStart(response);
  const rest = response.length - start;
  return response.slice(0, rest === 0 ? start >> 1 : start + (rest >> 1));
}

/** The response of `shape` with other lines in place of those that say where the body ends. */
function withFraming(shape: ResponseShape, lines: readonly string[], isChunked: boolean): Uint8Array {
  const head = new TextDecoder().decode(encodeResponse({ ...shape, framing: 'length', headRequest: true }));
  const length = `Content-Length: ${shape.bodyBytes}\r\n`;
  const altered = new TextEncoder().encode(head.replace(length, lines.map((line) => `${line}\r\n`).join('')));
  if (shape.headRequest === true) return altered;
  const whole = encodeResponse({ ...shape, versionMinor: 1, framing: isChunked ? 'chunked' : 'length' });
  const body = whole.subarray(bodyStart(whole));
  const bytes = new Uint8Array(altered.length + body.length);
  bytes.set(altered);
  bytes.set(body, altered.length);
  return bytes;
}

const CR = 13;
const LF = 10;

/** The offset after the empty line. */
function bodyStart(response: Uint8Array): number {
  for (let end = 4; end <= response.length; end++) {
    if (response[end - 1] === LF && response[end - 2] === CR && response[end - 3] === LF && response[end - 4] === CR) {
      return end;
    }
  }
  return response.length;
}
