/** A Node server watches its own event loop: how busy and how late it is, its CPU time and its garbage collector, second by second. */
import { performance } from 'node:perf_hooks';
import { nowNs } from '../kernel/clock.ts';
import { GcPauses, sumPauses, type GcSummary } from '../kernel/gc-pauses.ts';
import { EventLoopDelayMeter } from './event-loop-delay.ts';
import type { EventLoopDelay } from './messages.ts';

/** One second of the server's event loop; one that the loop could not end in time is longer. Times are CLOCK_MONOTONIC ns. */
export interface ServerSecond {
  readonly startNs: number;
  readonly endNs: number;
  /** Of the whole process. */
  readonly cpu: { readonly userUs: number; readonly systemUs: number };
  /** Time in which the event loop did not wait for events, ns. */
  readonly busyNs: number;
  readonly eventLoopDelay: EventLoopDelay;
  readonly gc: GcSummary;
}

const periodMs = 1000;
/** After so many the next ones are twice as long, and so on: a day leaves a few thousand. */
const secondsPerLength = 600;

/** Its timer does not keep the process alive. */
export class LoopLog {
  readonly #seconds: ServerSecond[] = [];
  readonly #delay = new EventLoopDelayMeter();
  readonly #gc = new GcPauses();
  readonly #timer = setInterval(() => {
    const lengthMs = periodMs * 2 ** Math.floor(this.#seconds.length / secondsPerLength);
    const lateNs = nowNs() - this.#dueNs;
    this.#dueNs = nowNs() + periodMs * 1e6;
    if (nowNs() - this.#startNs >= (lengthMs - periodMs / 2) * 1e6) this.#endSecond(lateNs);
  }, periodMs).unref();
  #startNs = nowNs();
  /** When the timer should call next. */
  #dueNs = this.#startNs + periodMs * 1e6;
  #cpu = process.cpuUsage();
  #idleMs = performance.eventLoopUtilization().idle;

  /** Every second so far, the one that goes on with as much of it as there was. */
  seconds(): readonly ServerSecond[] {
    this.#endSecond();
    return [...this.#seconds];
  }

  /** `lateNs`: of the timer, where it is what ends the second. */
  #endSecond(lateNs = 0): void {
    const endNs = nowNs();
    const cpu = process.cpuUsage(this.#cpu);
    const idleMs = performance.eventLoopUtilization().idle;
    this.#seconds.push({
      startNs: this.#startNs,
      endNs,
      cpu: { userUs: cpu.user, systemUs: cpu.system },
      busyNs: Math.max(0, endNs - this.#startNs - (idleMs - this.#idleMs) * 1e6),
      eventLoopDelay: withLateness(this.#delay.take(), lateNs),
      gc: sumPauses(this.#gc.take()),
    });
    this.#startNs = endNs;
    this.#cpu = process.cpuUsage();
    this.#idleMs = idleMs;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#gc.close();
  }
}

/** A loop that is blocked for seconds comes to no two ticks of the sampler within one: then the lateness of this log's own timer is all there is. */
function withLateness(delay: EventLoopDelay, lateNs: number): EventLoopDelay {
  if (delay.count > 0) return { ...delay, maxNs: Math.max(delay.maxNs, lateNs) };
  return lateNs <= 0 ? delay : { count: 1, meanNs: lateNs, p50Ns: lateNs, p99Ns: lateNs, maxNs: lateNs };
}
