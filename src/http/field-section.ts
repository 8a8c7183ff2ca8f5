/**
 * The field lines of a message head or trailer section (RFC 9112 §5), checked octet by octet, with what framing and persistence need of them.
 *
 * Hot path, so plain and flat: integer states, one table lookup per octet of a name, a tight loop over values nobody needs. All state is
 * in integers, so the input may be cut anywhere and nothing is ever copied.
 */
import { KeepAliveHint } from './keep-alive.ts';
import type { MessageLimits } from './limits.ts';
import { COLON, COMMA, CR, HTAB, LF, SP, ZERO, fieldValueOctets } from './octets.ts';
import {
  BAD_CONTENT_LENGTH,
  BAD_HEADER,
  BAD_TRANSFER_ENCODING,
  CONFLICTING_LENGTH,
  HEAD_TOO_LARGE,
  LENGTH_AND_CHUNKED,
  TOO_MANY_HEADERS,
} from './parse-error.ts';
import { requestNumberField } from './request-number.ts';
import { ROOT, STOP, wordTable } from './words.ts';

const names = wordTable(
  ['connection', 'content-length', 'transfer-encoding', 'keep-alive', 'host', requestNumberField],
  true,
);
const OTHER = 0;
const CONNECTION = 1;
const CONTENT_LENGTH = 2;
const TRANSFER_ENCODING = 3;
const KEEP_ALIVE = 4;
const HOST = 5;
const REQUEST_NUMBER = 6;

const options = wordTable(['close', 'keep-alive'], true);
const CLOSE_OPTION = 1;
const KEEP_ALIVE_OPTION = 2;

const codings = wordTable(['chunked'], true);
const CHUNKED = 1;

// Where in the section the next octet falls.
const LINE_START = 0;
const NAME = 1;
const VALUE = 2;
const VALUE_LF = 3;
const END_LF = 4;

// Where in a list member (Connection, Transfer-Encoding) or in a number (Content-Length) the next octet falls.
const BEFORE = 0;
const INSIDE = 1;
const AFTER = 2;
const BROKEN = 3;

/** Digits of a request's number, and those of them that name the worker. */
const numberDigits = 16;
const workerDigits = 4;

/** The value of a hexadecimal digit, or -1. */
function hexValue(octet: number): number {
  if (octet >= ZERO && octet < ZERO + 10) return octet - ZERO;
  const letter = (octet | 0x20) - 0x61; // From `a`, whatever its case.
  return letter >= 0 && letter < 6 ? letter + 10 : -1;
}

export class FieldSection {
  /** The empty line was read. */
  done = false;
  /** A code of parse-error.ts, or 0. */
  error = 0;
  /** The Content-Length, or -1. */
  contentLength = -1;
  transferEncoded = false;
  /** `chunked` is the final transfer coding. */
  chunkedFinal = false;
  closeOption = false;
  keepAliveOption = false;
  hostFields = 0;
  readonly hint = new KeepAliveHint();
  /** Hexadecimal digits of the request's number: 16 of a good one, 0 without one, and whatever else of a bad one. */
  numberDigits = 0;
  /** The number's first four digits, and the others. */
  numberWorker = 0;
  numberSequence = 0;

  readonly #limits: MessageLimits;
  readonly #readsNumber: boolean;
  #budgetBytes = 0;
  #bytes = 0;
  #interpreted = true;
  #state = LINE_START;
  #kind = OTHER;
  #count = 0;
  #word = ROOT;
  #place = BEFORE;
  #length = 0;
  #members = 0;
  #chunkedMembers = 0;

  /** `readsNumber`: the field `Connbench-Request` is read, in which a retrying client numbers its requests. */
  constructor(limits: MessageLimits, readsNumber = false) {
    this.#limits = limits;
    this.#readsNumber = readsNumber;
  }

  /**
   * Before the first octet of a section that may take `budgetBytes`. A section that is not `interpreted` (trailers, RFC 9110 §6.5.1)
   * is checked all the same, but keeps what the head said about framing and persistence.
   */
  begin(interpreted: boolean, budgetBytes: number): void {
    this.done = false;
    this.error = 0;
    this.#bytes = 0;
    this.#budgetBytes = budgetBytes;
    this.#interpreted = interpreted;
    this.#state = LINE_START;
    this.#kind = OTHER;
    this.#count = 0;
    if (!interpreted) return;
    this.contentLength = -1;
    this.transferEncoded = false;
    this.chunkedFinal = false;
    this.closeOption = false;
    this.keepAliveOption = false;
    this.hostFields = 0;
    this.hint.reset();
    this.numberDigits = 0;
    this.numberWorker = 0;
    this.numberSequence = 0;
    this.#chunkedMembers = 0;
  }

  /** Reads up to and with the empty line. Returns the offset after what was read: on an error, that of the offending octet. */
  feed(bytes: Uint8Array, start: number, end: number): number {
    const budget = this.#budgetBytes - this.#bytes;
    const stop = end - start > budget ? start + budget : end;
    const offset = this.#scan(bytes, start, stop);
    this.#bytes += offset - start;
    if (offset === stop && stop < end && !this.done && this.error === 0) this.error = HEAD_TOO_LARGE;
    return offset;
  }

  #scan(bytes: Uint8Array, start: number, stop: number): number {
    let offset = start;
    let state = this.#state;
    while (offset < stop) {
      switch (state) {
        case LINE_START: {
          const octet = bytes[offset]!;
          // obs-fold: the value goes on, and the fold counts as a space (RFC 9112 §5.2).
          if ((octet === SP || octet === HTAB) && this.#count > 0) {
            state = VALUE;
            continue;
          }
          if (!this.#endField()) return offset;
          if (octet === CR) {
            state = END_LF;
            offset++;
            continue;
          }
          if (++this.#count > this.#limits.fields) return this.#fail(TOO_MANY_HEADERS, offset);
          this.#word = ROOT;
          state = NAME;
          continue;
        }
        case NAME: {
          const { next } = names;
          let word = this.#word;
          while (offset < stop) {
            const successor = next[(word << 8) | bytes[offset]!]!;
            if (successor === STOP) break;
            word = successor;
            offset++;
          }
          this.#word = word;
          if (offset === stop) continue;
          if (bytes[offset] !== COLON || word === ROOT) return this.#fail(BAD_HEADER, offset);
          offset++;
          if (this.#interpreted && !this.#beginField(names.wordAt[word]!)) return offset;
          state = VALUE;
          continue;
        }
        case VALUE:
          if (this.#kind === OTHER) while (offset < stop && fieldValueOctets[bytes[offset]!] === 1) offset++;
          else offset = this.#readValue(bytes, offset, stop);
          if (offset === stop) continue;
          if (bytes[offset] !== CR || this.error !== 0) return this.#fail(this.error || BAD_HEADER, offset);
          offset++;
          state = VALUE_LF;
          continue;
        case VALUE_LF:
          if (bytes[offset] !== LF) return this.#fail(BAD_HEADER, offset);
          offset++;
          state = LINE_START;
          continue;
        default:
          if (bytes[offset] !== LF) return this.#fail(BAD_HEADER, offset);
          this.done = true;
          return offset + 1;
      }
    }
    this.#state = state;
    return offset;
  }

  #fail(error: number, offset: number): number {
    this.error = error;
    return offset;
  }

  /** False on an error: both framings at once smell of request smuggling (RFC 9112 §6.3 item 3). */
  #beginField(kind: number): boolean {
    this.#kind = kind;
    this.#place = BEFORE;
    this.#word = ROOT;
    if (kind === CONTENT_LENGTH) {
      this.#length = 0;
      if (this.transferEncoded) this.error = LENGTH_AND_CHUNKED;
    } else if (kind === TRANSFER_ENCODING) {
      this.#members = 0;
      this.transferEncoded = true;
      if (this.contentLength >= 0) this.error = LENGTH_AND_CHUNKED;
    } else if (kind === HOST) {
      this.hostFields++;
      this.#kind = OTHER;
    } else if (kind === REQUEST_NUMBER && !this.#readsNumber) {
      this.#kind = OTHER;
    }
    return this.error === 0;
  }

  /** Reads the value of a field that matters, up to its CR or an octet that may not stand there. */
  #readValue(bytes: Uint8Array, start: number, stop: number): number {
    let offset = start;
    const kind = this.#kind;
    for (; offset < stop; offset++) {
      const octet = bytes[offset]!;
      if (fieldValueOctets[octet] !== 1) break;
      if (kind === CONNECTION) {
        this.#listOctet(octet, options.next);
      } else if (kind === CONTENT_LENGTH) {
        this.#lengthOctet(octet);
        if (this.error !== 0) break;
      } else if (kind === TRANSFER_ENCODING) {
        this.#listOctet(octet, codings.next);
      } else if (kind === KEEP_ALIVE) {
        this.hint.octet(octet);
      } else if (kind === REQUEST_NUMBER) {
        this.#numberOctet(octet);
      }
    }
    return offset;
  }

  /** Digits between optional white space, nothing else: no sign, no list (RFC 9110 §8.6, RFC 9112 §6.3 item 5). */
  #lengthOctet(octet: number): void {
    if (octet === SP || octet === HTAB) {
      if (this.#place === INSIDE) this.#place = AFTER;
      return;
    }
    const digit = octet - ZERO;
    const length = this.#length * 10 + digit;
    if (digit < 0 || digit > 9 || this.#place === AFTER || length > Number.MAX_SAFE_INTEGER) {
      this.error = BAD_CONTENT_LENGTH;
      return;
    }
    this.#length = length;
    this.#place = INSIDE;
  }

  /** Digits before optional white space; anything else spoils the number, and only that. */
  #numberOctet(octet: number): void {
    if (octet === SP || octet === HTAB) return;
    const digit = hexValue(octet);
    if (digit < 0 || this.numberDigits >= numberDigits) this.numberDigits = numberDigits + 1;
    else if (this.numberDigits < workerDigits) this.numberWorker = this.numberWorker * 16 + digit;
    else this.numberSequence = this.numberSequence * 16 + digit;
    this.numberDigits++;
  }

  /** A list of tokens; a member that is more than a token (a parameter, two words) is none of ours (RFC 9110 §5.6.1). */
  #listOctet(octet: number, next: Uint8Array): void {
    if (octet === COMMA) {
      this.#endMember();
    } else if (octet === SP || octet === HTAB) {
      if (this.#place === INSIDE) this.#place = AFTER;
    } else if (this.#place !== BROKEN) {
      const successor = this.#place === AFTER ? STOP : next[(this.#word << 8) | octet]!;
      this.#place = successor === STOP ? BROKEN : INSIDE;
      if (successor !== STOP) this.#word = successor;
    }
  }

  #endMember(): void {
    const place = this.#place;
    if (place === BEFORE) return; // An empty member does not count.
    const known = place !== BROKEN;
    if (this.#kind === CONNECTION) {
      const option = known ? options.wordAt[this.#word]! : OTHER;
      if (option === CLOSE_OPTION) this.closeOption = true;
      else if (option === KEEP_ALIVE_OPTION) this.keepAliveOption = true;
    } else {
      this.#members++;
      this.chunkedFinal = known && codings.wordAt[this.#word] === CHUNKED;
      if (this.chunkedFinal) this.#chunkedMembers++;
    }
    this.#place = BEFORE;
    this.#word = ROOT;
  }

  /** Closes the field whose last line was read, which is known only when the next line is no continuation. False on an error. */
  #endField(): boolean {
    const kind = this.#kind;
    if (kind === OTHER) return true;
    if (kind === CONNECTION) {
      this.#endMember();
    } else if (kind === CONTENT_LENGTH) {
      if (this.#place === BEFORE) this.error = BAD_CONTENT_LENGTH;
      else if (this.contentLength >= 0 && this.contentLength !== this.#length) this.error = CONFLICTING_LENGTH;
      this.contentLength = this.#length;
    } else if (kind === TRANSFER_ENCODING) {
      this.#endMember();
      // No coding at all, or chunked applied twice: the end of such a body is anyone's guess (RFC 9112 §6.1).
      if (this.#members === 0 || this.#chunkedMembers > 1) this.error = BAD_TRANSFER_ENCODING;
    } else if (kind === KEEP_ALIVE) {
      this.hint.end();
    }
    this.#kind = OTHER;
    return this.error === 0;
  }
}
