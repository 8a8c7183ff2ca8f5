/** A hop's count of what became of every connection and request, kept the same way by every program of connbench's. */
import { nowNs } from '../kernel/clock.ts';
import { hopFailures, type HopFailure } from '../scenario/hop-config.ts';
import type { HopCloses, HopConnections, HopReport } from './messages.ts';

/** The side whose FIN went first, or `reset` where the connection ended without one. */
export type HopCloser = keyof HopCloses;

/** The connections on one side of a hop. */
export class ConnectionTally {
  #opened = 0;
  #ended = 0;
  #ageSumMs = 0;
  #ageMaxMs = 0;
  readonly #closedBy: Record<HopCloser, number> = { peer: 0, hop: 0, reset: 0 };
  readonly #requests = new Map<number, number>();

  get open(): number {
    return this.#opened - this.#ended;
  }

  add(): void {
    this.#opened++;
  }

  /** One of them has ended, after `ageMs` and so many requests. */
  end(by: HopCloser, ageMs: number, requests: number): void {
    this.#ended++;
    this.#closedBy[by]++;
    this.#ageSumMs += ageMs;
    this.#ageMaxMs = Math.max(this.#ageMaxMs, ageMs);
    this.#requests.set(requests, (this.#requests.get(requests) ?? 0) + 1);
  }

  /** A copy of the counts. */
  counts(): HopConnections {
    return {
      opened: this.#opened,
      open: this.open,
      closedBy: { ...this.#closedBy },
      requestsPerConnection: Object.fromEntries([...this.#requests].sort(([a], [b]) => a - b)),
      ages: this.#ended === 0 ? null : { meanMs: this.#ageSumMs / this.#ended, maxMs: this.#ageMaxMs },
    };
  }
}

type FailureCounts = Record<HopFailure, number>;
type PlainCount = 'received' | 'refused' | 'ignored' | 'sent' | 'sentOnReuse' | 'answered' | 'abandoned';

const noFailures = (): FailureCounts => Object.fromEntries(hopFailures.map((failure) => [failure, 0])) as FailureCounts;

/** Everything that a hop counts. */
export class HopTally {
  readonly downstream = new ConnectionTally();
  readonly upstream = new ConnectionTally();
  readonly #counts: Record<PlainCount, number> = {
    received: 0,
    refused: 0,
    ignored: 0,
    sent: 0,
    sentOnReuse: 0,
    answered: 0,
    abandoned: 0,
  };
  readonly #failures = noFailures();
  readonly #retries = noFailures();
  #attempted = 0;
  #connectFailed = 0;

  count(what: PlainCount): void {
    this.#counts[what]++;
  }

  /** A request failed for good. */
  fail(failure: HopFailure): void {
    this.#failures[failure]++;
  }

  /** A request failed, and is tried again. */
  retry(failure: HopFailure): void {
    this.#retries[failure]++;
  }

  /** A connection to the next program is asked for. */
  attempt(): void {
    this.#attempted++;
  }

  /** It was not established. */
  failConnect(): void {
    this.#connectFailed++;
  }

  /** A copy of the counts, with the time and the figures of this process. */
  report(): HopReport {
    const { user, system } = process.cpuUsage();
    return {
      atNs: nowNs(),
      downstream: this.downstream.counts(),
      upstream: { ...this.upstream.counts(), attempted: this.#attempted, connectFailed: this.#connectFailed },
      requests: { ...this.#counts, failures: { ...this.#failures }, retries: { ...this.#retries } },
      cpu: { userUs: user, systemUs: system },
      rssBytes: residentBytes(),
    };
  }
}

let lastRssBytes = 0;

/** Reading it opens a file, which fails where the hop has used up its descriptors; then the last reading stands. */
function residentBytes(): number {
  try {
    lastRssBytes = process.memoryUsage.rss();
  } catch {
    // The report matters more than this one figure of it.
  }
  return lastRssBytes;
}
