/** What the controller and the generator process say to each other over IPC (structured clone). Times are CLOCK_MONOTONIC ns. */
import type { TrialConfig } from '../scenario/config.ts';
import type {
  ClientFacts,
  ConnectionReport,
  FailureCount,
  Interval,
  LatencyName,
  RequestCounts,
  OutsideReport,
  WorkerReport,
} from '../clients/observations.ts';
import type { PhaseFaults } from '../clients/phase-check.ts';
import type { SlowRequest } from '../clients/slowest.ts';
import type { LoopSecond } from '../clients/loop-watch.ts';
import type { SparseCounts } from '../stats/histogram.ts';

export interface GeneratorReport {
  readonly transport: 'epoll' | 'net';
  /** Why not epoll; null with epoll. */
  readonly transportReason: string | null;
  readonly workers: number;
  /** Version of the Node that ran the generator, `v20.20.2`. */
  readonly runtime?: string;
  readonly startNs: number;
  readonly measureStartNs: number;
  readonly measureEndNs: number;
  /** When the last request was settled. */
  readonly drainedNs: number;
  /** With `load.steady`: whether the load was seen to be steady before measure began. */
  readonly steadyReached?: boolean;
  /** Ended early by `stop`. */
  readonly stopped: boolean;
  /** Requests whose intended start is in measure. */
  readonly measure: RequestCounts;
  /** Every request of the trial. `sent`: written in full; `answered`: response read in full. */
  readonly wholeTrial: RequestCounts & { readonly sent: number; readonly answered: number };
  /** Failures of requests whose intended start is in measure. */
  readonly errors: readonly FailureCount[];
  /** Failures before measure, in the same form. */
  readonly warmUpErrors: readonly FailureCount[];
  /** Measured requests by HTTP status. */
  readonly statuses: Readonly<Record<number, number>>;
  readonly latency: Readonly<Record<LatencyName, { readonly new: SparseCounts; readonly reused: SparseCounts }>>;
  /** Ages of measured requests that timed out or were unfinished at the end of the drain; they are in no latency. */
  readonly censored: SparseCounts;
  /** Of the measured requests, answered or not, the slowest first. */
  readonly slowest: readonly SlowRequest[];
  /** Null unless the client was told to check that phases add up. */
  readonly phaseFaults: PhaseFaults | null;
  readonly connections: ConnectionReport;
  /** Whole trial, HTTP bytes without TCP/IP headers. */
  readonly bytes: { readonly sent: number; readonly received: number };
  readonly intervals: readonly Interval[];
  /** Absent: the client never sends a request again. */
  readonly retried?: NonNullable<WorkerReport['retried']>;
  /** Series that the client cannot measure, by name, with the reason; absent: it measures all. */
  readonly unmeasured?: NonNullable<WorkerReport['unmeasured']>;
  /** What the client says of itself; of connbench's own only what the kernel says of the sockets, where the scenario asked for it. */
  readonly client?: ClientFacts;
  /** What each worker saw of itself, second by second. */
  readonly loops?: readonly (readonly LoopSecond[])[];
  /** getrusage of the process over measure; of a client that is a program with that of its process. */
  readonly cpu: { readonly userUs: number; readonly systemUs: number };
  /** The same over warm-up and drain. */
  readonly cpuOutsideMeasure: { readonly userUs: number; readonly systemUs: number };
}

/** Of a client that is a program: nobody counted its connections and its bytes, nor what it did second by second. */
export interface OutsideGeneratorReport extends Omit<GeneratorReport, 'connections' | 'bytes'> {
  readonly connections: null;
  readonly bytes: null;
  readonly outside: OutsideReport;
}

export type AnyGeneratorReport = GeneratorReport | OutsideGeneratorReport;

/** CLOCK_MONOTONIC ns. */
export interface MeasureTimes {
  readonly measureStartNs: number;
  readonly measureEndNs: number;
}

export type TrialPhase = 'warm-up' | 'measure' | 'drain';

export type ToGenerator =
  | {
      readonly type: 'start';
      readonly config: TrialConfig;
      readonly host: string;
      readonly port: number;
      readonly seed: number;
      /** PEM of the authority by which the server's certificate is verified. */
      readonly caPem?: string;
    }
  | { readonly type: 'stop' };

export type FromGenerator =
  | { readonly type: 'ready'; readonly transport: 'epoll' | 'net'; readonly transportReason: string | null }
  /** The load begins. Measure is then, or earlier with `load.steady`. */
  | ({ readonly type: 'started'; readonly startNs: number } & MeasureTimes)
  /** It is certain when measure is: follows `started`, at once or, with `load.steady` or a client that is a program, about when measure begins. */
  | ({ readonly type: 'measure' } & MeasureTimes)
  /** Every 200 ms while running; counts of the whole trial so far. */
  | {
      readonly type: 'live';
      readonly phase: TrialPhase;
      readonly started: number;
      readonly completed: number;
      readonly failed: number;
      readonly dropped: number;
      readonly openConnections: number;
    }
  /** All requests are settled and every connection is closed. The process exits 0 after it. */
  | { readonly type: 'done'; readonly report: AnyGeneratorReport }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };
