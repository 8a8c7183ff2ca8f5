/** A report as GitHub Markdown for a job summary or a comment on a pull request: the answer first, and never more than 60 kB. */
import { judgeClaims, type ClaimResult, type Outcome } from '../compare/claims.ts';
import type { ComparisonDocument, GateOutcome } from '../compare/document.ts';
import { marginText } from '../compare/metric-comparison.ts';
import { answerSentences } from './answer-text.ts';
import { answersOf } from './answer.ts';
import { BoundedPage } from './bounded-page.ts';
import { fileNamePart } from './file-names.ts';
import { boundText, count } from './format.ts';
import { plural } from '../compare/words.ts';
import { importedText } from './imported.ts';
import { addComparisons } from './markdown-comparison.ts';
import { addAttackers } from './markdown-attackers.ts';
import { addHops } from './markdown-hops.ts';
import { addModel } from './markdown-model.ts';
import { ownFigureSentences, ownFiguresTitle } from './own-figures-text.ts';
import { row, tableHead } from './markdown-table.ts';
import { code, prose } from './markdown-text.ts';
import { metricLabel } from './metric-label.ts';
import { metricText } from './metric-text.ts';
import type { ReportInput } from './report-input.ts';
import { runNames } from './run-names.ts';
import { boundsNote } from './tables.ts';
import {
  fewestTailSamples,
  figuresByVariant,
  lost,
  type ReportedMetric,
  type VariantFigures,
} from './variant-figures.ts';
import { gatherWarnings, invalidText, invalidTrials, warningText } from './warnings.ts';

/** GitHub takes comments of 65,536 characters. */
export const markdownLimitBytes = 60_000;

/** Room for each part; what one does not use goes to those after it. Together less than the limit by what the end may need. */
const room = {
  title: 6000,
  answers: 8000,
  gates: 9000,
  claims: 7000,
  invalid: 4000,
  comparisons: 9000,
  warnings: 5000,
  figures: 4000,
  hops: 1500,
  ownFigures: 1500,
  model: 2000,
  runs: 2000,
} as const;

interface NamedInput extends ReportInput {
  readonly names: readonly string[];
  /** Of each run. */
  readonly claims: readonly (readonly ClaimResult[])[];
}

/** The first line is a comment that is not shown, the same for every report of these scenarios: by it a comment can be found and updated. */
export function renderMarkdown(input: ReportInput): string {
  const named = { ...input, names: runNames(input), claims: input.runs.map(({ results }) => judgeClaims(results)) };
  const page = new BoundedPage();
  page.allow(room.title);
  page.add([markerOf(input), `## connbench: ${titleOf(input)}`, '', ...headline(named)]);
  page.allow(room.answers);
  addAnswers(page, named);
  page.allow(room.gates);
  addGates(page, input.comparison);
  page.allow(room.claims);
  addClaims(page, named);
  page.allow(room.invalid);
  addInvalid(page, named);
  page.allow(room.comparisons);
  addComparisons(page, input.comparison);
  page.allow(room.warnings);
  addWarnings(page, named);
  page.allow(room.figures);
  addFigures(page, named);
  page.allow(room.hops);
  addHops(page, named.runs, named.names);
  addAttackers(page, named.runs, named.names);
  page.allow(room.model);
  addModel(page, named.runs, named.names);
  page.allow(room.ownFigures);
  addOwnFigures(page, named);
  page.allow(room.runs);
  addRuns(page, named);
  const leftOut = page.leftOut();
  if (leftOut !== null) {
    page.allow(1000);
    const where =
      'they are in the result files, and in what <code>connbench report FILE --html report.html</code> makes of them';
    page.add(['', `**Left out for the sake of length:** ${leftOut}; ${where}.`]);
  }
  return page.text();
}

/** Letters, digits, dot, dash and underscore only, so that no name ends the comment. */
function markerOf({ runs }: ReportInput): string {
  const scenarios = [...new Set(runs.map(({ results }) => fileNamePart(results.header.scenario.name)))];
  return `<!-- connbench-report ${scenarios.slice(0, 10).join(' ').replaceAll(/--+/g, '-')} -->`;
}

function titleOf({ runs }: ReportInput): string {
  const scenarios = [...new Set(runs.map(({ results }) => results.header.scenario.name))];
  const shown = scenarios.slice(0, 5).map((name) => code(name, 60));
  const more = scenarios.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${plural(more, 'other scenario')}` : ''}`;
}

/* ---- the answer ---- */

function headline(input: NamedInput): readonly string[] {
  const { gates } = input.comparison;
  const claims = input.claims.flat();
  const invalid = input.runs.reduce((sum, { results }) => sum + invalidTrials(results.trials).length, 0);
  const cut = input.runs.filter(({ results }) => results.footer === null || results.footer.interrupted).length;
  const imported = input.runs.filter(({ results }) => results.header.imported !== undefined).length;
  const sentences = [
    ...(gates.length === 0 ? [] : [gateSentence(gates.map(({ outcome }) => outcome))]),
    ...(claims.length === 0 ? [] : [claimSentence(claims.map(({ outcome }) => outcome))]),
    ...(invalid === 0 ? [] : [`**${plural(invalid, 'invalid trial')}**: their figures are not used.`]),
    ...(imported === 0 ? [] : [`**${plural(imported, 'run')} imported, not reconciled.**`]),
    ...(cut === 0 ? [] : [`**${plural(cut, 'run')} did not end as planned.**`]),
  ];
  return sentences.length === 0 ? [] : [sentences.join(' '), ''];
}

function gateSentence(outcomes: readonly GateOutcome[]): string {
  const number = (wanted: GateOutcome): number => outcomes.filter((outcome) => outcome === wanted).length;
  const unsure = number('inconclusive');
  const open = unsure === 0 ? '' : ` ${count(unsure)} inconclusive.`;
  if (number('failed') > 0)
    return `**${count(number('failed'))} of ${plural(outcomes.length, 'gate')} failed.**${open}`;
  if (unsure > 0) return `**No gate failed, ${count(unsure)} of ${count(outcomes.length)} inconclusive.**`;
  return `**${outcomes.length === 1 ? 'The gate' : `All ${plural(outcomes.length, 'gate')}`} passed.**`;
}

function claimSentence(outcomes: readonly Outcome[]): string {
  const number = (wanted: Outcome): number => outcomes.filter((outcome) => outcome === wanted).length;
  const parts = (['refuted', 'confirmed', 'not decided'] as const)
    .filter((outcome) => number(outcome) > 0)
    .map((outcome) => `${count(number(outcome))} ${outcome}`);
  return `${outcomes.length === 1 ? 'Claim' : 'Claims'}: ${parts.join(', ')}.`;
}

function addAnswers(page: BoundedPage, { runs, names }: NamedInput): void {
  const items = runs.flatMap(({ results }, index) =>
    answersOf(results).map((answer) => {
      const of = [
        ...(runs.length > 1 ? [names[index]!] : []),
        ...(answer.group.name === null ? [] : [answer.group.name]),
      ];
      const label = of.length === 0 ? '' : `${of.map((name) => code(name)).join(' ')}: `;
      return [`- ${label}${prose(answerSentences(answer).join(' '), 2500)}`];
    }),
  );
  page.addPart({ head: [], items, tail: [''], noun: 'answer' });
}

/* ---- gates and claims ---- */

const gateOrder: readonly GateOutcome[] = ['failed', 'inconclusive', 'passed'];

function addGates(page: BoundedPage, { gates }: ComparisonDocument): void {
  const sorted = gates.toSorted((a, b) => gateOrder.indexOf(a.outcome) - gateOrder.indexOf(b.outcome));
  const items = sorted.map(({ outcome, metric, margin, pair, reason }) => [
    row([
      outcome === 'failed' ? '**failed**' : outcome,
      `${prose(metricLabel(metric))} ${marginText(metric, margin)}`,
      code(pair, 150),
      prose(reason, 400),
    ]),
  ]);
  page.addPart({
    head: ['### Gates', '', ...tableHead(['outcome', 'gate', 'comparison', 'why'])],
    items,
    tail: [''],
    noun: 'gate',
  });
}

const claimOrder: readonly Outcome[] = ['refuted', 'not decided', 'confirmed'];

function addClaims(page: BoundedPage, { runs, names, claims: byRun }: NamedInput): void {
  const claims = byRun.flatMap((ofRun, index) =>
    ofRun.map((claim) => ({ claim, run: runs.length > 1 ? `${code(names[index]!)}: ` : '' })),
  );
  const sorted = claims.toSorted((a, b) => claimOrder.indexOf(a.claim.outcome) - claimOrder.indexOf(b.claim.outcome));
  const items = sorted.map(({ claim, run }) => {
    const outcome = claim.outcome === 'refuted' ? '**refuted**' : claim.outcome;
    return [row([outcome, `${run}${prose(claim.expectation.claim, 300)}`, whyOf(claim)])];
  });
  page.addPart({
    head: ['### Claims', '', ...tableHead(['outcome', 'claim', 'why'])],
    items,
    tail: [''],
    noun: 'claim',
  });
}

/** Cases shown of one claim. */
const mostCases = 3;

/** The cases that decided first. */
function whyOf({ outcome, reason, cases }: ClaimResult): string {
  if (reason !== null) return prose(reason, 300);
  const sorted = cases.toSorted((a, b) => Number(b.outcome === outcome) - Number(a.outcome === outcome));
  const shown = sorted.slice(0, mostCases).map(({ of, against, reason: why }) => {
    const sides = against === null ? code(of) : `${code(of)} over ${code(against)}`;
    return `${sides}: ${prose(why, 300)}`;
  });
  const more = cases.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${plural(more, 'more case')}`] : [])].join('<br>');
}

function addInvalid(page: BoundedPage, { runs, names }: NamedInput): void {
  const items = runs.flatMap(({ results }, index) => {
    const run = runs.length > 1 ? `${code(names[index]!)}: ` : '';
    return invalidTrials(results.trials).map((trial) => [`- ${run}${prose(invalidText(trial), 500)}`]);
  });
  page.addPart({ head: ['### Invalid trials: not used', ''], items, tail: [''], noun: 'invalid trial' });
}

/* ---- the rest ---- */

function addWarnings(page: BoundedPage, { runs, names, comparison }: NamedInput): void {
  const ofRuns = runs.flatMap(({ results }, index) => {
    const run = runs.length > 1 ? `${code(names[index]!)}: ` : '';
    return gatherWarnings(results.trials).map((warning) => [
      `- ${run}${prose(warningText(warning), 600)} - ${prose(warning.advice, 300)}`,
    ]);
  });
  const items = [...comparison.warnings.map((warning) => [`- ${prose(warning, 600)}`]), ...ofRuns];
  page.addPart({ head: ['### Warnings', ''], items, tail: [''], noun: 'warning' });
}

const figureColumns: readonly (readonly [heading: string, metric: ReportedMetric])[] = [
  ['p50 ms', 'latency.response.p50'],
  ['p99 ms', 'latency.response.p99'],
  ['req/s', 'throughput.achievedPerSecond'],
  ['client CPU us/req', 'cpu.generator.perRequestUs'],
  ['connections', 'connections.opened'],
  ['client FDs', 'fds.client.peak'],
];

function addFigures(page: BoundedPage, { runs, names }: NamedInput): void {
  const rows = runs.flatMap(({ results }, index) =>
    figuresByVariant(results).map((figures) => ({ figures, run: runs.length > 1 ? `${code(names[index]!)} ` : '' })),
  );
  const items = rows.map(({ figures, run }) => [figuresRow(figures, run)]);
  const thin = `\\~ fewer than ${fewestTailSamples} samples lie beyond this quantile: an indication, not a figure to rely on`;
  const notes = [
    ...(rows.some(({ figures }) => isThin(figures, 'latency.response.p99')) ? ['', thin] : []),
    ...(items.some(([line]) => line?.includes('&gt;=') === true) ? ['', prose(boundsNote)] : []),
  ];
  const headings = [
    'variant',
    ...figureColumns.map(([heading]) => heading),
    'lost',
    'of these dropped',
    'no answer in time',
  ];
  const head = [
    '<details><summary>Figures of every variant (medians over valid trials)</summary>',
    '',
    ...tableHead(headings),
  ];
  page.addPart({ head, items, tail: [...notes, '', '</details>', ''], noun: 'variant' });
}

/** Too few samples lie beyond the quantile. */
function isThin({ tailSamples, figures }: VariantFigures, metric: ReportedMetric): boolean {
  return (
    metric === 'latency.response.p99' && figures[metric].value !== null && (tailSamples.p99 ?? 0) < fewestTailSamples
  );
}

function figuresRow(of: VariantFigures, run: string): string {
  const { variant, figures, losses, censored, validTrials } = of;
  const cells = figureColumns.map(([, metric]) => {
    const { value, atLeast } = figures[metric];
    // The heading of a time has its unit.
    if (value === null) return '-';
    const text = metricText(value, metric.startsWith('latency.') ? 'ns' : 'count').replace(/ ms$/, '');
    const bounded = prose(boundText(text, atLeast));
    return isThin(of, metric) ? `\\~${bounded}` : bounded;
  });
  const invalid = validTrials.length === 0 ? ' (invalid)' : '';
  const lostCells = losses === null ? ['-', '-'] : [count(lost(losses)), count(losses.dropped)];
  return row([
    `${run}${code(variant.name)}${invalid}`,
    ...cells,
    ...lostCells,
    censored === null ? '-' : count(censored),
  ]);
}

/** Of clients that are programs, in their own words. */
function addOwnFigures(page: BoundedPage, { runs }: NamedInput): void {
  const sentences = runs.flatMap(({ results }) => ownFigureSentences(figuresByVariant(results)));
  if (sentences.length === 0) return;
  const items = sentences.map(({ variant, text }) => [`- ${code(variant)}: ${prose(text, 500)}`]);
  const head = [`<details><summary>${ownFiguresTitle}</summary>`, ''];
  page.addPart({ head, items, tail: ['', '</details>', ''], noun: 'variant' });
}

function addRuns(page: BoundedPage, { runs, names }: NamedInput): void {
  const items = runs.map(({ results: { header, trials } }, index) => {
    const { cpuModel, cores, kernel, node } = header.environment;
    const machine = [
      cpuModel,
      cores === null ? null : plural(cores, 'core'),
      kernel === null ? null : `Linux ${kernel}`,
      node === null ? null : `Node ${node.replace(/^v/, '')}`,
    ];
    const known = importedText(header) ?? machine.flatMap((part) => part ?? []).join(', ');
    const of = `${trials.length} of ${plural(header.trials.length, 'trial')}, seed ${header.seed}`;
    return [
      `- ${code(names[index]!)} run ${code(header.runId)}, ${prose(header.startedAt, 40)}, ${of}; ${prose(known, 300)}`,
    ];
  });
  page.addPart({
    head: ['<details><summary>Runs and machines</summary>', ''],
    items,
    tail: ['', '</details>'],
    noun: 'run',
  });
}
