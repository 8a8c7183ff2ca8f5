/** The programs on the way in a Markdown report: a folded table, a row per variant and program. */
import type { BoundedPage } from './bounded-page.ts';
import { hopHeadings, hopNote, hopRows } from './hop-rows.ts';
import { row, tableHead } from './markdown-table.ts';
import { code, prose } from './markdown-text.ts';
import type { ReportInput } from './report-input.ts';
import { figuresByVariant } from './variant-figures.ts';

/** Nothing without programs on the way. `names`: of the runs. */
export function addHops(page: BoundedPage, runs: ReportInput['runs'], names: readonly string[]): void {
  const rows = runs.flatMap(({ results }, index) => {
    const run = runs.length > 1 ? `${code(names[index]!)} ` : '';
    return figuresByVariant(results).flatMap((of) =>
      hopRows(of).map((hop) => ({ variant: `${run}${code(of.variant.name)}`, hop })),
    );
  });
  if (rows.length === 0) return;
  const items = rows.map(({ variant, hop: { name, cells, missing } }) => [
    row([variant, prose(name, 100), ...cells.map((cell) => cell ?? '-'), missing === null ? '' : prose(missing, 200)]),
  ]);
  const head = [
    '<details><summary>On the way</summary>',
    '',
    ...tableHead(['variant', 'program', ...hopHeadings, 'why missing']),
  ];
  page.addPart({ head, items, tail: ['', prose(hopNote, 500), '', '</details>', ''], noun: 'program' });
}
