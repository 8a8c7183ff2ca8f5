/** The percentile plot: latency over a nines axis, thin lines for trials and bold ones for variants. */
import type { PercentileLines, PercentilePlot, PercentileSeries, PlotGroup } from '../html/plot-shapes.ts';
import { horizontal, latencyAxis } from './axes.ts';
import { element, legend, nameOf, switcher } from './elements.ts';
import type { Drawing } from './drawing.ts';
import { dashOf, seriesColour, type Theme } from './theme.ts';
import { milliseconds, ninesTicks, percentile } from './ticks.ts';
import { tooltip, type TooltipContent } from './tooltip.ts';

const titles: Readonly<Record<PercentileSeries, string>> = { response: 'Response time', service: 'Service time' };

interface Line {
  readonly variant: number;
  readonly values: readonly (number | null)[];
  readonly bold: boolean;
}

export function percentilesDrawing(group: PlotGroup, host: HTMLElement, redraw: () => void): Drawing {
  const plot = group.percentiles!;
  const hidden = new Set<number>();
  let series: PercentileSeries = 'response';
  const choose = (at: number): void => {
    series = at === 0 ? 'response' : 'service';
    redraw();
  };
  const area = element('div', 'plot-area');
  host.append(
    element('div', 'plot-controls', [switcher('Time', [titles.response, titles.service], choose)]),
    legend(group.axes, group.variants, hidden, redraw),
    area,
  );
  return (widthPx, theme) => {
    const lines = linesOf(plot, series, hidden);
    const options = optionsOf(group, plot, lines, theme);
    const height = Math.round(Math.min(420, Math.max(260, widthPx * 0.5)));
    const drawn = new uPlot({ ...options, width: widthPx, height }, dataOf(plot, lines), area);
    return () => {
      drawn.destroy();
    };
  };
}

/** Thin lines first, so that the bold ones lie above them. */
function linesOf(plot: PercentilePlot, series: PercentileSeries, hidden: ReadonlySet<number>): readonly Line[] {
  const shown = plot.lines.flatMap((line, variant): readonly { variant: number; lines: PercentileLines }[] =>
    hidden.has(variant) ? [] : [{ variant, lines: line[series] }],
  );
  return [
    ...shown.flatMap(({ variant, lines }) => lines.trials.map((values) => ({ variant, values, bold: false }))),
    ...shown.map(({ variant, lines }) => ({ variant, values: lines.merged, bold: true })),
  ];
}

function longest(plot: PercentilePlot): number {
  return Math.max(2, ...plot.lines.flatMap((line) => [line.response.merged.length, line.service.merged.length]));
}

function dataOf(plot: PercentilePlot, lines: readonly Line[]): uPlot.AlignedData {
  const points = longest(plot);
  const nines = Array.from({ length: points }, (_, point) => point / plot.perNine);
  const values = lines.map((line) => nines.map((_, point) => logarithm(line.values[point])));
  return [nines, ...values];
}

/** Latencies of 0 have no place on a logarithmic axis. */
function logarithm(value: number | null | undefined): number | null {
  return value !== null && value !== undefined && value > 0 ? Math.log10(value) : null;
}

/** Room above and below the lines, in decades. */
const edge = 0.05;

/** Of every line of the plot, so that hiding one or switching between the two times moves nothing. */
function latencyRange({ lines }: PercentilePlot): [number, number] {
  let low = Infinity;
  let high = 0;
  for (const { response, service } of lines) {
    for (const values of [response.merged, service.merged, ...response.trials, ...service.trials]) {
      for (const value of values) {
        if (value !== null && value > 0) low = Math.min(low, value);
        high = Math.max(high, value ?? 0);
      }
    }
  }
  return high > 0 ? [Math.log10(low) - edge, Math.log10(high) + edge] : [-1, 0];
}

function optionsOf(
  group: PlotGroup,
  plot: PercentilePlot,
  lines: readonly Line[],
  theme: Theme,
): Omit<uPlot.Options, 'width' | 'height'> {
  const last = (longest(plot) - 1) / plot.perNine;
  const range = latencyRange(plot);
  return {
    scales: { x: { time: false, range: () => [0, last] }, y: { range: () => range } },
    axes: [horizontal(theme, (_min, max, pixels) => ninesTicks(max, pixels), percentile), latencyAxis(theme)],
    series: [
      {},
      ...lines.map(({ variant, bold }): uPlot.Series => ({
        stroke: seriesColour(theme, variant),
        width: bold ? 2.5 : 1,
        alpha: bold ? 1 : 0.32,
        dash: dashOf(variant),
        points: { show: false },
      })),
    ],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    padding: [8, 18, 0, 0],
    plugins: [tooltip((at) => underPointer(group, lines, at))],
  };
}

function underPointer(group: PlotGroup, lines: readonly Line[], at: uPlot): TooltipContent | null {
  const { idx } = at.cursor;
  if (idx === null || idx === undefined) return null;
  const found = lines
    .flatMap(({ variant, values, bold }) => {
      const value = values[idx];
      return bold && typeof value === 'number' ? [{ variant, value }] : [];
    })
    .toSorted((a, b) => b.value - a.value);
  const rows = found.map(({ variant, value }) => ({
    variant,
    name: nameOf(group.variants[variant]!),
    value: milliseconds(value),
  }));
  return { title: percentile(at.data[0][idx] ?? 0), rows };
}
