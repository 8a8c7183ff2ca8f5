/**
 * The data of the plots that the page's script draws, and of their tables: what `plotData` makes, the page embeds as JSON and the script
 * reads. Times are in ms, latencies too; figures have four significant digits. No imports, so that both sides may use it.
 */

export interface PlotData {
  /** In the order of the report's runs. */
  readonly runs: readonly RunPlots[];
}

export interface RunPlots {
  /** A group of variants under the same load and network has its own plots; one without anything to draw is left out. */
  readonly groups: readonly PlotGroup[];
  /** Variants of the run that are not drawn, so that the page stays small. */
  readonly variantsLeftOut: number;
}

export interface PlotGroup {
  /** What its variants share and those of other groups have not: `load=open`; null where the run has one group. */
  readonly name: string | null;
  /** The axes whose alternatives are the variants' labels: `strategy.pool.size`; null where they are names. */
  readonly axes: string | null;
  readonly variants: readonly PlotVariant[];
  /** Place of the fastest in `variants`; null where nothing can be compared. */
  readonly winner: number | null;
  /** Null where no line has enough samples. */
  readonly percentiles: PercentilePlot | null;
  /** Null where nothing was sampled. */
  readonly overTime: OverTimePlot | null;
  /** Null where no second has a histogram. */
  readonly heatMap: HeatMapPlot | null;
}

export interface PlotVariant {
  /** Control characters escaped, cut off where too long; still hostile as HTML. */
  readonly label: string;
  /** Trials that the figures are made from. */
  readonly trials: number;
  /** False where every trial of the variant is invalid, and its figures must not be used. */
  readonly valid: boolean;
}

export const percentileSeries = ['response', 'service'] as const;
export type PercentileSeries = (typeof percentileSeries)[number];

/** Point i of every line is the quantile 1 - 10^(-i / perNine): its x is i / perNine nines. */
export interface PercentilePlot {
  readonly perNine: number;
  /** In the order of the group's variants. */
  readonly lines: readonly Readonly<Record<PercentileSeries, PercentileLines>>[];
}

export interface PercentileLines {
  /** Requests of all trials; of the response time with those that had no answer in time. */
  readonly count: number;
  /** All trials' requests together. Ends where fewer than ten samples lie beyond; null where nothing was reported, and for a lower bound. */
  readonly merged: readonly (number | null)[];
  /** Single trials, evenly chosen over the order of the run; none where the variant has one trial. */
  readonly trials: readonly (readonly (number | null)[])[];
  /** Of the merged line, by `tableQuantiles`; null where fewer than ten samples lie beyond. */
  readonly quantiles: readonly (number | null)[];
  readonly max: number | null;
  /** Which of `quantiles` are lower bounds, and with them `max`; absent where every request had an answer. */
  readonly bounds?: readonly boolean[];
  /** True where the lines join the few quantiles that another program reported. */
  readonly joined: boolean;
}

/** The quantiles of the table, and the ticks of the axis. */
export const tableQuantiles = [0.5, 0.9, 0.99, 0.999, 0.9999] as const;

export const panelNames = ['opened', 'clientFds', 'serverFds', 'clientTimeWait', 'serverTimeWait'] as const;
export type PanelName = (typeof panelNames)[number];

/** Medians over a variant's trials, by time from the start of measure: negative in warm-up. */
export interface OverTimePlot {
  /** End of measure. */
  readonly measureMs: number;
  readonly panels: Readonly<Record<PanelName, TimePanel | null>>;
}

export interface TimePanel {
  /** Length of a bin; the first one may be shorter. */
  readonly stepMs: number;
  /** Beginning of each bin. */
  readonly startsMs: readonly number[];
  /** End of the last bin. */
  readonly endMs: number;
  /** A list per variant: connections opened per second in the bin, else the highest sample of the bin; null is a gap. */
  readonly values: readonly (readonly (number | null)[])[];
}

/** Row r holds latencies from 10^((lowestRow + r) / perDecade) ms to the next row's. Columns are the seconds in which requests ended. */
export interface HeatMapPlot {
  readonly stepMs: number;
  readonly startsMs: readonly number[];
  readonly endMs: number;
  readonly measureMs: number;
  readonly perDecade: number;
  readonly lowestRow: number;
  readonly rows: number;
  /** The highest count of any cell of any variant. */
  readonly most: number;
  /** In the order of the group's variants. */
  readonly maps: readonly HeatMap[];
}

export interface HeatMap {
  /** Trials whose requests are in the cells, evenly chosen over the order of the run. */
  readonly trials: number;
  /** False where only evenly chosen seconds of them are. */
  readonly complete: boolean;
  /** Per column: the lowest row with a request, then the counts from there up. Empty without a request. */
  readonly columns: readonly (readonly number[])[];
  /** Quantiles of each column; null without a request. */
  readonly p50: readonly (number | null)[];
  readonly p99: readonly (number | null)[];
}

/* ---- tables ---- */

export interface PlotTableColumn {
  readonly heading: string;
  readonly unit: string | null;
  readonly kind: 'number' | 'text';
}

export interface PlotTable {
  readonly caption: string;
  /** The first column heads the rows. */
  readonly columns: readonly PlotTableColumn[];
  /** As text to be escaped; null where there is no figure. */
  readonly rows: readonly (readonly (string | null)[])[];
}

/** What surrounds a plot on the page. */
export interface PlotText {
  /** How to read it, in a sentence or two. */
  readonly reading: string;
  /** What was left out or put together. */
  readonly notes: readonly string[];
  readonly tables: readonly PlotTable[];
}

/** By the names of `canvasPlots`; null where a run has nothing to draw. */
export interface RunPlotTexts {
  readonly percentiles: PlotText | null;
  readonly 'over-time': PlotText | null;
  readonly 'heat-map': PlotText | null;
}
