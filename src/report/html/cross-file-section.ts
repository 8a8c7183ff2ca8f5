/** What several files say when they are compared: the pairs across them, the gates on those, and the answer of each file. */
import type { ComparedPair, GateResult, SourceRun } from '../../compare/document.ts';
import { answerSentences } from '../answer-text.ts';
import { plural } from '../../compare/words.ts';
import { verdictWord } from '../metric-text.ts';
import type { ReportInput } from '../report-input.ts';
import { comparisonParts } from './comparison-section.ts';
import { notes, section } from './frame.ts';
import { html, type Content, type Markup } from './markup.ts';
import { table, type TableColumn } from './table.ts';
import { gatesSection, tally } from './trouble-section.ts';
import { labelText, type RunView } from './view.ts';

/** For a page of several runs. */
export function crossFileSection({ comparison }: ReportInput, views: readonly RunView[]): Markup | null {
  const pairs = comparison.pairs.filter(({ base, other }) => base.source !== other.source);
  const names = new Set(pairs.map(({ name }) => name));
  const gates = comparison.gates.filter(({ pair }) => names.has(pair));
  const labelOf = ({ other }: ComparedPair): string => `${other.variant} (run ${other.source + 1})`;
  return section(2, 'files', 'Across files', [
    html`<p class="lead">${leadSentence(pairs, gates)}</p>`,
    notes(comparison.warnings),
    comparisonParts({ id: 'files-pairs', level: 3, suffix: ', across files', pairs, notes: null, labelOf }),
    gatesSection(3, 'files', ', across files', gates),
    filesTable(comparison.sources, views),
  ]);
}

function leadSentence(pairs: readonly ComparedPair[], gates: readonly GateResult[]): string {
  if (pairs.length === 0) return 'No variant of one file was compared with one of another.';
  if (gates.length > 0) return `Gates across files: ${tally(gates.map(({ outcome }) => outcome))}.`;
  const verdicts = pairs.flatMap(({ metrics }) => metrics.flatMap((metric) => verdictWord(metric) ?? []));
  if (verdicts.length === 0) return `${plural(pairs.length, 'pair')} compared: figures, not a verdict.`;
  return `${plural(pairs.length, 'pair')} compared, metric by metric: ${tally(verdicts)}.`;
}

interface FileRow {
  readonly source: SourceRun;
  /** Null where the source is not among the runs. */
  readonly view: RunView | null;
}

function filesTable(sources: readonly SourceRun[], views: readonly RunView[]): Markup | null {
  const rows = sources.map((source, index): FileRow => ({ source, view: views[index] ?? null }));
  return rows.length === 0
    ? null
    : table({ id: 'files-table', caption: 'Files, and what each says by itself' }, columns, rows);
}

const columns: readonly TableColumn<FileRow>[] = [
  { heading: 'run', kind: 'text', cell: ({ source, view }) => runCell(source, view) },
  { heading: 'answer', kind: 'text', cell: ({ view }) => answerCell(view) },
  {
    heading: 'measured',
    unit: 'UTC',
    kind: 'text',
    cell: ({ source }) => source.startedAt.slice(0, 16).replace('T', ' '),
  },
  { heading: 'seed', kind: 'number', cell: ({ source }) => String(source.seed) },
  { heading: 'machine', kind: 'text', cell: ({ view }) => machineCell(view) },
  { heading: 'file', kind: 'text', cell: ({ source }) => source.file },
];

function runCell({ scenario, imported }: SourceRun, view: RunView | null): Content {
  const name = labelText(scenario);
  const tag = imported ? html`<span class="tag">imported</span>` : null;
  return view === null ? [name, tag] : [html`<a href="#${view.id}">${view.index + 1}. ${name}</a>`, tag];
}

/** The first sentence of each load's answer. */
function answerCell(view: RunView | null): Content {
  if (view === null) return null;
  return view.answers.map((answer) => {
    const group = answer.group.name === null ? '' : `${labelText(answer.group.name)}: `;
    return html`<span class="line">${group}${answerSentences(answer)[0] ?? ''}</span>`;
  });
}

function machineCell(view: RunView | null): Content {
  if (view === null) return null;
  const { cpuModel, kernel } = view.results.header.environment;
  return [cpuModel, kernel].flatMap((part) => part ?? []).join(', ') || null;
}
