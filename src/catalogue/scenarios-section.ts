/** The end of the handbook: every scenario of the catalogue, with the outcomes of its expectations and its invalid trials. */
import { judgeClaims } from '../compare/claims.ts';
import { row, tableHead } from '../report/markdown-table.ts';
import { code } from '../report/markdown-text.ts';
import type { CatalogueScenario, HandbookInput } from './handbook.ts';
import type { ScenarioResults } from './claim-outcome.ts';
import { invalidLines } from './invalid-lines.ts';

export function scenariosSection({ scenarios, runs }: HandbookInput): readonly string[] {
  const invalid = scenarios.flatMap(({ name }) => {
    const results = runs.get(name);
    return results?.trials.some(({ valid }) => !valid) === true ? invalidLines(name, results, { each: true }) : [];
  });
  return [
    '## The scenarios',
    '',
    'Expectations that show no claim of the list above are counted, too.',
    '',
    ...tableHead(['scenario', 'folder', 'shows', 'expectations', 'trials', 'of these invalid']),
    ...scenarios.map((scenario) => line(scenario, runs.get(scenario.name) ?? null)),
    '',
    '### Every invalid trial',
    '',
    ...(invalid.length === 0 ? ['There is none.'] : invalid),
  ];
}

function line({ name, group, expectations }: CatalogueScenario, results: ScenarioResults | null): string {
  const shows = [...new Set(expectations.flatMap((one) => one.shows))].join(', ');
  if (results === null) return row([code(name), group, shows, 'no results', '-', '-']);
  const invalid = results.trials.filter(({ valid }) => !valid).length;
  return row([code(name), group, shows, expectationTally(results), String(results.trials.length), String(invalid)]);
}

/** `3 confirmed, 1 not decided`; `none` without expectations. */
export function expectationTally(results: ScenarioResults): string {
  const outcomes = judgeClaims(results).map(({ outcome }) => outcome);
  const tally = (['confirmed', 'refuted', 'not decided'] as const)
    .map((kind) => ({ kind, number: outcomes.filter((outcome) => outcome === kind).length }))
    .filter(({ number }) => number > 0);
  return tally.length === 0 ? 'none' : tally.map(({ kind, number }) => `${number} ${kind}`).join(', ');
}
