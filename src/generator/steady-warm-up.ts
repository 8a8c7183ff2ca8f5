/**
 * A warm-up that ends when the load is steady, seen from the generator's main thread: puts together what the workers saw in each interval,
 * judges it, and lets measure begin.
 */
import {
  borderFrom,
  borderNs,
  bringForward,
  createMeasureStart,
  type SharedMeasureStart,
  type WarmUpInterval,
} from '../clients/measure-start.ts';
import { hasSettled } from '../stats/steady.ts';
import { mergeSparse } from '../stats/summary.ts';

export interface SteadyWarmUpConfig {
  readonly workers: number;
  /** How long warm-up takes at least, ns. */
  readonly warmUpNs: number;
  /** How much longer it takes at most, ns. */
  readonly steadyNs: number;
  readonly intervalNs: number;
}

export class SteadyWarmUp {
  readonly shared: SharedMeasureStart;
  /** Whether the load was seen to be steady before measure began. */
  reached = false;

  readonly #longestNs: number;
  /** At the earliest: the first border when the least warm-up is over. */
  readonly #earliestBorder: number;
  /** By worker: intervals that others have not ended yet. Null where a worker has ended. */
  readonly #waiting: (WarmUpInterval[] | null)[];
  readonly #merged: WarmUpInterval[] = [];
  #isKnown = false;
  #tell: (startNs: number) => void = () => undefined;

  constructor({ workers, warmUpNs, steadyNs, intervalNs }: SteadyWarmUpConfig) {
    this.#longestNs = Math.round(warmUpNs + steadyNs);
    this.shared = createMeasureStart(this.#longestNs, intervalNs);
    this.#earliestBorder = borderFrom(this.shared, warmUpNs, this.#longestNs);
    this.#waiting = Array.from({ length: workers }, () => []);
  }

  /** Calls `listener` once, as soon as it is certain when measure begins: ns from the start of the trial. */
  onKnown(listener: (startNs: number) => void): void {
    this.#tell = listener;
  }

  /** A worker has ended an interval of warm-up; its first is the first of the trial. */
  take(worker: number, response: WarmUpInterval): void {
    this.#waiting[worker]?.push(response);
    this.#merge();
  }

  /** A worker has ended altogether. */
  ended(worker: number): void {
    this.#waiting[worker] = null;
    this.#merge();
  }

  /** Measure begins as planned: it is too late for anything else. */
  giveUp(): void {
    this.#know(this.shared.latestBorder);
  }

  #merge(): void {
    for (;;) {
      const running = this.#waiting.filter((queue) => queue !== null);
      const parts = running.flatMap((queue) => queue[0] ?? []);
      if (running.length === 0 || parts.length < running.length) return;
      for (const queue of running) queue.shift();
      this.#merged.push(mergeSparse(parts));
      this.#judge();
    }
  }

  /** After each interval: the border that it ended at is the number of intervals so far. */
  #judge(): void {
    if (this.reached) return;
    // The border after the next is the first that measure can begin at.
    const next = this.#merged.length + 2;
    if (next >= this.#earliestBorder && hasSettled(this.#merged) === true) {
      this.reached = true;
      if (!this.#isKnown) this.#know(bringForward(this.shared, this.#earliestBorder) ?? this.shared.latestBorder);
    } else if (next >= this.shared.latestBorder) {
      this.giveUp();
    }
  }

  #know(border: number): void {
    if (this.#isKnown) return;
    this.#isKnown = true;
    this.#tell(borderNs(this.shared, border, this.#longestNs));
  }
}
