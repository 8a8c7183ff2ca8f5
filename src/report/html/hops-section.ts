/** The programs on the way of every variant: connections, requests, failures, descriptors and TIME_WAIT of each. */
import { hopHeadings, hopNote, hopRows, type HopRow } from '../hop-rows.ts';
import { section } from './frame.ts';
import { html, type Markup } from './markup.ts';
import { groupedTable, type TableColumn } from './table.ts';
import { labelText, type RunView } from './view.ts';

const columns: readonly TableColumn<HopRow>[] = [
  { heading: 'program', kind: 'text', cell: ({ name }) => name },
  ...hopHeadings.map((heading, index): TableColumn<HopRow> => {
    return { heading, kind: 'number', cell: ({ cells }) => cells[index] ?? null };
  }),
  { heading: 'why missing', kind: 'text', cell: ({ missing }) => missing },
];

/** Null without programs on the way. */
export function hopsSection({ rows, level, id, suffix }: RunView): Markup | null {
  const groups = rows
    .map((row) => ({ name: labelText(row.label), rows: hopRows(row) }))
    .filter((group) => group.rows.length > 0);
  if (groups.length === 0) return null;
  const caption = 'The programs on the way, from the client to the server';
  return section(level, `${id}-hops`, 'On the way', [
    html`<p class="reading">${hopNote}</p>`,
    groupedTable({ id: `${id}-hops-table`, caption, suffix }, columns, groups),
  ]);
}
