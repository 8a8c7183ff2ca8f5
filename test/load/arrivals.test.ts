/** The open schedule: exact counts, the same plan on any number of workers, order, limits, and the spacing of Poisson arrivals. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OpenSchedule, type OpenScheduleConfig } from '../../src/load/arrivals.ts';
import { rateProfile } from '../../src/load/rate-profile.ts';
import { anyShape } from './shapes.ts';

interface Arrival {
  readonly atNs: number;
  readonly inMeasure: boolean;
}

/** Times of the measured arrivals from the start of measure. */
function measuredNs(config: OpenScheduleConfig): number[] {
  return read(config)
    .arrivals.filter(({ inMeasure }) => inMeasure)
    .map(({ atNs }) => atNs - config.warmUpNs);
}

function read(config: OpenScheduleConfig): { schedule: OpenSchedule; arrivals: Arrival[] } {
  const schedule = new OpenSchedule(config);
  const arrivals: Arrival[] = [];
  while (schedule.next()) arrivals.push({ atNs: schedule.intendedNs, inMeasure: schedule.inMeasure });
  return { schedule, arrivals };
}

const one = { worker: 0, workers: 1, seed: 1 } as const;

const plan = fc.record({
  warmUpNs: fc.integer({ min: 0, max: 3e9 }),
  durationNs: fc.integer({ min: 1, max: 5e9 }),
  ratePerSecond: fc.double({ min: 0.01, max: 200, noNaN: true }),
  arrivals: fc.constantFrom('constant' as const, 'poisson' as const),
  shape: anyShape,
  seed: fc.maxSafeNat(),
});
const workers = fc.integer({ min: 1, max: 7 });

describe('OpenSchedule', () => {
  it('constant: arrival i of a segment is due at i / rate', () => {
    const config = { warmUpNs: 1e9, durationNs: 2e9, ratePerSecond: 3, arrivals: 'constant', ...one } as const;
    const third = 333_333_333;
    expect(read(config).arrivals).toEqual([
      { atNs: 0, inMeasure: false },
      { atNs: third, inMeasure: false },
      { atNs: 2 * third, inMeasure: false },
      { atNs: 1e9, inMeasure: true },
      { atNs: 1e9 + third, inMeasure: true },
      { atNs: 1e9 + 2 * third, inMeasure: true },
      { atNs: 2e9, inMeasure: true },
      { atNs: 2e9 + third, inMeasure: true },
      { atNs: 2e9 + 2 * third, inMeasure: true },
    ]);
  });

  it('constant: does not drift', () => {
    const config = { warmUpNs: 0, durationNs: 300e9, ratePerSecond: 700, arrivals: 'constant', ...one } as const;
    const { arrivals } = read(config);
    expect(arrivals).toHaveLength(210_000);
    // 209,999 / 700 s, whole nanoseconds.
    expect(arrivals.at(-1)?.atNs).toBe(299_998_571_428);
  });

  it('offers the integral of its rate in either segment, however many workers share it', () => {
    fc.assert(
      fc.property(plan, workers, (config, count) => {
        const all = Array.from({ length: count }, (_, worker) => read({ ...config, worker, workers: count }));
        for (const { schedule, arrivals } of all) {
          expect(arrivals).toHaveLength(schedule.total);
          expect(arrivals.filter((arrival) => arrival.inMeasure)).toHaveLength(schedule.measured);
        }
        const measured = all.map(({ schedule }) => schedule.measured);
        const total = all.reduce((sum, { schedule }) => sum + schedule.total, 0);
        const inMeasure = measured.reduce((sum, own) => sum + own, 0);
        const { shape, ratePerSecond, warmUpNs, durationNs } = config;
        expect(inMeasure).toBe(Math.round(rateProfile(ratePerSecond, shape, durationNs).countAt(durationNs)));
        const before = shape.kind === 'bursts' ? shape : ({ kind: 'steady' } as const);
        expect(total - inMeasure).toBe(Math.round(rateProfile(ratePerSecond, before, warmUpNs).countAt(warmUpNs)));
        expect(Math.max(...measured) - Math.min(...measured)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('is one plan: arrival i belongs to worker i mod W', () => {
    fc.assert(
      fc.property(plan, workers, (config, count) => {
        const whole = read({ ...config, worker: 0, workers: 1 }).arrivals;
        for (let worker = 0; worker < count; worker++) {
          const own = whole.filter((_, number) => number % count === worker);
          expect(read({ ...config, worker, workers: count }).arrivals).toEqual(own);
        }
      }),
    );
  });

  it('is in order, in whole ns, and every arrival lies in its segment', () => {
    fc.assert(
      fc.property(plan, (config) => {
        let previous = 0;
        for (const { atNs, inMeasure } of read({ ...config, worker: 0, workers: 1 }).arrivals) {
          expect(Number.isInteger(atNs) && atNs >= previous).toBe(true);
          if (inMeasure) expect(atNs).toBeGreaterThanOrEqual(config.warmUpNs);
          expect(atNs).toBeLessThan(inMeasure ? config.warmUpNs + config.durationNs : config.warmUpNs);
          previous = atNs;
        }
      }),
    );
  });

  it('holds its rate: in every prefix constant arrivals are within one of the integral', () => {
    fc.assert(
      fc.property(plan, (config) => {
        const { ratePerSecond, shape, durationNs } = config;
        const profile = rateProfile(ratePerSecond, shape, durationNs);
        measuredNs({ ...config, arrivals: 'constant', worker: 0, workers: 1 }).forEach((atNs, index) => {
          // Whole ns: the time may be up to 1 ns early. Just before it there were `index`, just after it one more.
          const early = profile.countAt(atNs);
          const late = profile.countAt(Math.min(atNs + 1, durationNs));
          expect(early).toBeLessThan(index + 1e-6);
          expect(late).toBeGreaterThan(index - 1);
        });
      }),
    );
  });

  it('numbers the arrivals of the whole trial, whichever worker has them', () => {
    const config = { warmUpNs: 1e9, durationNs: 1e9, ratePerSecond: 7, arrivals: 'poisson', ...one } as const;
    const numbers = [0, 1, 2].flatMap((worker) => {
      const schedule = new OpenSchedule({ ...config, worker, workers: 3 });
      const own: number[] = [];
      while (schedule.next()) own.push(schedule.index);
      return own;
    });
    expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 14 }, (_, index) => index));
  });

  it('ramp: the second half of measure has its part of the parabola, warm-up stays at the rate', () => {
    const config = {
      warmUpNs: 1e9,
      durationNs: 10e9,
      ratePerSecond: 100,
      arrivals: 'constant',
      shape: { kind: 'ramp', toPerSecond: 300 },
      ...one,
    } as const;
    const measured = measuredNs(config);
    // 100 t + 10 t^2: 2000 in 10 s, 750 of them in the first 5 s.
    expect([measured.length, measured.filter((atNs) => atNs < 5e9).length]).toEqual([2000, 750]);
    expect(read(config).arrivals.filter(({ inMeasure }) => !inMeasure)).toHaveLength(100);
    // The last, number 1999, comes where 10 t^2 + 100 t = 1999.
    expect(measured.at(-1)).toBe(Math.floor(((Math.sqrt(1e4 + 40 * 1999) - 100) / 20) * 1e9));
  });

  it('bursts: arrivals fall into the time on, in warm-up and in measure, Poisson ones too', () => {
    for (const arrivals of ['constant', 'poisson'] as const) {
      const config = {
        warmUpNs: 1.5e9,
        durationNs: 3.1e9,
        ratePerSecond: 500,
        arrivals,
        shape: { kind: 'bursts', onMs: 200, offMs: 800 },
        ...one,
      } as const;
      const { arrivals: all } = read(config);
      const within = (atNs: number): boolean => atNs % 1e9 < 0.2e9;
      expect(measuredNs(config).every(within)).toBe(true);
      expect(all.filter(({ inMeasure }) => !inMeasure).every(({ atNs }) => within(atNs))).toBe(true);
      // Two bursts of 100 in 1.5 s; three and a half in 3.1 s.
      expect([all.length, measuredNs(config).length]).toEqual([200 + 350, 350]);
    }
  });

  it('Poisson on steps: each step gets its share, and within a step the gaps vary', () => {
    const shape = {
      kind: 'steps',
      steps: [
        { ratePerSecond: 1000, forMs: 1000 },
        { ratePerSecond: 3000, forMs: 1000 },
      ],
    } as const;
    const measured = measuredNs({
      warmUpNs: 0,
      durationNs: 10e9,
      ratePerSecond: 1,
      arrivals: 'poisson',
      shape,
      ...one,
    });
    expect(measured).toHaveLength(20_000);
    const inSlow = measured.filter((atNs) => atNs % 2e9 < 1e9).length;
    // Binomial, 20,000 of share 1/4: standard deviation 61.
    expect(Math.abs(inSlow - 5000)).toBeLessThan(4 * 61.3);
    const gaps = measured.slice(1).map((atNs, index) => atNs - measured[index]!);
    const fast = gaps.filter((_, index) => measured[index]! % 2e9 >= 1e9);
    // 1/e of exponential gaps exceed their mean of 1/3000 s; standard error 0.004.
    expect(Math.abs(fast.filter((gap) => gap > 1e9 / 3000).length / fast.length - Math.exp(-1))).toBeLessThan(0.016);
  });

  it('a trace is replayed as it is, within measure and without a warm-up', () => {
    const traceNs = Float64Array.from([0, 5, 5, 999_999_999, 1e9, 2e9]);
    const config = { warmUpNs: 3e9, durationNs: 1e9, ratePerSecond: 1, arrivals: 'poisson', traceNs } as const;
    expect(read({ ...config, ...one }).arrivals).toEqual(
      [0, 5, 5, 999_999_999].map((atNs) => ({ atNs: 3e9 + atNs, inMeasure: true })),
    );
    const parts = [0, 1, 2].map((worker) => read({ ...config, seed: 1, worker, workers: 3 }));
    expect(parts.map(({ schedule }) => [schedule.total, schedule.measured])).toEqual([[2, 2], [1, 1], [1, 1]]); // prettier-ignore
    expect(parts.map(({ arrivals }) => arrivals.map(({ atNs }) => atNs - 3e9))).toEqual([[0, 999_999_999], [5], [5]]);
  });

  it('Poisson: the gaps are exponential and the counts of seconds vary as a Poisson process does', () => {
    const config = { warmUpNs: 0, durationNs: 200e9, ratePerSecond: 100, arrivals: 'poisson', ...one } as const;
    const { arrivals } = read(config);
    const gaps = arrivals.slice(1).map(({ atNs }, index) => atNs - arrivals[index]!.atNs);
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
    expect(mean / 1e7).toBeCloseTo(1, 2);
    // Coefficient of variation 1 with standard error 1 / sqrt(20000) = 0.007.
    expect(Math.abs(Math.sqrt(variance) / mean - 1)).toBeLessThan(0.03);
    // 1/e of exponential gaps exceed their mean; standard error 0.0034.
    expect(Math.abs(gaps.filter((gap) => gap > mean).length / gaps.length - Math.exp(-1))).toBeLessThan(0.014);
    const perSecond = new Array<number>(200).fill(0);
    for (const { atNs } of arrivals) perSecond[Math.floor(atNs / 1e9)]!++;
    const dispersion = perSecond.reduce((sum, count) => sum + (count - 100) ** 2, 0) / 200 / 100;
    // Index of dispersion 1 with standard error sqrt(2 / 200) = 0.1.
    expect(Math.abs(dispersion - 1)).toBeLessThan(0.4);
  });

  it('Poisson: a longer warm-up moves the measured arrivals as a whole', () => {
    const base = { durationNs: 2e9, ratePerSecond: 50, arrivals: 'poisson', ...one } as const;
    const measured = (warmUpNs: number): number[] =>
      read({ ...base, warmUpNs })
        .arrivals.filter(({ inMeasure }) => inMeasure)
        .map(({ atNs }) => atNs - warmUpNs);
    expect(measured(3e9)).toEqual(measured(0));
    expect(measured(0)).toHaveLength(100);
  });

  it('Poisson: warm-up and measure are spaced differently, and so are two seeds', () => {
    const base = { warmUpNs: 2e9, durationNs: 2e9, ratePerSecond: 50, arrivals: 'poisson', ...one } as const;
    const { arrivals } = read(base);
    expect(arrivals.slice(0, 100).map(({ atNs }) => atNs)).not.toEqual(
      arrivals.slice(100).map(({ atNs }) => atNs - 2e9),
    );
    expect(read({ ...base, seed: 2 }).arrivals).not.toEqual(arrivals);
  });

  it('takes lengths that float arithmetic made fractions, and may be empty', () => {
    const base = { ratePerSecond: 1000, arrivals: 'constant', ...one } as const;
    expect(read({ ...base, warmUpNs: 0, durationNs: 1.1 * 1e6 }).arrivals).toHaveLength(1);
    expect(read({ ...base, warmUpNs: 0, durationNs: 100 }).arrivals).toEqual([]);
  });

  it.each([
    ['rate', { ratePerSecond: 0 }, 'a rate of 0 per second'],
    ['infinite rate', { ratePerSecond: Infinity }, 'a rate of Infinity'],
    ['duration', { durationNs: 0 }, 'a duration of 0 ns'],
    ['warm-up', { warmUpNs: -1 }, 'a warm-up of -1 ns'],
    ['worker', { worker: 2 }, 'worker 2 is not one of 0..1'],
    ['workers', { workers: 0 }, 'there are 0 workers'],
    ['seed', { seed: -1 }, 'seed is a whole number'],
    ['number of arrivals', { ratePerSecond: 1e12 }, 'more than can be planned'],
  ])('refuses an impossible %s', (_name, wrong, message) => {
    const good = {
      warmUpNs: 0,
      durationNs: 1e9,
      ratePerSecond: 1,
      arrivals: 'poisson',
      seed: 1,
      worker: 0,
      workers: 2,
    } as const;
    expect(() => new OpenSchedule({ ...good, ...wrong })).toThrow(message);
  });
});

describe('measure that begins earlier than planned', () => {
  /** Reads a worker's schedule; measure is moved when so many arrivals have been given. */
  function readMoved(config: OpenScheduleConfig, toNs: number, afterGiven: number): Arrival[] {
    const schedule = new OpenSchedule(config);
    const arrivals: Arrival[] = [];
    const give = (): void => void arrivals.push({ atNs: schedule.intendedNs, inMeasure: schedule.inMeasure });
    let hasArrival = schedule.next();
    while (hasArrival && arrivals.length < afterGiven && schedule.intendedNs < toNs) {
      give();
      hasArrival = schedule.next();
    }
    hasArrival = schedule.beginMeasureAt(toNs);
    while (hasArrival) {
      give();
      hasArrival = schedule.next();
    }
    return arrivals;
  }

  it('keeps what is measured, for any start and any number of workers, and offers the planned warm-up until then', () => {
    const when = fc.record({ part: fc.double({ min: 0, max: 1, noNaN: true }), afterGiven: fc.nat({ max: 400 }) });
    fc.assert(
      fc.property(plan, fc.integer({ min: 1, max: 4 }), when, (config, count, { part, afterGiven }) => {
        const toNs = Math.floor(part * config.warmUpNs);
        const whole = read({ ...config, worker: 0, workers: 1 }).arrivals;
        for (let worker = 0; worker < count; worker++) {
          const own = { ...config, worker, workers: count };
          const expected = whole
            .filter((_, number) => number % count === worker)
            .filter(({ atNs, inMeasure }) => inMeasure || atNs < toNs)
            .map(({ atNs, inMeasure }) => ({ atNs: inMeasure ? atNs - config.warmUpNs + toNs : atNs, inMeasure }));
          expect(readMoved(own, toNs, afterGiven)).toEqual(expected);
        }
      }),
    );
  });

  it('keeps the numbers of the arrivals of measure, by which requests are drawn', () => {
    const config = { warmUpNs: 1e9, durationNs: 1e9, ratePerSecond: 7, arrivals: 'poisson', ...one } as const;
    const schedule = new OpenSchedule(config);
    schedule.next();
    expect(schedule.index).toBe(0);
    expect(schedule.beginMeasureAt(0)).toBe(true);
    expect([schedule.index, schedule.inMeasure]).toEqual([7, true]);
  });

  it('does not begin later, nor before the start; after the last arrival there is none', () => {
    const schedule = new OpenSchedule({
      warmUpNs: 1e9,
      durationNs: 1e9,
      ratePerSecond: 1,
      arrivals: 'constant',
      ...one,
    });
    expect(() => schedule.beginMeasureAt(1e9 + 1)).toThrow('measure cannot be moved from 1000000000 to 1000000001 ns');
    expect(() => schedule.beginMeasureAt(-1)).toThrow(RangeError);
    while (schedule.next());
    expect(schedule.beginMeasureAt(0)).toBe(false);
  });
});
