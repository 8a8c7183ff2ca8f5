/** What theory says beside what was measured: a table of every variant, with formulae, sources and the assumptions that do not hold. */
import { modelNote, modelRows, type ModelRow } from '../model-rows.ts';
import { section } from './frame.ts';
import { html, type Content, type Markup } from './markup.ts';
import { groupedTable, type TableColumn } from './table.ts';
import { labelText, type RunView } from './view.ts';

const columns: readonly TableColumn<ModelRow>[] = [
  { heading: 'figure', kind: 'text', cell: ({ name }) => name },
  { heading: 'predicted', kind: 'number', cell: ({ predicted }) => predicted },
  { heading: 'measured', kind: 'number', cell: ({ measured }) => measured },
  { heading: 'ratio', kind: 'number', cell: ({ ratio }) => ratio },
  { heading: 'formula', kind: 'text', cell: ({ prediction: { formula } }) => formula },
  { heading: 'source', kind: 'text', cell: ({ prediction: { source } }) => source },
  { heading: 'assumptions', kind: 'text', cell: assumptions },
];

/** Null where theory has nothing to say. */
export function modelSection({ rows, level, id, suffix }: RunView): Markup | null {
  const groups = rows
    .map((row) => ({ name: labelText(row.label), rows: modelRows(row) }))
    .filter((group) => group.rows.length > 0);
  if (groups.length === 0) return null;
  const caption = 'What theory predicts, and what was measured';
  return section(level, `${id}-model`, 'Model beside measurement', [
    html`<p class="reading">${modelNote}</p>`,
    groupedTable({ id: `${id}-model-table`, caption, suffix }, columns, groups),
  ]);
}

function assumptions({ failed, unknown }: ModelRow): Content {
  if (failed.length + unknown.length === 0) return 'all hold';
  return [
    failed.map((text) => html`<div><span class="bad">does not hold:</span> ${text}</div>`),
    unknown.map((text) => html`<div>not known: ${text}</div>`),
  ];
}
