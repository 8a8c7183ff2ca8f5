/** Tables that scroll in a region of their own, which the keyboard reaches. */
import { plural } from '../../compare/words.ts';
import { html, type Content, type Markup } from './markup.ts';

export interface TableColumn<Row> {
  readonly heading: string;
  /** Below the heading; null where there is none. */
  readonly unit?: string;
  /** Numbers stand to the right; `text` may wrap. */
  readonly kind: 'number' | 'text';
  /** Null is shown as a dash. */
  readonly cell: (row: Row) => Content;
}

export interface TableGroup<Row> {
  /** Null where the table has one group. */
  readonly name: string | null;
  readonly rows: readonly Row[];
}

export interface TableText {
  /** Unique on the page. */
  readonly id: string;
  readonly caption: string;
  /** Added to the caption for the name of the region. */
  readonly suffix?: string;
}

/** The first column heads the rows. */
export function table<Row>(text: TableText, columns: readonly TableColumn<Row>[], rows: readonly Row[]): Markup {
  return groupedTable(text, columns, [{ name: null, rows }]);
}

/** Columns that fit a sheet of paper in their usual size. */
const mostPrintedColumns = 16;
/** Rows of one table, so that the page stays small. */
const mostRows = 150;

/** With a note below on the rows that are left out. */
export function groupedTable<Row>(
  { id, caption, suffix = '' }: TableText,
  columns: readonly TableColumn<Row>[],
  groups: readonly TableGroup<Row>[],
): Markup {
  const bodies = bounded(groups).map(({ name, rows }) => body(columns, name, rows));
  const rest = groups.reduce((sum, { rows }) => sum + rows.length, 0) - mostRows;
  const note =
    rest <= 0
      ? null
      : html`<p class="quiet">
          ${plural(rest, 'more row')} left out to keep the page small: the CSV and the JSON have all.
        </p>`;
  return html`<div class="scroll" role="region" aria-label="${caption}${suffix}" tabindex="0">
      <table id="${id}" ${columns.length > mostPrintedColumns ? html` class="many"` : null}>
        <caption>
          ${caption}
        </caption>
        <thead>
          <tr>
            ${columns.map(heading)}
          </tr>
        </thead>
        ${bodies}
      </table>
    </div>
    ${note}`;
}

function bounded<Row>(groups: readonly TableGroup<Row>[]): readonly TableGroup<Row>[] {
  let room = mostRows;
  return groups.flatMap(({ name, rows }) => {
    const shown = rows.slice(0, room);
    room -= shown.length;
    return shown.length === 0 ? [] : [{ name, rows: shown }];
  });
}

function body<Row>(columns: readonly TableColumn<Row>[], name: string | null, rows: readonly Row[]): Markup {
  const over =
    name === null
      ? null
      : html`<tr class="group">
          <th scope="rowgroup" colspan="${columns.length}">${name}</th>
        </tr>`;
  const lines = rows.map(
    (row) =>
      html`<tr>
        ${columns.map((column, at) => cell(column, row, at === 0))}
      </tr>`,
  );
  return html`<tbody>
    ${over} ${lines}
  </tbody>`;
}

function heading<Row>({ heading: name, unit, kind }: TableColumn<Row>): Markup {
  const below = unit === undefined ? null : html`<span class="unit">${unit}</span>`;
  return kind === 'number'
    ? html`<th scope="col" class="number">${name}${below}</th>`
    : html`<th scope="col">${name}${below}</th>`;
}

function cell<Row>({ kind, cell: content }: TableColumn<Row>, row: Row, first: boolean): Markup {
  const inside = content(row) ?? html`<span class="missing">-</span>`;
  if (first) return html`<th scope="row">${inside}</th>`;
  return kind === 'number' ? html`<td class="number">${inside}</td>` : html`<td>${inside}</td>`;
}
