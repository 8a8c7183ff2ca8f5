/** The head of a run: which strategy wins, what it costs, and what is not sure. */
import { answerSentences } from '../answer-text.ts';
import type { GroupAnswer } from '../answer.ts';
import { amount, boundText, count, milliseconds } from '../format.ts';
import { listed, plural } from '../../compare/words.ts';
import { importedText } from '../imported.ts';
import type { LoadGroupMember } from '../load-group.ts';
import { trustOf } from '../trust.ts';
import type { ReportedMetric } from '../variant-figures.ts';
import { badge, notes, section, type Tone } from './frame.ts';
import { html, type Content, type Markup } from './markup.ts';
import { tally } from './trouble-section.ts';
import { labelText, type RunView } from './view.ts';

export function answerSection(view: RunView): Markup | null {
  const answers =
    view.answers.length === 0 ? [html`<p class="lead">No trial was finished.</p>`] : view.answers.map(answer);
  const axes = Object.keys(view.rows[0]?.variant.axes ?? {});
  const by = axes.length === 0 ? null : html`<p class="load">By ${listed(axes.map(labelText))}</p>`;
  return section(view.level, `${view.id}-answer`, 'Answer', [by, answers, trust(view), unsure(view), statusList(view)]);
}

function answer(of: GroupAnswer): Markup {
  const { group, winner, reference } = of;
  const [lead = '', speed = null] = answerSentences(of);
  const figures = winner === null || reference === null ? null : tiles(winner, reference);
  return html`<div class="answer">
    ${group.name === null ? null : html`<p class="load">${labelText(group.name)}</p>`}
    <p class="lead">${lead}</p>
    ${winner === null ? null : html`<p>${speed}</p>`} ${figures}
  </div>`;
}

interface Tile {
  readonly name: string;
  /** Unit, and what stands on which side of a slash. */
  readonly unit: string;
  /** One, or client and server. */
  readonly metrics: readonly ReportedMetric[];
  readonly format: (value: number) => string;
}

const tileList: readonly Tile[] = [
  { name: 'Response p50', unit: 'ms', metrics: ['latency.response.p50'], format: milliseconds },
  { name: 'Response p99', unit: 'ms', metrics: ['latency.response.p99'], format: milliseconds },
  { name: 'Connections', unit: 'opened', metrics: ['connections.opened'], format: count },
  { name: 'Peak FDs', unit: 'client / server', metrics: ['fds.client.peak', 'fds.server.peak'], format: count },
  {
    name: 'TIME_WAIT',
    unit: 'client / server',
    metrics: ['timeWait.client.entered', 'timeWait.server.entered'],
    format: count,
  },
  {
    name: 'CPU per request',
    unit: 'µs, client / server',
    metrics: ['cpu.generator.perRequestUs', 'cpu.server.perRequestUs'],
    format: amount,
  },
];

function tiles(winner: LoadGroupMember, reference: LoadGroupMember): Markup {
  const figures = (member: LoadGroupMember, { metrics, format }: Tile): string =>
    metrics
      .map((metric) => member.figures[metric])
      .map(({ value, atLeast }) => (value === null ? '-' : boundText(format(value), atLeast)))
      .join(' / ');
  const items = tileList.map(
    (tile) =>
      html`<div>
        <dt>${tile.name} <span class="unit">${tile.unit}</span></dt>
        <dd>
          <span class="big">${figures(winner, tile)}</span>
          <span class="instead">instead of ${figures(reference, tile)}</span>
        </dd>
      </div>`,
  );
  return html`<p class="tiles-title">
      <b>${labelText(winner.shortLabel)}</b> instead of <b>${labelText(reference.shortLabel)}</b>
    </p>
    <dl class="tiles">${items}</dl>`;
}

/** One sentence; what is doubtful about variants stands with the warnings. */
function trust({ rows }: RunView): Content {
  const found = trustOf(rows);
  return found === null ? null : html`<p><b>Can these figures be trusted?</b> ${found.summary}</p>`;
}

/** Everything that limits how far the answer may be trusted. */
function unsure(view: RunView): Content {
  const { answers, results, invalid, warnings, id } = view;
  const lines: Content[] = answers.flatMap((of) => {
    const rest = of.winner === null ? answerSentences(of).slice(1) : answerSentences(of).slice(3);
    const group = of.group.name === null ? '' : `${labelText(of.group.name)}: `;
    return rest.map((sentence) => `${group}${sentence}`);
  });
  const { header, trials, footer } = results;
  const mark = importedText(header);
  if (mark !== null) lines.unshift(`The figures are ${mark}.`);
  if (footer === null || footer.interrupted) {
    const how = footer === null ? 'killed' : 'interrupted';
    lines.push(`The run was ${how} after ${trials.length} of ${plural(header.trials.length, 'trial')}.`);
  }
  if (invalid.length > 0) {
    const number = `${count(invalid.length)} of ${plural(trials.length, 'trial')}`;
    lines.push(html`${number} must not be used: <a href="#${id}-invalid">invalid trials</a>.`);
  }
  if (warnings.length > 0) {
    const codes = warnings.map(({ code }) => labelText(code));
    lines.push(html`Warnings: ${listed(codes)}. <a href="#${id}-warnings">What to do about them</a>.`);
  }
  if (lines.length === 0) return null;
  return html`<div class="unsure">
    <p class="unsure-title">What is not sure</p>
    ${notes(lines)}
  </div>`;
}

function statusList({ gates, claims, results, invalid, id }: RunView): Markup {
  const items: Content[] = [];
  const add = (tone: Tone, text: string, place: string): void => {
    items.push(html`<li><a href="#${id}-${place}">${badge(tone, text)}</a></li>`);
  };
  const outcomes = gates.map(({ outcome }) => outcome);
  if (gates.length > 0) add(toneOf(outcomes, 'passed', 'failed'), `gates: ${tally(outcomes)}`, 'gates');
  const judged = claims.map(({ outcome }) => outcome);
  if (claims.length > 0) add(toneOf(judged, 'confirmed', 'refuted'), `claims: ${tally(judged)}`, 'claims');
  const { length } = results.trials;
  if (invalid.length > 0) add('bad', `${count(invalid.length)} of ${plural(length, 'trial')} invalid`, 'invalid');
  else if (reconciled(results)) add('good', `${plural(length, 'trial')}, all counts agree`, 'reconciliation');
  else if (length > 0) items.push(html`<li>${badge('unsure', `${plural(length, 'trial')}, no counts compared`)}</li>`);
  return html`<ul class="status" aria-label="Outcomes">
    ${items}
  </ul>`;
}

/** Whether any count of the run was compared with another party's. */
function reconciled({ trials }: RunView['results']): boolean {
  return trials.some(({ reconciliation }) => reconciliation.some(({ ok }) => ok !== null));
}

function toneOf(outcomes: readonly string[], good: string, bad: string): Tone {
  if (outcomes.includes(bad)) return 'bad';
  return outcomes.every((outcome) => outcome === good) ? 'good' : 'unsure';
}
