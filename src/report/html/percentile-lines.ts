/**
 * Percentile curves on a nines axis: x = log10(1 / (1 - p)), so that 90 %, 99 % and 99.9 % are equally far apart. A line ends where
 * fewer than ten samples lie beyond, since a quantile that rests on fewer says little; that of the response time has no point where it
 * is a lower bound, since requests had no answer in time.
 */
import type { LatencyRecord, TrialRecord } from '../../results/record.ts';
import { highestEquivalentAt, lowestAt, rankOf, type SparseCounts } from '../../stats/histogram.ts';
import { mergeSparse } from '../../stats/summary.ts';
import { decoded } from '../response-histograms.ts';
import type { DrawnGroup, DrawnVariant } from './plot-groups.ts';
import { evenlyChosen, roundedMs } from './plot-numbers.ts';
import {
  percentileSeries,
  tableQuantiles,
  type PercentileLines,
  type PercentilePlot,
  type PercentileSeries,
} from './plot-shapes.ts';
import { reportedQuantiles, joinedLine } from './reported-quantiles.ts';

/** Samples that must lie beyond a quantile for it to be drawn. */
const tailSupport = 10;
/** Points of the longest line. */
const mostPoints = 120;
/** Points per nine of short lines; more would show the buckets of the histogram. */
const finestPerNine = 60;

/** A line over the grid needs what the histogram says at any quantile. */
interface Samples {
  readonly count: number;
  readonly max: number | null;
  /** ns, ascending quantiles; null where the tail does not support one. */
  readonly at: (quantiles: readonly number[]) => readonly (number | null)[];
  readonly joined: boolean;
  /** Which quantiles are lower bounds; null where every request had an answer. */
  readonly bounds: ((quantiles: readonly number[]) => readonly boolean[]) | null;
}

interface VariantSamples {
  readonly merged: Samples;
  readonly trials: readonly Samples[];
}

/** Null where no line has enough samples. At most `mostTrials` single trials of each variant are drawn. */
export function percentilePlot({ members }: DrawnGroup, mostTrials: number): PercentilePlot | null {
  const samples = members.map((member) => samplesOfSeries(member, mostTrials));
  const most = Math.max(0, ...samples.flatMap((series) => percentileSeries.map((name) => series[name].merged.count)));
  const nines = Math.log10(most / tailSupport);
  if (!(nines > 0)) return null;
  const perNine = Math.max(1, Math.min(finestPerNine, Math.floor((mostPoints - 1) / nines)));
  const grid = Array.from(
    { length: Math.floor(nines * perNine + 1e-9) + 1 },
    (_, point) => 1 - 10 ** (-point / perNine),
  );
  const lines = samples.map((series) => ({
    response: linesOf(series.response, grid),
    service: linesOf(series.service, grid),
  }));
  return { perNine, lines };
}

function linesOf({ merged, trials }: VariantSamples, grid: readonly number[]): PercentileLines {
  return {
    count: merged.count,
    merged: line(merged, grid),
    trials: trials.map((samples) => line(samples, grid)),
    quantiles: merged.at(tableQuantiles).map(msOrNull),
    max: msOrNull(merged.max),
    joined: merged.joined,
    ...(merged.bounds === null ? {} : { bounds: merged.bounds(tableQuantiles) }),
  };
}

/** Without bounds, and without the nulls at its end. */
function line(samples: Samples, grid: readonly number[]): readonly (number | null)[] {
  const bounds = samples.bounds?.(grid);
  const values = samples.at(grid).map((value, at) => (bounds?.[at] === true ? null : msOrNull(value)));
  return values.slice(0, values.findLastIndex((value) => value !== null) + 1);
}

function msOrNull(valueNs: number | null): number | null {
  return valueNs === null ? null : roundedMs(valueNs);
}

function samplesOfSeries(member: DrawnVariant, mostTrials: number): Readonly<Record<PercentileSeries, VariantSamples>> {
  return { response: samplesOf(member, 'response', mostTrials), service: samplesOf(member, 'service', mostTrials) };
}

function samplesOf({ trials }: DrawnVariant, series: PercentileSeries, mostTrials: number): VariantSamples {
  const read = trials.flatMap((trial) => histogramsOf(trial, series) ?? []);
  const reported = trials.flatMap((trial) => reportedOf(trial.latency[series]) ?? []);
  const singles = [...read.map(fromHistograms), ...reported];
  const together: Histograms = {
    answered: mergeSparse(read.map(({ answered }) => answered)),
    censored: mergeSparse(read.map(({ censored }) => censored)),
  };
  const merged = read.length > 0 ? fromHistograms(together) : (reported[0] ?? fromHistograms(together));
  return { merged, trials: singles.length < 2 ? [] : evenlyChosen(singles, mostTrials) };
}

interface Histograms {
  readonly answered: SparseCounts;
  /** Ages of the requests that had no answer in time: their response time is longer. */
  readonly censored: SparseCounts;
}

const nothing: SparseCounts = { indices: [], counts: [] };

function histogramsOf(trial: TrialRecord, series: PercentileSeries): Histograms | null {
  const text = trial.latency[series]?.histogram ?? null;
  const ages = series === 'response' ? trial.censored?.histogram : undefined;
  if (text === null && ages === undefined) return null;
  return {
    answered: text === null ? nothing : decoded(trial, text),
    censored: ages === undefined ? nothing : decoded(trial, ages),
  };
}

function fromHistograms({ answered, censored }: Histograms): Samples {
  const sparse = censored.indices.length === 0 ? answered : mergeSparse([answered, censored]);
  const count = countOf(sparse);
  const top = sparse.indices.at(-1);
  return {
    count,
    max: top === undefined ? null : highestEquivalentAt(top),
    at: (quantiles) => supportedQuantiles(sparse, count, quantiles),
    joined: false,
    bounds: censored.indices.length === 0 ? null : (quantiles) => boundsOf(answered, sparse, quantiles),
  };
}

/** A quantile is a lower bound where it would be another if every request without an answer took for ever. */
function boundsOf(answered: SparseCounts, all: SparseCounts, quantiles: readonly number[]): readonly boolean[] {
  const [count, known] = [countOf(all), countOf(answered)];
  const ranks = quantiles.map((p) => rankOf(p, count));
  const [least, most] = [bucketsAt(all, ranks), bucketsAt(answered, ranks)];
  return ranks.map((rank, at) => rank > known || least[at] !== most[at]);
}

/** The bucket that holds each of the ascending ranks; the last one for those beyond. */
function bucketsAt({ indices, counts }: SparseCounts, ranks: readonly number[]): readonly (number | undefined)[] {
  let at = 0;
  let seen = counts[0] ?? 0;
  return ranks.map((rank) => {
    while (seen < rank && at + 1 < counts.length) seen += counts[++at]!;
    return indices[at];
  });
}

function countOf({ counts }: SparseCounts): number {
  return counts.reduce((sum, times) => sum + times, 0);
}

/** As HDR tools give them, at ascending quantiles; null from where fewer than ten samples lie beyond. */
function supportedQuantiles(
  sparse: SparseCounts,
  count: number,
  quantiles: readonly number[],
): readonly (number | null)[] {
  let at = -1;
  let seen = 0;
  return quantiles.map((p) => {
    const rank = rankOf(p, count);
    if (count - rank < tailSupport) return null;
    while (seen < rank) seen += sparse.counts[++at]!;
    const index = sparse.indices[at]!;
    return p === 0 ? lowestAt(index) : highestEquivalentAt(index);
  });
}

/** What another program reported without a histogram. */
function reportedOf(record: LatencyRecord | null): Samples | null {
  if (record?.histogram !== null) return null;
  const known = reportedQuantiles(record).filter(({ p }) => record.count - rankOf(p, record.count) >= tailSupport);
  return known.length === 0
    ? null
    : {
        count: record.count,
        max: record.max,
        at: (quantiles) => joinedLine(known, quantiles),
        joined: true,
        bounds: null,
      };
}
