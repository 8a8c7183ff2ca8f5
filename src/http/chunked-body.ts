/** The chunked transfer coding (RFC 9112 §7.1): counts the data, checks the framing, skips extensions, checks the trailer section. */
import type { FieldSection } from './field-section.ts';
import type { MessageLimits } from './limits.ts';
import { CR, HTAB, LF, SEMICOLON, SP, fieldValueOctets, hexDigits } from './octets.ts';
import { BAD_CHUNK, BODY_TOO_LARGE, CHUNK_LINE_TOO_LARGE, HEAD_TOO_LARGE, TRAILER_TOO_LARGE } from './parse-error.ts';

// Where in the coding the next octet falls.
const SIZE_START = 0;
const SIZE = 1;
const SIZE_SPACE = 2;
const EXTENSION = 3;
const LINE_LF = 4;
const DATA = 5;
const DATA_CR = 6;
const DATA_LF = 7;
const TRAILER = 8;

export class ChunkedBody {
  done = false;
  /** A code of parse-error.ts, or 0. */
  error = 0;
  /** Octets of data read, framing not counted. */
  bodyBytes = 0;

  readonly #limits: MessageLimits;
  readonly #fields: FieldSection;
  #state = SIZE_START;
  #size = 0;
  #lineBytes = 0;

  /** `fields` reads the trailer section; what it says about the head stays as it is. */
  constructor(limits: MessageLimits, fields: FieldSection) {
    this.#limits = limits;
    this.#fields = fields;
  }

  /** Before the first octet of a body. */
  begin(): void {
    this.done = false;
    this.error = 0;
    this.bodyBytes = 0;
    this.#state = SIZE_START;
    this.#lineBytes = 0;
  }

  /** Reads up to the end of the trailer section. Returns the offset after what was read: on an error, that of the offending octet. */
  feed(bytes: Uint8Array, start: number, end: number): number {
    let offset = start;
    while (offset < end && !this.done && this.error === 0) {
      if (this.#state === DATA) {
        const take = Math.min(this.#size, end - offset);
        this.#size -= take;
        this.bodyBytes += take;
        offset += take;
        if (this.#size === 0) this.#state = DATA_CR;
      } else if (this.#state === TRAILER) {
        offset = this.#trailer(bytes, offset, end);
      } else if (this.#framing(bytes[offset]!)) {
        offset++;
      }
    }
    return offset;
  }

  /** One octet of the lines around the data. False on an error. */
  #framing(octet: number): boolean {
    const state = this.#state;
    if (state === DATA_CR || state === DATA_LF) {
      if (octet !== (state === DATA_CR ? CR : LF)) return this.#fail(BAD_CHUNK);
      this.#state = state === DATA_CR ? DATA_LF : SIZE_START;
      this.#lineBytes = 0;
      return true;
    }
    if (++this.#lineBytes > this.#limits.chunkLineBytes) return this.#fail(CHUNK_LINE_TOO_LARGE);
    if (state === LINE_LF) return octet === LF ? this.#endLine() : this.#fail(BAD_CHUNK);
    if (state === SIZE_START || state === SIZE) {
      const digit = hexDigits[octet]!;
      if (digit < 16) return this.#sizeDigit(digit);
      if (state === SIZE_START) return this.#fail(BAD_CHUNK);
    }
    if (octet === CR && state !== SIZE_SPACE) this.#state = LINE_LF;
    else if (state === EXTENSION) return fieldValueOctets[octet] === 1 || this.#fail(BAD_CHUNK);
    else if (octet === SEMICOLON) this.#state = EXTENSION;
    // White space that the grammar calls bad but asks recipients to take, and only before an extension (RFC 9112 §7.1.1).
    else if (octet === SP || octet === HTAB) this.#state = SIZE_SPACE;
    else return this.#fail(BAD_CHUNK);
    return true;
  }

  #sizeDigit(digit: number): boolean {
    const size = (this.#state === SIZE_START ? 0 : this.#size) * 16 + digit;
    // An octet more than a double can count is an overflow, not merely a large body (RFC 9112 §7.1).
    if (size > Number.MAX_SAFE_INTEGER) return this.#fail(BAD_CHUNK);
    this.#size = size;
    this.#state = SIZE;
    return true;
  }

  #endLine(): boolean {
    if (this.#size === 0) {
      this.#state = TRAILER;
      this.#fields.begin(false, this.#limits.headBytes);
      return true;
    }
    if (this.#size > this.#limits.bodyBytes - this.bodyBytes) return this.#fail(BODY_TOO_LARGE);
    this.#state = DATA;
    return true;
  }

  #trailer(bytes: Uint8Array, start: number, end: number): number {
    const offset = this.#fields.feed(bytes, start, end);
    this.error = this.#fields.error === HEAD_TOO_LARGE ? TRAILER_TOO_LARGE : this.#fields.error;
    this.done = this.#fields.done;
    return offset;
  }

  #fail(error: number): false {
    this.error = error;
    return false;
  }
}
