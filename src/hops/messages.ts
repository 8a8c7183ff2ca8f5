/** What the controller and a hop's process say to each other over IPC (structured clone, so Infinity survives). */
import type { HopFailure, ProxyHopConfig, RelayHopConfig } from '../scenario/hop-config.ts';

/** Where an address is: a dotted IPv4 address and a port. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** The programs that are part of connbench. */
export type OwnHopConfig = (ProxyHopConfig & { readonly kind: 'reverse-proxy' }) | RelayHopConfig;

/** Settings as the running hop has them; null where it has no such setting, or does not say. */
export interface LiveHopSettings {
  /** E.g. `connbench reverse proxy, node v20.20.2` or `nginx/1.22.1`. */
  readonly runtime: string;
  readonly keepAliveTimeoutMs: number | null;
  readonly maxRequests: number | null;
  readonly upstream: {
    readonly poolSize: number | null;
    readonly idleTimeoutMs: number | null;
    readonly maxRequests: number | null;
    readonly connectTimeoutMs: number | null;
    readonly responseTimeoutMs: number | null;
  };
  /** The configuration as the program itself prints it; null where there is no such text. */
  readonly text: string | null;
}

/** The status that a client gets for a failure; null where its answer has begun. */
export const failureStatus: Readonly<Record<HopFailure, 502 | 504 | null>> = {
  refused: 502,
  connectFailed: 502,
  connectTimeout: 504,
  endedOnReuse: 502,
  endedOnNew: 502,
  badResponse: 502,
  responseTimeout: 504,
  cutShort: null,
};

/** Ended connections by the side whose FIN went first; `reset` where one ended without FINs. */
export interface HopCloses {
  readonly peer: number;
  readonly hop: number;
  readonly reset: number;
}

/** What became of the connections on one side of a hop: `opened = open + peer + hop + reset` at any moment. */
export interface HopConnections {
  /** Accepted, of the client's side; established, of the server's side. */
  readonly opened: number;
  readonly open: number;
  readonly closedBy: HopCloses;
  /** Ended connections by requests on them. */
  readonly requestsPerConnection: Readonly<Record<number, number>>;
  /** Of ended connections, ms; null where none has ended. */
  readonly ages: { readonly meanMs: number; readonly maxMs: number } | null;
}

/**
 * Requests that a hop met. `received = refused + ignored + answered + failed + abandoned + under way`, where failed is the sum of
 * `failures`; `sent` counts the times that one was sent on, again included.
 */
interface HopRequests {
  readonly received: number;
  /** Answered by the hop itself, and not for a failure of the next program. */
  readonly refused: number;
  /** Came on a connection on which the hop does not expect another one. */
  readonly ignored: number;
  readonly sent: number;
  /** Of `sent`: on a connection that had been used before. */
  readonly sentOnReuse: number;
  /** Answered to the end with the answer of the next program. */
  readonly answered: number;
  /** The client gave up while they were under way. */
  readonly abandoned: number;
  readonly failures: Readonly<Record<HopFailure, number>>;
  /** Sent again, or tried again, after a failure. */
  readonly retries: Readonly<Record<HopFailure, number>>;
}

/** Counts since the hop started listening. */
export interface HopReport {
  /** CLOCK_MONOTONIC, ns. */
  readonly atNs: number;
  readonly downstream: HopConnections;
  readonly upstream: HopConnections & {
    readonly attempted: number;
    readonly connectFailed: number;
  };
  readonly requests: HopRequests;
  /** getrusage of the whole process. */
  readonly cpu: { readonly userUs: number; readonly systemUs: number };
  readonly rssBytes: number;
}

export type ToHop =
  | {
      readonly type: 'start';
      readonly config: OwnHopConfig;
      readonly host: string;
      /** 0: any free port. */
      readonly port: number;
      readonly upstream: Endpoint;
    }
  | { readonly type: 'snapshot'; readonly id: number }
  /** Stop accepting, let open connections end for `graceMs`, then end them, report, exit 0. */
  | { readonly type: 'stop'; readonly graceMs: number };

export type FromHop =
  | { readonly type: 'ready'; readonly host: string; readonly port: number; readonly settings: LiveHopSettings }
  | { readonly type: 'snapshot'; readonly id: number; readonly report: HopReport }
  | { readonly type: 'stopped'; readonly report: HopReport }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };
