/** Theory beside measurement for the variants that a claim shows. */
import { row, tableHead } from '../report/markdown-table.ts';
import { code, prose } from '../report/markdown-text.ts';
import { modelNote, modelRows } from '../report/model-rows.ts';
import type { ScenarioEvidence } from './claim-outcome.ts';
import type { Claim } from './claims-schema.ts';
import { shownVariants } from './figures.ts';

/** Nothing where theory has nothing to say. */
export function modelPart({ tables }: Claim, evidence: readonly ScenarioEvidence[]): readonly string[] {
  const seen = new Set<string>();
  const lines = tables.flatMap(({ scenario, where }) => {
    const results = evidence.find((one) => one.scenario === scenario)?.results ?? null;
    if (results === null) return [];
    return shownVariants(results, where).flatMap((shown) => {
      const key = `${scenario}: ${shown.variant.name}`;
      if (seen.has(key)) return [];
      seen.add(key);
      return modelRows(shown).map(({ prediction, name, predicted, measured, ratio, failed }) => {
        const figures = [predicted, measured, ratio].map((text) => prose(text ?? '-'));
        const formula = prose(prediction.formula, 300);
        return row([
          code(scenario),
          code(shown.variant.name),
          prose(name),
          ...figures,
          formula,
          prose(failed.join('; '), 400),
        ]);
      });
    });
  });
  if (lines.length === 0) return [];
  const headings = ['scenario', 'variant', 'figure', 'predicted', 'measured', 'ratio', 'formula', 'what does not hold'];
  return [
    '<details><summary>Model beside measurement</summary>',
    '',
    ...tableHead(headings),
    ...lines,
    '',
    prose(modelNote),
    '',
    '</details>',
    '',
  ];
}
