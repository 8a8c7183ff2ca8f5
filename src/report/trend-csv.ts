/** The series of a trend as the CSV that Apache Otava reads (its docs/CSV.md), so that another program can check the change points. */
import type { TrendScenario, TrendSeries } from '../compare/trend-document.ts';
import { csvCell } from './csv.ts';

export interface TrendCsv {
  readonly text: string;
  /** Runs that are not in it, because Otava needs a figure in every column. */
  readonly leftOut: number;
}

/**
 * A heading line `time,commit,METRIC VARIANT...`, then a line per run, ending in LF. Times are UTC with their offset, `commit` is the
 * label or the run's id, figures are ratios to the control.
 */
export function renderTrendCsv({ runs, series }: TrendScenario): TrendCsv {
  const columns = series.map((one) => ({ heading: columnName(one), ratios: ratiosByRun(one) }));
  const lines = runs.flatMap((run, at) => {
    const ratios = columns.flatMap((column) => column.ratios.get(at) ?? []);
    if (ratios.length < columns.length) return [];
    return [[timeText(run.startedAt), run.label ?? run.runId, ...ratios]];
  });
  const table = [['time', 'commit', ...columns.map(({ heading }) => heading)], ...lines];
  return {
    text: table.map((cells) => `${cells.map(csvCell).join(',')}\n`).join(''),
    leftOut: runs.length - lines.length,
  };
}

function columnName({ metric, variant }: TrendSeries): string {
  return `${metric} ${variant}`;
}

function ratiosByRun({ points }: TrendSeries): ReadonlyMap<number, number> {
  return new Map(points.map(({ run, ratio }) => [run, ratio]));
}

/** `2026-11-15 02:00:00 +0000`. */
function timeText(startedAt: string): string {
  return `${new Date(startedAt).toISOString().slice(0, 19).replace('T', ' ')} +0000`;
}
