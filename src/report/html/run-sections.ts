/** Everything about one run, in the order of the page, with links to its parts. */
import type { ComparedPair } from '../../compare/document.ts';
import { plural } from '../../compare/words.ts';
import { answerSection } from './answer-section.ts';
import { canvasFigures } from './canvas-section.ts';
import { comparisonParts } from './comparison-section.ts';
import { environmentSection, redoSection } from './environment-section.ts';
import { section } from './frame.ts';
import { attackersSection } from './attackers-section.ts';
import { hopsSection } from './hops-section.ts';
import { html, type Content, type Markup } from './markup.ts';
import { modelSection } from './model-section.ts';
import type { RunPlotTexts } from './plot-shapes.ts';
import { dotsFigure, phasesFigure, reuseFigure } from './plots-section.ts';
import { ownFiguresSection } from './own-figures-section.ts';
import { slowestSection } from './slowest-section.ts';
import { specialSection } from './special-section.ts';
import {
  claimsSection,
  errorsSection,
  gatesSection,
  invalidSection,
  reconciliationSection,
  warningsSection,
} from './trouble-section.ts';
import { variantsSection } from './variants-section.ts';
import { below, type RunView } from './view.ts';
import { warningNotes } from './warning-notes.ts';

/** The end of an id, and the words of the link. */
type Part = readonly [id: string, name: string, content: Markup | null];

/** The question and when, where and how much was measured. */
export function introduction({ results }: RunView): Content {
  const { header, trials } = results;
  const { question, look } = header.scenario;
  const { cpuModel, kernel } = header.environment;
  const facts = [
    plural(header.variants.length, 'variant'),
    plural(header.blocks, 'block'),
    plural(trials.length, 'trial'),
    timeText(header.startedAt),
    ...[cpuModel, kernel === null ? null : `Linux ${kernel}`].flatMap((fact) => fact ?? []),
  ];
  return [
    question === null ? null : html`<p class="question">${question}</p>`,
    html`<p class="meta">${facts.join(' · ')}</p>`,
    look === null
      ? null
      : html`<details class="look">
          <summary>What to look at</summary>
          <p>${look}</p>
        </details>`,
  ];
}

/** `2026-11-22 03:42 UTC`. */
function timeText(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}

/** The links first, then the sections. */
export function runSections(
  view: RunView,
  plots: RunPlotTexts,
): { readonly contents: Markup; readonly sections: Content } {
  const present = partsOf(view, plots).filter(([, , content]) => content !== null);
  const links = present.map(([id, name]) => html`<li><a href="#${view.id}-${id}">${name}</a></li>`);
  return {
    contents: html`<nav aria-label="Contents${view.suffix}">
      <ul class="contents">
        ${links}
      </ul>
    </nav>`,
    sections: present.map(([, , content]) => content),
  };
}

function partsOf(view: RunView, plots: RunPlotTexts): readonly Part[] {
  const { id, level, suffix, gates } = view;
  return [
    ['answer', 'Answer', answerSection(view)],
    ['variants', 'Variants', variantsSection(view)],
    ['special', 'Protocol, handshakes and retries', specialSection(view)],
    ['comparison', 'Comparison', comparisonSection(view)],
    ['plots', 'Plots', section(level, `${id}-plots`, 'Plots', [plotGrid(view, plots)])],
    ['hops', 'On the way', hopsSection(view)],
    ['attackers', 'Attackers', attackersSection(view)],
    ['model', 'Model', modelSection(view)],
    ['slowest', 'Slowest requests', slowestSection(view)],
    ['own', 'As the client says', ownFiguresSection(view)],
    ['gates', 'Gates', gatesSection(level, id, suffix, gates)],
    ['claims', 'Claims', claimsSection(view)],
    ['errors', 'Errors', errorsSection(view)],
    ['warnings', 'Warnings', warningsSection(view)],
    ['invalid', 'Invalid trials', invalidSection(view)],
    ['reconciliation', 'Counts', reconciliationSection(view)],
    ['environment', 'Environment', environmentSection(view)],
    ['redo', 'Redo', redoSection(view)],
  ];
}

function comparisonSection(view: RunView): Markup | null {
  const { id, level, suffix, pairs } = view;
  const notes = warningNotes(view, 'comparison');
  const labels = new Map(view.rows.map(({ variant, label }) => [variant.name, label]));
  const labelOf = ({ other }: ComparedPair): string => labels.get(other.variant) ?? other.variant;
  const content = comparisonParts({ id: `${id}-pairs`, level: below(level), suffix, pairs, notes, labelOf });
  return section(level, `${id}-comparison`, 'Comparison', [content]);
}

function plotGrid(view: RunView, plots: RunPlotTexts): Content {
  const drawn = canvasFigures(view, plots);
  const figures = [phasesFigure(view), reuseFigure(view), dotsFigure(view)].filter((figure) => figure !== null);
  return drawn.length + figures.length === 0 ? null : html`<div class="plots">${[...drawn, ...figures]}</div>`;
}
