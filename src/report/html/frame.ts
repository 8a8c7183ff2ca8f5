/** The frames of the page's parts: sections with headings, plots with their table, notes and marks of an outcome. */
import type { CanvasPlot } from './assets.ts';
import { html, type Content, type Markup } from './markup.ts';
import type { HeadingLevel } from './view.ts';

export function heading(level: HeadingLevel, id: string, content: Content): Markup {
  switch (level) {
    case 2:
      return html`<h2 id="${id}">${content}</h2>`;
    case 3:
      return html`<h3 id="${id}">${content}</h3>`;
    case 4:
      return html`<h4 id="${id}">${content}</h4>`;
  }
}

/** Nothing where there is no content. */
export function section(level: HeadingLevel, id: string, title: string, content: readonly Content[]): Markup | null {
  const parts = content.filter((part) => part !== null && !(Array.isArray(part) && part.length === 0));
  if (parts.length === 0) return null;
  return html`<section aria-labelledby="${id}">${heading(level, id, title)}${parts}</section>`;
}

export interface PlotFrame {
  /** Unique on the page. */
  readonly id: string;
  readonly level: HeadingLevel;
  readonly title: string;
  /** How to read it, in a sentence or two. */
  readonly reading: string;
  readonly body: Content;
  readonly legend?: Content;
  /** Warnings that concern what is seen. */
  readonly notes?: Content;
  /** The figures of the plot. */
  readonly table: Content;
  readonly wide?: boolean;
}

export function plotFrame(frame: PlotFrame): Markup {
  return html`<figure
    class="plot${frame.wide === true ? ' wide' : ''}"
    id="${frame.id}"
    aria-labelledby="${frame.id}-h"
  >
    ${plotContent(frame)}
  </figure>`;
}

/** The frame of a plot that the script draws. */
export function canvasFrame(frame: Omit<PlotFrame, 'body'>, plot: CanvasPlot, run: number): Markup {
  const body = html`<div class="canvas"></div>
    <noscript><p class="quiet">This plot needs JavaScript. The table has its figures.</p></noscript>`;
  return html`<figure
    class="plot wide"
    id="${frame.id}"
    data-plot="${plot}"
    data-run="${run}"
    aria-labelledby="${frame.id}-h"
  >
    ${plotContent({ ...frame, body })}
  </figure>`;
}

function plotContent({ id, level, title, reading, body, legend = null, notes = null, table }: PlotFrame): Content {
  return [
    heading(level, `${id}-h`, title),
    html`<p class="reading">${reading}</p>`,
    legend,
    body,
    notes,
    html`<details>
      <summary>Table: ${title}</summary>
      ${table}
    </details>`,
  ];
}

/** Items side by side, such as the marks of a plot with their meanings. */
export function legend(items: readonly { readonly sample: Markup; readonly text: string }[]): Markup {
  return html`<ul class="legend">
    ${items.map(({ sample, text }) => html`<li>${sample} ${text}</li>`)}
  </ul>`;
}

export type Tone = 'good' | 'bad' | 'unsure' | 'plain';

const signs: Readonly<Record<Tone, string>> = { good: '✓', bad: '✗', unsure: '?', plain: '=' };

/** An outcome in a word, with a sign so that colour is not needed. */
export function badge(tone: Tone, text: string): Markup {
  return html`<span class="badge ${tone}"><span aria-hidden="true">${signs[tone]}</span> ${text}</span>`;
}

export function notes(lines: readonly Content[]): Markup | null {
  return lines.length === 0
    ? null
    : html`<ul class="notes">
        ${lines.map((line) => html`<li>${line}</li>`)}
      </ul>`;
}
