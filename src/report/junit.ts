/** Gates, claims and the validity of trials as JUnit XML, which CI systems show as test cases. */
import { judgeClaims, type ClaimCase, type ClaimResult } from '../compare/claims.ts';
import type { ComparedMetric, ComparedPair, ComparisonDocument, GateResult, SideFigures } from '../compare/document.ts';
import { marginText } from '../compare/metric-comparison.ts';
import { plural } from '../compare/words.ts';
import { detectableText, ratioText, sideText, verdictText } from './metric-text.ts';
import { printable } from './printable.ts';
import type { ReportInput } from './report-input.ts';
import { distinct, runNames } from './run-names.ts';
import { figuresByVariant, type RunResults, type VariantFigures } from './variant-figures.ts';
import { invalidText, invalidTrials } from './warnings.ts';

interface TestCase {
  readonly name: string;
  readonly result: 'passed' | 'skipped' | 'failure' | 'error';
  /** One line; of no account where the case passed. */
  readonly message: string;
  /** Figures, a line each. */
  readonly lines: readonly string[];
}

interface TestSuite {
  readonly name: string;
  /** ISO 8601; null where there is none. */
  readonly timestamp: string | null;
  readonly cases: readonly TestCase[];
}

const mostNameChars = 300;
/** Lines of figures in one case. */
const mostLines = 60;

/**
 * A suite per comparison with a case per gate (inconclusive: skipped), and a suite per run with a case per claim (not decided: skipped)
 * and a case per variant, which is an error where one of its trials is invalid, and a case that is an error where the run ended early. So a
 * run without gates and claims has cases, too.
 */
export function renderJunit(input: ReportInput): string {
  const suites = [...gateSuites(input.comparison), ...runSuites(input)];
  const cases = suites.flatMap((suite) => suite.cases);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="connbench" ${totals(cases)}>`,
    ...suites.flatMap(suiteLines),
    '</testsuites>',
    '',
  ].join('\n');
}

function totals(cases: readonly TestCase[]): string {
  const number = (result: TestCase['result']): number => cases.filter((item) => item.result === result).length;
  return `tests="${cases.length}" failures="${number('failure')}" errors="${number('error')}" skipped="${number('skipped')}" time="0"`;
}

function suiteLines({ name, timestamp, cases }: TestSuite): readonly string[] {
  const when = timestamp === null ? '' : ` timestamp="${attribute(timestamp)}"`;
  const names = distinct(
    cases.map((item) => item.name),
    (text, number) => `${text} #${number}`,
  );
  return [
    `  <testsuite name="${attribute(name)}" ${totals(cases)}${when}>`,
    ...cases.flatMap((item, index) => caseLines(item, names[index]!, name)),
    '  </testsuite>',
  ];
}

function caseLines({ result, message, lines }: TestCase, name: string, suite: string): readonly string[] {
  const opening = `    <testcase name="${attribute(name)}" classname="${attribute(suite)}" time="0"`;
  const shown = lines.slice(0, mostLines);
  if (shown.length < lines.length) shown.push(`and ${plural(lines.length - shown.length, 'more line')}`);
  const body = shown.map((line) => escaped(printable(line, 1000))).join('\n');
  switch (result) {
    case 'passed':
      return lines.length === 0
        ? [`${opening}/>`]
        : [`${opening}>`, `      <system-out>${body}</system-out>`, '    </testcase>'];
    case 'skipped':
      // The schemas give a skipped case a message and no content.
      return [`${opening}>`, `      <skipped message="${attribute(message)}"/>`, '    </testcase>'];
    case 'failure':
    case 'error':
      return [
        `${opening}>`,
        `      <${result} message="${attribute(message)}" type="${result === 'failure' ? 'regression' : 'invalid'}">${body}</${result}>`,
        '    </testcase>',
      ];
  }
}

/* ---- gates ---- */

function gateSuites({ gates, pairs, sources }: ComparisonDocument): readonly TestSuite[] {
  const byPair = new Map<string, GateResult[]>();
  for (const gate of gates) byPair.set(gate.pair, [...(byPair.get(gate.pair) ?? []), gate]);
  return [...byPair].map(([name, ofPair]) => {
    const pair = pairs.find((candidate) => candidate.name === name);
    const source = pair === undefined ? undefined : sources[pair.other.source];
    return { name, timestamp: source?.startedAt ?? null, cases: ofPair.map((gate) => gateCase(gate, pair)) };
  });
}

const gateResults = { passed: 'passed', failed: 'failure', inconclusive: 'skipped' } as const;

function gateCase({ metric, margin, outcome, reason }: GateResult, pair: ComparedPair | undefined): TestCase {
  const compared = pair?.metrics.find((candidate) => candidate.metric === metric);
  return {
    name: `${metric} within ${marginText(metric, margin)}`,
    result: gateResults[outcome],
    message: reason,
    lines: compared === undefined ? [reason] : metricLines(compared),
  };
}

function metricLines(compared: ComparedMetric): readonly string[] {
  const { base, other, n, p, pHolm, reason } = compared;
  const side = (name: string, figures: SideFigures): string => {
    const each = figures.perTrial.map((trial) => sideText(compared, trial) ?? '-').join(', ');
    const median = sideText(compared, figures);
    const middle = median === null ? 'no figure' : `median ${median}`;
    return `${name}: ${middle}${each === '' ? '' : ` of ${each}`}`;
  };
  const ratio = ratioText(compared);
  const detectable = detectableText(compared);
  const tests = [
    ...(p === null ? [] : [`p ${p.toPrecision(3)}`]),
    ...(pHolm === null ? [] : [`p after Holm ${pHolm.toPrecision(3)}`]),
    ...(detectable === null ? [] : [`smallest detectable change ${detectable}`]),
  ];
  return [
    `verdict: ${verdictText(compared)}`,
    ...(ratio === null ? [] : [`ratio: ${ratio}, n ${n}`]),
    side('base', base),
    side('new', other),
    ...(tests.length === 0 ? [] : [tests.join(', ')]),
    ...(reason === null ? [] : [reason]),
  ];
}

/* ---- runs ---- */

function runSuites(input: ReportInput): readonly TestSuite[] {
  const names = runNames(input);
  return input.runs.map(({ results }, index) => ({
    name: names[index]!,
    timestamp: results.header.startedAt,
    cases: [...judgeClaims(results).map(claimCase), completeness(results), ...figuresByVariant(results).map(validity)],
  }));
}

const claimResults = { confirmed: 'passed', refuted: 'failure', 'not decided': 'skipped' } as const;

function claimCase({ expectation, outcome, reason, cases }: ClaimResult): TestCase {
  const lines = cases.map(({ of, against, blocks, reason: why }: ClaimCase) => {
    const sides = against === null ? of : `${printable(of, 100)} over ${printable(against, 100)}`;
    return `${expectation.metric}, ${sides}, ${plural(blocks, 'block')}: ${why}`;
  });
  const decisive = cases.find((item) => item.outcome === outcome);
  const message = reason ?? decisive?.reason ?? outcome;
  return { name: `claim: ${expectation.claim}`, result: claimResults[outcome], message, lines };
}

/** A run that was cut short is no run that passed: what it did not come to might have failed. */
function completeness({ header, trials, footer }: RunResults): TestCase {
  const name = 'every planned trial was run';
  if (footer !== null && !footer.interrupted) return { name, result: 'passed', message: '', lines: [] };
  const how = footer === null ? 'killed' : 'interrupted';
  const message = `the run ended early: it was ${how} after ${trials.length} of ${plural(header.trials.length, 'trial')}`;
  return { name, result: 'error', message, lines: [] };
}

function validity({ variant, trials }: VariantFigures): TestCase {
  const invalid = invalidTrials(trials);
  const name = `valid trials: ${variant.name}`;
  if (invalid.length === 0) return { name, result: 'passed', message: '', lines: [] };
  const message = `${invalid.length} of ${plural(trials.length, 'trial')} must not be used`;
  return { name, result: 'error', message, lines: invalid.map(invalidText) };
}

/* ---- XML 1.0 ---- */

/** What `printable` leaves and XML 1.0 forbids (section 2.2): the two noncharacters of the basic plane. */
const forbidden = /[\ufffe\uffff]/g;

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Text that was made printable, so without control characters and lone surrogates. */
function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character]!).replaceAll(forbidden, '\ufffd');
}

function attribute(text: string): string {
  return escaped(printable(text, mostNameChars));
}
