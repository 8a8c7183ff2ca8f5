/** The trend as one HTML file that works without a network and without scripts. */
import type { TrendDocument, TrendPoint, TrendRun, TrendScenario, TrendSeries } from '../compare/trend-document.ts';
import { significant } from './format.ts';
import { plural } from '../compare/words.ts';
import { badge, legend, plotFrame, section } from './html/frame.ts';
import { html, inlineBlock, type Content, type Markup } from './html/markup.ts';
import { metricName } from './html/metric-words.ts';
import { pageStyle } from './html/style.ts';
import { definitions, markSample } from './html/svg-drawing.ts';
import { table } from './html/table.ts';
import { trendPlot } from './trend-plot.ts';
import {
  changeNotes,
  changeRows,
  dayText,
  directionText,
  labelText,
  magnitudeText,
  pText,
  ratiosText,
  ruleText,
  trendAnswer,
  type ChangeRow,
} from './trend-words.ts';

export interface TrendPageOptions {
  /** SHA-256 of the text's UTF-8 bytes in base64, by which the page's security policy names its style. */
  readonly sha256: (text: string) => string;
}

const trendStyle = `
.trend-line { fill: none; stroke: var(--quiet); stroke-width: 1.2; stroke-opacity: .55; vector-effect: non-scaling-stroke; }
.level { stroke: var(--ink); stroke-width: 1.8; vector-effect: non-scaling-stroke; }
.change { stroke-width: 1.4; stroke-dasharray: 4 3; }
.plot ol { margin: .2rem 0 .6rem; padding-left: 1.4rem; font-size: .9rem; }
.when { white-space: nowrap; }
.runs { font-size: .92rem; color: var(--quiet); }`;

/** A whole page, ending in a line feed. */
export function renderTrendPage(document: TrendDocument, { sha256 }: TrendPageOptions): string {
  const style = `${pageStyle}${trendStyle}`;
  const policy = `default-src 'none'; style-src 'sha256-${sha256(style)}'; img-src data:; base-uri 'none'; form-action 'none'`;
  const names = document.scenarios.map(({ scenario }) => scenario);
  const title = names.length > 3 ? plural(names.length, 'scenario') : names.join(', ');
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <title>${title}: trend - connbench</title>
        <link rel="icon" href="data:," />
        ${inlineBlock('style', style)}
      </head>
      <body>
        <a class="skip" href="#content">Skip to the answer</a>
        ${definitions}
        <header class="top">
          <p class="kicker">connbench trend</p>
          <h1>${title}</h1>
          ${document.scenarios.map((scenario) => runsLine(scenario, names.length > 1))}
        </header>
        <main id="content" tabindex="-1">
          ${answerSection(document)} ${changesSection(document)}
          ${document.scenarios.map((scenario, at) => seriesSection(scenario, `s${at + 1}`, names.length > 1))}
        </main>
        <footer>
          <p>Made by connbench. This file is complete: it needs no network, no script, and sends nothing.</p>
        </footer>
      </body>
    </html>`;
  return `${page.toString()}\n`;
}

function runsLine({ scenario, runs }: TrendScenario, named: boolean): Markup {
  const [first, last] = [runs[0]!, runs.at(-1)!];
  const of = named ? html`<b>${scenario}</b>: ` : null;
  return html`<p class="runs">
    ${of}${plural(runs.length, 'run')} from ${dayText(first)} to ${dayText(last)}, with the same settings
  </p>`;
}

function answerSection(document: TrendDocument): Markup | null {
  const { outcome, sentences } = trendAnswer(document);
  const [first = '', ...rest] = sentences;
  const mark = {
    worse: badge('bad', 'worse'),
    steady: badge('good', 'nothing got worse'),
    'too short': badge('unsure', 'too short yet'),
  }[outcome];
  return section(2, 'answer', 'Answer', [
    html`<p>${mark}</p>`,
    html`<p class="lead">${first}</p>`,
    rest.map((sentence) => html`<p>${sentence}</p>`),
    html`<p class="quiet">
      ${ruleText(document)} Ratios are those to the control of the same run, so that a change of the machine, which
      concerns both, cancels.
    </p>`,
  ]);
}

function directionBadge({ change }: ChangeRow): Markup {
  return badge(change.worse ? 'bad' : 'good', directionText(change));
}

function changesSection(document: TrendDocument): Markup | null {
  const rows = changeRows(document);
  const several = document.scenarios.length > 1;
  const scenario = { heading: 'scenario', kind: 'text', cell: (row: ChangeRow) => row.scenario.scenario } as const;
  const content =
    rows.length === 0
      ? html`<p>No change was found in any series.</p>`
      : table<ChangeRow>(
          { id: 'changes-table', caption: 'Recent ones first. Times are UTC.' },
          [
            { heading: 'when', kind: 'text', cell: ({ run }) => html`<span class="when">${dayText(run)}</span>` },
            { heading: 'what', kind: 'text', cell: ({ run }) => labelText(run) },
            ...(several ? [scenario] : []),
            { heading: 'metric', kind: 'text', cell: ({ series }) => metricName(series.metric) },
            { heading: 'variant', kind: 'text', cell: ({ series }) => `${series.variant}, against ${series.control}` },
            { heading: 'ratio', unit: 'before -> after', kind: 'number', cell: ({ change }) => ratiosText(change) },
            { heading: 'change', kind: 'number', cell: ({ change }) => magnitudeText(change) },
            { heading: 'p', kind: 'number', cell: ({ change }) => pText(change.p) },
            { heading: 'direction', kind: 'text', cell: (row) => [directionBadge(row), noteList(row)] },
          ],
          rows,
        );
  return section(2, 'changes', 'Changes', [content]);
}

function noteList(row: ChangeRow): Content {
  return changeNotes(row).map((note) => html`<p class="quiet">${note}</p>`);
}

/** Recent worsenings first, then what changed at all. */
function urgency({ changes }: TrendSeries): number {
  if (changes.some(({ worse, recent }) => worse && recent)) return 0;
  return changes.length > 0 ? 1 : 2;
}

function seriesSection(scenario: TrendScenario, id: string, named: boolean): Markup | null {
  const ordered = scenario.series.toSorted((a, b) => urgency(a) - urgency(b));
  const key = legend([
    { sample: markSample('dot'), text: 'a run' },
    { sample: markSample('regression'), text: 'first run after a change for the worse' },
    { sample: markSample('improvement'), text: 'first run after a change for the better' },
  ]);
  const reading = html`<p class="reading">
    Each plot shows a ratio to the control, on a logarithmic axis. Horizontal lines are the means between changes.
  </p>`;
  const plots = html`<div class="plots">
    ${ordered.map((series, at) => figure(scenario, series, `${id}-${at + 1}`))}
  </div>`;
  return section(2, id, named ? `Series of ${scenario.scenario}` : 'Series', [reading, key, plots]);
}

function figure({ runs }: TrendScenario, series: TrendSeries, id: string): Markup {
  const title = `${metricName(series.metric)}: ${series.variant}`;
  const better = series.better === 'lower' ? 'Lower is better.' : 'Higher is better.';
  return plotFrame({
    id,
    level: 3,
    title,
    reading: `Against ${series.control}. ${better}`,
    body:
      series.points.length === 0 ? html`<p class="quiet">No run has this ratio.</p>` : plot(series, runs, id, title),
    notes: changeList(series, runs),
    table: pointTable(series, runs, id, title),
  });
}

function plot(series: TrendSeries, runs: readonly TrendRun[], id: string, title: string): Markup {
  const changes = series.changes.length === 0 ? 'no change' : plural(series.changes.length, 'change');
  const description = `${plural(series.points.length, 'run')}, ${changes}. The table below has the figures.`;
  return trendPlot(series, runs, { id: `${id}-svg`, title, description });
}

function changeList(series: TrendSeries, runs: readonly TrendRun[]): Content {
  if (series.runsNeeded > 0)
    return html`<p class="quiet">${plural(series.runsNeeded, 'more run')} needed before a change can be found.</p>`;
  if (series.changes.length === 0) return null;
  const items = series.changes.map((change) => {
    const run = runs[series.points[change.point]!.run]!;
    const tone = change.worse ? 'bad' : 'good';
    return html`<li>
      ${dayText(run)}, ${labelText(run)}: ${ratiosText(change)},
      <b class="${tone}">${magnitudeText(change)} ${directionText(change)}</b>
    </li>`;
  });
  return html`<ol>
    ${items}
  </ol>`;
}

interface PointRow {
  readonly point: TrendPoint;
  readonly run: TrendRun;
  readonly note: string;
}

function pointTable(series: TrendSeries, runs: readonly TrendRun[], id: string, title: string): Markup {
  const rows = series.points.map((point, at) => {
    const number = series.changes.findIndex((change) => change.point === at);
    const note = number < 0 ? '' : `change ${number + 1}: ${magnitudeText(series.changes[number]!)}`;
    return { point, run: runs[point.run]!, note };
  });
  return table<PointRow>(
    { id: `${id}-table`, caption: title },
    [
      {
        heading: 'when',
        kind: 'text',
        cell: ({ run }) => html`<span class="when">${run.startedAt.slice(0, 16).replace('T', ' ')}</span>`,
      },
      { heading: 'what', kind: 'text', cell: ({ run }) => labelText(run) },
      { heading: 'ratio', kind: 'number', cell: ({ point }) => significant(point.ratio) },
      { heading: 'interval', unit: '95 %', kind: 'number', cell: ({ point }) => intervalText(point) },
      { heading: 'change', kind: 'text', cell: ({ note }) => note },
    ],
    rows,
  );
}

function intervalText({ interval }: TrendPoint): string | null {
  return interval === null ? null : `${significant(interval.low)} to ${significant(interval.high)}`;
}
