/** The data of the plots that the page's script draws: compact, and bounded whatever the size of the runs. */
import type { ReportInput } from '../report-input.ts';
import { heatMapPlot } from './heat-cells.ts';
import { percentilePlot } from './percentile-lines.ts';
import { drawnRun, type DrawnGroup } from './plot-groups.ts';
import type { PlotData, PlotGroup } from './plot-shapes.ts';
import { overTimePlot } from './time-panels.ts';

/** Lines of single trials: of one variant, and of the whole page. */
const mostTrialLines = { ofVariant: 20, ofPage: 300 };
/** Columns of all heat maps, and of one. */
const mostColumns = { ofMap: 120, ofPage: 2000 };
/** Interval histograms that are read for the whole page: some 20 us each. */
const mostHistograms = 12_000;

/** JSON of it is below 1 MB for a report of a few runs. Throws a UserError where a record's histogram is damaged. */
export function plotData(input: ReportInput): PlotData {
  const runs = input.runs.map(({ results }) => drawnRun(results, input.runs.length));
  const variants = runs.flatMap(({ groups }) => groups.flatMap(({ members }) => members)).length;
  const share = (of: number): number => Math.floor(of / Math.max(1, variants));
  const trialLines = Math.max(2, Math.min(mostTrialLines.ofVariant, share(mostTrialLines.ofPage)));
  const columns = Math.max(20, Math.min(mostColumns.ofMap, share(mostColumns.ofPage)));
  const heat = { mostColumns: columns, mostHistograms: share(mostHistograms) };
  const plots = (group: DrawnGroup): PlotGroup => ({
    name: group.name,
    axes: group.axes,
    variants: group.members.map(({ variant }) => variant),
    winner: group.winner,
    percentiles: percentilePlot(group, trialLines),
    overTime: overTimePlot(group),
    heatMap: heatMapPlot(group, heat),
  });
  return { runs: runs.map(({ groups, leftOut }) => ({ groups: groups.map(plots), variantsLeftOut: leftOut })) };
}
