/**
 * The `Keep-Alive` field: `timeout=5, max=100`, read octet by octet so that its value may be cut anywhere.
 *
 * No RFC defines the parameters (RFC 2068 §19.7.1.1 left them open); `timeout` in seconds and `max` in requests are what servers send.
 */
import { BACKSLASH, COMMA, DQUOTE, EQUALS, HTAB, SP, ZERO } from './octets.ts';
import { ROOT, STOP, wordTable } from './words.ts';

/** Larger values are taken as this one, for milliseconds and requests alike. */
export const mostHint = 0x7fff_ffff;

const parameters = wordTable(['timeout', 'max'], true);
const OTHER = 0;
const TIMEOUT = 1;

// Where in a parameter the next octet falls.
const BEFORE_NAME = 0;
const IN_NAME = 1;
const AFTER_NAME = 2;
const BEFORE_VALUE = 3;
const IN_NUMBER = 4;
const AFTER_VALUE = 5;
const IN_QUOTED_NUMBER = 6;
const SKIP = 7;
const SKIP_QUOTED = 8;
const SKIP_ESCAPED = 9;

export class KeepAliveHint {
  /** -1 when not given. The smallest of several, since reusing a connection too late is the costlier mistake. */
  timeoutMs = -1;
  /** Requests that may follow; -1 when not given. The smallest of several. */
  max = -1;
  #state = BEFORE_NAME;
  #word = ROOT;
  #value = -1;

  /** Forgets everything, for a new message. */
  reset(): void {
    this.timeoutMs = -1;
    this.max = -1;
    this.#state = BEFORE_NAME;
  }

  /** The next octet of a field value, already checked to be one that a field value may hold. */
  octet(octet: number): void {
    switch (this.#state) {
      case BEFORE_NAME:
        if (octet === COMMA || octet === SP || octet === HTAB) return;
        this.#word = ROOT;
        this.#value = -1;
        this.#state = IN_NAME;
        this.#name(octet);
        return;
      case IN_NAME:
        this.#name(octet);
        return;
      case AFTER_NAME:
        if (octet === SP || octet === HTAB) return;
        this.#state = octet === EQUALS ? BEFORE_VALUE : SKIP;
        if (octet === COMMA) this.#state = BEFORE_NAME;
        return;
      case BEFORE_VALUE:
        if (octet === SP || octet === HTAB) return;
        if (octet === DQUOTE) this.#state = IN_QUOTED_NUMBER;
        else this.#digit(octet, IN_NUMBER);
        return;
      case IN_NUMBER:
        if (octet === SP || octet === HTAB) this.#state = AFTER_VALUE;
        else this.#digit(octet, IN_NUMBER);
        return;
      case IN_QUOTED_NUMBER:
        if (octet === DQUOTE) this.#state = AFTER_VALUE;
        else this.#digit(octet, IN_QUOTED_NUMBER);
        return;
      case AFTER_VALUE:
        if (octet === COMMA) this.end();
        else if (octet !== SP && octet !== HTAB) this.#skip(octet);
        return;
      case SKIP:
        this.#skip(octet);
        return;
      case SKIP_QUOTED:
        if (octet === DQUOTE) this.#state = SKIP;
        else if (octet === BACKSLASH) this.#state = SKIP_ESCAPED;
        return;
      default:
        this.#state = SKIP_QUOTED;
    }
  }

  /** The end of a parameter, and of the field value: another field line may follow. */
  end(): void {
    const whole = this.#state === IN_NUMBER || this.#state === AFTER_VALUE;
    this.#state = BEFORE_NAME;
    if (!whole || this.#value < 0) return;
    const word = parameters.wordAt[this.#word]!;
    if (word === OTHER) return;
    if (word === TIMEOUT) {
      const timeoutMs = Math.min(this.#value * 1000, mostHint);
      if (this.timeoutMs < 0 || timeoutMs < this.timeoutMs) this.timeoutMs = timeoutMs;
    } else if (this.max < 0 || this.#value < this.max) {
      this.max = this.#value;
    }
  }

  #name(octet: number): void {
    const next = parameters.next[(this.#word << 8) | octet]!;
    if (next !== STOP) this.#word = next;
    else if (octet === EQUALS) this.#state = BEFORE_VALUE;
    else if (octet === SP || octet === HTAB) this.#state = AFTER_NAME;
    else this.#skip(octet);
  }

  #digit(octet: number, state: number): void {
    const digit = octet - ZERO;
    if (digit >= 0 && digit <= 9) {
      this.#value = Math.min(Math.max(this.#value, 0) * 10 + digit, mostHint);
      this.#state = state;
    } else if (octet === COMMA && state === IN_NUMBER) {
      this.end();
    } else {
      this.#value = -1;
      this.#state = state === IN_QUOTED_NUMBER ? SKIP_QUOTED : SKIP;
      if (octet === BACKSLASH && state === IN_QUOTED_NUMBER) this.#state = SKIP_ESCAPED;
      if (octet === DQUOTE && state === IN_NUMBER) this.#state = SKIP_QUOTED;
    }
  }

  /** A parameter that means nothing to us, up to the comma after it; commas in quoted strings do not count. */
  #skip(octet: number): void {
    this.#value = -1;
    if (octet === COMMA) this.#state = BEFORE_NAME;
    else this.#state = octet === DQUOTE ? SKIP_QUOTED : SKIP;
  }
}
