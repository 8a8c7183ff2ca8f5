/**
 * Reads HTTP/1.x requests as their bytes arrive, one after another from the same buffer (pipelining): the server's side of response-parser.ts.
 *
 * Hot path of the reference server, so plain and flat: no allocation, no strings, integer states. Targets and bodies are checked and not kept.
 */
import { ChunkedBody } from './chunked-body.ts';
import { FieldSection } from './field-section.ts';
import { type MessageLimits, messageLimits } from './limits.ts';
import { CR, LF, SP, ZERO } from './octets.ts';
import {
  BAD_REQUEST_LINE,
  BAD_TRANSFER_ENCODING,
  BAD_VERSION,
  BODY_TOO_LARGE,
  DUPLICATE_HOST,
  HEAD_TOO_LARGE,
  MISSING_HOST,
  TRUNCATED_BODY,
  TRUNCATED_HEAD,
} from './parse-error.ts';
import { persists } from './persistence.ts';
import { ROOT, STOP, wordTable } from './words.ts';

export { parseErrorName as requestErrorName } from './parse-error.ts';

/** Methods by code; every method that is not here has the code 0. */
export const requestMethods = ['other', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'] as const;
const methods = wordTable(requestMethods.slice(1), false);
const HEAD_METHOD = requestMethods.indexOf('HEAD');

const versionStart = Uint8Array.from('HTTP/1.', (letter) => letter.charCodeAt(0));

// Where in the request line the next octet falls; `HTTP/1.` takes the places from VERSION on.
const BEFORE = 0;
const METHOD = 1;
const TARGET_START = 2;
const TARGET = 3;
const VERSION = 4;
const MINOR = VERSION + 7;
const LINE_CR = MINOR + 1;

// What the next octet belongs to.
const REQUEST_LINE = 0;
const FIELDS = 1;
const LENGTH_BODY = 2;
const CHUNKED_BODY = 3;

export class RequestParser {
  /** The request is complete, its body read; nothing more is read until `reset`. */
  done = false;
  /** A code that `requestErrorName` names, or 0. Nothing more is read until `reset`. */
  error = 0;
  /** A first octet of the request was read: an end of the connection now cuts it short. */
  started = false;
  /** The head is complete; a body may still be on its way. */
  headDone = false;
  /** Index into `requestMethods`. */
  method = 0;
  isHead = false;
  versionMinor = 1;
  /** Whether the client lets the connection live on after the response (RFC 9112 §9.3). */
  keepAlive = false;
  /** Octets of body data read, chunk framing not counted. */
  bodyBytes = 0;
  /** Octets of the head, with empty lines before it. */
  headBytes = 0;

  readonly #limits: MessageLimits;
  readonly #fields: FieldSection;
  readonly #chunked: ChunkedBody;
  #phase = REQUEST_LINE;
  #place = BEFORE;
  #word = ROOT;
  #remainingBytes = 0;

  /**
   * Throws a RangeError on a limit that is not a non-negative safe integer. `readsNumber`: the field `Connbench-Request` is read, in which a
   * retrying client numbers its requests.
   */
  constructor(limits: Partial<MessageLimits> = {}, readsNumber = false) {
    this.#limits = messageLimits(limits);
    this.#fields = new FieldSection(this.#limits, readsNumber);
    this.#chunked = new ChunkedBody(this.#limits, this.#fields);
  }

  /** Of a complete head: 16 where the request has a number. */
  get numberDigits(): number {
    return this.#fields.numberDigits;
  }

  /** The number's first four digits. */
  get numberWorker(): number {
    return this.#fields.numberWorker;
  }

  /** The number's other twelve digits. */
  get numberSequence(): number {
    return this.#fields.numberSequence;
  }

  /** Before each request, and as newly made. */
  reset(): void {
    this.done = false;
    this.error = 0;
    this.started = false;
    this.headDone = false;
    this.method = 0;
    this.isHead = false;
    this.versionMinor = 1;
    this.keepAlive = false;
    this.bodyBytes = 0;
    this.headBytes = 0;
    this.#phase = REQUEST_LINE;
    this.#place = BEFORE;
  }

  /**
   * Reads `bytes[start..end)` as far as they belong to this request and returns the offset after what was read: less than `end` where the
   * next request begins, and on an error the offset of the offending octet. The bytes are not kept.
   */
  feed(bytes: Uint8Array, start: number, end: number): number {
    let offset = start;
    while (offset < end && !this.done && this.error === 0) {
      switch (this.#phase) {
        case REQUEST_LINE:
          offset = this.#readRequestLine(bytes, offset, end);
          break;
        case FIELDS:
          offset = this.#readFields(bytes, offset, end);
          break;
        case LENGTH_BODY: {
          const take = Math.min(this.#remainingBytes, end - offset);
          this.#remainingBytes -= take;
          this.bodyBytes += take;
          offset += take;
          this.done = this.#remainingBytes === 0;
          break;
        }
        default:
          offset = this.#chunked.feed(bytes, offset, end);
          this.bodyBytes = this.#chunked.bodyBytes;
          this.done = this.#chunked.done;
          if (this.#chunked.error !== 0) this.#fail(this.#chunked.error, offset);
      }
    }
    return offset;
  }

  /** The connection ended: an error in the middle of a request, and nothing at all between two. */
  finish(): void {
    if (this.done || this.error !== 0 || !this.started) return;
    this.#fail(this.#phase > FIELDS ? TRUNCATED_BODY : TRUNCATED_HEAD, 0);
  }

  #fail(error: number, offset: number): number {
    this.error = error;
    this.keepAlive = false;
    return offset;
  }

  #readRequestLine(bytes: Uint8Array, start: number, end: number): number {
    const budget = this.#limits.headBytes - this.headBytes;
    const stop = end - start > budget ? start + budget : end;
    const offset = this.#scanRequestLine(bytes, start, stop);
    this.headBytes += offset - start;
    if (this.#phase === FIELDS) this.#fields.begin(true, this.#limits.headBytes - this.headBytes);
    else if (offset === stop && stop < end && this.error === 0) this.error = HEAD_TOO_LARGE;
    return offset;
  }

  #scanRequestLine(bytes: Uint8Array, start: number, stop: number): number {
    let place = this.#place;
    let offset = start;
    for (; offset < stop; offset++) {
      const octet = bytes[offset]!;
      if (place === TARGET) {
        // Visible ASCII up to the space; what the target means is not asked here.
        if (octet === SP) place = VERSION;
        else if (octet <= SP || octet >= 0x7f) return this.#fail(BAD_REQUEST_LINE, offset);
      } else if (place < TARGET) {
        place = this.#methodOctet(octet, place);
        if (this.error !== 0) return offset;
      } else if (place < MINOR) {
        if (octet !== versionStart[place - VERSION])
          return this.#fail(place < MINOR - 2 ? BAD_REQUEST_LINE : BAD_VERSION, offset);
        place++;
      } else if (place === MINOR) {
        if (octet !== ZERO && octet !== ZERO + 1) return this.#fail(BAD_VERSION, offset);
        this.versionMinor = octet - ZERO;
        place++;
      } else if (place === LINE_CR) {
        if (octet !== CR) return this.#fail(BAD_REQUEST_LINE, offset);
        place++;
      } else {
        if (octet !== LF) return this.#fail(BAD_REQUEST_LINE, offset);
        this.#phase = FIELDS;
        return offset + 1;
      }
    }
    this.#place = place;
    return offset;
  }

  /** An octet before or in the method, or the first of the target. Returns the next place. */
  #methodOctet(octet: number, place: number): number {
    if (place === TARGET_START) {
      if (octet <= SP || octet >= 0x7f) this.error = BAD_REQUEST_LINE;
      return TARGET;
    }
    if (place === BEFORE) {
      // A server overlooks empty lines before a request (RFC 9112 §2.2).
      if (octet === CR || octet === LF) return BEFORE;
      this.started = true;
      this.#word = ROOT;
    }
    const next = methods.next[(this.#word << 8) | octet]!;
    if (next !== STOP) {
      this.#word = next;
      return METHOD;
    }
    if (octet !== SP || this.#word === ROOT) this.error = BAD_REQUEST_LINE;
    this.method = methods.wordAt[this.#word]!;
    this.isHead = this.method === HEAD_METHOD;
    return TARGET_START;
  }

  #readFields(bytes: Uint8Array, start: number, end: number): number {
    const offset = this.#fields.feed(bytes, start, end);
    this.headBytes += offset - start;
    if (this.#fields.error !== 0) return this.#fail(this.#fields.error, offset);
    if (this.#fields.done) this.#endHead();
    return offset;
  }

  /** Decides what follows the head: RFC 9112 §3.2 for Host, §6.3 for the body. */
  #endHead(): void {
    const fields = this.#fields;
    const length = fields.contentLength;
    this.headDone = true;
    if (fields.hostFields === 0 && this.versionMinor >= 1) this.error = MISSING_HOST;
    else if (fields.hostFields > 1) this.error = DUPLICATE_HOST;
    else if (fields.transferEncoded && !fields.chunkedFinal) this.error = BAD_TRANSFER_ENCODING;
    else if (length > this.#limits.bodyBytes) this.error = BODY_TOO_LARGE;
    if (this.error !== 0) return;
    // Transfer codings came with HTTP/1.1: from a 1.0 sender the framing is not to be trusted further (RFC 9112 §6.1).
    const trusted = this.versionMinor >= 1 || !fields.transferEncoded;
    this.keepAlive = trusted && persists(this.versionMinor, fields.closeOption, fields.keepAliveOption);
    if (fields.chunkedFinal) {
      this.#phase = CHUNKED_BODY;
      this.#chunked.begin();
    } else if (length > 0) {
      this.#phase = LENGTH_BODY;
      this.#remainingBytes = length;
    } else {
      this.done = true;
    }
  }
}
