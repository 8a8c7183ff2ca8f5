/** Counts failures by what they were: phase, code, kind and age of the connection. */
import type { FailureCount, FailurePhase } from './observations.ts';

/** Ages in 1-2-5 steps: 0, 1, 2, 5, 10, 20 ... ms. */
export function roundAgeMs(ageMs: number): number {
  if (ageMs < 1) return 0;
  let decade = 10 ** Math.floor(Math.log10(ageMs));
  // The logarithm is rounded: next to a power of ten it may name the wrong decade.
  if (decade > ageMs) decade /= 10;
  else if (decade * 10 <= ageMs) decade *= 10;
  const lead = ageMs / decade;
  return (lead >= 5 ? 5 : lead >= 2 ? 2 : 1) * decade;
}

export class FailureTally {
  readonly #counts = new Map<string, FailureCount & { count: number }>();

  /** `ageMs`: of the connection, to the full; null where there was none. */
  add(phase: FailurePhase, code: string, reused: boolean, ageMs: number | null): void {
    const socketAgeMs = ageMs === null ? null : roundAgeMs(ageMs);
    const key = `${phase} ${code} ${reused} ${String(socketAgeMs)}`;
    const known = this.#counts.get(key);
    if (known === undefined) this.#counts.set(key, { phase, code, reused, socketAgeMs, count: 1 });
    else known.count++;
  }

  /** In the order in which each was first seen. */
  report(): readonly FailureCount[] {
    return [...this.#counts.values()];
  }
}
