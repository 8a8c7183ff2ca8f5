/** Stacked bars of the phases of a request, one for new and one for reused connections of each variant. */
import { milliseconds } from '../format.ts';
import { percent } from '../../compare/words.ts';
import { svg, type Markup } from './markup.ts';
import { phaseNames, phases, type Phase, type PhaseFigures } from './phase-figures.ts';
import { drawing, rowText, shortName, tickText, type DrawingText } from './svg-drawing.ts';
import { lengthScale, percentText, type LengthScale } from './svg-scale.ts';

const rowPx = 40;
const barPx = 16;
const topPx = 4;

export function phasePlot(rows: readonly PhaseFigures[], text: DrawingText): Markup {
  const scale = lengthScale(rows.map(({ totalNs }) => totalNs));
  const bottom = topPx + rows.length * rowPx;
  const ticks = scale.ticks.map((tick) => {
    const place = scale.width(tick);
    const x = percentText(place);
    const line = svg`<line class="grid" x1="${x}" x2="${x}" y1="${topPx}" y2="${bottom}"/>`;
    return [line, tickText(tick === 0 ? '0' : `${Number(milliseconds(tick))} ms`, place, bottom + 15)];
  });
  const bars = rows.map((row, at) => bar(row, topPx + at * rowPx, scale));
  return drawing(text, bottom + 22, [ticks, bars]);
}

function bar(row: PhaseFigures, y: number, scale: LengthScale): Markup {
  const name = `${shortName(row.label)} · ${row.connection} (${percent(Number(row.share.toPrecision(2)))})`;
  const parts = phases.map((phase) => `${phaseNames[phase]} ${milliseconds(row.meansNs[phase])} ms`).join(', ');
  const beyond = row.totalNs > scale.most;
  return svg`<g><title>${row.label}, ${row.connection} connections: ${parts}</title>${rowText(name, `${milliseconds(row.totalNs)} ms`, y + 14)}${segments(row, y + 20, scale)}${
    beyond ? svg`<use href="#mark-right" class="mark right" x="98%" y="${y + 20 + barPx / 2}"/>` : null
  }</g>`;
}

/** Left to right; what lies beyond the axis is cut. */
function segments({ meansNs }: PhaseFigures, y: number, scale: LengthScale): readonly Markup[] {
  let startNs = 0;
  return phases.flatMap((phase) => {
    const left = scale.width(startNs);
    startNs += meansNs[phase];
    const width = scale.width(startNs) - left;
    return width < 0.02 ? [] : [segment(phase, left, width, y)];
  });
}

function segment(phase: Phase, left: number, width: number, y: number): Markup {
  const place = svg`x="${percentText(left)}" y="${y}" width="${percentText(width)}" height="${barPx}"`;
  return svg`<rect class="phase ${phase}" ${place}/><rect class="over ${phase}" ${place}/>`;
}

/** The legend's sample of one phase. */
export function phaseSample(phase: Phase): Markup {
  return svg`<svg class="sample" width="22" height="14" aria-hidden="true">${segment(phase, 0, 100, 0)}</svg>`;
}
