/** The attackers in a Markdown report: a folded table, a row per variant and group. */
import { attackerHeadings, attackerNote, attackerRows } from './attacker-rows.ts';
import type { BoundedPage } from './bounded-page.ts';
import { row, tableHead } from './markdown-table.ts';
import { code, prose } from './markdown-text.ts';
import type { ReportInput } from './report-input.ts';
import { figuresByVariant } from './variant-figures.ts';

/** Nothing without attackers. `names`: of the runs. */
export function addAttackers(page: BoundedPage, runs: ReportInput['runs'], names: readonly string[]): void {
  const items = runs.flatMap(({ results }, index) => {
    const run = runs.length > 1 ? `${code(names[index]!)} ` : '';
    return figuresByVariant(results).flatMap((of) =>
      attackerRows(of).map(({ name, cells }) => [
        row([`${run}${code(of.variant.name)}`, prose(name, 100), ...cells.map((cell) => cell ?? '-')]),
      ]),
    );
  });
  if (items.length === 0) return;
  const head = [
    '<details><summary>Attackers</summary>',
    '',
    ...tableHead(['variant', 'attackers', ...attackerHeadings]),
  ];
  page.addPart({ head, items, tail: ['', prose(attackerNote, 500), '', '</details>', ''], noun: 'attacker group' });
}
