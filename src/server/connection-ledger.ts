/** The server's count of what became of every connection and request, kept the same way by every kind of server. */
import type { BundledServerConfig, FaultName } from '../scenario/config.ts';
import { nowNs } from '../kernel/clock.ts';
import type { ServerPolicies } from '../scenario/policy-config.ts';
import { DrainBook } from './drain-book.ts';
import { ExecutedNumbers } from './executed-numbers.ts';
import {
  closeReasons,
  type CloseReason,
  type ServerPolicyCounts,
  type ServerReport,
  type ServerTlsCounts,
} from './messages.ts';

/** The side whose FIN went first, or `reset` where the connection ended without one. */
export type FirstCloser = keyof ServerReport['firstCloser'];

/** The part of a configuration that says what there is to count. */
type Counted = Pick<BundledServerConfig, 'tls' | 'faults' | keyof ServerPolicies>;

/** The counted part of a `ServerReport`. */
export type LedgerCounts = Pick<
  ServerReport,
  | 'accepted'
  | 'executed'
  | 'refused'
  | 'turnedAway'
  | 'acceptErrors'
  | 'open'
  | 'closesByReason'
  | 'firstCloser'
  | 'requestsPerConnection'
  | 'tls'
  | 'faults'
  | 'policies'
  | 'duplicates'
>;

/**
 * Books balance at any moment: `accepted = open + ended`, where each ended connection is counted once by reason, once by first
 * closer and once by its requests.
 */
export class ConnectionLedger {
  #accepted = 0;
  #executed = 0;
  #refused = 0;
  #acceptErrors = 0;
  #open = 0;
  readonly #closes = Object.fromEntries(closeReasons.map((reason) => [reason, 0])) as Record<CloseReason, number>;
  readonly #first: Record<FirstCloser, number> = { client: 0, server: 0, reset: 0 };
  readonly #requests = new Map<number, number>();
  /** Null where the server does not speak TLS. */
  readonly #tls: { -readonly [Count in keyof ServerTlsCounts]: number } | null;
  /** Null where none is configured. */
  readonly #faults: Map<FaultName, number> | null;
  /** Null where the scenario has no policy. */
  readonly #policies: { shedResponses: number; acceptPauses: number } | null;
  /** Null where the server does not leave. */
  readonly drain: DrainBook | null;
  /** Null where the client does not number its requests. */
  readonly #numbers: ExecutedNumbers | null;

  /** What else than connections and requests is counted follows from the configuration. */
  constructor(config: Counted = {}, countDuplicates = false) {
    const { tls, faults, shed, evictIdle, acceptPause, nofile, drain } = config;
    const hasPolicy = [shed, evictIdle, acceptPause, nofile, drain].some((policy) => policy !== undefined);
    this.#policies = hasPolicy ? { shedResponses: 0, acceptPauses: 0 } : null;
    this.drain = drain === undefined ? null : new DrainBook();
    this.#tls = tls === undefined ? null : { full: 0, resumed: 0, earlyData: 0, failed: 0 };
    this.#faults = faults === undefined ? null : new Map(faults.map(({ fault }) => [fault, 0]));
    this.#numbers = countDuplicates ? new ExecutedNumbers() : null;
  }

  get open(): number {
    return this.#open;
  }

  accept(): void {
    this.#accepted++;
    this.#open++;
  }

  /** A connection that the kernel completed and the server closed at once, because it has as many as it may. */
  turnAway(): void {
    this.accept();
    this.end('maxConnections', 'server', 0);
  }

  /** The kernel could not hand over a waiting connection (for want of file descriptors, say). */
  failAccept(): void {
    this.#acceptErrors++;
  }

  /** A request whose handler runs now. */
  execute(): void {
    this.#executed++;
  }

  /** A request answered with an error instead of its handler. */
  refuse(): void {
    this.#refused++;
  }

  /** An executed request that the client numbered: `worker` 0..65535, `sequence` 0..2^48-1. */
  number(worker: number, sequence: number): void {
    this.#numbers?.add(worker, sequence);
  }

  /** A request that meets a fault. */
  fault(name: FaultName): void {
    this.#faults?.set(name, (this.#faults.get(name) ?? 0) + 1);
  }

  /** A response relieves the server. */
  shedResponse(): void {
    if (this.#policies !== null) this.#policies.shedResponses++;
  }

  /** The server stops accepting for a while. */
  pauseAccepting(): void {
    if (this.#policies !== null) this.#policies.acceptPauses++;
  }

  /** A TLS handshake is complete. */
  handshake(isResumed: boolean): void {
    if (this.#tls !== null) this.#tls[isResumed ? 'resumed' : 'full']++;
  }

  /** The early data of a connection was taken. */
  takeEarlyData(): void {
    if (this.#tls !== null) this.#tls.earlyData++;
  }

  /** A connection ended before its TLS handshake was complete. */
  failHandshake(): void {
    if (this.#tls !== null) this.#tls.failed++;
  }

  /** An accepted connection has ended, after `requests` executed requests. `isOld`: it was open when the server began to leave. */
  end(reason: CloseReason, first: FirstCloser, requests: number, isOld = false): void {
    if (isOld) this.drain?.end(nowNs());
    this.#open--;
    this.#closes[reason]++;
    this.#first[first]++;
    this.#requests.set(requests, (this.#requests.get(requests) ?? 0) + 1);
  }

  /** A copy of the counts. Throws where they do not balance, which is a bug in the server. */
  counts(): LedgerCounts {
    const ended = sum(Object.values(this.#closes));
    const balanced =
      this.#open >= 0 &&
      this.#accepted === this.#open + ended &&
      ended === sum(Object.values(this.#first)) &&
      ended === sum(this.#requests.values());
    if (!balanced) {
      throw new Error(
        `connection ledger does not balance: accepted ${this.#accepted}, open ${this.#open}, ended ${ended}`,
      );
    }
    return {
      accepted: this.#accepted,
      executed: this.#executed,
      refused: this.#refused,
      turnedAway: this.#closes.maxConnections,
      acceptErrors: this.#acceptErrors,
      open: this.#open,
      closesByReason: { ...this.#closes },
      firstCloser: { ...this.#first },
      requestsPerConnection: Object.fromEntries([...this.#requests].sort(([a], [b]) => a - b)),
      ...(this.#tls === null ? {} : { tls: { ...this.#tls } }),
      ...(this.#faults === null ? {} : { faults: Object.fromEntries(this.#faults) }),
      ...(this.#policies === null ? {} : { policies: this.#policyCounts(this.#policies) }),
      ...(this.#numbers === null ? {} : { duplicates: this.#numbers.duplicates }),
    };
  }

  #policyCounts(counted: { shedResponses: number; acceptPauses: number }): ServerPolicyCounts {
    const { shed, evicted } = this.#closes;
    const drain = this.drain === null ? {} : { drain: this.drain.counts(this.#closes) };
    return { ...counted, shed, evicted, acceptErrors: this.#acceptErrors, ...drain };
  }
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
