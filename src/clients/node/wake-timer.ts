/**
 * Wakes a Node client's loop for the next start, and for everything else that has a time.
 *
 * libuv counts whole milliseconds, so a timer alone starts requests 0.6 ms late (median). Looking at the clock in every turn of the loop
 * starts them at once and uses up the processor: half of it at 1,000 starts a second, where a timer takes 4 % (of 3,900 Poisson starts, on a
 * shared machine with 2 processors). So the last two milliseconds are slept exactly, in another thread, up to 0.12 ms before the start, and
 * only the rest is spent looking at the clock: median lag 1 us, 9 % of a processor. Where FFI is missing the timer has to do.
 */
import { nowNs } from '../../kernel/clock.ts';
import { loadNative } from '../../kernel/native.ts';
import { PreciseSleep } from '../../kernel/precise-sleep.ts';

/** Sleeps begin below this; one libuv timer brings the loop there. */
const sleepNs = 2.2e6;
/** How long before a start its sleep ends, and from when on the clock is looked at. */
const earlyNs = 120_000;
const spinNs = 150_000;
const longestTimerMs = 2 ** 31 - 1;

export class WakeTimer {
  readonly #onWake: () => void;
  readonly #sleep: PreciseSleep | null = loadNative().ok ? new PreciseSleep() : null;
  #timer: NodeJS.Timeout | undefined;
  #startNs = Infinity;
  #sleepsUntilNs = Infinity;
  #spins = false;
  #closed = false;

  /** `onWake` is called when something is due; it may be called when nothing is, and sets the timer anew. */
  constructor(onWake: () => void) {
    this.#onWake = onWake;
  }

  /** Of the times set before none counts any more. Infinity: never. */
  set(startNs: number, otherNs: number): void {
    clearTimeout(this.#timer);
    this.#startNs = startNs;
    const now = nowNs();
    let waitMs = otherNs === Infinity ? Infinity : Math.max(0, Math.ceil((otherNs - now) / 1e6));
    const toStartNs = startNs - now;
    if (toStartNs <= spinNs) this.#spin();
    else if (this.#sleep === null) waitMs = Math.min(waitMs, Math.ceil(toStartNs / 1e6));
    else if (toStartNs > sleepNs) waitMs = Math.min(waitMs, Math.floor(toStartNs / 1e6 - 1));
    else if (!this.#sleepUntil(this.#sleep, startNs - earlyNs)) waitMs = Math.min(waitMs, 1);
    if (waitMs === Infinity) return;
    this.#timer = setTimeout(this.#onWake, Math.min(waitMs, longestTimerMs));
  }

  #sleepUntil(sleep: PreciseSleep, atNs: number): boolean {
    if (this.#sleepsUntilNs <= atNs) return true;
    const begun = sleep.until(atNs, () => {
      if (this.#sleepsUntilNs === atNs) this.#sleepsUntilNs = Infinity;
      if (!this.#closed) this.#onWake();
    });
    if (begun) this.#sleepsUntilNs = atNs;
    return begun;
  }

  #spin(): void {
    if (this.#spins) return;
    this.#spins = true;
    setImmediate(this.#look);
  }

  readonly #look = (): void => {
    const toStartNs = this.#startNs - nowNs();
    if (toStartNs > 0 && toStartNs <= spinNs && !this.#closed) {
      setImmediate(this.#look);
      return;
    }
    this.#spins = false;
    if (!this.#closed && toStartNs <= 0) this.#onWake();
  };

  /** Resolves once nothing of it is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#sleep?.close();
  }
}
