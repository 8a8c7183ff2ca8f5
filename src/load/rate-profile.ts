/**
 * How a rate of arrivals changes over a stretch of time: its integral, the expected count, and the inverse of that. Arrivals of any shape
 * are those of a steady rate seen through this inverse (time change; Cinlar, Introduction to Stochastic Processes, 1975, 4.7): arrival
 * number i comes when the expected count passes i. Hot: `offsetNs` allocates nothing.
 */
import type { ArrivalShape, RateStep } from '../scenario/config.ts';

export interface RateProfile {
  /** Expected arrivals from the start until `offsetNs`. */
  countAt(offsetNs: number): number;
  /** When the expected count passes `count`: ns from the start, not rounded. Where nothing arrives for a while, the end of that while. */
  offsetNs(count: number): number;
}

/** The profile of a stretch of `lengthNs`. Throws a RangeError for steps that take no time or bring no arrivals. */
export function rateProfile(ratePerSecond: number, shape: ArrivalShape, lengthNs: number): RateProfile {
  switch (shape.kind) {
    case 'steady':
      return new SteadyRate(ratePerSecond);
    case 'ramp': {
      const { toPerSecond } = shape;
      return toPerSecond === ratePerSecond
        ? new SteadyRate(ratePerSecond)
        : new RampRate(ratePerSecond, toPerSecond, lengthNs / 1e9);
    }
    case 'steps':
      return new CyclicRate(shape.steps);
    case 'bursts':
      return new CyclicRate([
        { ratePerSecond, forMs: shape.onMs },
        { ratePerSecond: 0, forMs: shape.offMs },
      ]);
  }
}

class SteadyRate implements RateProfile {
  readonly #perSecond: number;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  countAt(offsetNs: number): number {
    return (this.#perSecond * offsetNs) / 1e9;
  }

  offsetNs(count: number): number {
    return (count * 1e9) / this.#perSecond;
  }
}

/** From one rate to another in a straight line: the count is a parabola, a t + b t^2 / 2. */
class RampRate implements RateProfile {
  readonly #fromPerSecond: number;
  /** Change of the rate per second. */
  readonly #slope: number;

  constructor(fromPerSecond: number, toPerSecond: number, seconds: number) {
    this.#fromPerSecond = fromPerSecond;
    this.#slope = (toPerSecond - fromPerSecond) / seconds;
  }

  countAt(offsetNs: number): number {
    const seconds = offsetNs / 1e9;
    return seconds * (this.#fromPerSecond + (this.#slope * seconds) / 2);
  }

  /** The root in the form without a difference of near numbers: 2 c / (a + sqrt(a^2 + 2 b c)). */
  offsetNs(count: number): number {
    const from = this.#fromPerSecond;
    // The square of the rate at that moment; rounding may bring it below 0 where a ramp ends near 0.
    const square = Math.max(0, from * from + 2 * this.#slope * count);
    return (2e9 * count) / (from + Math.sqrt(square));
  }
}

/** Steps of constant rate, repeated for ever. */
class CyclicRate implements RateProfile {
  readonly #cycleNs: number;
  readonly #cycleCount: number;
  // By step: where in the cycle it begins, in time and in arrivals, and its length and rate.
  readonly #startNs: Float64Array;
  readonly #startCount: Float64Array;
  readonly #lengthNs: Float64Array;
  readonly #perSecond: Float64Array;

  constructor(steps: readonly RateStep[]) {
    this.#startNs = new Float64Array(steps.length);
    this.#startCount = new Float64Array(steps.length);
    this.#lengthNs = Float64Array.from(steps, ({ forMs }) => Math.round(forMs * 1e6));
    this.#perSecond = Float64Array.from(steps, ({ ratePerSecond }) => ratePerSecond);
    let cycleNs = 0;
    let cycleCount = 0;
    for (let step = 0; step < steps.length; step++) {
      this.#startNs[step] = cycleNs;
      this.#startCount[step] = cycleCount;
      cycleNs += this.#lengthNs[step]!;
      cycleCount += (this.#perSecond[step]! * this.#lengthNs[step]!) / 1e9;
    }
    if (!(cycleNs > 0 && cycleNs < Infinity)) throw new RangeError(`steps of a rate that take ${cycleNs} ns`);
    if (!(cycleCount > 0 && cycleCount < Infinity)) throw new RangeError(`steps of a rate with ${cycleCount} arrivals`);
    this.#cycleNs = cycleNs;
    this.#cycleCount = cycleCount;
  }

  countAt(offsetNs: number): number {
    const cycle = Math.floor(offsetNs / this.#cycleNs);
    const withinNs = offsetNs - cycle * this.#cycleNs;
    const step = lastNotAbove(this.#startNs, withinNs);
    const inStep = (this.#perSecond[step]! * (withinNs - this.#startNs[step]!)) / 1e9;
    return cycle * this.#cycleCount + this.#startCount[step]! + inStep;
  }

  offsetNs(count: number): number {
    let cycle = Math.floor(count / this.#cycleCount);
    let within = count - cycle * this.#cycleCount;
    // Rounding may put the end of a cycle before the start of the next.
    if (within >= this.#cycleCount) {
      cycle++;
      within = 0;
    }
    // A step without arrivals begins and ends at the same count, so the last step that begins here has some.
    const step = lastNotAbove(this.#startCount, Math.max(0, within));
    const inStepNs = ((within - this.#startCount[step]!) * 1e9) / this.#perSecond[step]!;
    // Rounding may not carry an arrival out of its step.
    const keptNs = Math.max(0, Math.min(inStepNs, this.#lengthNs[step]! - 0.5));
    return cycle * this.#cycleNs + this.#startNs[step]! + keptNs;
  }
}

/** Index of the last of the ascending values that is not above `limit`; the first value is not. */
function lastNotAbove(values: Float64Array, limit: number): number {
  let low = 0;
  let high = values.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (values[middle]! <= limit) low = middle;
    else high = middle;
  }
  return low;
}
