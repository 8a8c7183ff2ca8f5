/** A confidence interval for a median that assumes nothing but independent values: two of the sorted values, by the sign test. */
import type { Interval } from './signed-rank.ts';

/**
 * The k-th value from either end, as far in as a coin thrown once per value allows: the median lies outside with a probability of
 * at most `alpha`. Null with too few values: at 0.05 with fewer than six.
 */
export function medianInterval(values: readonly number[], alpha: number): Interval | null {
  const sorted = values.toSorted((a, b) => a - b);
  const cut = valuesCut(sorted.length, alpha);
  return cut === null ? null : { low: sorted[cut]!, high: sorted[sorted.length - 1 - cut]! };
}

/** How many values may be left out at each end: the greatest k with 2 P(Binomial(n, 1/2) <= k) <= alpha. */
function valuesCut(count: number, alpha: number): number | null {
  let term = 0.5 ** count;
  let below = term;
  if (2 * below > alpha) return null;
  let cut = 0;
  while (cut + 1 < count / 2) {
    term *= (count - cut) / (cut + 1);
    below += term;
    if (2 * below > alpha) break;
    cut++;
  }
  return cut;
}
