/**
 * A worker thread watches itself: how busy its loop is, how long it ran and how long it was kept from running, and the pauses of its
 * garbage collector, second by second. Hot: one comparison and one addition per wait.
 */
import { performance } from 'node:perf_hooks';
import { GcPauses, sumPauses, type GcPause, type GcSummary } from '../kernel/gc-pauses.ts';
import { allowedProcessors, OwnThreadTime, type ThreadTime } from '../kernel/thread-time.ts';

/** One second of one worker thread; a second that the thread could not end in time is longer. Times are CLOCK_MONOTONIC ns. */
export interface LoopSecond {
  readonly startNs: number;
  readonly endNs: number;
  /** In which the loop waited for nothing: handling, or kept from handling. A wait lasts until the thread runs again. */
  readonly busyNs: number;
  /** Of the thread; null where the kernel keeps no such account. */
  readonly cpuNs: number | null;
  /** Ready to run but without a processor, waits that woke it up late included. */
  readonly runDelayNs: number | null;
  /** How often it was given a processor. */
  readonly runs: number | null;
  /** Processors that the thread may run on, `0-3`; null where the system does not say. */
  readonly processors: string | null;
  readonly gc: GcSummary;
}

/** Longer trials get longer seconds, so that a report never holds more than this many. */
const mostSeconds = 600;

export class LoopWatch {
  readonly #thread = new OwnThreadTime();
  readonly #gc = new GcPauses();
  readonly #periodNs: number;
  readonly #seconds: Omit<LoopSecond, 'gc'>[] = [];
  readonly #isEventLoop: boolean;
  #startNs: number;
  #endNs: number;
  #before: ThreadTime | null;
  #waitedNs = 0;
  #idleBeforeNs = 0;

  /** Make it in the thread that it watches. `lengthNs`: how long the trial may take, about. `eventLoop`: of Node's, which counts its waits itself. */
  constructor(nowNs: number, lengthNs: number, loop: 'own' | 'event loop' = 'own') {
    this.#periodNs = Math.max(1, Math.ceil(lengthNs / 1e9 / mostSeconds)) * 1e9;
    this.#isEventLoop = loop === 'event loop';
    this.#startNs = nowNs;
    this.#endNs = nowNs + this.#periodNs;
    this.#before = this.#thread.read();
    this.#idleBeforeNs = this.#idleNs();
  }

  /** The loop waited for events between these times. */
  waited(fromNs: number, toNs: number): void {
    this.#waitedNs += toNs - fromNs;
    if (toNs >= this.#endNs) this.#endSecond(toNs);
  }

  /** For a loop that does not say when it waits: call about ten times a second. */
  tick(nowNs: number): void {
    if (nowNs >= this.#endNs) this.#endSecond(nowNs);
  }

  #idleNs(): number {
    return this.#isEventLoop ? performance.eventLoopUtilization().idle * 1e6 : 0;
  }

  #endSecond(nowNs: number): void {
    const now = this.#thread.read();
    const before = this.#before;
    const idleNs = this.#idleNs();
    const lengthNs = nowNs - this.#startNs;
    const waitedNs = this.#isEventLoop ? idleNs - this.#idleBeforeNs : this.#waitedNs;
    const since = (name: keyof ThreadTime): number | null =>
      now === null || before === null ? null : now[name] - before[name];
    this.#seconds.push({
      startNs: this.#startNs,
      endNs: nowNs,
      busyNs: Math.min(lengthNs, Math.max(0, lengthNs - waitedNs)),
      cpuNs: since('cpuNs'),
      runDelayNs: since('runDelayNs'),
      runs: since('runs'),
      processors: allowedProcessors(),
    });
    this.#before = now;
    this.#idleBeforeNs = idleNs;
    this.#waitedNs = 0;
    this.#startNs = nowNs;
    // On the grid of the first second, and in the future.
    this.#endNs += Math.max(1, Math.floor((nowNs - this.#endNs) / this.#periodNs) + 1) * this.#periodNs;
  }

  /** Call once, when the loop has ended: the seconds in order, the last one as long as it was. */
  async finish(nowNs: number): Promise<readonly LoopSecond[]> {
    if (nowNs > this.#startNs) this.#endSecond(nowNs);
    this.#thread.close();
    await this.#gc.settle();
    const pauses = this.#gc.take();
    this.#gc.close();
    return this.#seconds.map((second) => ({ ...second, gc: sumPauses(pausesIn(second, pauses)) }));
  }
}

function pausesIn({ startNs, endNs }: Pick<LoopSecond, 'startNs' | 'endNs'>, pauses: readonly GcPause[]): GcPause[] {
  return pauses.filter((pause) => pause.startNs >= startNs && pause.startNs < endNs);
}
