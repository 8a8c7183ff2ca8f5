/** The attackers of every variant: how many connections they held, and when the server cut them. */
import { attackerHeadings, attackerNote, attackerRows, type AttackerRow } from '../attacker-rows.ts';
import { section } from './frame.ts';
import { html, type Markup } from './markup.ts';
import { groupedTable, type TableColumn } from './table.ts';
import { labelText, type RunView } from './view.ts';

const columns: readonly TableColumn<AttackerRow>[] = [
  { heading: 'attackers', kind: 'text', cell: ({ name }) => name },
  ...attackerHeadings.map((heading, index): TableColumn<AttackerRow> => {
    return { heading, kind: 'number', cell: ({ cells }) => cells[index] ?? null };
  }),
];

/** Null without attackers. */
export function attackersSection({ rows, level, id, suffix }: RunView): Markup | null {
  const groups = rows
    .map((row) => ({ name: labelText(row.label), rows: attackerRows(row) }))
    .filter((group) => group.rows.length > 0);
  if (groups.length === 0) return null;
  const caption = 'Clients that misbehaved beside the load';
  return section(level, `${id}-attackers`, 'Attackers', [
    html`<p class="reading">${attackerNote}</p>`,
    groupedTable({ id: `${id}-attackers-table`, caption, suffix }, columns, groups),
  ]);
}
