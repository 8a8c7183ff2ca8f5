/**
 * How the worker threads and the generator's main thread agree on when measure begins, where that depends on the load being steady.
 *
 * Warm-up is divided into intervals, and measure can only begin at a border between two. One shared number holds either the border at
 * which measure begins, or, negated, the last border that any worker has passed. Both sides change it by compare-and-exchange, so the main
 * thread can only choose a border that at least one whole interval separates from every worker: each of them comes by the border before it,
 * looks, and knows. No worker waits for anything.
 */
import type { MessagePort } from 'node:worker_threads';
import type { SparseCounts } from '../stats/histogram.ts';

export interface SharedMeasureStart {
  /** One number, as above. */
  readonly word: Int32Array<SharedArrayBuffer>;
  /** Length of an interval of warm-up; the first is shorter where they do not fill it. */
  readonly intervalNs: number;
  /** The border at which measure begins at the latest, as it was planned; border 0 is the start of the trial or before it. */
  readonly latestBorder: number;
}

/** What a worker gets of it. */
export interface WorkerMeasureStart extends SharedMeasureStart {
  /** Takes the response times of each interval of warm-up in turn (`WarmUpInterval`). */
  readonly port: MessagePort;
}

/** Response times of what ended within one interval of warm-up. */
export type WarmUpInterval = SparseCounts;

/** `longestNs`: from the start of the trial to the planned start of measure. */
export function createMeasureStart(longestNs: number, intervalNs: number): SharedMeasureStart {
  const word = new Int32Array(new SharedArrayBuffer(4));
  return { word, intervalNs, latestBorder: Math.ceil(longestNs / intervalNs) };
}

/** When a border is, on the clock of the planned start of measure. */
export function borderNs({ intervalNs, latestBorder }: SharedMeasureStart, border: number, latestNs: number): number {
  return latestNs - (latestBorder - border) * intervalNs;
}

/** The first border at or after a time. */
export function borderFrom({ intervalNs, latestBorder }: SharedMeasureStart, timeNs: number, latestNs: number): number {
  return latestBorder - Math.floor((latestNs - timeNs) / intervalNs);
}

/** A worker has passed `border`. Gives the border at which measure begins, or 0 where nobody has chosen one yet. */
export function passBorder({ word }: SharedMeasureStart, border: number): number {
  for (;;) {
    const seen = Atomics.load(word, 0);
    if (seen > 0) return seen;
    if (-seen >= border || Atomics.compareExchange(word, 0, seen, -border) === seen) return 0;
  }
}

/**
 * The main thread lets measure begin as soon as it can, not before `earliestBorder`. Gives the border, or null where that is not before the
 * planned one, which then holds. To be called until it succeeds once, and not again.
 */
export function bringForward({ word, latestBorder }: SharedMeasureStart, earliestBorder: number): number | null {
  for (;;) {
    const passed = Atomics.load(word, 0);
    const border = Math.max(earliestBorder, 2 - passed);
    if (border >= latestBorder) return null;
    if (Atomics.compareExchange(word, 0, passed, border) === passed) return border;
  }
}

/** A worker's look-out for a start of measure that was brought forward. */
export class MeasureLookout {
  readonly #shared: SharedMeasureStart;
  readonly #plannedStartNs: number;
  #isKnown = false;

  constructor(shared: SharedMeasureStart, plannedStartNs: number) {
    this.#shared = shared;
    this.#plannedStartNs = plannedStartNs;
  }

  /**
   * To be called before an interval of warm-up is ended, so that a worker that comes late ends none that measure does not have. Gives the
   * start of measure, once, where it turns out to be earlier than planned; else null.
   */
  look(nowNs: number): number | null {
    if (this.#isKnown) return null;
    // The border that lies behind, and not the one ahead.
    const passed = borderFrom(this.#shared, nowNs, this.#plannedStartNs);
    const isBehind = borderNs(this.#shared, passed, this.#plannedStartNs) <= nowNs;
    const border = passBorder(this.#shared, isBehind ? passed : passed - 1);
    if (border === 0 && passed < this.#shared.latestBorder) return null;
    this.#isKnown = true;
    return border === 0 ? null : borderNs(this.#shared, border, this.#plannedStartNs);
  }
}
