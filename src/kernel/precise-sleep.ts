/** Wakes an event loop at a time that is exact to tens of microseconds, where libuv's own timers count whole milliseconds. */
import { allocateNative, freeNative } from './memory.ts';
import { requireNative } from './native.ts';

/** Sleeps that may be under way at once. */
const mostSleeps = 8;
const timespecBytes = 16;

/**
 * Sleeps of one thread, each in a thread of libuv's pool (clock_nanosleep(2) with TIMER_ABSTIME on CLOCK_MONOTONIC): meant for a
 * millisecond or two, because the pool has four threads for all workers of a process and a sleep cannot be called off. Needs FFI.
 */
export class PreciseSleep {
  readonly #times = allocateNative(mostSleeps * timespecBytes);
  readonly #free = Array.from({ length: mostSleeps }, (_, index) => index);
  readonly #sleepUntil = requireNative().sleepUntil;
  #under = 0;
  #onRest: (() => void) | null = null;

  /** Calls back once `atNs` (CLOCK_MONOTONIC) has come; at once from the event loop where it has. False where too many sleep already. */
  until(atNs: number, callback: () => void): boolean {
    const index = this.#free.pop();
    if (index === undefined) return false;
    const { view, address } = this.#times;
    const offset = index * timespecBytes;
    const seconds = Math.floor(atNs / 1e9);
    view.setBigInt64(offset, BigInt(seconds), true);
    view.setBigInt64(offset + 8, BigInt(Math.floor(atNs - seconds * 1e9)), true);
    this.#under++;
    this.#sleepUntil(address + offset, () => {
      this.#free.push(index);
      this.#under--;
      callback();
      if (this.#under === 0) this.#onRest?.();
    });
    return true;
  }

  /** Resolves once nothing sleeps any more, so that the thread may end. Call once, and nothing after it. */
  async close(): Promise<void> {
    if (this.#under > 0) {
      await new Promise<void>((resolve) => {
        this.#onRest = resolve;
      });
    }
    freeNative(this.#times);
  }
}
