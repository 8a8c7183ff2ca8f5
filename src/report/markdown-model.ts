/** Predictions beside measurements in Markdown, folded away. */
import type { BoundedPage } from './bounded-page.ts';
import { row, tableHead } from './markdown-table.ts';
import { code, prose } from './markdown-text.ts';
import { modelNote, modelRows, type ModelRow } from './model-rows.ts';
import type { ReportedRun } from './report-input.ts';
import { figuresByVariant } from './variant-figures.ts';

/** Nothing where theory has nothing to say. */
export function addModel(page: BoundedPage, runs: readonly ReportedRun[], names: readonly string[]): void {
  const items = runs.flatMap(({ results }, index) => {
    const run = runs.length > 1 ? `${code(names[index]!)} ` : '';
    return figuresByVariant(results).flatMap((figures) =>
      modelRows(figures).map((one) => [lineOf(`${run}${code(figures.variant.name)}`, one)]),
    );
  });
  page.addPart({
    head: [
      '<details><summary>Model beside measurement</summary>',
      '',
      ...tableHead(['variant', 'figure', 'predicted', 'measured', 'ratio', 'formula', 'what does not hold']),
    ],
    items,
    tail: ['', prose(modelNote), '', '</details>', ''],
    noun: 'prediction',
  });
}

function lineOf(variant: string, { prediction, name, predicted, measured, ratio, failed }: ModelRow): string {
  const figures = [predicted, measured, ratio].map((text) => prose(text ?? '-'));
  return row([variant, prose(name), ...figures, prose(prediction.formula, 300), prose(failed.join('; '), 400)]);
}
