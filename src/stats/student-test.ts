/** Student's two-sample t-test (1908) with pooled, unbiased variance, and the two-sided tail of his distribution. */
import { regularizedBeta } from './distributions.ts';
import { mean } from './summary.ts';

export interface StudentTest {
  readonly meanA: number;
  readonly meanB: number;
  /** Infinite where the samples differ and neither varies. */
  readonly t: number;
  readonly degreesOfFreedom: number;
  /** Two-sided. 1 where the samples are too small for a variance. */
  readonly p: number;
}

/** Tests whether two samples have one mean. Throws a RangeError for an empty sample or a value that is not finite. */
export function studentTest(a: readonly number[], b: readonly number[]): StudentTest {
  const meanA = mean(a);
  const meanB = mean(b);
  if (meanA === null || meanB === null) throw new RangeError('a t-test needs two samples');
  if (!Number.isFinite(meanA) || !Number.isFinite(meanB)) throw new RangeError('a t-test takes finite numbers only');
  const degreesOfFreedom = a.length + b.length - 2;
  const shift = meanB - meanA;
  if (degreesOfFreedom === 0) return { meanA, meanB, t: 0, degreesOfFreedom, p: 1 };
  const variance = (squares(a, meanA) + squares(b, meanB)) / degreesOfFreedom;
  const error = Math.sqrt(variance * (1 / a.length + 1 / b.length));
  const t = shift === 0 ? 0 : shift / error;
  return { meanA, meanB, t, degreesOfFreedom, p: studentTail(t, degreesOfFreedom) };
}

function squares(values: readonly number[], center: number): number {
  return values.reduce((sum, value) => sum + (value - center) ** 2, 0);
}

/** P(|T| >= |t|): the incomplete beta function I_x(df/2, 1/2) at x = df / (df + t^2) (Abramowitz & Stegun 26.7.1). */
export function studentTail(t: number, degreesOfFreedom: number): number {
  if (Number.isNaN(t)) throw new RangeError('t is a number, not NaN');
  if (!(degreesOfFreedom > 0)) throw new RangeError(`degrees of freedom are above 0, not ${degreesOfFreedom}`);
  return regularizedBeta(degreesOfFreedom / (degreesOfFreedom + t * t), degreesOfFreedom / 2, 0.5);
}
