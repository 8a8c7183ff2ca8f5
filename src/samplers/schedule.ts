/** When the next sample is due on an absolute schedule: tick n at start + n intervals, so that lateness never adds up. */

export interface NextTick {
  readonly tick: number;
  /** Ticks that went by in between without a sample. */
  readonly skipped: number;
}

/** The first tick after `tick` that is still to come at `nowNs`: what was missed is skipped, never made up for in a bunch. */
export function nextTick(startNs: number, intervalNs: number, tick: number, nowNs: number): NextTick {
  const next = Math.max(tick + 1, Math.floor((nowNs - startNs) / intervalNs) + 1);
  return { tick: next, skipped: next - tick - 1 };
}

/** Whether a sample taken at `nowNs` for `tick` is more than half an interval late. */
export function isLate(startNs: number, intervalNs: number, tick: number, nowNs: number): boolean {
  return nowNs - (startNs + tick * intervalNs) > intervalNs / 2;
}
