/**
 * One-sample Kolmogorov-Smirnov test against the uniform distribution on 0..1: are the p-values of repeated tests without a
 * difference spread as they should be?
 */

/** Most values with an exact p-value; beyond, the limiting distribution with Stephens' correction (J. R. Stat. Soc. B 32, 1970). */
const mostExactValues = 100;

export interface UniformityTest {
  /** Greatest distance between the values' distribution and the uniform one. */
  readonly d: number;
  /** Probability of such a distance or more from uniform values. */
  readonly p: number;
}

/**
 * p-values of a rank test over few blocks are not quite uniform even if all is well: they take only few values (19 at n = 8), so
 * a small p here with few blocks means little. Throws a RangeError for no value or one outside 0..1.
 */
export function uniformityTest(ps: readonly number[], exactUpTo = mostExactValues): UniformityTest {
  const count = ps.length;
  if (count === 0) throw new RangeError('a test for uniformity needs at least one value');
  const strange = ps.find((p) => !(p >= 0 && p <= 1));
  if (strange !== undefined) throw new RangeError(`a p-value is between 0 and 1, not ${strange}`);
  const distances = ps
    .toSorted((a, b) => a - b)
    .map((value, index) => Math.max((index + 1) / count - value, value - index / count));
  const d = Math.max(...distances);
  const p = count <= exactUpTo ? 1 - exactBelow(d, count) : limitingTail(d, count);
  return { d, p: Math.min(1, Math.max(0, p)) };
}

/**
 * P(D < d) by Durbin's matrix: n!/n^n times the entry (k, k) of H^n, k = floor(n d) + 1 (Marsaglia, Tsang & Wang, J. Statistical
 * Software 8(18), 2003). One row is multiplied by H n times, with a factor of n!/n^n each time, so nothing leaves a double's range.
 */
function exactBelow(d: number, count: number): number {
  // Beyond this the probability is 1 to all digits, and the matrix large.
  if (count * d * d > 18) return 1;
  const k = Math.floor(count * d) + 1;
  const matrix = durbinMatrix(k, k - count * d);
  const size = matrix.length;
  let row = Float64Array.from({ length: size }, (_, index) => (index === k - 1 ? 1 : 0));
  for (let step = 1; step <= count; step++) {
    const next = new Float64Array(size);
    matrix.forEach((entries, i) => {
      const weight = (row[i]! * step) / count;
      if (weight !== 0) entries.forEach((entry, j) => (next[j]! += weight * entry));
    });
    row = next;
  }
  return row[k - 1]!;
}

/** (2k-1) x (2k-1): 1/(i-j+1)! on and below the first superdiagonal, less powers of h in the first column and the last row. */
function durbinMatrix(k: number, h: number): readonly Float64Array[] {
  const size = 2 * k - 1;
  const inverse = new Float64Array(size + 1).fill(1);
  for (let n = 2; n <= size; n++) inverse[n] = inverse[n - 1]! / n;
  return Array.from({ length: size }, (_, i) =>
    Float64Array.from({ length: size }, (_, j) => {
      const order = i - j + 1;
      if (order < 0) return 0;
      let entry = 1;
      if (j === 0) entry -= h ** (i + 1);
      if (i === size - 1) entry -= h ** (size - j);
      if (j === 0 && i === size - 1) entry += Math.max(0, 2 * h - 1) ** size;
      return entry * inverse[order]!;
    }),
  );
}

/** 2 (exp(-2 x^2) - exp(-8 x^2) + exp(-18 x^2) - ...). */
function limitingTail(d: number, count: number): number {
  const root = Math.sqrt(count);
  const x = (root + 0.12 + 0.11 / root) * d;
  // Below this the tail is 1 to all digits, and the series converges slowly.
  if (x < 0.18) return 1;
  let sum = 0;
  for (let k = 1; k <= 100; k++) sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * x * x);
  return sum;
}
