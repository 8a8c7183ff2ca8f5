/** A series of a trend as a static drawing: the ratios run by run, the mean of every stretch between changes, and the changes. */
import type { TrendPoint, TrendRun, TrendSeries } from '../compare/trend-document.ts';
import { significant } from './format.ts';
import { svg, type Markup } from './html/markup.ts';
import { drawing, mark, type DrawingText } from './html/svg-drawing.ts';
import { niceStep, percentText } from './html/svg-scale.ts';
import { dayText } from './trend-words.ts';

const topPx = 22;
const plotPx = 150;
const bottomPx = topPx + plotPx;
const heightPx = bottomPx + 22;
/** Percent of the width, left of which the figures of the axis stand. */
const left = 12;
const right = 97;
/** Inside units of the line, which is stretched to the plot's width. */
const lineWidth = 1000;

/** The changes are numbered from 1, in the order of time. `runs` are the scenario's. */
export function trendPlot(series: TrendSeries, runs: readonly TrendRun[], text: DrawingText): Markup {
  const { points, changes } = series;
  const scale = ratioAxis(points.map(({ ratio }) => ratio));
  const share = (at: number): number => (points.length < 2 ? 0.5 : at / (points.length - 1));
  const place = (at: number): number => left + (right - left) * share(at);
  const grid = scale.ticks.map((tick) => {
    const y = scale.height(tick);
    return svg`<line class="grid" x1="${percentText(left)}" x2="100%" y1="${y}" y2="${y}"/><text class="tick" x="0" y="${y + 4}">${significant(tick)}</text>`;
  });
  const marks = points.map((point, at) => pointMark(series, point, at, place(at), scale.height));
  const rules = changes.map(({ point, worse }, number) => {
    const x = percentText(place(point - 0.5));
    const name = worse ? 'regression' : 'improvement';
    return svg`<line class="change ${name}" x1="${x}" x2="${x}" y1="${topPx - 6}" y2="${bottomPx}"/><text class="tick middle" x="${x}" y="${topPx - 10}">${number + 1}</text>`;
  });
  return drawing(text, heightPx, [grid, rules, line(series, share, scale.height), marks, dates(points, runs)]);
}

interface RatioAxis {
  /** Pixels from the top, to a tenth. */
  readonly height: (ratio: number) => number;
  readonly ticks: readonly number[];
}

/** Logarithmic, and never so close that noise of a percent fills it. */
function ratioAxis(ratios: readonly number[]): RatioAxis {
  const middle = Math.sqrt(Math.min(...ratios) * Math.max(...ratios));
  const low = Math.min(...ratios, middle / 1.05) / 1.01;
  const high = Math.max(...ratios, middle * 1.05) * 1.01;
  const span = Math.log(high / low);
  const step = niceStep((high - low) / 4);
  const first = Math.ceil(low / step);
  const ticks = Array.from(
    { length: Math.max(0, Math.floor(high / step) - first + 1) },
    (_, at) => (first + at) * step,
  );
  const height = (ratio: number): number => Number((topPx + plotPx * (1 - Math.log(ratio / low) / span)).toFixed(1));
  return { height, ticks: ticks.filter((tick) => tick > 0).slice(0, 8) };
}

/** The ratios joined by a line, and the mean of every stretch; in a drawing of its own that is as wide as the plot. */
function line(
  { points, changes }: TrendSeries,
  share: (at: number) => number,
  height: (ratio: number) => number,
): Markup {
  const x = (at: number): number => Number((share(at) * lineWidth).toFixed(1));
  const path = points.map(({ ratio }, at) => `${x(at)},${height(ratio)}`).join(' ');
  const levels = changes.map(({ before, after, point }, at) => {
    const end = changes[at + 1]?.point ?? points.length;
    const segments = [level(x(point), x(end - 1), height(after))];
    return at === 0 ? [level(0, x(point - 1), height(before)), ...segments] : segments;
  });
  return svg`<svg x="${percentText(left)}" y="0" width="${percentText(right - left)}" height="${heightPx}" viewBox="0 0 ${lineWidth} ${heightPx}" preserveAspectRatio="none"><polyline class="trend-line" points="${path}"/>${levels}</svg>`;
}

function level(from: number, to: number, y: number): Markup {
  return svg`<line class="level" x1="${from}" x2="${to}" y1="${y}" y2="${y}"/>`;
}

/** The first point after a change has the shape of its direction. */
function pointMark(
  series: TrendSeries,
  point: TrendPoint,
  at: number,
  place: number,
  height: (ratio: number) => number,
): Markup {
  const change = series.changes.find((one) => one.point === at);
  const name = change === undefined ? 'dot' : change.worse ? 'regression' : 'improvement';
  return mark(name, place, height(point.ratio));
}

function dates(points: readonly TrendPoint[], runs: readonly TrendRun[]): Markup {
  const [first, last] = [points[0], points.at(-1)].map((point) =>
    point === undefined ? '' : dayText(runs[point.run]!),
  );
  const y = heightPx - 5;
  return svg`<text class="tick" x="${percentText(left)}" y="${y}">${first ?? ''}</text><text class="tick end" x="100%" y="${y}">${last ?? ''}</text>`;
}
