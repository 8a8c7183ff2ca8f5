/**
 * Distribution functions and quantiles of the normal, Student and beta distributions, and the exact interval of a share. Formulae:
 * NIST Digital Library of Mathematical Functions, 5.11 (gamma), 7.6 and 7.9 (normal), 8.17 (beta). Good to
 * about 12 digits, and to 9 with parameters of a million.
 */
import type { Interval } from './signed-rank.ts';

/** Largest parameter: beyond it the continued fraction would need too many steps. */
const mostParameter = 1e9;
const mostSteps = 1_000_000;

/** ln of the gamma function, by Stirling's series from 15 on and the recurrence below. */
function logGamma(x: number): number {
  let shifted = x;
  let product = 1;
  while (shifted < 15) product *= shifted++;
  const inverse = 1 / (shifted * shifted);
  const series = 1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse * (1 / 1680 - inverse / 1188)));
  return (
    (shifted - 0.5) * Math.log(shifted) - shifted + Math.log(2 * Math.PI) / 2 + series / shifted - Math.log(product)
  );
}

function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/**
 * Regularised incomplete beta function I_x(a, b): the probability that a beta variable is at most x. Throws a RangeError for x
 * outside 0..1 or parameters that are not above 0 (at most 10^9).
 */
export function regularizedBeta(x: number, a: number, b: number): number {
  assertProbability(x);
  assertParameter(a);
  assertParameter(b);
  return incompleteBeta(x, 1 - x, a, b);
}

/** I_x(a, b), given y = 1 - x too so that neither loses digits. */
function incompleteBeta(x: number, y: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  const front = Math.exp(a * Math.log(x) + b * Math.log(y) - logBeta(a, b));
  // The fraction converges fast below the mean; above it the other tail is computed.
  if (x * (a + b + 2) < a + 1) return Math.min(1, (front * betaFraction(x, a, b)) / a);
  return Math.max(0, 1 - (front * betaFraction(y, b, a)) / b);
}

/** Continued fraction 8.17.22 of the DLMF, evaluated by Lentz's method as modified by Thompson and Barnett. */
function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const away = (value: number): number => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let m = 1; m < mostSteps; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    result *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    result *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return result;
}

/** Probability that a standard normal variable is at most z: a series near 0, a continued fraction in the tails. */
export function normalCdf(z: number): number {
  if (Number.isNaN(z)) throw new RangeError('a normal variable is a number, not NaN');
  const x = Math.abs(z);
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  let tail: number;
  if (x < 3) {
    let sum = 0;
    for (let term = x, odd = 1; term > sum * 1e-17; term *= (x * x) / (odd += 2)) sum += term;
    tail = 0.5 - density * sum;
  } else {
    let fraction = 0;
    for (let k = 100; k >= 1; k--) fraction = k / (x + fraction);
    tail = density === 0 ? 0 : density / (x + fraction);
  }
  return z > 0 ? 1 - tail : tail;
}

/**
 * Quantile of Student's t distribution. Throws a RangeError unless p is above 0 and below 1, and the degrees of freedom from 1 to
 * 10^9; they need not be whole.
 */
export function studentQuantile(p: number, degrees: number): number {
  assertOpenProbability(p);
  if (!(degrees >= 1 && degrees <= mostParameter)) {
    throw new RangeError(`degrees of freedom are from 1 to ${mostParameter}, not ${degrees}`);
  }
  if (p === 0.5) return 0;
  const upper = Math.min(p, 1 - p);
  const tail = (t: number): number => {
    const whole = degrees + t * t;
    return incompleteBeta(degrees / whole, (t * t) / whole, degrees / 2, 0.5) / 2;
  };
  const constant = -logBeta(degrees / 2, 0.5) - Math.log(degrees) / 2;
  const density = (t: number): number => Math.exp(constant - ((degrees + 1) / 2) * Math.log1p((t * t) / degrees));
  let high = 1;
  while (tail(high) > upper) high *= 2;
  const t = solve((at) => upper - tail(at), density, high === 1 ? 0 : high / 2, high);
  return p < 0.5 ? -t : t;
}

/** Quantile of the beta distribution. Throws a RangeError for p outside 0..1 or parameters that are not above 0 (at most 10^9). */
export function betaQuantile(p: number, a: number, b: number): number {
  assertProbability(p);
  assertParameter(a);
  assertParameter(b);
  if (p === 0 || p === 1) return p;
  const constant = logBeta(a, b);
  const density = (x: number): number => Math.exp((a - 1) * Math.log(x) + (b - 1) * Math.log1p(-x) - constant);
  return solve((x) => incompleteBeta(x, 1 - x, a, b) - p, density, 0, 1);
}

/**
 * Where an increasing function is zero between two places: Newton's steps while they stay inside and at least halve, bisection
 * otherwise.
 */
function solve(f: (x: number) => number, slope: (x: number) => number, from: number, to: number): number {
  let low = from;
  let high = to;
  let x = (low + high) / 2;
  let lastStep = high - low;
  // Bisection alone ends after some 1,100 halvings, the range of a double.
  for (let steps = 0; steps < 3000; steps++) {
    const error = f(x);
    if (error === 0) return x;
    if (error > 0) high = x;
    else low = x;
    const newton = x - error / slope(x);
    const useful = newton > low && newton < high && Math.abs(newton - x) <= lastStep / 2;
    const next = useful ? newton : low + (high - low) / 2;
    lastStep = Math.abs(next - x);
    if (next === low || next === high || lastStep <= 2 ** -52 * next) return next;
    x = next;
  }
  return x;
}

/**
 * Exact interval of a share (Clopper & Pearson, Biometrika 26, 1934). Two-sided: its upper end at confidence 0.9 is the one-sided
 * 95 % bound, 4.9 % for 0 of 60. Without a trial it is 0 to 1. Throws a RangeError for counts that are not whole or do not fit
 * together, or a confidence outside 0..1.
 */
export function clopperPearson(successes: number, trials: number, confidence: number): Interval {
  if (!Number.isSafeInteger(trials) || !Number.isSafeInteger(successes) || successes < 0 || successes > trials) {
    throw new RangeError(`a share is so many of so many, not ${successes} of ${trials}`);
  }
  assertOpenProbability(confidence);
  const outside = (1 - confidence) / 2;
  const failures = trials - successes;
  return {
    low: successes === 0 ? 0 : betaQuantile(outside, successes, failures + 1),
    high: failures === 0 ? 1 : betaQuantile(1 - outside, successes + 1, failures),
  };
}

function assertProbability(p: number): void {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`a probability is between 0 and 1, not ${p}`);
}

function assertOpenProbability(p: number): void {
  if (!(p > 0 && p < 1)) throw new RangeError(`this probability is above 0 and below 1, not ${p}`);
}

function assertParameter(value: number): void {
  if (!(value > 0 && value <= mostParameter)) {
    throw new RangeError(`a parameter is above 0 and at most ${mostParameter}, not ${value}`);
  }
}
