/** How late this process's event loop runs, from Node's own sampler. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { EventLoopDelay } from './messages.ts';

const resolutionMs = 10;

/**
 * Samples by a timer every 10 ms. Node records the time between two ticks of that timer; the 10 ms themselves are taken off
 * here, so that the figures say how late a tick came: near 0 on an idle loop, the length of the blocking work on a busy one.
 * A blocked loop gives one long sample instead of many short ones, so the quantiles are over ticks, not over time.
 */
export class EventLoopDelayMeter {
  readonly #histogram = monitorEventLoopDelay({ resolution: resolutionMs });

  constructor() {
    this.#histogram.enable();
  }

  /** The delays since the last call that gave any, or zeros where no tick came since: two ticks are needed for a first interval. */
  take(): EventLoopDelay {
    const { count, mean, max } = this.#histogram;
    if (count === 0) return { count: 0, meanNs: 0, p50Ns: 0, p99Ns: 0, maxNs: 0 };
    const taken = {
      count,
      meanNs: lateness(mean),
      p50Ns: lateness(this.#histogram.percentile(50)),
      p99Ns: lateness(this.#histogram.percentile(99)),
      maxNs: lateness(max),
    };
    this.#histogram.reset();
    return taken;
  }
}

function lateness(intervalNs: number): number {
  return Math.max(0, intervalNs - resolutionMs * 1e6);
}
