/** Latency heat maps: how many requests took how long in each second, over the trials of a variant. */
import type { IntervalRecord, TrialRecord } from '../../results/record.ts';
import { highestEquivalentAt, medianEquivalentAt, rankOf, type SparseCounts } from '../../stats/histogram.ts';
import { mergeSparse } from '../../stats/summary.ts';
import { decoded } from '../response-histograms.ts';
import type { DrawnGroup, DrawnVariant } from './plot-groups.ts';
import { evenlyChosen, highestOf, lowestOf, roundedMs } from './plot-numbers.ts';
import type { HeatMap, HeatMapPlot } from './plot-shapes.ts';
import { Bins, measureMsOf } from './time-panels.ts';

const intervalMs = 1000;
/** Rows of latencies; the finest that fits is taken. */
const mostRows = 48;
const rowsPerDecade = [24, 16, 12, 8, 6, 4, 2, 1];

interface Room {
  readonly mostColumns: number;
  /** Interval histograms that may be read for one variant. */
  readonly mostHistograms: number;
}

interface MergedColumns extends Pick<HeatMap, 'trials' | 'complete'> {
  readonly columns: readonly SparseCounts[];
}

/** Null where no interval has a histogram. */
export function heatMapPlot({ members }: DrawnGroup, { mostColumns, mostHistograms }: Room): HeatMapPlot | null {
  const intervals = members.flatMap(({ trials }) => trials.flatMap((trial) => withHistogram(trial)));
  if (intervals.length === 0) return null;
  const starts = intervals.map(({ startMs }) => startMs);
  const bins = new Bins(lowestOf(starts), highestOf(starts), intervalMs, mostColumns);
  const merged = members.map((member) => mergedColumns(member, bins, mostHistograms));
  const scale = rowScale(merged.flatMap(({ columns }) => columns));
  const maps = merged.map((of): HeatMap => heatMap(of, scale));
  const most = highestOf(maps.flatMap(({ columns }) => columns.flatMap(([, ...counts]) => counts)));
  const measureMs = measureMsOf(members.flatMap(({ trials }) => trials));
  const { stepMs, startsMs, endMs } = bins;
  return { stepMs, startsMs, endMs, measureMs, ...scale, most, maps };
}

function withHistogram({ series }: TrialRecord): readonly (IntervalRecord & { readonly response: string })[] {
  return series.intervals.flatMap((interval) => {
    const { response } = interval;
    return response === null ? [] : [{ ...interval, response }];
  });
}

function mergedColumns({ trials }: DrawnVariant, bins: Bins, mostHistograms: number): MergedColumns {
  const longest = Math.max(1, highestOf(trials.map((trial) => withHistogram(trial).length)));
  const used = evenlyChosen(trials, Math.max(1, Math.floor(mostHistograms / longest)));
  const seconds = Array.from({ length: bins.count }, (): (() => SparseCounts)[] => []);
  for (const trial of used) {
    for (const { startMs, response } of withHistogram(trial)) {
      seconds[bins.of(startMs)]!.push(() => decoded(trial, response));
    }
  }
  // Matters to trials of hours only, where one of them has more seconds than may be read.
  const room = Math.max(1, Math.floor(mostHistograms / bins.count), used.length > 1 ? Infinity : 0);
  const columns = seconds.map((own) => mergeSparse(evenlyChosen(own, room).map((read) => read())));
  return { trials: used.length, complete: seconds.every(({ length }) => length <= room), columns };
}

interface RowScale {
  readonly perDecade: number;
  readonly lowestRow: number;
  readonly rows: number;
}

/** Of the middle of a bucket. */
function rowOf(index: number, perDecade: number): number {
  return Math.floor(Math.log10(Math.max(1, medianEquivalentAt(index)) / 1e6) * perDecade + 1e-9);
}

function rowScale(columns: readonly SparseCounts[]): RowScale {
  const lowest = lowestOf(columns.map(({ indices }) => indices[0] ?? Infinity));
  const highest = highestOf(columns.map(({ indices }) => indices.at(-1) ?? 0));
  const rows = (perDecade: number): number => rowOf(highest, perDecade) - rowOf(lowest, perDecade) + 1;
  const perDecade = rowsPerDecade.find((finest) => rows(finest) <= mostRows) ?? 1;
  return { perDecade, lowestRow: rowOf(lowest, perDecade), rows: rows(perDecade) };
}

function heatMap({ trials, complete, columns }: MergedColumns, scale: RowScale): HeatMap {
  return {
    trials,
    complete,
    columns: columns.map((column) => cells(column, scale)),
    p50: columns.map((column) => quantileMs(column, 0.5)),
    p99: columns.map((column) => quantileMs(column, 0.99)),
  };
}

function cells({ indices, counts }: SparseCounts, { perDecade, lowestRow }: RowScale): readonly number[] {
  const row = (at: number): number => rowOf(indices[at]!, perDecade) - lowestRow;
  if (indices.length === 0) return [];
  const first = row(0);
  const found = new Array<number>(row(indices.length - 1) - first + 1).fill(0);
  counts.forEach((count, at) => {
    found[row(at) - first]! += count;
  });
  return [first, ...found];
}

function quantileMs({ indices, counts }: SparseCounts, p: number): number | null {
  const rank = rankOf(
    p,
    counts.reduce((sum, count) => sum + count, 0),
  );
  let seen = 0;
  const at = counts.findIndex((count) => (seen += count) >= rank);
  return at < 0 ? null : roundedMs(highestEquivalentAt(indices[at]!));
}
