/** TLS handshakes, faults and retries, and who spoke which protocol: for runs that have any of it. */
import { specialTables, type SpecialColumn } from '../special-figures.ts';
import { spoken } from '../spoken.ts';
import type { VariantFigures } from '../variant-figures.ts';
import { section } from './frame.ts';
import { html, type Markup } from './markup.ts';
import { table, type TableColumn } from './table.ts';
import { labelText, type RunView } from './view.ts';

export function specialSection({ id, level, suffix, rows }: RunView): Markup | null {
  const tables = specialTables(rows).map(({ title, reading, columns, rows: shown }, at) => {
    const all: readonly TableColumn<VariantFigures>[] = [
      { heading: 'variant', kind: 'text', cell: ({ label }) => labelText(label) },
      ...columns.map(figureColumn),
    ];
    return [
      table({ id: `${id}-special-${at}`, caption: title, suffix }, all, shown),
      html`<p class="quiet">${reading}</p>`,
    ];
  });
  const speech = spoken(rows).map(({ what, labels }) =>
    labels.length === rows.length
      ? html`<li><strong>${what}</strong></li>`
      : html`<li><strong>${what}:</strong> ${labels.map((label) => labelText(label)).join('; ')}</li>`,
  );
  const list =
    speech.length === 0
      ? null
      : html`<ul>
          ${speech}
        </ul>`;
  return section(level, `${id}-special`, 'Protocol, handshakes and retries', [list, ...tables]);
}

function figureColumn({ side, heading, figure, format }: SpecialColumn): TableColumn<VariantFigures> {
  return {
    heading: side,
    unit: heading,
    kind: 'number',
    cell: (row) => {
      const { value } = figure(row);
      return value === null ? null : format(value);
    },
  };
}
