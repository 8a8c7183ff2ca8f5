/**
 * Reads HTTP/1.x responses as their bytes arrive (RFC 9112 §4 to §7): framing, status, persistence, sizes. Bodies are counted, not kept.
 *
 * Hot path of the reference client, so plain and flat: no allocation, no strings, integer states, and no copy however the input is cut.
 */
import { ChunkedBody } from './chunked-body.ts';
import { FieldSection } from './field-section.ts';
import { type MessageLimits, messageLimits } from './limits.ts';
import { CR, LF, SP, ZERO } from './octets.ts';
import {
  BAD_STATUS_LINE,
  BAD_VERSION,
  BODY_TOO_LARGE,
  HEAD_TOO_LARGE,
  NO_RESPONSE,
  TOO_MANY_INTERIM,
  TRUNCATED_BODY,
  TRUNCATED_HEAD,
  UNEXPECTED_UPGRADE,
} from './parse-error.ts';
import { persists } from './persistence.ts';

export { parseErrorName as responseErrorName } from './parse-error.ts';

const versionStart = Uint8Array.from('HTTP/1.', (letter) => letter.charCodeAt(0));

// Octets of the status line by place: `HTTP/1.` 0-6, the minor version 7, SP 8, the status code 9-11, then these.
const MINOR = 7;
const VERSION_SP = 8;
const CODE_START = 9;
const CODE_END = 11;
const REASON_SP = 12;
const REASON = 13;
const LINE_LF = 14;

// What the next octet belongs to.
const STATUS_LINE = 0;
const FIELDS = 1;
const LENGTH_BODY = 2;
const CHUNKED_BODY = 3;
const CLOSE_BODY = 4;

export class ResponseParser {
  /** The final response is complete; nothing more is read until `begin`. */
  done = false;
  /** A code that `responseErrorName` names, or 0. Nothing more is read until `begin`. */
  error = 0;
  /** Status code of the response read last: a final one once its head was read. */
  status = 0;
  versionMinor = 1;
  /** Whether the connection may be reused once `done` (RFC 9112 §9.3), as far as the response decides it. */
  keepAlive = false;
  /** `Keep-Alive: timeout=`, -1 when absent; the largest value that is told apart is `mostHint`. */
  hintTimeoutMs = -1;
  /** `Keep-Alive: max=`, -1 when absent; the largest value that is told apart is `mostHint`. */
  hintMax = -1;
  /** Octets of body data, chunk framing not counted. */
  bodyBytes = 0;
  /** Octets of the final head and of the interim ones before it, empty lines included. */
  headBytes = 0;
  /** The body ends where the connection does. */
  untilClose = false;
  /** 1xx responses skipped. */
  interimResponses = 0;

  readonly #limits: MessageLimits;
  readonly #fields: FieldSection;
  readonly #chunked: ChunkedBody;
  #phase = STATUS_LINE;
  #place = 0;
  #lineBytes = 0;
  #remainingBytes = 0;
  #headRequest = false;

  /** Throws a RangeError on a limit that is not a non-negative safe integer. */
  constructor(limits: Partial<MessageLimits> = {}) {
    this.#limits = messageLimits(limits);
    this.#fields = new FieldSection(this.#limits);
    this.#chunked = new ChunkedBody(this.#limits, this.#fields);
  }

  /** As newly made: ready for a response to anything but HEAD. */
  reset(): void {
    this.begin(false);
  }

  /** Before each response: whether it answers a HEAD request, and so has no body whatever its fields say. */
  begin(headRequest: boolean): void {
    this.done = false;
    this.error = 0;
    this.status = 0;
    this.versionMinor = 1;
    this.keepAlive = false;
    this.hintTimeoutMs = -1;
    this.hintMax = -1;
    this.bodyBytes = 0;
    this.headBytes = 0;
    this.untilClose = false;
    this.interimResponses = 0;
    this.#headRequest = headRequest;
    this.#beginHead();
  }

  /** The head of the final response was read, with or without what follows. */
  get headDone(): boolean {
    return this.error === 0 && (this.done || this.#phase > FIELDS);
  }

  /**
   * Reads `bytes[start..end)` as far as they belong to this response and returns the offset after what was read: less than `end` where the
   * response ended before, and on an error the offset of the offending octet. The bytes are not kept.
   */
  feed(bytes: Uint8Array, start: number, end: number): number {
    let offset = start;
    while (offset < end && !this.done && this.error === 0) {
      switch (this.#phase) {
        case STATUS_LINE:
          offset = this.#readStatusLine(bytes, offset, end);
          break;
        case FIELDS:
          offset = this.#readFields(bytes, offset, end);
          break;
        case LENGTH_BODY: {
          const take = Math.min(this.#remainingBytes, end - offset);
          this.#remainingBytes -= take;
          this.bodyBytes += take;
          offset += take;
          if (this.#remainingBytes === 0) this.done = true;
          break;
        }
        case CHUNKED_BODY:
          offset = this.#chunked.feed(bytes, offset, end);
          this.bodyBytes = this.#chunked.bodyBytes;
          if (this.#chunked.error !== 0) this.#fail(this.#chunked.error, offset);
          else if (this.#chunked.done) this.done = true;
          break;
        default: {
          const take = Math.min(this.#limits.bodyBytes - this.bodyBytes, end - offset);
          this.bodyBytes += take;
          offset += take;
          if (offset < end) this.#fail(BODY_TOO_LARGE, offset);
        }
      }
    }
    return offset;
  }

  /** The connection ended: completes a body that lasts until then, and makes anything else unfinished an error. */
  finish(): void {
    if (this.done || this.error !== 0) return;
    if (this.#phase === CLOSE_BODY) this.done = true;
    else if (this.#phase > FIELDS) this.#fail(TRUNCATED_BODY, 0);
    else this.#fail(this.headBytes === 0 ? NO_RESPONSE : TRUNCATED_HEAD, 0);
  }

  #beginHead(): void {
    this.#phase = STATUS_LINE;
    this.#place = 0;
    this.#lineBytes = 0;
  }

  #fail(error: number, offset: number): number {
    this.error = error;
    this.keepAlive = false;
    return offset;
  }

  #readStatusLine(bytes: Uint8Array, start: number, end: number): number {
    const budget = this.#limits.headBytes - this.#lineBytes;
    const stop = end - start > budget ? start + budget : end;
    const offset = this.#scanStatusLine(bytes, start, stop);
    this.#lineBytes += offset - start;
    this.headBytes += offset - start;
    if (offset === stop && stop < end && this.error === 0 && this.#phase === STATUS_LINE) this.error = HEAD_TOO_LARGE;
    return offset;
  }

  /** No empty line may come first: only servers are asked to overlook one (RFC 9112 §2.2). */
  #scanStatusLine(bytes: Uint8Array, start: number, stop: number): number {
    let place = this.#place;
    let offset = start;
    for (; offset < stop; offset++) {
      const octet = bytes[offset]!;
      if (place === REASON) {
        // Its content means nothing to a client (RFC 9112 §4), but its end must be CRLF.
        if (octet === LF) return this.#fail(BAD_STATUS_LINE, offset);
        if (octet === CR) place = LINE_LF;
      } else if (place < MINOR) {
        if (octet !== versionStart[place]) return this.#fail(BAD_STATUS_LINE, offset);
        place++;
      } else if (place === MINOR) {
        if (octet !== ZERO && octet !== ZERO + 1) return this.#fail(BAD_VERSION, offset);
        this.versionMinor = octet - ZERO;
        place++;
      } else if (place === VERSION_SP) {
        if (octet !== SP) return this.#fail(BAD_STATUS_LINE, offset);
        this.status = 0;
        place++;
      } else if (place <= CODE_END) {
        // A status code starts at 100 (RFC 9110 §15).
        if (octet < (place === CODE_START ? ZERO + 1 : ZERO) || octet > ZERO + 9)
          return this.#fail(BAD_STATUS_LINE, offset);
        this.status = this.status * 10 + octet - ZERO;
        place++;
      } else if (place === REASON_SP) {
        // The space may be missing where the reason is: servers send that, and nothing else it could mean.
        if (octet === SP) place = REASON;
        else if (octet === CR) place = LINE_LF;
        else return this.#fail(BAD_STATUS_LINE, offset);
      } else {
        if (octet !== LF) return this.#fail(BAD_STATUS_LINE, offset);
        this.#phase = FIELDS;
        this.#fields.begin(true, this.#limits.headBytes - this.#lineBytes - (offset + 1 - start));
        return offset + 1;
      }
    }
    this.#place = place;
    return offset;
  }

  #readFields(bytes: Uint8Array, start: number, end: number): number {
    const offset = this.#fields.feed(bytes, start, end);
    this.headBytes += offset - start;
    if (this.#fields.error !== 0) return this.#fail(this.#fields.error, offset);
    if (this.#fields.done) this.#endHead();
    return offset;
  }

  /** Decides what follows the head: RFC 9112 §6.3, in its order. */
  #endHead(): void {
    const fields = this.#fields;
    const { status } = this;
    if (status < 200) {
      // Nobody asked for another protocol, so bytes of one must not be read as HTTP (RFC 9110 §15.2.2).
      if (status === 101) this.error = UNEXPECTED_UPGRADE;
      else if (++this.interimResponses > this.#limits.interimResponses) this.error = TOO_MANY_INTERIM;
      else this.#beginHead();
      return;
    }
    this.hintTimeoutMs = fields.hint.timeoutMs;
    this.hintMax = fields.hint.max;
    // Transfer codings came with HTTP/1.1: from a 1.0 sender the framing is not to be trusted further (RFC 9112 §6.1).
    const trusted = this.versionMinor >= 1 || !fields.transferEncoded;
    this.keepAlive = trusted && persists(this.versionMinor, fields.closeOption, fields.keepAliveOption);
    if (this.#headRequest || status === 204 || status === 304) {
      this.done = true;
    } else if (fields.chunkedFinal) {
      this.#phase = CHUNKED_BODY;
      this.#chunked.begin();
    } else if (fields.contentLength >= 0) {
      this.#beginLengthBody(fields.contentLength);
    } else {
      this.#phase = CLOSE_BODY;
      this.untilClose = true;
      this.keepAlive = false;
    }
  }

  #beginLengthBody(length: number): void {
    if (length > this.#limits.bodyBytes) {
      this.#fail(BODY_TOO_LARGE, 0);
    } else if (length === 0) {
      this.done = true;
    } else {
      this.#phase = LENGTH_BODY;
      this.#remainingBytes = length;
    }
  }
}
