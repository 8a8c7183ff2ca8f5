/** Theory beside measurement: a line in the page of a claim, and all figures in a file of their own. */
import { plural } from '../compare/words.ts';
import { row, tableHead } from '../report/markdown-table.ts';
import { code, prose } from '../report/markdown-text.ts';
import { modelNote, modelRows, type ModelRow } from '../report/model-rows.ts';
import type { ScenarioEvidence, ScenarioResults } from './claim-outcome.ts';
import type { Claim } from './claims-schema.ts';
import { shownVariants } from './figures.ts';
import type { HandbookInput } from './handbook.ts';

/** Below the folder of the handbook. */
export const modelsPath = 'handbook/models.md';

/** How near theory comes in the variants that a claim shows. Nothing where it has nothing to say. */
export function modelPart({ tables }: Claim, evidence: readonly ScenarioEvidence[]): readonly string[] {
  const rows = new Map<string, ModelRow>();
  const scenarios = new Set<string>();
  for (const { scenario, where } of tables) {
    const results = evidence.find((one) => one.scenario === scenario)?.results ?? null;
    if (results === null) continue;
    for (const shown of shownVariants(results, where)) {
      for (const one of modelRows(shown)) {
        scenarios.add(scenario);
        rows.set(`${scenario}: ${shown.variant.name}: ${one.name}`, one);
      }
    }
  }
  if (rows.size === 0) return [];
  const links = [...scenarios].map((scenario) => `[${scenario}](${modelsPath}#${scenario})`).join(', ');
  return [`**Theory beside it.** ${summary([...rows.values()])} All of them: ${links}.`, ''];
}

/** How near it comes where it may be asked to, and for how many figures it may not. */
function summary(rows: readonly ModelRow[]): string {
  const count = (has: (row: ModelRow) => boolean): number => rows.filter(has).length;
  const sure = rows.filter(({ unknown }) => unknown.length === 0);
  const ratios = sure.flatMap(({ prediction: { ratio } }) => ratio ?? []).sort((a, b) => a - b);
  const failed = count((one) => one.failed.length > 0);
  const unsure = count((one) => one.failed.length === 0 && one.unknown.length > 0);
  return [
    `Formulas speak of ${plural(rows.length, 'figure')} of these variants.`,
    ...(ratios.length === 0
      ? []
      : [`Where every assumption holds, measured over predicted is ${ratioRange(ratios)} (${ratios.length}).`]),
    ...(failed === 0 ? [] : [`For ${failed} an assumption does not hold.`]),
    ...(unsure === 0 ? [] : [`For ${unsure} the trials do not tell of every assumption.`]),
  ].join(' ');
}

function ratioRange(sorted: readonly number[]): string {
  const [least, most] = [sorted[0]!.toFixed(3), sorted.at(-1)!.toFixed(3)];
  return least === most ? least : `${least} to ${most}`;
}

/** Every figure of every scenario that theory has something to say of; null without any. */
export function renderModels({ scenarios, runs }: HandbookInput): string | null {
  const parts = scenarios.flatMap(({ name }) => {
    const results = runs.get(name);
    return results === undefined ? [] : scenarioPart(name, results);
  });
  if (parts.length === 0) return null;
  const head = ['# Theory beside measurement', '', `[The handbook](../HANDBOOK.md). ${prose(modelNote)}`, ''];
  return `${[...head, ...parts].join('\n').trimEnd()}\n`;
}

const headings = ['variant', 'figure', 'predicted', 'measured', 'ratio', 'formula', 'what does not hold'];

function scenarioPart(scenario: string, results: ScenarioResults): readonly string[] {
  const lines = shownVariants(results, undefined).flatMap((shown) =>
    modelRows(shown).map((one) => modelLine(shown.label, one)),
  );
  return lines.length === 0 ? [] : [`## ${scenario}`, '', ...tableHead(headings), ...lines, ''];
}

function modelLine(label: string, one: ModelRow): string {
  const { prediction, name, predicted, measured, ratio } = one;
  const figures = [predicted, measured, ratio].map((text) => prose(text ?? '-'));
  return row([code(label), prose(name), ...figures, prose(prediction.formula, 300), prose(whatFails(one), 600)]);
}

/** By how much a ratio may be off before what may not hold is said, too. */
const mostOff = 0.1;

function whatFails({ prediction: { ratio }, failed, unknown }: ModelRow): string {
  const isOff = ratio !== null && Math.abs(ratio - 1) > mostOff;
  return [...failed, ...(isOff ? unknown.map((text) => `perhaps not: ${text}`) : [])].join('; ');
}
