/** Every trial of a variant in run order, as a ratio to the variant's own median, so that drift and outliers show. */
import { svg, type Markup } from './markup.ts';
import { drawing, mark, rowText, shortName, tickText, type DrawingText } from './svg-drawing.ts';
import { percentText, ratioScale } from './svg-scale.ts';

export interface DotSeries {
  readonly name: 'dot' | 'ring';
  /** `place`: 0 is the first trial of the run, 1 the last. `ratio`: to the variant's median. */
  readonly points: readonly { readonly place: number; readonly ratio: number; readonly valid: boolean }[];
}

export interface DotStrip {
  readonly label: string;
  readonly figure: string;
  readonly series: readonly DotSeries[];
}

const labelPx = 20;
const plotPx = 44;
const stripPx = labelPx + plotPx + 8;
/** Share of the marks that the axis holds; the others are arrows at its edge. */
const heldShare = 0.9;
/** Percent of the width left for the labels of the axis. */
const leftPlace = 11;

/** `share`: 0 is the first trial, 1 the last. */
function placeOf(share: number): number {
  return leftPlace + (98 - leftPlace) * share;
}

/** A strip per variant, all on the same logarithmic axis. */
export function dotPlot(strips: readonly DotStrip[], text: DrawingText): Markup {
  const points = strips.flatMap(({ series }) => series.flatMap((one) => one.points));
  const { factor } = ratioScale(
    points.map(({ ratio }) => ({ low: ratio, high: ratio })),
    heldShare,
  );
  const bottom = strips.length * stripPx;
  const rows = strips.map((strip, at) => dotStrip(strip, at * stripPx, factor));
  const ends = [
    svg`<text x="${percentText(leftPlace)}" y="${bottom + 12}" class="tick">first trial</text>`,
    tickText('last trial', 100, bottom + 12),
  ];
  return drawing(text, bottom + 20, [rows, ends]);
}

function dotStrip({ label, figure, series }: DotStrip, top: number, factor: number): Markup {
  const middle = top + labelPx + plotPx / 2;
  const height = (ratio: number): number => {
    const share = Math.max(-1, Math.min(1, Math.log(ratio) / Math.log(factor)));
    return Number((middle - (share * plotPx) / 2).toFixed(1));
  };
  const marks = series.flatMap(({ name, points }) =>
    points.map(({ place, ratio, valid }) => {
      const shape = ratio > factor ? 'up' : ratio < 1 / factor ? 'down' : name;
      return mark(valid ? shape : 'cross', placeOf(place), height(ratio));
    }),
  );
  return svg`<g><title>${label}: ${figure}</title>${rowText(shortName(label), figure, top + 14)}
<rect class="strip" x="0" y="${top + labelPx}" width="100%" height="${plotPx}"/>
<line class="unity" x1="${percentText(leftPlace)}" x2="100%" y1="${middle}" y2="${middle}"/>
<text class="tick" x="4" y="${top + labelPx + 11}">×${factor}</text><text class="tick" x="4" y="${top + labelPx + plotPx - 4}">÷${factor}</text>
${marks}</g>`;
}

/** Room that a strip has for points; more of them would only overlap. */
export const mostPoints = 120;

/** Evenly chosen items, at most as many as asked for, the first and the last always among them. */
export function thinned<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, at) => items[Math.round((at * (items.length - 1)) / (most - 1))]!);
}
