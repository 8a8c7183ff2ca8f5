/** Histograms of requests per connection, a strip per variant, all on the same bins. */
import { amount, count } from '../format.ts';
import { percent } from '../../compare/words.ts';
import { svg, type Markup } from './markup.ts';
import type { ReuseBin, ReuseFigures, ReuseHistogram } from './reuse-figures.ts';
import { drawing, rowText, shortName, type DrawingText } from './svg-drawing.ts';
import { percentText } from './svg-scale.ts';

const labelPx = 20;
const barsPx = 40;
const stripPx = labelPx + barsPx + 10;

export function reusePlot({ bins, rows }: ReuseHistogram, text: DrawingText): Markup {
  const bottom = rows.length * stripPx;
  // Every other label where all of them would not fit a narrow page.
  const step = Math.ceil(bins.length / 8);
  const labels = bins.map((bin, at) =>
    at % step === 0
      ? svg`<text class="tick middle" x="${percentText(((at + 0.5) * 100) / bins.length)}" y="${bottom + 10}">${bin.from}</text>`
      : null,
  );
  return drawing(text, bottom + 18, [rows.map((row, at) => strip(row, bins, at * stripPx)), labels]);
}

/** `4 to 7`. */
export function binName({ from, to }: ReuseBin): string {
  return from === to ? count(from) : `${count(from)} to ${count(to)}`;
}

/** Heights are shares of the variant's connections. */
function strip({ label, connections, counts, mean }: ReuseFigures, bins: readonly ReuseBin[], top: number): Markup {
  const width = 100 / bins.length;
  const base = top + labelPx + barsPx;
  const bars = counts.map((number, at) => {
    if (number === 0) return null;
    const height = Math.max(1.5, (number / connections) * barsPx);
    const x = percentText((at + 0.08) * width);
    return svg`<rect class="bar" x="${x}" y="${(base - height).toFixed(1)}" width="${percentText(width * 0.84)}" height="${height.toFixed(1)}"><title>${binName(bins[at]!)} requests: ${count(number)} connections, ${percent(number / connections)}</title></rect>`;
  });
  return svg`<g>${rowText(shortName(label), `mean ${amount(mean)}`, top + 14)}${bars}<line class="axis" x1="0" x2="100%" y1="${base}" y2="${base}"/></g>`;
}
