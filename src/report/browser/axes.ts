/** The axes that all plots share. */
import { linearTicks, logTicks, seconds, shortCount } from './ticks.ts';
import type { Theme } from './theme.ts';

/** Least distance of labels on a vertical axis, px. */
const labelRoom = 30;

function plain({ quiet, grid, font }: Theme): uPlot.Axis {
  return {
    stroke: quiet,
    font,
    grid: { stroke: grid, width: 1 },
    ticks: { show: false },
    gap: 6,
  };
}

/** `ticks` gets the ends of the axis and its length in px. */
export function horizontal(
  theme: Theme,
  ticks: (min: number, max: number, pixels: number) => number[],
  label: (tick: number) => string,
): uPlot.Axis {
  return {
    ...plain(theme),
    size: 30,
    splits: (plot, _axis, min, max) => ticks(min, max, plot.bbox.width / uPlot.pxRatio),
    values: (_plot, splits) => splits.map(label),
    space: 0,
  };
}

function vertical(
  theme: Theme,
  ticks: (min: number, max: number, most: number) => number[],
  label: (tick: number) => string,
): uPlot.Axis {
  return {
    ...plain(theme),
    scale: 'y',
    size: (_plot, values: readonly string[] | null) =>
      14 + 7 * Math.max(3, ...(values ?? []).map((value) => value.length)),
    splits: (plot, _axis, min, max) => ticks(min, max, Math.max(2, plot.bbox.height / uPlot.pxRatio / labelRoom)),
    values: (_plot, splits) => splits.map(label),
    space: 0,
  };
}

/** For values that are the decimal logarithms of milliseconds. */
export function latencyAxis(theme: Theme): uPlot.Axis {
  const ticks = (min: number, max: number, most: number): number[] =>
    logTicks(10 ** min, 10 ** max, most).map(Math.log10);
  const label = (tick: number): string => `${Number((10 ** tick).toPrecision(6)).toLocaleString('en')} ms`;
  return vertical(theme, ticks, label);
}

export function countAxis(theme: Theme): uPlot.Axis {
  return vertical(
    theme,
    (min, max, most) => linearTicks(min, max, most).filter((tick) => max < 3 || Number.isInteger(tick)),
    shortCount,
  );
}

/** Seconds. */
export function timeAxis(theme: Theme): uPlot.Axis {
  return horizontal(
    theme,
    (min, max, pixels) => linearTicks(min, max, Math.max(2, pixels / 70)),
    (tick) => seconds(tick * 1000),
  );
}

/** Shades the time before measure, which begins at 0 s, and after it. */
export function shadeOutside(plot: uPlot, theme: Theme, measureEnd: number): void {
  const { ctx, bbox } = plot;
  const place = (at: number): number =>
    Math.min(bbox.left + bbox.width, Math.max(bbox.left, plot.valToPos(at, 'x', true)));
  const start = place(0);
  const end = place(measureEnd);
  ctx.save();
  ctx.fillStyle = theme.shade;
  ctx.fillRect(bbox.left, bbox.top, start - bbox.left, bbox.height);
  ctx.fillRect(end, bbox.top, bbox.left + bbox.width - end, bbox.height);
  ctx.restore();
}
