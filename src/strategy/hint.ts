/** What the rules make of the server's `Keep-Alive: timeout=`. */

/**
 * How long an idle connection may be reused when the server says `Keep-Alive: timeout=`: a second less than it says, so that a
 * request does not meet the server's FIN on the way, but never less than half of it, so that a short hint does not end all reuse.
 */
export function idleTimeForHintNs(hintNs: number): number {
  return Math.max(hintNs - 1e9, hintNs / 2);
}
