/** What the controller and the server process say to each other over IPC (structured clone, so Infinity survives). */
import type { BundledServerConfig, FaultName } from '../scenario/config.ts';
import type { ServerSecond } from './loop-log.ts';

/** Why the server saw a connection end. */
export const closeReasons = [
  'idleTimeout', // the server's keep-alive timer ran out
  'maxRequests', // the server's request limit was reached
  'maxConnections', // turned away: closed as soon as it was accepted
  'connectionClose', // request or response said `Connection: close`, or HTTP/1.0 without keep-alive
  'clientFin', // the client closed an idle or unfinished connection
  'clientReset',
  'headersTimeout',
  'requestTimeout',
  'error',
  'fault', // ended by a fault that the scenario asks for
  'shed', // the server had too many connections: ended with a response, or after the shorter timeout
  'evicted', // idle for longest when a new connection was one too many
  'drainIdle', // idle when the server left, or at its deadline
  'drainAnswered', // the answer said `Connection: close`, because the server leaves
  'drainAborted', // had a request under way at the end of the drain
  'serverStop', // still open when the trial ended
] as const;
export type CloseReason = (typeof closeReasons)[number];

/** Settings as the running server reads them back; null where the runtime has no such setting. */
export interface LiveServerSettings {
  readonly runtime: string; // e.g. `node v20.20.2`, `connbench reference server`
  readonly keepAliveTimeoutMs: number | null;
  /** Extra time the runtime adds before it really closes. */
  readonly keepAliveTimeoutBufferMs: number | null;
  readonly maxRequestsPerSocket: number | null;
  readonly headersTimeoutMs: number | null;
  readonly requestTimeoutMs: number | null;
  readonly connectionsCheckingIntervalMs: number | null;
  readonly maxConnections: number | null;
  readonly backlog: number | null;
  readonly noDelay: boolean | null;
  /** RLIMIT_NOFILE of the process, soft. Absent where the scenario leaves it alone. */
  readonly nofile?: number;
  /** Absent where the server does not speak HTTP/2. */
  readonly maxConcurrentStreams?: number | null;
  /** Absent where the server does not speak TLS. */
  readonly tls?: LiveTlsSettings;
}

/** Encryption as the running server reads it back. */
export interface LiveTlsSettings {
  /** OpenSSL's names, e.g. `TLSv1.3`. */
  readonly minVersion: string | null;
  readonly maxVersion: string | null;
  /** Whether a later connection can resume the session of an earlier one. */
  readonly sessionTickets: boolean | null;
  /** Bytes of early data that are taken. */
  readonly earlyDataBytes: number | null;
}

/** Certificate and private key of a server, PEM. They go into its start message and nowhere else. */
export interface ServerTlsIdentity {
  readonly certPem: string;
  readonly keyPem: string;
  /** The only version that is spoken; absent: 1.2 and 1.3. */
  readonly version?: '1.2' | '1.3';
}

/** Handshakes that the server completed, and those that failed. */
export interface ServerTlsCounts {
  readonly full: number;
  readonly resumed: number;
  /** Connections whose early data was taken. */
  readonly earlyData: number;
  /** Connections that ended before their handshake was complete. */
  readonly failed: number;
}

/** What the policies of the scenario did. */
export interface ServerPolicyCounts {
  /** Responses that ended a connection, or shortened its timeout, to relieve the server. */
  readonly shedResponses: number;
  /** Connections that ended so; of `closesByReason`. */
  readonly shed: number;
  /** Idle connections that made room; of `closesByReason`. */
  readonly evicted: number;
  /** How often the server stopped accepting. */
  readonly acceptPauses: number;
  /** As in the report. */
  readonly acceptErrors: number;
  /** Null where the drain has not begun; absent where the scenario has none. */
  readonly drain?: ServerDrainCounts | null;
}

/** What became of the connections that were open when the server began to leave. */
export interface ServerDrainCounts {
  readonly connections: number;
  /** Of `closesByReason`, as are the next two; the others were ended by clients, timeouts or limits. */
  readonly closedIdle: number;
  readonly closedAnswered: number;
  readonly aborted: number;
  /** Not ended by now, or by the end of measure. */
  readonly left: number;
  /** From its beginning until the last one had ended; null while some are left. */
  readonly durationNs: number | null;
}

/** When measure is: CLOCK_MONOTONIC, ns. */
export interface MeasureSpan {
  readonly measureStartNs: number;
  readonly measureEndNs: number;
}

export interface EventLoopDelay {
  readonly count: number;
  readonly meanNs: number;
  readonly p50Ns: number;
  readonly p99Ns: number;
  readonly maxNs: number;
}

/** Counts since the server started listening. */
export interface ServerReport {
  /** CLOCK_MONOTONIC, ns. */
  readonly atNs: number;
  readonly accepted: number;
  /** Requests whose handler ran. */
  readonly executed: number;
  /** Requests refused without running the handler (408, 431, 503 ...). */
  readonly refused: number;
  /**
   * Connections turned away at `maxConnections`. The kernel completed their handshake, so they are in `accepted` and, with 0
   * requests and the server as first closer, among the ended ones: `accepted = open + ended` at any moment.
   */
  readonly turnedAway: number;
  /** Failed attempts to accept a waiting connection, for example for want of file descriptors (EMFILE). */
  readonly acceptErrors?: number;
  readonly open: number;
  readonly closesByReason: Readonly<Record<CloseReason, number>>;
  /** Ended connections by the side whose FIN the server saw or sent first; `reset` where one ended without FINs. */
  readonly firstCloser: { readonly client: number; readonly server: number; readonly reset: number };
  /** Ended connections by requests executed on them. */
  readonly requestsPerConnection: Readonly<Record<number, number>>;
  /** getrusage of the whole process. */
  readonly cpu: { readonly userUs: number; readonly systemUs: number };
  readonly rssBytes: number;
  /** Since the last snapshot; null where the server has no event loop of Node's. */
  readonly eventLoopDelay: EventLoopDelay | null;
  /** Absent where the server does not speak TLS. */
  readonly tls?: ServerTlsCounts;
  /** Absent where the scenario has no policy. */
  readonly policies?: ServerPolicyCounts;
  /** Requests that met a fault, by its name; every configured one is there. Absent where none is configured. */
  readonly faults?: Readonly<Partial<Record<FaultName, number>>>;
  /**
   * Executions of a request that had been executed already, by the number that a retrying client gives it. Null where numbers came that
   * are too many to remember; absent where the client does not retry.
   */
  readonly duplicates?: number | null;
  /** What the server saw of itself since it started; absent where it has no event loop of Node's. */
  readonly seconds?: readonly ServerSecond[];
}

export type ToServer =
  | {
      readonly type: 'start';
      readonly config: BundledServerConfig;
      readonly host: string;
      /** 0: any free port. */
      readonly port: number;
      readonly seed: number;
      /** Present exactly where the configuration has `tls`. */
      readonly tls?: ServerTlsIdentity;
      /** Whether requests have the field `Connbench-Request`, by which executions of the same one are told. Absent: no. */
      readonly countDuplicates?: boolean;
    }
  | { readonly type: 'snapshot'; readonly id: number }
  /** It is certain when measure is; told where the configuration has something to do then. */
  | ({ readonly type: 'measure' } & MeasureSpan)
  /** Stop accepting, let open connections end for `graceMs`, then end them, report, exit 0. */
  | { readonly type: 'stop'; readonly graceMs: number };

export type FromServer =
  | {
      readonly type: 'listening';
      readonly host: string;
      readonly port: number;
      readonly settings: LiveServerSettings;
    }
  | { readonly type: 'snapshot'; readonly id: number; readonly report: ServerReport }
  | { readonly type: 'stopped'; readonly report: ServerReport }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };
