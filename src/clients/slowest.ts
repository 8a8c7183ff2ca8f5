/**
 * The slowest requests of one worker with everything that explains them: a fixed table whose rows form a min-heap by response time.
 * Hot: a request that is not among the slowest costs one comparison, one that is costs no allocation.
 */

/** Requests that are kept of a trial. */
export const slowestKept = 20;

/** How a request came by its connection. */
export const connectionOrigins = [
  'opened', // for this request
  'reused', // it was idle in the pool
  'handedOver', // the request before it on it was answered at that very moment
  'pipelined', // it was sent behind others that had no answer yet
  'openedAhead', // by `prefetch`, and this was its first request
  'none', // the request never had one
] as const;
export type ConnectionOrigin = (typeof connectionOrigins)[number];

/** What became of the connection at the end of the request. */
export const connectionFates = [
  'kept', // open, for other requests
  'closing', // closed after an answer that said close, or because the strategy keeps none
  'serverClosed', // the server's FIN was there
  'reset',
  'timeout', // closed by the client, whose time was up
  'error',
  'unfinished', // still at work at the end of the drain
  'none', // there was none
] as const;
export type ConnectionFate = (typeof connectionFates)[number];

/** Where the time of a request went, ns. A phase that it did not reach is 0; one in which it was given up lasts until then. */
interface SlowPhases {
  readonly lag: number;
  readonly connectionWait: number;
  readonly connect: number;
  /** Absent where there was none. */
  readonly tls?: number;
  readonly firstByte: number;
  readonly download: number;
}

/** One of the slowest requests of a trial. */
export interface SlowRequest {
  /** Its intended start, ms from the start of measure. */
  readonly dueMs: number;
  /** Of all workers' users, from 0; null in the open model. */
  readonly user: number | null;
  /** Response time; of a request without an answer its age when it was given up. The phases add up to it. */
  readonly responseNs: number;
  readonly phasesNs: SlowPhases;
  /** HTTP status; null without an answer. */
  readonly status: number | null;
  /** Why it has no answer, as in the trial's errors, or `ABANDONED` at the end of the drain; null with one. */
  readonly code: string | null;
  readonly connection: {
    readonly origin: ConnectionOrigin;
    readonly fate: ConnectionFate;
    /** Requests that this connection was given, this one included; null without a connection. */
    readonly use: number | null;
    /** Age of the connection when the request got it, ms; null without one, or where it was never established. */
    readonly ageMs: number | null;
    /** How long it had been idle then, ms; null unless it was. */
    readonly idleMs: number | null;
  };
}

/** Stands for null in the columns. */
export const unknown = -1;

export class SlowestLog {
  // By row, to be filled in for the row that `add` gives. Times are ns.
  readonly intendedNs: Float64Array;
  readonly lagNs: Float64Array;
  readonly connectionWaitNs: Float64Array;
  readonly connectNs: Float64Array;
  readonly tlsNs: Float64Array;
  readonly firstByteNs: Float64Array;
  readonly downloadNs: Float64Array;
  readonly ageNs: Float64Array;
  readonly idleNs: Float64Array;
  readonly use: Float64Array;
  readonly user: Int32Array;
  readonly status: Int32Array;
  /** Positions in `connectionOrigins` and `connectionFates`. */
  readonly origin: Uint8Array;
  readonly fate: Uint8Array;
  readonly code: (string | null)[];

  readonly #responseNs: Float64Array;
  /** Rows; the parent of each is not slower. */
  readonly #heap: Int32Array;
  readonly #capacity: number;
  #size = 0;
  #leastNs = -1;

  constructor(capacity = slowestKept) {
    const column = (): Float64Array => new Float64Array(capacity);
    this.intendedNs = column();
    this.lagNs = column();
    this.connectionWaitNs = column();
    this.connectNs = column();
    this.tlsNs = column();
    this.firstByteNs = column();
    this.downloadNs = column();
    this.ageNs = column();
    this.idleNs = column();
    this.use = column();
    this.user = new Int32Array(capacity);
    this.status = new Int32Array(capacity);
    this.origin = new Uint8Array(capacity);
    this.fate = new Uint8Array(capacity);
    this.code = Array<string | null>(capacity).fill(null);
    this.#responseNs = column();
    this.#heap = new Int32Array(capacity);
    this.#capacity = capacity;
  }

  /** Whether a request of this response time is among the slowest so far. Of equally slow ones the first are kept. */
  admits(responseNs: number): boolean {
    return responseNs > this.#leastNs;
  }

  /** Takes in a request that `admits` let pass. Gives its row, which still holds what was there before. */
  add(responseNs: number): number {
    const heap = this.#heap;
    let row: number;
    if (this.#size < this.#capacity) {
      row = this.#size++;
      this.#responseNs[row] = responseNs;
      heap[row] = row;
      this.#siftUp(row);
    } else {
      row = heap[0]!;
      this.#responseNs[row] = responseNs;
      this.#siftDown();
    }
    if (this.#size === this.#capacity) this.#leastNs = this.#responseNs[heap[0]!]!;
    return row;
  }

  #siftUp(from: number): void {
    const heap = this.#heap;
    const row = heap[from]!;
    const key = this.#responseNs[row]!;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const other = heap[parent]!;
      if (this.#responseNs[other]! <= key) break;
      heap[at] = other;
      at = parent;
    }
    heap[at] = row;
  }

  #siftDown(): void {
    const heap = this.#heap;
    const row = heap[0]!;
    const key = this.#responseNs[row]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#size) break;
      const right = child + 1;
      if (right < this.#size && this.#responseNs[heap[right]!]! < this.#responseNs[heap[child]!]!) child = right;
      const other = heap[child]!;
      if (this.#responseNs[other]! >= key) break;
      heap[at] = other;
      at = child;
    }
    heap[at] = row;
  }

  /** The slowest first. `userNumber` gives the number that a worker's own user has among all. */
  report(measureStartNs: number, userNumber: (user: number) => number | null): readonly SlowRequest[] {
    const rows = Array.from({ length: this.#size }, (_, row) => row);
    return rows.map((row) => this.#requestAt(row, measureStartNs, userNumber)).toSorted(bySlowness);
  }

  #requestAt(row: number, measureStartNs: number, userNumber: (user: number) => number | null): SlowRequest {
    const lag = Math.round(this.lagNs[row]!);
    const connectionWait = Math.round(this.connectionWaitNs[row]!);
    const connect = Math.round(this.connectNs[row]!);
    const tls = Math.round(this.tlsNs[row]!);
    const firstByte = Math.round(this.firstByteNs[row]!);
    const download = Math.round(this.downloadNs[row]!);
    return {
      dueMs: (this.intendedNs[row]! - measureStartNs) / 1e6,
      user: userNumber(this.user[row]!),
      // Of the whole nanoseconds, so that they add up in the record too.
      responseNs: lag + connectionWait + connect + tls + firstByte + download,
      phasesNs: { lag, connectionWait, connect, ...(tls === 0 ? {} : { tls }), firstByte, download },
      status: known(this.status[row]!),
      code: this.code[row]!,
      connection: {
        origin: connectionOrigins[this.origin[row]!]!,
        fate: connectionFates[this.fate[row]!]!,
        use: known(this.use[row]!),
        ageMs: milliseconds(this.ageNs[row]!),
        idleMs: milliseconds(this.idleNs[row]!),
      },
    };
  }
}

/** For sorting: the slowest first, of equally slow ones the first that was due. */
export function bySlowness(a: SlowRequest, b: SlowRequest): number {
  return b.responseNs - a.responseNs || a.dueMs - b.dueMs;
}

function known(value: number): number | null {
  return value === unknown ? null : value;
}

function milliseconds(valueNs: number): number | null {
  return valueNs === unknown ? null : valueNs / 1e6;
}
