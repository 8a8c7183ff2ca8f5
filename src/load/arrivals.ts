/**
 * The open model: when each request is due, whatever became of the others. Hot: `next` allocates nothing.
 *
 * Warm-up and measure are two segments, each with exactly round(expected count) arrivals and random numbers of its own, so every trial
 * offers the same number of requests and a longer warm-up does not move the measured ones against each other.
 *
 * A rate that changes is a steady one seen through another clock (`rate-profile.ts`), whose hand is the expected count L(t).
 * `constant`: arrival i of a segment is due when L passes i, computed from i and never by adding, so nothing drifts.
 * `poisson`: N arrivals spread as a Poisson process that happened to have N of them: due when L passes L(D) x S(i) / S(N+1), S being
 * partial sums of N+1 exponentials, which are N sorted uniform numbers (Devroye, Non-Uniform Random Variate Generation, V.3.1). Fixing N
 * removes the variance of the number offered between trials and leaves that of the spacing. The sum is drawn in a first pass over
 * the same seed, so memory does not grow with N.
 * A trace replaces all of it by recorded times.
 */
import type { ArrivalShape } from '../scenario/config.ts';
import { arrivalsBefore } from '../scenario/trace-text.ts';
import { Random } from './random.ts';
import { rateProfile, type RateProfile } from './rate-profile.ts';
import { assertWorker, shareOf } from './split.ts';

/** Times are rounded to whole ns. */
export interface OpenScheduleConfig {
  /** May be 0. */
  readonly warmUpNs: number;
  readonly durationNs: number;
  /** Of all workers together. */
  readonly ratePerSecond: number;
  readonly arrivals: 'constant' | 'poisson';
  /** Absent: steady. */
  readonly shape?: ArrivalShape;
  /** Recorded times, whole ns from the start of measure, ascending, in place of a rate; those within measure are offered. */
  readonly traceNs?: Float64Array;
  readonly seed: number;
  /** This worker, 0..workers-1. */
  readonly worker: number;
  readonly workers: number;
}

/** Bounds the first pass over a segment to about half a minute. */
const mostArrivals = 1e9;
/** About 52 days: up to here a float holds whole nanoseconds. */
const mostLengthNs = 2 ** 52;

const steady: ArrivalShape = { kind: 'steady' };

/** One stretch of arrivals, read in order. */
interface Segment {
  readonly arrivals: number;
  /** When arrival `index` is due, ns from the start of the segment. The index must never be less than in the call before. */
  at(index: number): number;
}

class RateSegment implements Segment {
  readonly arrivals: number;
  readonly #lengthNs: number;
  readonly #profile: RateProfile;
  /** Null for constant arrivals. */
  readonly #random: Random | null;
  /** Expected arrivals per unit of the partial sum. */
  readonly #scale: number = 0;
  /** Exponentials drawn so far, and their sum. */
  #drawn = 0;
  #sum = 0;

  constructor(lengthNs: number, shape: ArrivalShape, config: OpenScheduleConfig, label: number) {
    this.#lengthNs = lengthNs;
    this.#profile = rateProfile(config.ratePerSecond, shape, lengthNs);
    const expected = this.#profile.countAt(lengthNs);
    this.arrivals = Math.round(expected);
    if (this.arrivals > mostArrivals) {
      throw new RangeError(`${this.arrivals} arrivals are more than can be planned (${mostArrivals})`);
    }
    const origin = new Random(config.seed);
    this.#random = config.arrivals === 'poisson' ? origin.fork(label) : null;
    if (this.#random === null) return;
    const firstPass = origin.fork(label);
    let sum = 0;
    for (let index = 0; index <= this.arrivals; index++) sum += firstPass.nextExponential();
    this.#scale = expected / sum;
  }

  at(index: number): number {
    const offsetNs = this.#profile.offsetNs(this.#count(index));
    return Math.min(Math.floor(offsetNs), this.#lengthNs - 1);
  }

  /** The expected count at which the arrival is due. */
  #count(index: number): number {
    if (this.#random === null) return index;
    for (; this.#drawn <= index; this.#drawn++) this.#sum += this.#random.nextExponential();
    return this.#sum * this.#scale;
  }
}

class TraceSegment implements Segment {
  readonly arrivals: number;
  readonly #timesNs: Float64Array;

  constructor(lengthNs: number, timesNs: Float64Array) {
    this.#timesNs = timesNs;
    this.arrivals = arrivalsBefore(timesNs, lengthNs);
  }

  at(index: number): number {
    return this.#timesNs[index]!;
  }
}

const nothing: Segment = { arrivals: 0, at: () => Infinity };

/**
 * The arrivals of one worker in order: number i of the whole trial, warm-up included, belongs to worker i mod W. The same seed gives the
 * same plan on any number of workers. Throws a RangeError for a plan that cannot be.
 */
export class OpenSchedule {
  /** Arrivals of this worker, the whole planned warm-up included. */
  readonly total: number;
  /** Those of them in measure. */
  readonly measured: number;
  /** Valid after `next` returned true: whole ns from the start of the trial, never decreasing. */
  intendedNs = 0;
  /** Valid after `next` returned true. */
  inMeasure = false;
  /** Valid after `next` returned true: number of the arrival in the whole trial, the planned warm-up included, from 0. */
  index = 0;

  readonly #warmUp: Segment;
  readonly #measure: Segment;
  readonly #workers: number;
  /** From the start of the trial. */
  #measureStartNs: number;
  /** Number in the whole trial of the arrival that `next` gives. */
  #number: number;
  /** Whether `next` has given an arrival, and it was not the last one. */
  #hasArrival = false;

  constructor(config: OpenScheduleConfig) {
    assertConfig(config);
    const { worker, workers, shape = steady, traceNs } = config;
    const warmUpNs = Math.round(config.warmUpNs);
    const durationNs = Math.round(config.durationNs);
    if (traceNs === undefined) {
      const warmUpShape = shape.kind === 'bursts' ? shape : steady;
      this.#warmUp = new RateSegment(warmUpNs, warmUpShape, config, 1);
      this.#measure = new RateSegment(durationNs, shape, config, 2);
    } else {
      this.#warmUp = nothing;
      this.#measure = new TraceSegment(durationNs, traceNs);
    }
    this.total = shareOf(this.#warmUp.arrivals + this.#measure.arrivals, workers, worker);
    this.measured = this.total - shareOf(this.#warmUp.arrivals, workers, worker);
    this.#workers = workers;
    this.#measureStartNs = warmUpNs;
    this.#number = worker;
  }

  /** Moves to the next arrival; false after the last. */
  next(): boolean {
    const number = this.#number;
    if (number < this.#warmUp.arrivals) {
      const atNs = this.#warmUp.at(number);
      if (atNs < this.#measureStartNs) return this.#give(number, atNs, false);
      this.#number = number + Math.ceil((this.#warmUp.arrivals - number) / this.#workers) * this.#workers;
    }
    const inMeasure = this.#number - this.#warmUp.arrivals;
    this.#hasArrival = inMeasure < this.#measure.arrivals;
    if (!this.#hasArrival) return false;
    return this.#give(this.#number, this.#measureStartNs + this.#measure.at(inMeasure), true);
  }

  #give(number: number, atNs: number, inMeasure: boolean): true {
    this.index = number;
    this.intendedNs = atNs;
    this.inMeasure = inMeasure;
    this.#number = number + this.#workers;
    this.#hasArrival = true;
    return true;
  }

  /**
   * Lets measure begin at `startNs` from the start of the trial, before its planned time: what warm-up holds from then on falls away, and
   * the arrivals of measure keep their numbers and what is between them. The arrival that `next` gave last may become another one; false
   * where there is none.
   */
  beginMeasureAt(startNs: number): boolean {
    if (!(startNs >= 0 && startNs <= this.#measureStartNs)) {
      throw new RangeError(`measure cannot be moved from ${this.#measureStartNs} to ${startNs} ns`);
    }
    this.#measureStartNs = startNs;
    if (!this.#hasArrival) return false;
    this.#number = this.index;
    return this.next();
  }
}

function assertConfig({ warmUpNs, durationNs, ratePerSecond, worker, workers }: OpenScheduleConfig): void {
  assertWorker(workers, worker);
  if (!(warmUpNs >= 0 && warmUpNs < mostLengthNs)) throw new RangeError(`a warm-up of ${warmUpNs} ns`);
  if (!(durationNs >= 1 && durationNs < mostLengthNs)) throw new RangeError(`a duration of ${durationNs} ns`);
  if (!(ratePerSecond > 0 && ratePerSecond < Infinity)) throw new RangeError(`a rate of ${ratePerSecond} per second`);
}
