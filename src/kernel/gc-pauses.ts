/** The pauses that V8's garbage collector made in this thread. */
import { PerformanceObserver } from 'node:perf_hooks';
import { performanceToNs } from './clock.ts';

/** One pause, CLOCK_MONOTONIC ns. */
export interface GcPause {
  readonly startNs: number;
  readonly durationNs: number;
}

/** Pauses kept: a thread that makes more of them has a first and last problem already. */
const mostPauses = 100_000;

/**
 * Notes every pause of the thread that makes it, until `close`. Node records a pause when it happens and hands it over when the thread is
 * back in its event loop; one that blocks in a loop of its own loses none, and gets them after `settle`.
 */
export class GcPauses {
  readonly #pauses: GcPause[] = [];
  readonly #observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) this.#add(startTime, duration);
  });

  constructor() {
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  #add(startMs: number, durationMs: number): void {
    if (this.#pauses.length < mostPauses) {
      this.#pauses.push({ startNs: performanceToNs(startMs), durationNs: durationMs * 1e6 });
    }
  }

  /** Resolves when pauses from before the call have been handed over. */
  async settle(): Promise<void> {
    // One turn of the event loop makes the entries, and the observer is told in the next.
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Those that were handed over since the last call. */
  take(): readonly GcPause[] {
    return this.#pauses.splice(0);
  }

  close(): void {
    this.#observer.disconnect();
  }
}

/** How often, how long in all and at the longest. */
export interface GcSummary {
  readonly count: number;
  readonly totalNs: number;
  readonly longestNs: number;
}

export function sumPauses(pauses: readonly GcPause[]): GcSummary {
  return {
    count: pauses.length,
    totalNs: pauses.reduce((sum, { durationNs }) => sum + durationNs, 0),
    longestNs: pauses.reduce((most, { durationNs }) => Math.max(most, durationNs), 0),
  };
}
