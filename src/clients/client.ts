/** The interface between the generator and whatever executes a strategy. */
import type { ClientName, TrialConfig } from '../scenario/config.ts';
import type { LiveCounts } from './live.ts';
import type { WorkerReport } from './observations.ts';

/** One worker's share of a trial. */
export interface ClientTask {
  readonly config: TrialConfig;
  readonly host: string;
  readonly port: number;
  readonly seed: number;
  /** This worker's number, from 0, of `workers`. */
  readonly worker: number;
  readonly workers: number;
  /** CLOCK_MONOTONIC ns at which the schedule begins. */
  readonly startNs: number;
  /** The times of a load with a trace: whole ns from the start of measure, ascending. */
  readonly traceNs?: Float64Array;
  /** PEM of the authority by which the server's certificate is verified; absent without TLS, or where the system's own are meant. */
  readonly caPem?: string;
  readonly live: LiveCounts;
}

export interface Transport {
  readonly kind: 'epoll' | 'net';
  /** Why not epoll; null with epoll. */
  readonly reason: string | null;
}

/** What executes a strategy. `run` sends the whole load and settles when every request is settled and every connection closed. */
export interface Client {
  readonly name: ClientName;
  /** What this client moves its bytes with on this machine. */
  transport(): Transport;
  run(task: ClientTask): Promise<WorkerReport>;
  /** What its process must have in its environment from the start where `caFile` holds the authority of the server; absent: nothing. */
  environment?(caFile: string): Readonly<Record<string, string>>;
}
