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
}
