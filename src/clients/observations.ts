/** What a client reports of its work: the vocabulary of counts, phases and reasons that every client shares. */
import type { SparseCounts } from '../stats/histogram.ts';
import type { LoopSecond } from './loop-watch.ts';
import type { PhaseFaults } from './phase-check.ts';
import type { SlowRequest } from './slowest.ts';

/**
 * Latency series a client records. Every nanosecond of a request is in exactly one phase:
 * connectionWait + connect + tls + firstByte + download = service, and lag + service = response.
 */
export const latencyNames = [
  'response', // end - intended start
  'service', // end - actual start
  'connectionWait', // actual start -> a connection was assigned, or its opening began
  'connect', // opening began -> TCP is established (new connections only)
  // TCP is established -> the request may be written (new connections over TLS only): the whole handshake, or with early data (0-RTT) the
  // time until the request is written with the first flight; what is left of that handshake passes in firstByte.
  'tls',
  // Writing the request began -> first byte of the response. Of a request that was sent behind others (pipelining): it joined them -> first
  // byte of its own response, so that what it waits for theirs (head-of-line blocking) is in here.
  'firstByte',
  'download', // first byte -> last byte
  'lag', // intended start -> actual start: the generator's own lateness
] as const;
export type LatencyName = (typeof latencyNames)[number];

/** Conserved: scheduled = completed + failed + dropped + abandoned + leaked. */
export interface RequestCounts {
  readonly scheduled: number;
  readonly started: number;
  readonly completed: number;
  readonly failed: number;
  /** Refused by the strategy's queue limit. */
  readonly dropped: number;
  /** Unfinished when the drain deadline came, or never started because the trial was stopped. */
  readonly abandoned: number;
  /** Answered, and never read: the program had the head and forgot the rest. In no series of latencies. Absent: 0. */
  readonly leaked?: number;
}

/** What a failure code says where a request ran out of time: the strategy's limits, and the kernel's own. */
const timeoutCodes: readonly string[] = [
  'CONNECT_TIMEOUT',
  'RESPONSE_TIMEOUT',
  'QUEUE_TIMEOUT',
  'ETIMEDOUT',
  'ERR_SOCKET_TIMEOUT',
];

/** Whether a request that failed so would have gone on: its response time is unknown, and at least its age. */
export function isTimeout(code: string): boolean {
  return timeoutCodes.includes(code);
}

/** Where a request was when it failed. `queue`: waiting for a connection. `tls`: TCP was established. */
export type FailurePhase = 'queue' | 'connect' | 'tls' | 'send' | 'firstByte' | 'download';

export interface FailureCount {
  readonly phase: FailurePhase;
  /**
   * An errno name, a parser or timeout code such as `CONNECT_TIMEOUT`, `RESPONSE_TIMEOUT`, `QUEUE_TIMEOUT`, `TRUNCATED_BODY`, or of TLS
   * `CERT_` and why the certificate is refused, `TLS_CLOSED` for an end in the handshake, `TLS_` and OpenSSL's reason.
   */
  readonly code: string;
  readonly reused: boolean;
  /** Age of the connection, rounded down to 1-2-5 steps (0, 1, 2, 5, 10 ... ms); null where there was none. */
  readonly socketAgeMs: number | null;
  readonly count: number;
}

/** Why the client ended a connection, or saw it end. */
export const clientCloseReasons = [
  'connectionClose', // either side said close, or HTTP/1.0 without keep-alive
  'maxRequests', // the strategy's own limit
  'maxLifetime',
  'idleTimeout', // the strategy's own, or the honoured hint
  'surplus', // the client's own limit of idle connections
  'serverFin', // the server closed an idle or busy connection
  'serverReset',
  'badResponse', // framing error, or bytes nobody asked for
  'timeout', // a request on it timed out
  'collected', // nobody read its response, and the garbage collector took it
  'error',
  'teardown', // still open after the drain
] as const;
export type ClientCloseReason = (typeof clientCloseReasons)[number];

export interface ConnectionReport {
  /** Connects that got under way: a SYN was sent. */
  readonly attempted: number;
  /** Connects that this system refused before a SYN was sent: no descriptor, no port. They are in none of the other counts. */
  readonly notAttempted: number;
  readonly opened: number;
  readonly connectFailed: number;
  readonly peakOpen: number;
  readonly closesByReason: Readonly<Record<ClientCloseReason, number>>;
  /** Closed connections by whose FIN came first; `reset` where RST ended one. Those closed at teardown are in `teardown` only. */
  readonly firstCloser: { readonly client: number; readonly server: number; readonly reset: number };
  readonly teardown: number;
  readonly resetsReceived: number;
  readonly resetsSent: number;
  /** Closed connections by requests answered on them, teardown included. */
  readonly requestsPerConnection: Readonly<Record<number, number>>;
  /**
   * Idle connections that a look before their reuse found ended or broken: in `closesByReason` they are among serverFin, serverReset, error and
   * badResponse. Absent of a client that does not look.
   */
  readonly foundDead?: number;
  /**
   * Connections that an unread response still held when the load was over: the client had neither closed them nor taken them back. Absent
   * where the load leaks nothing.
   */
  readonly leaked?: number;
  /** Absent without TLS. */
  readonly tls?: TlsCounts;
}

/** Handshakes of the whole trial: opened = full + resumed + failed, once everything is closed. */
export interface TlsCounts {
  readonly full: number;
  /** Those of a session that an earlier connection left. */
  readonly resumed: number;
  /** Of the resumed ones: their first request travelled with the first flight, and the server took it (0-RTT). */
  readonly earlyData: number;
  /** Early data that the server did not take: the request went again after the handshake. Absent of a client that does not know. */
  readonly earlyDataRejected?: number;
  /** Established by TCP and never by TLS: refused certificates, alerts, timeouts, given up. Absent of a client that does not know. */
  readonly failed?: number;
}

/** One second of the trial. */
export interface Interval {
  /** Start, ms from the start of measure; negative in warm-up. */
  readonly startMs: number;
  readonly started: number;
  readonly completed: number;
  readonly failed: number;
  readonly dropped: number;
  readonly opened: number;
  /** Response time of requests that ended in this second. */
  readonly response: SparseCounts;
  readonly lag: SparseCounts;
}

/** What one worker thread reports. Times are CLOCK_MONOTONIC ns. */
export interface WorkerReport {
  readonly drainedNs: number;
  readonly stopped: boolean;
  readonly measure: RequestCounts;
  /** `sent`: written in full; `answered`: response read in full. */
  readonly wholeTrial: RequestCounts & { readonly sent: number; readonly answered: number };
  readonly errors: readonly FailureCount[];
  readonly warmUpErrors: readonly FailureCount[];
  readonly statuses: Readonly<Record<number, number>>;
  readonly latency: Readonly<Record<LatencyName, { readonly new: SparseCounts; readonly reused: SparseCounts }>>;
  /** Ages, from the intended start, of requests of measure that timed out or were unfinished at the end of the drain. In no series. */
  readonly censored: SparseCounts;
  /** Of measure, answered or not, the slowest first. */
  readonly slowest: readonly SlowRequest[];
  /** Null unless the client was told to check its phases. */
  readonly phaseFaults: PhaseFaults | null;
  readonly connections: ConnectionReport;
  readonly bytes: { readonly sent: number; readonly received: number };
  readonly intervals: readonly Interval[];
  /** What each worker saw of itself; absent of a client that does not watch itself. */
  readonly loops?: readonly (readonly LoopSecond[])[];
  /** Series that this client cannot measure, by name, with the reason: they are empty. Absent: it measures all. */
  readonly unmeasured?: Readonly<Partial<Record<LatencyName, string>>>;
  /** Absent: the client never sends a request again. */
  readonly retried?: RetryCounts;
  /** What the client says of itself; of connbench's own only what the kernel says of the sockets, where the scenario asked for it. */
  readonly client?: ClientFacts;
  /**
   * Present of a client that is a program, from the worker that started it. Then connections, bytes and intervals hold nothing: nobody
   * here counted them.
   */
  readonly outside?: OutsideReport;
}

/** What a program says of the load that it sent in a process of its own, and what bounds how it may differ from the server's counts. */
export interface OutsideReport {
  /** By the program's own clock, read as CLOCK_MONOTONIC ns, good to some ms. */
  readonly measureStartNs: number;
  readonly measureEndNs: number;
  /** Requests that may have been under way when it ended its connections, over warm-up and measure. */
  readonly underWayAtMost: number;
  /** Requests that it says it sent before it wrote them; taken off from the counts of the report, not from `figures`. */
  readonly countedInAdvance: number;
  readonly figures: ProgramFigures;
}

/** Figures of a program in its own words. */
export interface ProgramFigures {
  /** Times of the requests of measure, ms; null where it has none. */
  readonly response: {
    readonly count: number;
    readonly minMs: number;
    readonly maxMs: number;
    readonly meanMs: number;
    /** Percentile -> ms: `[97.5, 12]`. */
    readonly percentiles: readonly (readonly [number, number])[];
  } | null;
  /** Counts of measure by the program's own names, and of its warm-up after `warmup.`. */
  readonly counts: Readonly<Record<string, number>>;
}

/**
 * Requests that were sent again, once each, at the end of a first try that is no failed request by itself. Its time is in connectionWait of
 * the second one, so that response and service include both.
 */
export interface RetryCounts {
  readonly measure: number;
  readonly wholeTrial: number;
  /** How the first tries of measure ended: their sum is `measure`. Absent of a client that does not know it of all. */
  readonly causes?: readonly FailureCount[];
}

/** What ran, as it was read from it. */
export interface ClientFacts {
  /** `node v20.20.2`, `undici 7.30.2`. Absent of connbench's own. */
  readonly version?: string;
  /** Options in force by name, defaults included. */
  readonly settings: Readonly<Record<string, string | number | boolean | null>>;
}
