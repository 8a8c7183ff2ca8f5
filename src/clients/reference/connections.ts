/** The connections of one worker by slot number, in typed columns that grow together. */
import { ResponseParser } from '../../http/response-parser.ts';

/** What a connection is doing. */
export const CLOSED = 0;
export const CONNECTING = 1;
/** Idle in the pool. */
export const WAITING = 2;
/** Its request is written or being written; no byte of the answer yet. With pipelining: of the answer that comes next. */
export const SENDING = 3;
export const RECEIVING = 4;
/** The last answer, or TLS, said close: the server owes the first FIN (RFC 9112 section 9.6), and gets a moment to send it. */
export const LINGERING = 5;

/** TCP is established, and TLS is not. */
export const HANDSHAKING = 6;

/** Its response is forgotten: nobody reads it any more, and nobody gives it back to the pool. */
export const LEAKED = 7;

export const NO_REQUEST = -1;
/** Of a request that waits for a connection. */
export const NO_CONNECTION = -1;

export class ConnectionTable {
  state = new Uint8Array(16);
  /** The request whose answer comes next. */
  request = new Int32Array(16).fill(NO_REQUEST);
  /** The request that is being written, or was written last: with pipelining not always the one whose answer comes next. */
  writing = new Int32Array(16).fill(NO_REQUEST);
  /** 1 once the peer's FIN is known to have arrived. */
  finSeen = new Uint8Array(16);
  /** 1 once the peer announced the end of an idle connection by close_notify. */
  endAnnounced = new Uint8Array(16);
  /** 0 while it serves the request it was opened for, 1 afterwards. */
  reused = new Uint8Array(16);
  /** When TCP was established. */
  openedNs = new Float64Array(16);
  firstByteNs = new Float64Array(16);
  /** When its last request was answered, or it was opened without one. */
  freedNs = new Float64Array(16);
  /** Bytes of `writing` that are written. */
  sentBytes = new Uint32Array(16);
  /** Requests answered in full. */
  answered = new Uint32Array(16);
  readonly #parsers: (ResponseParser | undefined)[] = [];
  readonly #spareParsers: ResponseParser[] = [];
  capacity = 16;

  /** A slot is taken for a new connection. */
  begin(slot: number, request: number): void {
    this.state[slot] = CONNECTING;
    this.request[slot] = request;
    this.finSeen[slot] = 0;
    this.endAnnounced[slot] = 0;
    this.reused[slot] = request === NO_REQUEST ? 1 : 0;
    this.answered[slot] = 0;
    this.#parsers[slot] = undefined;
  }

  /** The parser of the response in progress. */
  parser(slot: number): ResponseParser {
    return this.#parsers[slot]!;
  }

  /** Gives the connection a parser for its next response: idle connections hold none, so 10,000 of them stay cheap. */
  lendParser(slot: number): ResponseParser {
    const parser = this.#spareParsers.pop() ?? new ResponseParser();
    this.#parsers[slot] = parser;
    return parser;
  }

  takeParserBack(slot: number): void {
    const parser = this.#parsers[slot];
    if (parser === undefined) return;
    this.#parsers[slot] = undefined;
    this.#spareParsers.push(parser);
  }

  ageMs(slot: number, nowNs: number): number {
    return (nowNs - this.openedNs[slot]!) / 1e6;
  }

  grow(atLeast: number): void {
    const capacity = Math.max(atLeast, this.capacity * 2);
    const wider = <T extends Uint8Array | Int32Array | Uint32Array | Float64Array>(old: T, column: T): T => {
      column.set(old);
      return column;
    };
    this.state = wider(this.state, new Uint8Array(capacity));
    this.request = wider(this.request, new Int32Array(capacity).fill(NO_REQUEST));
    this.writing = wider(this.writing, new Int32Array(capacity).fill(NO_REQUEST));
    this.finSeen = wider(this.finSeen, new Uint8Array(capacity));
    this.endAnnounced = wider(this.endAnnounced, new Uint8Array(capacity));
    this.reused = wider(this.reused, new Uint8Array(capacity));
    this.openedNs = wider(this.openedNs, new Float64Array(capacity));
    this.freedNs = wider(this.freedNs, new Float64Array(capacity));
    this.firstByteNs = wider(this.firstByteNs, new Float64Array(capacity));
    this.sentBytes = wider(this.sentBytes, new Uint32Array(capacity));
    this.answered = wider(this.answered, new Uint32Array(capacity));
    this.capacity = capacity;
  }
}
