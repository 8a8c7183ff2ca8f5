/** Ratios with their intervals and the margin of indifference, a row per pair (a forest plot). */
import { ratioText } from '../metric-text.ts';
import type { Interval } from '../../stats/signed-rank.ts';
import type { Better } from '../../stats/verdict.ts';
import { svg, type Markup } from './markup.ts';
import {
  directionTexts,
  drawing,
  mark,
  rowText,
  shortName,
  tickText,
  type DrawingText,
  type MarkName,
} from './svg-drawing.ts';
import { percentText, ratioScale, type RatioScale } from './svg-scale.ts';

export interface ForestRow {
  readonly name: string;
  /** Null where there is no estimate. */
  readonly ratio: number | null;
  readonly interval: Interval | null;
  /** 0.05 is 5 %. */
  readonly margin: number;
  readonly mark: MarkName;
  /** The verdict in a word or two. */
  readonly verdict: string;
}

export interface ForestPlot extends DrawingText {
  readonly rows: readonly ForestRow[];
  readonly better: Better;
}

/** Share of the rows that the axis holds whole. */
const heldShare = 0.6;
const rowPx = 44;
const topPx = 6;
const axisPx = 40;

export function forestPlot({ rows, better, ...text }: ForestPlot): Markup {
  const scale = ratioScale(
    rows.flatMap(({ ratio, interval }) => interval ?? (ratio === null ? [] : [{ low: ratio, high: ratio }])),
    heldShare,
  );
  const bottom = topPx + rows.length * rowPx;
  const grid = scale.ticks.map((tick) => gridLine(scale.place(tick), bottom, tick === 1 ? 'unity' : 'grid'));
  const labels = scale.ticks.map((tick) => tickText(String(tick), scale.place(tick), bottom + 15));
  const drawn = rows.map((row, at) => forestRow(row, topPx + at * rowPx, scale));
  const content = [
    rows.map((row, at) => band(row, topPx + at * rowPx, scale)),
    grid,
    drawn,
    labels,
    directionTexts(better, bottom + 33),
  ];
  return drawing(text, bottom + axisPx, content);
}

function band({ margin }: ForestRow, y: number, { place }: RatioScale): Markup {
  const left = place(1 / (1 + margin));
  const width = place(1 + margin) - left;
  return svg`<rect class="band" x="${percentText(left)}" y="${y}" width="${percentText(width)}" height="${rowPx}"/>`;
}

function gridLine(place: number, bottom: number, kind: 'grid' | 'unity'): Markup {
  const x = percentText(place);
  return svg`<line class="${kind}" x1="${x}" x2="${x}" y1="${topPx}" y2="${bottom}"/>`;
}

function forestRow(row: ForestRow, y: number, scale: RatioScale): Markup {
  const { name, ratio, verdict } = row;
  const figure = ratio === null ? verdict : `${ratioText({ ratio, interval: null }) ?? ''} · ${verdict}`;
  const whole = ratioText(row) ?? 'no ratio';
  return svg`<g><title>${name}: ${whole}, ${verdict}</title>${rowText(shortName(name), figure, y + 15)}${rangeOf(row, y + 28, scale)}<line class="grid" x1="0" x2="100%" y1="${y + rowPx}" y2="${y + rowPx}"/></g>`;
}

/** The range goes on beyond the axis. */
function arrow(to: 'left' | 'right', as: MarkName, place: number, y: number): Markup {
  return svg`<use href="#mark-${to}" class="arrow ${as}" x="${percentText(place)}" y="${y}"/>`;
}

function rangeOf(row: ForestRow, y: number, { factor, place }: RatioScale): readonly (Markup | null)[] {
  const { ratio, interval } = row;
  if (ratio === null) return [];
  const { low, high } = interval ?? { low: ratio, high: ratio };
  const line =
    interval === null
      ? null
      : svg`<line class="range ${row.mark}" x1="${percentText(place(low))}" x2="${percentText(place(high))}" y1="${y}" y2="${y}"/>`;
  const inside = ratio <= factor && ratio >= 1 / factor;
  return [
    line,
    low < 1 / factor ? arrow('left', row.mark, place(0), y) : null,
    high > factor ? arrow('right', row.mark, place(Infinity), y) : null,
    inside ? mark(row.mark, place(ratio), y) : null,
  ];
}
