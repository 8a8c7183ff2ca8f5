/** The frame of a static drawing: a fluid SVG with its name and description, and the marks that several drawings use. */
import type { Better, Verdict } from '../../stats/verdict.ts';
import { percentText } from './svg-scale.ts';
import { svg, type Content, type Markup } from './markup.ts';

/** How a comparison ended, as drawn; `none` has an estimate but no verdict. */
export type MarkName = Verdict | 'none' | 'exact';

export interface DrawingText {
  /** Unique on the page. */
  readonly id: string;
  readonly title: string;
  /** What the drawing shows, in a sentence or two, for those who do not see it. */
  readonly description: string;
}

/** Width is the page's, so everything inside has its places in percent. */
export function drawing({ id, title, description }: DrawingText, heightPx: number, content: Content): Markup {
  return svg`<svg class="drawing" width="100%" height="${heightPx}" role="img" aria-labelledby="${id}-t ${id}-d"><title id="${id}-t">${title}</title><desc id="${id}-d">${description}</desc>${content}</svg>`;
}

/** Shapes differ as well as colours. Drawn around 0,0. */
const shapes: Readonly<Record<MarkName, Markup>> = {
  regression: svg`<path d="M-6 5 0-6 6 5z"/>`,
  improvement: svg`<path d="M0-6 6 0 0 6-6 0z"/>`,
  equivalent: svg`<path d="M-5-5H5V5H-5z"/>`,
  inconclusive: svg`<circle r="5"/>`,
  none: svg`<path d="M-4-4 4 4M-4 4 4-4"/>`,
  exact: svg`<path d="M0-7V7"/>`,
};

/** Once per page: what `mark` refers to, and the hatchings of bars. */
export const definitions: Markup = svg`<svg class="definitions" width="0" height="0" aria-hidden="true" focusable="false"><defs>${Object.entries(
  shapes,
).map(([name, shape]) => svg`<g id="mark-${name}">${shape}</g>`)}
<g id="mark-left"><path d="M0-5-7 0 0 5z"/></g><g id="mark-right"><path d="M0-5 7 0 0 5z"/></g>
<g id="mark-up"><path d="M-4 3 0-4 4 3z"/></g><g id="mark-down"><path d="M-4-3 0 4 4-3z"/></g>
<g id="mark-dot"><circle r="3.2"/></g><g id="mark-ring"><path d="M0-4 4 0 0 4-4 0z"/></g><g id="mark-cross"><path d="M-4-4 4 4M-4 4 4-4"/></g>
<pattern id="hatch-slope" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0 0V6" class="hatching"/></pattern>
<pattern id="hatch-points" width="5" height="5" patternUnits="userSpaceOnUse"><circle cx="1.5" cy="1.5" r="1" class="hatch-point"/></pattern>
<pattern id="hatch-level" width="4" height="4" patternUnits="userSpaceOnUse"><path d="M0 1H4" class="hatching"/></pattern>
</defs></svg>`;

export type AnyMark = MarkName | 'right' | 'up' | 'down' | 'dot' | 'ring' | 'cross';

/** A mark at a place in percent and px. */
export function mark(name: AnyMark, place: number, y: number): Markup {
  return svg`<use href="#mark-${name}" class="mark ${name}" x="${percentText(place)}" y="${y}"/>`;
}

/** A mark by itself, for legends. */
export function markSample(name: AnyMark): Markup {
  return svg`<svg class="sample" width="16" height="16" viewBox="-8 -8 16 16" aria-hidden="true"><use href="#mark-${name}" class="mark ${name}"/></svg>`;
}

/** Labels of a row: its name to the left, its figure to the right. */
export function rowText(name: string, figure: string, y: number): Markup {
  return svg`<text x="0" y="${y}">${name}</text><text x="100%" y="${y}" class="end figure">${figure}</text>`;
}

/** Longest name beside a figure on a narrow page. */
const longestName = 34;

/** The name as far as a drawing has room for it; the whole one is in the row's title and in the table. */
export function shortName(name: string): string {
  const characters = Array.from(name);
  return characters.length <= longestName ? name : `${characters.slice(0, longestName - 1).join('')}…`;
}

/** A label on an axis; the outermost ones stay inside the drawing. */
export function tickText(text: string, place: number, y: number): Markup {
  const anchor = place < 6 ? 'start' : place > 94 ? 'end' : 'middle';
  const x = anchor === 'start' ? 0 : anchor === 'end' ? 100 : place;
  return svg`<text x="${percentText(x)}" y="${y}" class="tick ${anchor}">${text}</text>`;
}

/** Words for both directions of a ratio axis. */
export function directionTexts(better: Better, y: number): Markup {
  const [left, right] = better === 'lower' ? ['better', 'worse'] : ['worse', 'better'];
  return svg`<text x="0" y="${y}" class="tick">← ${left}</text><text x="100%" y="${y}" class="tick end">${right} →</text>`;
}
