/** The plot of a claim: every trial of each variant as a dot, their median, and its interval. A file of its own, on light and dark pages. */
import { metricLabel } from '../report/metric-label.ts';
import { shortName } from '../report/html/svg-drawing.ts';
import { niceStep } from '../report/html/svg-scale.ts';
import { inlineBlock, svg, type Markup } from '../report/html/markup.ts';
import { figureText, type MedianFigure } from './figures.ts';

interface PlotRow {
  readonly label: string;
  readonly figure: MedianFigure;
}

export interface ClaimPlot {
  readonly title: string;
  readonly metric: string;
  readonly rows: readonly PlotRow[];
}

const widthPx = 760;
const leftPx = 250;
const rightPx = 640;
const topPx = 34;
const rowPx = 26;
const axisPx = 26;
/** From this ratio of the greatest to the smallest on, a linear axis would hide the small ones. */
const logarithmicFrom = 30;

const style = `text{font:13px system-ui,sans-serif;fill:#1f2328}.t{font-weight:600}.n{font-size:11px;fill:#59636e}.e{text-anchor:end}.m{text-anchor:middle}
.g{stroke:#d1d9e0}.r{stroke:#0969da;stroke-width:2.5}.w{stroke:#0969da;stroke-dasharray:2 3}.d{fill:#0969da;fill-opacity:.35}.c{fill:#0969da}
@media (prefers-color-scheme:dark){text{fill:#f0f6fc}.n{fill:#9198a1}.g{stroke:#3d444d}.r,.w{stroke:#4493f8}.d,.c{fill:#4493f8}}`;

/** An SVG document. */
export function claimPlot({ title, metric, rows }: ClaimPlot): string {
  const values = rows.flatMap(({ figure }) => figure.perTrial.map(({ value }) => value));
  const axis = axisOf(values);
  const bottom = topPx + rows.length * rowPx;
  const heightPx = bottom + axisPx;
  const grid = axis.ticks.map((tick) => {
    const x = axis.place(tick);
    const text = figureText(metric, { value: tick, atLeast: false });
    return svg`<line class="g" x1="${x}" x2="${x}" y1="${topPx}" y2="${bottom}"/><text class="n m" x="${x}" y="${bottom + 16}">${text}</text>`;
  });
  const drawn = rows.map((row, at) => plotRow(row, topPx + at * rowPx + rowPx / 2, axis));
  const heading = `${title}: ${metricLabel(metric)}`;
  const scale = axis.isLogarithmic ? ' (logarithmic axis)' : '';
  const words = rows.map(({ label, figure }) => `${label}: ${medianText(figure)}`).join('; ');
  return `${svg`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${widthPx} ${heightPx}" width="${widthPx}" height="${heightPx}" role="img" aria-labelledby="t d"><title id="t">${heading}</title><desc id="d">${words}</desc>${inlineBlock('style', style)}<text class="t" x="0" y="16">${heading}${scale}</text>${grid}${drawn}</svg>`.toString()}\n`;
}

function medianText({ metric, median }: MedianFigure): string {
  return median === null ? 'no figure' : figureText(metric, median);
}

function plotRow({ label, figure }: PlotRow, y: number, { place }: Axis): Markup {
  const { perTrial, median, interval } = figure;
  const dots = perTrial.map(({ value }) => svg`<circle class="d" cx="${place(value)}" cy="${y}" r="3"/>`);
  const texts = svg`<text x="0" y="${y + 4}">${shortName(label)}</text><text class="e" x="${widthPx}" y="${y + 4}">${medianText(figure)}</text>`;
  if (median === null) return svg`<g>${texts}</g>`;
  const all = perTrial.map(({ value }) => value);
  const { low, high } = interval ?? { low: Math.min(...all), high: Math.max(...all) };
  const line = svg`<line class="${interval === null ? 'w' : 'r'}" x1="${place(low)}" x2="${place(high)}" y1="${y}" y2="${y}"/>`;
  return svg`<g><title>${label}</title>${texts}${line}${dots}<circle class="c" cx="${place(median.value)}" cy="${y}" r="5"/></g>`;
}

interface Axis {
  readonly isLogarithmic: boolean;
  readonly ticks: readonly number[];
  /** Pixels, to a tenth. */
  readonly place: (value: number) => number;
}

function axisOf(values: readonly number[]): Axis {
  const low = Math.min(...values, Infinity);
  const high = Math.max(...values, -Infinity);
  if (low > 0 && high / low >= logarithmicFrom) return logarithmicAxis(low, high);
  return linearAxis(Math.min(0, low), high > 0 ? high : 1);
}

function pixels(share: number): number {
  return Number((leftPx + (rightPx - leftPx) * share).toFixed(1));
}

function linearAxis(low: number, high: number): Axis {
  const step = niceStep((high - low) / 4);
  const [first, last] = [Math.floor(low / step), Math.ceil(high / step)];
  const ticks = Array.from({ length: last - first + 1 }, (_, at) => Number(((first + at) * step).toPrecision(12)));
  const place = (value: number): number => pixels((value / step - first) / (last - first));
  return { isLogarithmic: false, ticks, place };
}

/** Whole powers of ten. */
function logarithmicAxis(low: number, high: number): Axis {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const every = Math.ceil((last - first) / 6);
  const powers = Array.from({ length: last - first + 1 }, (_, at) => first + at);
  const ticks = powers.filter((power) => (power - first) % every === 0).map((power) => 10 ** power);
  return { isLogarithmic: true, ticks, place: (value) => pixels((Math.log10(value) - first) / (last - first)) };
}
