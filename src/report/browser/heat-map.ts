/** The latency heat map of one variant, chosen by a select: cells on the canvas of a plot whose lines are p50 and p99. */
import type { HeatMap, HeatMapPlot, PlotGroup } from '../html/plot-shapes.ts';
import { latencyAxis, shadeOutside, timeAxis } from './axes.ts';
import type { Drawing } from './drawing.ts';
import { chooser, element, lineKey, nameOf } from './elements.ts';
import { heatColour, type Theme } from './theme.ts';
import { figure, milliseconds, seconds } from './ticks.ts';
import { tooltip, type TooltipContent } from './tooltip.ts';

export function heatMapDrawing(group: PlotGroup, host: HTMLElement, redraw: () => void): Drawing {
  const plot = group.heatMap!;
  const order = winnerFirst(group);
  let shown = order[0] ?? 0;
  const area = element('div', 'plot-area');
  const label = (at: number): string => `${nameOf(group.variants[at]!)}${at === group.winner ? ' (fastest)' : ''}`;
  const choose = (at: number): void => {
    shown = order[at] ?? 0;
    redraw();
  };
  host.append(
    element('div', 'plot-controls', [chooser(group.axes ?? 'Variant', order.map(label), 0, choose), scaleOf(plot)]),
    area,
  );
  return (widthPx, theme) => {
    const height = Math.round(Math.min(380, Math.max(260, widthPx * 0.42)));
    const map = plot.maps[shown]!;
    const drawn = new uPlot(
      { ...optionsOf(plot, map, theme), width: widthPx, height },
      [[...plot.startsMs, plot.endMs].map((ms) => ms / 1000)],
      area,
    );
    return () => {
      drawn.destroy();
    };
  };
}

/** Places of the variants in the select. */
function winnerFirst({ variants, winner }: PlotGroup): readonly number[] {
  const places = variants.map((_, at) => at);
  return winner === null ? places : [winner, ...places.filter((at) => at !== winner)];
}

const quantileDash = [4, 3];

/** What the colours and lines mean. */
function scaleOf({ most }: HeatMapPlot): HTMLElement {
  return element('div', 'plot-heat-scale', [
    element('span', '', ['requests in a cell:']),
    element('span', '', ['1']),
    element('span', 'plot-heat-bar'),
    element('span', '', [figure(most)]),
    element('span', 'plot-heat-line', [lineKey(''), 'p50']),
    element('span', 'plot-heat-line', [lineKey(quantileDash.join(' ')), 'p99']),
  ]);
}

/** Lower edge of a row as the decimal logarithm of ms, in which the vertical axis counts. */
function levelOf({ lowestRow, perDecade }: HeatMapPlot, row: number): number {
  return (lowestRow + row) / perDecade;
}

function optionsOf(plot: HeatMapPlot, map: HeatMap, theme: Theme): Omit<uPlot.Options, 'width' | 'height'> {
  const { startsMs, endMs } = plot;
  const time: [number, number] = [(startsMs[0] ?? 0) / 1000, endMs / 1000];
  const latency: [number, number] = [levelOf(plot, 0), levelOf(plot, plot.rows)];
  return {
    scales: { x: { time: false, range: () => time }, y: { range: () => latency } },
    axes: [timeAxis(theme), latencyAxis(theme)],
    series: [{}],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    padding: [8, 16, 0, 0],
    hooks: {
      drawClear: [
        (drawn) => {
          shadeOutside(drawn, theme, plot.measureMs / 1000);
        },
      ],
      drawAxes: [
        (drawn) => {
          drawCells(drawn, plot, map, theme);
          drawQuantile(drawn, plot, map.p50, theme, []);
          drawQuantile(drawn, plot, map.p99, theme, quantileDash);
        },
      ],
    },
    plugins: [tooltip((at) => underPointer(plot, map, at))],
  };
}

/** On a logarithmic scale of counts, so that one slow request is seen beside thousands of fast ones. */
function shareOf(requests: number, { most }: HeatMapPlot): number {
  return most > 1 ? Math.log(requests) / Math.log(most) : 1;
}

/** Of the columns, in px of the canvas. */
function edgesOf(drawn: uPlot, { startsMs, endMs }: HeatMapPlot): readonly number[] {
  return [...startsMs, endMs].map((ms) => Math.round(drawn.valToPos(ms / 1000, 'x', true)));
}

function drawCells(drawn: uPlot, plot: HeatMapPlot, map: HeatMap, theme: Theme): void {
  const { ctx, bbox } = drawn;
  const edges = edgesOf(drawn, plot);
  const levels = Array.from({ length: plot.rows + 1 }, (_, row) =>
    Math.round(drawn.valToPos(levelOf(plot, row), 'y', true)),
  );
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  map.columns.forEach(([first = 0, ...cells], column) => {
    cells.forEach((requests, at) => {
      if (requests === 0) return;
      const row = first + at;
      ctx.fillStyle = heatColour(theme, shareOf(requests, plot));
      ctx.fillRect(
        edges[column]!,
        levels[row + 1]!,
        edges[column + 1]! - edges[column]!,
        levels[row]! - levels[row + 1]!,
      );
    });
  });
  ctx.restore();
}

/** A line across each column, with an edge in the colour of the page so that it is seen on every cell. */
function drawQuantile(
  drawn: uPlot,
  plot: HeatMapPlot,
  values: readonly (number | null)[],
  theme: Theme,
  dash: readonly number[],
): void {
  const { ctx } = drawn;
  const edges = edgesOf(drawn, plot);
  const path = new Path2D();
  values.forEach((ms, column) => {
    if (ms === null || ms <= 0) return;
    const level = drawn.valToPos(Math.log10(ms), 'y', true);
    path.moveTo(edges[column]!, level);
    path.lineTo(edges[column + 1]!, level);
  });
  ctx.save();
  ctx.strokeStyle = theme.paper;
  ctx.lineWidth = 4.5 * uPlot.pxRatio;
  ctx.stroke(path);
  ctx.strokeStyle = theme.ink;
  ctx.lineWidth = 2 * uPlot.pxRatio;
  ctx.setLineDash(dash.map((length) => length * uPlot.pxRatio));
  ctx.stroke(path);
  ctx.restore();
}

function underPointer(plot: HeatMapPlot, map: HeatMap, at: uPlot): TooltipContent | null {
  const { left = -1, top = -1 } = at.cursor;
  if (left < 0 || top < 0) return null;
  const ms = at.posToVal(left, 'x') * 1000;
  const column = plot.startsMs.findLastIndex((start) => start <= ms);
  const row = Math.floor(at.posToVal(top, 'y') * plot.perDecade - plot.lowestRow);
  const [first = 0, ...cells] = map.columns[column] ?? [];
  const requests = cells[row - first] ?? 0;
  const all = cells.reduce((sum, cell) => sum + cell, 0);
  if (all === 0) return null;
  const ofLatency = `${figure(10 ** levelOf(plot, row))} to ${milliseconds(10 ** levelOf(plot, row + 1))}`;
  const lines = [
    { name: 'p50', value: map.p50[column] },
    { name: 'p99', value: map.p99[column] },
  ];
  return {
    title: `${seconds(plot.startsMs[column] ?? 0)} to ${seconds(plot.startsMs[column + 1] ?? plot.endMs)}`,
    rows: [
      { variant: null, name: ofLatency, value: `${figure(requests)} of ${figure(all)}` },
      ...lines.flatMap(({ name, value }) =>
        typeof value === 'number' ? [{ variant: null, name, value: milliseconds(value) }] : [],
      ),
    ],
  };
}
