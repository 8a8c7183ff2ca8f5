/** The open schedule: exact counts, the same plan on any number of workers, order, limits, and the spacing of Poisson arrivals. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OpenSchedule, type OpenScheduleConfig } from '../../src/load/arrivals.ts';

interface Arrival {
  readonly atNs: number;
  readonly inMeasure: boolean;
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

  it('offers rate x length in either segment, however many workers share it', () => {
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
        expect(inMeasure).toBe(Math.round((config.ratePerSecond * config.durationNs) / 1e9));
        expect(total - inMeasure).toBe(Math.round((config.ratePerSecond * config.warmUpNs) / 1e9));
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
