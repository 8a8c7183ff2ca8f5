/** The slowest requests of every variant as a table that is folded away: where the time of each went, and what happened on its connection. */
import { count } from '../format.ts';
import { phaseText, responseText, slowPhases, storyText } from '../slowest-text.ts';
import type { SlowRequestRecord } from '../../results/slowest-record.ts';
import { section } from './frame.ts';
import { html, type Markup } from './markup.ts';
import { groupedTable, type TableColumn } from './table.ts';
import { labelText, type RunView } from './view.ts';

/** Rows of all variants together, and of one. */
const mostRows = 150;
const mostRowsOfVariant = 20;

interface Row {
  readonly block: number;
  /** Of the trial. */
  readonly valid: boolean;
  readonly request: SlowRequestRecord;
}

const columns: readonly TableColumn<Row>[] = [
  { heading: 'response', unit: 'ms', kind: 'number', cell: ({ request }) => responseText(request) },
  ...slowPhases.map(([phase, heading]): TableColumn<Row> => {
    return { heading, unit: 'ms', kind: 'number', cell: ({ request }) => phaseText(request.phasesNs[phase] ?? 0) };
  }),
  { heading: 'block', kind: 'number', cell: ({ block, valid }) => `${count(block + 1)}${valid ? '' : ', invalid'}` },
  { heading: 'due', unit: 's', kind: 'number', cell: ({ request }) => (request.dueMs / 1000).toFixed(3) },
  { heading: 'what happened', kind: 'text', cell: ({ request }) => storyText(request) },
];

/** Null where no trial has such a list. */
export function slowestSection({ rows, level, id, suffix }: RunView): Markup | null {
  const groups = rows
    .map(({ label, trials }) => ({ name: labelText(label), rows: trials.flatMap(rowsOf).toSorted(slowestFirst) }))
    .filter((group) => group.rows.length > 0);
  if (groups.length === 0) return null;
  const each = Math.max(1, Math.min(mostRowsOfVariant, Math.floor(mostRows / groups.length)));
  const shown = groups.map((group) => ({ name: group.name, rows: group.rows.slice(0, each) }));
  const caption = `The slowest ${each === 1 ? 'request' : `${count(each)} requests`} of each variant, over its trials`;
  return section(level, `${id}-slowest`, 'Slowest requests', [
    html`<details class="full">
      <summary>Table: the slowest requests, and what happened on their connections</summary>
      <p class="reading">
        Response time counts from the moment a request was due; the five phases after it add up to it. &gt;= had no
        answer by then.
      </p>
      ${groupedTable({ id: `${id}-slowest-table`, caption, suffix }, columns, shown)}
    </details>`,
  ]);
}

function rowsOf({ block, valid, slowest = [] }: RunView['rows'][number]['trials'][number]): readonly Row[] {
  return slowest.map((request) => ({ block, valid, request }));
}

function slowestFirst(a: Row, b: Row): number {
  return b.request.responseNs - a.request.responseNs;
}
