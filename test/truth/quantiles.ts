/** Exact quantiles of a sample, and how far a measured one is off. */

/** The quantiles that are compared. */
export const comparedQuantiles = [0.5, 0.9, 0.99, 0.999] as const;

/** The smallest value that at least the share p of the sample does not exceed: number ceil(p N) of it in order. */
export function quantilesOf(sample: readonly number[]): readonly number[] {
  if (sample.length === 0) throw new RangeError('an empty sample has no quantiles');
  const sorted = Float64Array.from(sample).sort();
  // A float product such as 0.999 x 1000 may lie a hair above the whole number that it is.
  return comparedQuantiles.map((p) => sorted[Math.ceil(p * sorted.length - 1e-6) - 1]!);
}

export interface Deviation {
  /** Measured less true, in the unit of both. */
  readonly absolute: number;
  /** Of the true value; infinite where that is 0. */
  readonly relative: number;
}

export function deviation(measured: number, truth: number): Deviation {
  const absolute = measured - truth;
  return { absolute, relative: absolute === 0 ? 0 : absolute / truth };
}

/** Whether a figure in ns is within 2 % or 100 us of the truth, whichever is larger. */
export function isTrue(measuredNs: number, truthNs: number): boolean {
  return Math.abs(measuredNs - truthNs) <= Math.max(0.02 * truthNs, 100_000);
}
