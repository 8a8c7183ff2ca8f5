/** The requests on the connections of a fake network: numbers, order, and whether the client sends them as the strategy says. */
import { ResponseParser } from '../../../src/http/response-parser.ts';
import type { RequestTraits } from '../../../src/clients/reference/sending.ts';

/** One connection. */
interface Line {
  /** Requests read in full and not answered in full, by which of the load's requests they are. */
  readonly unanswered: number[];
  readonly parser: ResponseParser;
  answered: number;
  /** When all that is said to requests so far is out. */
  outNs: number;
}

export class FakeTraffic {
  /** Of every request that was read in full, its number. */
  readonly numbers: number[] = [];
  /** Most requests that were under way on one connection. */
  mostUnderWay = 0;
  readonly #depth: number;
  readonly #requests: readonly RequestTraits[];
  /** By connection. */
  readonly #lines: Line[] = [];

  /** `depth`: requests that may be under way on a connection. */
  constructor(depth: number, requests: readonly RequestTraits[]) {
    this.#depth = depth;
    this.#requests = requests;
  }

  #line(connection: number): Line {
    return (this.#lines[connection] ??= { unanswered: [], parser: new ResponseParser(), answered: 0, outNs: 0 });
  }

  /** The first byte of a request is written to `connection`. Throws where it may not be. */
  begun(connection: number, alternative: number): void {
    const { unanswered, answered } = this.#line(connection);
    if (unanswered.length === 0) return;
    if (unanswered.length >= this.#depth) throw new Error(`connection ${connection} carries too much`);
    if (answered === 0) throw new Error(`connection ${connection} is too new for a second request`);
    const isSound = [...unanswered, alternative].every((one) => this.#requests[one]!.isIdempotent);
    if (!isSound) throw new Error(`what may not be repeated is among others on connection ${connection}`);
  }

  /** A request has been read from `connection`. */
  read(connection: number, alternative: number, number: number): void {
    const { unanswered, parser } = this.#line(connection);
    if (unanswered.push(alternative) === 1) parser.begin(this.#requests[alternative]!.isHead);
    this.mostUnderWay = Math.max(this.mostUnderWay, unanswered.length);
    this.numbers.push(number);
  }

  /**
   * When the server begins to answer what it read from `connection` now, and is done after `takesNs`. It takes one after the other where
   * several may be under way.
   */
  turnNs(connection: number, nowNs: number, takesNs: number): number {
    if (this.#depth === 1) return nowNs;
    const line = this.#line(connection);
    const fromNs = Math.max(nowNs, line.outNs);
    line.outNs = fromNs + takesNs;
    return fromNs;
  }

  /** `bytes` have been sent on `connection`. */
  sent(connection: number, bytes: Uint8Array): void {
    const line = this.#line(connection);
    const { unanswered, parser } = line;
    let next = 0;
    while (next < bytes.length && unanswered.length > 0 && parser.error === 0) {
      next = parser.feed(bytes, next, bytes.length);
      if (!parser.done) continue;
      unanswered.shift();
      line.answered++;
      parser.begin(unanswered.length > 0 && this.#requests[unanswered[0]!]!.isHead);
    }
  }
}
