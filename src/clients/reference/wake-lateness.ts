/**
 * How late this machine's timers wake the loop, learned from its own waits, so that a wait can end that much earlier. Waking takes 10 to
 * 100 us (timer, idle processor, scheduler), which would be in the lag of every request that starts from sleep.
 */

/** More than a machine needs that is not overloaded; bounds what the loop may spend on being early. */
const mostNs = 80_000;
/** The estimate moves by at most this much per wake-up. */
const stepNs = 500;
/** The quantile that is learned: so many wake-ups are earlier than learned, and go round in the loop until the time has come. */
const quantile = 0.25;

export class WakeLateness {
  /** The learned lateness, ns. */
  earlyNs = 0;

  /**
   * A wait that nothing ended but its timeout was over so late. Stochastic approximation of a quantile (Robbins and Monro, Annals of
   * Mathematical Statistics 22, 1951): steps up and down balance where the quantile is.
   */
  woken(lateNs: number): void {
    const step = lateNs > this.earlyNs ? stepNs * quantile : -stepNs * (1 - quantile);
    this.earlyNs = Math.min(mostNs, Math.max(0, this.earlyNs + step));
  }
}
