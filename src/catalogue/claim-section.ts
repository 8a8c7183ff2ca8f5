/** The page of one claim in the handbook. */
import type { ClaimResult } from '../compare/claims.ts';
import { plural } from '../compare/words.ts';
import { row, tableHead } from '../report/markdown-table.ts';
import { code, prose } from '../report/markdown-text.ts';
import { metricLabel } from '../report/metric-label.ts';
import { plotPath } from './claim-drawing.ts';
import { commandOf, type ClaimOutcome, type ScenarioEvidence, type ScenarioResults } from './claim-outcome.ts';
import type { Claim } from './claims-schema.ts';
import { figureCell, medianFigure, shownVariants } from './figures.ts';
import { inlineMarkdown } from './inline-text.ts';
import { invalidLines } from './invalid-lines.ts';
import { modelPart } from './model-part.ts';

/** `drawn`: there is a drawing beside the page. */
export function claimSection(outcome: ClaimOutcome, drawn: boolean): readonly string[] {
  const { claim } = outcome;
  return [
    `<a id="${claim.id.toLowerCase()}"></a>`,
    '',
    `## ${claim.id}: ${prose(claim.title)}`,
    '',
    `**Claim.** ${inlineMarkdown(claim.claim)}`,
    '',
    `**What is said.** ${inlineMarkdown(claim.folklore)}`,
    '',
    `**What happens.** ${inlineMarkdown(claim.finding)}`,
    '',
    verdictLine(outcome),
    '',
    ...claim.tables.flatMap((table) => tablePart(table, outcome)),
    ...(drawn ? [`![${claim.id}: ${prose(metricLabel(claim.plot.metric))}](${plotPath(claim)})`, ''] : []),
    ...expectationsPart(outcome),
    ...modelPart(claim, outcome.evidence),
    ...invalidPart(outcome),
    ...settingsPart(claim),
  ];
}

function verdictLine(of: ClaimOutcome): string {
  const { outcome, reason } = of;
  const why = reason === null ? '' : ` ${prose(reason, 2000)}.`;
  return `**Outcome: ${outcome}.**${why} To repeat it: ${code(commandOf(of), 500)}`;
}

/** How to get what is not there. */
function noResults(scenario: string): string {
  return `There are no results of ${code(scenario)}: ${code(`connbench catalogue --only ${scenario}`)}, then ${code('connbench list --handbook')}.`;
}

function resultsOf(name: string, evidence: readonly ScenarioEvidence[]): ScenarioResults | null {
  return evidence.find(({ scenario }) => scenario === name)?.results ?? null;
}

function tablePart(
  { scenario, metrics, where }: Claim['tables'][number],
  { evidence }: ClaimOutcome,
): readonly string[] {
  const results = resultsOf(scenario, evidence);
  if (results === null) return [noResults(scenario), ''];
  const fixed = Object.entries(where ?? {}).map(([axis, alternative]) => `${axis} ${alternative}`);
  const variants = shownVariants(results, where);
  const title = `Measured by ${code(scenario)}${fixed.length === 0 ? '' : `, ${prose(fixed.join(', '))}`}:`;
  if (variants.length === 0) return [`${title} these results have no such variant.`, ''];
  const rows = variants.map((shown) => {
    const figures = metrics.map((metric) => medianFigure(shown, metric));
    const cells = figures.map((figure) => prose(figureCell(figure)));
    return {
      line: row([code(shown.label), ...cells, trialsCell(shown.validTrials.length, shown.trials.length)]),
      figures,
    };
  });
  const reasons = rows.flatMap(({ figures }) =>
    figures.flatMap(({ metric, reason }) => (reason === null ? [] : [`${metricLabel(metric)}: ${reason}`])),
  );
  return [
    title,
    '',
    ...tableHead(['variant', ...metrics.map((metric) => prose(metricLabel(metric))), 'valid trials']),
    ...rows.map(({ line }) => line),
    '',
    ...(reasons.length === 0
      ? []
      : [`No figure (-), or not of every trial: ${prose([...new Set(reasons)].join('; '), 600)}.`, '']),
  ];
}

function trialsCell(valid: number, all: number): string {
  return valid === all ? String(all) : `${valid} of ${all}`;
}

function expectationsPart({ evidence }: ClaimOutcome): readonly string[] {
  const judged = evidence.flatMap((one) => one.judged.map((result) => ({ scenario: one.scenario, result })));
  if (judged.length === 0) return [];
  const lines = judged.map(({ scenario, result }) => {
    const outcome = result.outcome === 'confirmed' ? result.outcome : `**${result.outcome}**`;
    return row([outcome, prose(result.expectation.claim, 400), code(scenario), whyOf(result)]);
  });
  const table = [...tableHead(['outcome', 'expectation', 'scenario', 'why']), ...lines, ''];
  if (lines.length <= mostExpectations) return ['What decides it:', '', ...table];
  return [`<details><summary>What decides it: ${lines.length} expectations</summary>`, '', ...table, '</details>', ''];
}

/** More of them are folded up. */
const mostExpectations = 12;

/** Cases shown of one expectation. */
const mostCases = 4;

function whyOf({ reason, cases, outcome, expectation }: ClaimResult): string {
  if (reason !== null) return prose(reason, 300);
  const sorted = cases.toSorted((a, b) => Number(b.outcome === outcome) - Number(a.outcome === outcome));
  const shown = sorted.slice(0, mostCases).map(({ of, against, reason: why, blocks }) => {
    const sides = against === null ? code(of) : `${code(of)} over ${code(against)}`;
    return `${prose(metricLabel(expectation.metric))}, ${sides}, ${plural(blocks, 'block')}: ${prose(why, 300)}`;
  });
  const more = cases.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${plural(more, 'more case')}`] : [])].join('<br>');
}

function invalidPart({ evidence }: ClaimOutcome): readonly string[] {
  const lines = evidence.flatMap(({ scenario, results }) =>
    results === null ? [] : invalidLines(scenario, results, { each: false }),
  );
  return lines.length === 0
    ? []
    : ['Invalid trials, whose figures are in nothing above ([each of them](#every-invalid-trial)):', '', ...lines, ''];
}

const programs = [
  ['Node', 'node'],
  ['undici', 'undici'],
  ['nginx', 'nginx'],
  ['load balancer', 'loadBalancer'],
] as const;

function settingsPart({ set }: Claim): readonly string[] {
  return [
    'What to set:',
    '',
    ...tableHead(['where', 'what, and why']),
    ...programs.map(([name, key]) => row([name, inlineMarkdown(set[key])])),
    '',
  ];
}
