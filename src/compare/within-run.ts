/** What one run alone says about the spread of its latency quantiles: from the histograms of its intervals. */
import type { TrialRecord } from '../results/record.ts';
import { latencyQuantile } from '../scenario/metrics.ts';
import { mulberry32 } from '../scenario/plan.ts';
import { blockBootstrap } from '../stats/bootstrap.ts';
import { decodeHdr } from '../stats/hdr-codec.ts';
import type { SparseCounts } from '../stats/histogram.ts';
import { withinRun, type WithinRun } from '../stats/sectioning.ts';
import type { Interval } from '../stats/signed-rank.ts';
import { median } from '../stats/summary.ts';
import { readMetric } from './metric.ts';
import type { PairTrials } from './pair-trials.ts';

/** Intervals read for one comparison, half a millisecond each: a large comparison looks into some of its trials, spread evenly. */
const mostIntervals = 1000;

/** Of the latencies only these are kept per interval. */
const seriesOfIntervals = { 'latency.response': 'response', 'latency.lag': 'lag' } as const;
type IntervalSeries = (typeof seriesOfIntervals)[keyof typeof seriesOfIntervals];

export class WithinRunReader {
  readonly #histograms = new Map<TrialRecord, Map<IntervalSeries, readonly SparseCounts[]>>();
  /** By trial and metric: a base is asked about once for each pair. */
  readonly #bootstraps = new Map<TrialRecord, Map<string, Interval | null>>();
  readonly #mostPerSide: number;
  readonly #seed: number;

  /** `sides`: how many groups of trials will be asked about. `seed`: of what the bootstraps draw. */
  constructor(sides: number, seed: number) {
    this.#mostPerSide = mostIntervals / Math.max(1, sides);
    this.#seed = seed;
  }

  /** Medians over the trials of both sides; null where the metric has no intervals, or they are too few. */
  spread({ base, other }: PairTrials, metric: string): WithinRun | null {
    const found = [base, other].flatMap((side) => this.#someOf(side).flatMap((trial) => this.#of(trial, metric) ?? []));
    const standardError = median(found.map((one) => one.standardError));
    const lag1 = median(found.map((one) => one.lag1));
    return standardError === null || lag1 === null ? null : { standardError, lag1 };
  }

  /** 95 % interval of one trial's quantile, ns, from within the run alone; null where the intervals do not give one. */
  bootstrap(trial: TrialRecord, metric: string): Interval | null {
    const byMetric = this.#bootstraps.get(trial) ?? new Map<string, Interval | null>();
    this.#bootstraps.set(trial, byMetric);
    const known = byMetric.get(metric);
    if (known !== undefined) return known;
    const asked = this.#asked(metric);
    const found =
      asked === null ? null : blockBootstrap(this.#read(trial, asked.series), asked.p, mulberry32(this.#seed));
    byMetric.set(metric, found);
    return found;
  }

  #asked(metric: string): { readonly series: IntervalSeries; readonly p: number } | null {
    const quantile = latencyQuantile(metric);
    if (quantile === null || !Object.hasOwn(seriesOfIntervals, quantile.series)) return null;
    return { series: seriesOfIntervals[quantile.series as keyof typeof seriesOfIntervals], p: quantile.p };
  }

  #of(trial: TrialRecord, metric: string): WithinRun | null {
    const asked = this.#asked(metric);
    const whole = readMetric(trial, metric);
    if (asked === null || whole.kind !== 'value') return null;
    return withinRun(this.#read(trial, asked.series), asked.p, whole.value);
  }

  #someOf(side: readonly TrialRecord[]): readonly TrialRecord[] {
    // An interval is a second; asking every trial for its intervals would parse them all.
    const longest = Math.max(1, ...side.map((trial) => Math.ceil(trial.measureSeconds ?? 0)));
    const most = Math.floor(this.#mostPerSide / longest);
    if (most >= side.length) return side;
    return Array.from({ length: most }, (_, index) => side[Math.floor((index * side.length) / most)]!);
  }

  /** Of the measured time. A histogram that cannot be read is left out. */
  #read(trial: TrialRecord, series: IntervalSeries): readonly SparseCounts[] {
    const bySeries = this.#histograms.get(trial) ?? new Map<IntervalSeries, readonly SparseCounts[]>();
    this.#histograms.set(trial, bySeries);
    const known = bySeries.get(series);
    if (known !== undefined) return known;
    const read = trial.series.intervals
      .filter(({ startMs }) => startMs >= 0 && startMs < (trial.measureSeconds ?? 0) * 1000)
      .flatMap((interval) => decoded(interval[series]));
    bySeries.set(series, read);
    return read;
  }
}

function decoded(text: string | null): readonly SparseCounts[] {
  if (text === null) return [];
  try {
    return [decodeHdr(text)];
  } catch {
    return [];
  }
}
