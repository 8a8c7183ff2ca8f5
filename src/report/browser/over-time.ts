/** Connections, descriptors and TIME_WAIT over time: five small plots with one cursor. */
import type { OverTimePlot, PanelName, PlotGroup, TimePanel } from '../html/plot-shapes.ts';
import { countAxis, shadeOutside, timeAxis } from './axes.ts';
import type { Drawing } from './drawing.ts';
import { element, legend, nameOf } from './elements.ts';
import { dashOf, seriesColour, type Theme } from './theme.ts';
import { figure, seconds } from './ticks.ts';
import { tooltip, type TooltipContent } from './tooltip.ts';

/** Panels of a list have one vertical scale, so that both hosts compare. */
const rows: readonly (readonly { readonly name: PanelName; readonly title: string }[])[] = [
  [{ name: 'opened', title: 'Connections opened per second' }],
  [
    { name: 'clientFds', title: 'File descriptors, client' },
    { name: 'serverFds', title: 'File descriptors, server' },
  ],
  [
    { name: 'clientTimeWait', title: 'TIME_WAIT, client' },
    { name: 'serverTimeWait', title: 'TIME_WAIT, server' },
  ],
];

/** Two panels stand side by side from this width on. */
const twoColumnsPx = 640;
const gapPx = 28;
const panelHeightPx = 190;

interface Place {
  readonly group: PlotGroup;
  readonly panel: TimePanel;
  readonly name: PanelName;
  readonly area: HTMLElement;
  /** Highest value of the row. */
  readonly most: number;
}

let groups = 0;

export function overTimeDrawing(group: PlotGroup, host: HTMLElement, redraw: () => void): Drawing {
  const plot = group.overTime!;
  const hidden = new Set<number>();
  const places = placesOf(group, plot);
  const sync = `over-time-${++groups}`;
  host.append(
    legend(group.axes, group.variants, hidden, redraw),
    element('div', 'plot-panels', places.map(panelElement)),
  );
  return (widthPx, theme) => {
    const half = widthPx >= twoColumnsPx ? Math.floor((widthPx - gapPx) / 2) : widthPx;
    const drawn = places.flatMap((place) => {
      if (!('panel' in place)) return [];
      const options = optionsOf(plot, place, hidden, theme, sync);
      const width = place.name === 'opened' ? widthPx : half;
      return [new uPlot({ ...options, width, height: panelHeightPx }, dataOf(place, hidden), place.area)];
    });
    return () => {
      for (const one of drawn) one.destroy();
    };
  };
}

interface EmptyPlace {
  readonly name: PanelName;
  readonly title: string;
}

type AnyPlace = (Place & EmptyPlace) | EmptyPlace;

function placesOf(group: PlotGroup, { panels }: OverTimePlot): readonly AnyPlace[] {
  return rows.flatMap((row) => {
    const values = row.flatMap(({ name }) => panels[name]?.values.flat() ?? []);
    const most = values.reduce<number>((highest, value) => Math.max(highest, value ?? 0), 0);
    return row.map(({ name, title }): AnyPlace => {
      const panel = panels[name];
      return panel === null ? { name, title } : { name, title, group, panel, area: element('div', 'plot-area'), most };
    });
  });
}

function panelElement(place: AnyPlace): HTMLElement {
  const content = 'panel' in place ? place.area : element('p', 'plot-nothing', ['not sampled']);
  return element('div', place.name === 'opened' ? 'plot-panel plot-panel-wide' : 'plot-panel', [
    element('div', 'plot-panel-title', [place.title]),
    content,
  ]);
}

/** A bin of the steps is two points, so that it is drawn whole also where the next one is a gap; lines go through the middles. */
function dataOf({ panel, name }: Place, hidden: ReadonlySet<number>): uPlot.AlignedData {
  const { startsMs, endMs } = panel;
  const ends = [...startsMs.slice(1), endMs];
  const points = startsMs.map((start, at) => (isStepped(name) ? [start, ends[at]!] : [(start + ends[at]!) / 2]));
  const values = panel.values.map((own, variant) =>
    points.flatMap((times, at) => times.map(() => (hidden.has(variant) ? null : (own[at] ?? null)))),
  );
  return [points.flat().map((ms) => ms / 1000), ...values];
}

function isStepped(name: PanelName): boolean {
  return name === 'opened';
}

/** Up to the last sample: the last second of the counts is hardly ever a whole one. */
function timeRange({ panels }: OverTimePlot): [number, number] {
  const { opened, ...gauges } = panels;
  const sampled = Object.values(gauges).filter((panel) => panel !== null);
  const all = opened === null ? sampled : [opened, ...sampled];
  const starts = all.map(({ startsMs }) => startsMs[0] ?? 0);
  const ends = (sampled.length > 0 ? sampled : all).map(({ endMs }) => endMs);
  return [Math.min(...starts) / 1000, Math.max(...ends) / 1000];
}

function optionsOf(
  plot: OverTimePlot,
  place: Place,
  hidden: ReadonlySet<number>,
  theme: Theme,
  sync: string,
): Omit<uPlot.Options, 'width' | 'height'> {
  const { group, most } = place;
  const time = timeRange(plot);
  return {
    scales: { x: { time: false, range: () => time }, y: { range: () => [0, most === 0 ? 1 : most * 1.08] } },
    axes: [timeAxis(theme), countAxis(theme)],
    series: [
      {},
      ...group.variants.map((_, variant): uPlot.Series => ({
        show: !hidden.has(variant),
        stroke: seriesColour(theme, variant),
        width: 2,
        dash: dashOf(variant),
        points: { show: lonely, size: 5, fill: seriesColour(theme, variant) },
      })),
    ],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false }, sync: { key: sync, setSeries: false } },
    padding: [8, 16, 0, 0],
    hooks: {
      drawClear: [
        (drawn) => {
          shadeOutside(drawn, theme, plot.measureMs / 1000);
        },
      ],
    },
    plugins: [tooltip((at) => underPointer(place, hidden, at))],
  };
}

/** Points are shown where a line has nothing else to show. */
function lonely(plot: uPlot, series: number): boolean {
  return (plot.data[series] ?? []).length < 2;
}

function underPointer({ group, panel, name }: Place, hidden: ReadonlySet<number>, at: uPlot): TooltipContent | null {
  const { left = -1 } = at.cursor;
  if (left < 0) return null;
  const ms = at.posToVal(left, 'x') * 1000;
  const bin = Math.max(
    0,
    panel.startsMs.findLastIndex((start) => start <= ms),
  );
  const found = panel.values
    .flatMap((values, variant) => {
      const value = values[bin];
      return hidden.has(variant) || typeof value !== 'number' ? [] : [{ variant, value }];
    })
    .toSorted((a, b) => b.value - a.value);
  const unit = isStepped(name) ? ' /s' : '';
  const title = `${seconds(panel.startsMs[bin] ?? 0)} to ${seconds(panel.startsMs[bin + 1] ?? panel.endMs)}`;
  return {
    title,
    rows: found.map(({ variant, value }) => ({
      variant,
      name: nameOf(group.variants[variant]!),
      value: figure(value) + unit,
    })),
  };
}
