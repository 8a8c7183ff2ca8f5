/** The interface between the generator and whatever executes a strategy. */
import type { MessagePort } from 'node:worker_threads';
import type { ClientName, TrialConfig } from '../scenario/config.ts';
import type { LiveCounts } from './live.ts';
import type { WorkerMeasureStart } from './measure-start.ts';
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
  /** The times of a load with a trace: whole ns from the start of measure, ascending. */
  readonly traceNs?: Float64Array;
  /** PEM of the authority by which the server's certificate is verified; absent without TLS, or where the system's own are meant. */
  readonly caPem?: string;
  readonly live: LiveCounts;
  /** With `load.steady`: how the start of measure is agreed on. */
  readonly measureStart?: WorkerMeasureStart;
  /** Of a client that is a program: takes when measure begins, CLOCK_MONOTONIC ns, once. */
  readonly measurePort?: MessagePort;
}

/** A share of a trial that is ready to begin. */
export interface PreparedShare {
  /**
   * Sends the whole load, which begins at `startNs` (CLOCK_MONOTONIC), and settles when every request is settled and every connection
   * closed. To be called once.
   */
  run(startNs: number): Promise<WorkerReport>;
}

export interface Transport {
  readonly kind: 'epoll' | 'net';
  /** Why not epoll; null with epoll. */
  readonly reason: string | null;
}

/** What executes a strategy. */
export interface Client {
  readonly name: ClientName;
  /**
   * The load is sent by a program in a process of its own, below the generator's: its CPU time, memory and descriptors are the client's,
   * it begins measure by itself (`measurePort`), and no event of it is seen from here (`WorkerReport.outside`). Absent: no.
   */
  readonly isProgram?: true;
  /** What this client moves its bytes with on this machine. */
  transport(): Transport;
  /** Does what takes time, however many arrivals and users there are, so that the load then begins at once. Connects to nothing yet. */
  prepare(task: ClientTask): PreparedShare | Promise<PreparedShare>;
  /** What its process must have in its environment from the start where `caFile` holds the authority of the server; absent: nothing. */
  environment?(caFile: string): Readonly<Record<string, string>>;
}
