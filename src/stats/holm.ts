/** Keeps the chance of any false alarm among several tests at one error rate (Holm, Scand. J. Statistics 6, 1979). */

export interface HolmResult {
  /** The p-value to compare with the error rate of the whole set. */
  readonly adjusted: number;
  readonly rejected: boolean;
}

/**
 * Step-down: the smallest of m p-values is multiplied by m, the next by m - 1 and so on, and none is less than one before it. Results
 * stand in the order of the p-values given. Throws a RangeError for a p-value outside 0..1 or an alpha outside 0..1.
 */
export function holm(ps: readonly number[], alpha: number): readonly HolmResult[] {
  if (!(alpha > 0 && alpha < 1)) throw new RangeError(`alpha is between 0 and 1, not ${alpha}`);
  const strange = ps.find((p) => !(p >= 0 && p <= 1));
  if (strange !== undefined) throw new RangeError(`a p-value is between 0 and 1, not ${strange}`);
  const adjusted = new Float64Array(ps.length);
  let most = 0;
  ps.map((p, index) => ({ p, index }))
    .sort((a, b) => a.p - b.p)
    .forEach(({ p, index }, rank) => {
      most = Math.max(most, Math.min(1, p * (ps.length - rank)));
      adjusted[index] = most;
    });
  return Array.from(adjusted, (value) => ({ adjusted: value, rejected: value <= alpha }));
}
