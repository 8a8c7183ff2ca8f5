/** A comparison as text for a terminal: the answer, the gates, then a table per pair. */
import type { ComparedMetric, ComparedPair, ComparisonDocument, GateOutcome, GateResult } from '../compare/document.ts';
import { renderComparisonTable } from './comparison-table.ts';
import { listed, plural } from '../compare/words.ts';
import { metricLabel } from './metric-label.ts';
import { painter, type Paint } from './paint.ts';
import { printable } from './printable.ts';
import type { TerminalOptions } from './terminal.ts';
import { wrap } from './wrap.ts';

const leastWidth = 60;
const mostProseWidth = 100;
/** Names in a sentence before the rest is counted. */
const mostNamed = 6;

interface Page {
  readonly width: number;
  readonly paint: Paint;
}

/** Ends in a line feed. No line is wider than the width, at least 60; control characters of names and messages are shown as escapes. */
export function renderComparison(document: ComparisonDocument, { width, colour }: TerminalOptions): string {
  const page = { width: Math.max(leastWidth, width), paint: painter(colour) };
  const sections = [
    titleSection(document, page),
    section('Answer', answerParagraphs(document, page), page),
    gateSection(document.gates, page),
    ...document.pairs.map((pair) => pairSection(pair, page)),
    section(
      'Warnings',
      document.warnings.map((text) => page.paint.yellow(paragraph(printable(text, 2000), page, '  '))),
      page,
    ),
    legend(document, page),
  ];
  return `${sections.filter((text) => text !== '').join('\n\n')}\n`;
}

/** The outcome of every gate, for the end of a run. Empty without gates. Ends in a line feed. */
export function renderGates(document: ComparisonDocument, { width, colour }: TerminalOptions): string {
  const page = { width: Math.max(leastWidth, width), paint: painter(colour) };
  const text = gateSection(document.gates, page);
  const said = document.warnings.map((warning) => page.paint.yellow(paragraph(printable(warning, 2000), page, '  ')));
  return text === '' ? '' : `${[text, ...said].join('\n')}\n`;
}

/** `bullet` stands before the first line, spaces of the same width before the others. */
function paragraph(text: string, { width }: Page, bullet = ''): string {
  const indent = { first: bullet, rest: ' '.repeat(bullet.length) };
  return wrap(text, Math.min(width, mostProseWidth), indent).join('\n');
}

function section(title: string, paragraphs: readonly string[], { paint }: Page): string {
  return paragraphs.length === 0 ? '' : [paint.bold(title), ...paragraphs].join('\n');
}

function titleSection({ sources }: ComparisonDocument, page: Page): string {
  const [base, ...others] = sources;
  if (base === undefined) return page.paint.bold('Comparison');
  const describe = ({ file, runId, scenario, startedAt, imported }: typeof base): string => {
    const where = printable(file ?? `run ${runId}`, 200);
    return `${where}: ${printable(scenario, 100)}, ${printable(startedAt, 40)}${imported ? ', imported, not reconciled' : ''}`;
  };
  if (others.length === 0) {
    const title = paragraph(`Variants of ${printable(base.scenario, 100)}, against their baseline`, page);
    return [page.paint.bold(title), page.paint.dim(paragraph(describe(base), page))].join('\n');
  }
  const lines = [`base: ${describe(base)}`, ...others.map((source) => `new: ${describe(source)}`)];
  return [page.paint.bold('Comparison of runs'), ...lines.map((line) => paragraph(line, page))].join('\n');
}

function answerParagraphs(document: ComparisonDocument, page: Page): readonly string[] {
  const { gates, pairs } = document;
  const ofPairs = pairs.map((pair) => paragraph(pairAnswer(pair, document), page, '  '));
  return gates.length === 0 ? ofPairs : [gateAnswer(gates, page), ...ofPairs];
}

/** What a job wants to know, in a sentence. */
function gateAnswer(gates: readonly GateResult[], page: Page): string {
  const of = (outcome: GateOutcome): readonly GateResult[] => gates.filter((gate) => gate.outcome === outcome);
  const [failed, open] = [of('failed'), of('inconclusive')];
  const say = (text: string, outcome: GateOutcome): string =>
    outcomePaint(outcome, page.paint)(paragraph(text, page, '  '));
  if (failed.length > 0) {
    const names = [...new Set(failed.map(({ metric }) => metricLabel(metric)))];
    const which = gates.length === 1 ? 'The gate' : `${failed.length} of ${gates.length} gates`;
    return say(`${which} failed: ${listed(names)}.`, 'failed');
  }
  if (open.length > 0) {
    const which = gates.length === 1 ? 'The gate' : `No gate failed, and ${open.length} of ${gates.length}`;
    return say(`${which} could not be decided.`, 'inconclusive');
  }
  return say(gates.length === 1 ? 'The gate passed.' : `All ${gates.length} gates passed.`, 'passed');
}

/** What got worse, what better, what did not change and what is open. */
function pairAnswer(pair: ComparedPair, { pairs }: ComparisonDocument): string {
  const judged = pair.metrics.filter(({ verdict }) => verdict !== null);
  const lead = pairs.length > 1 ? `${printable(pair.name, 300)}: ` : '';
  if (judged.length === 0) return `${lead}no verdict. ${printable(pair.warnings[0] ?? 'Nothing can be judged.', 500)}`;
  const parts = [
    said(judged, 'regression', 'Worse', true),
    said(judged, 'improvement', 'Better', true),
    said(judged, 'equivalent', 'No change', false),
    said(judged, 'inconclusive', 'Open', false),
  ];
  return `${lead}${parts.filter((part) => part !== '').join(' ')}`;
}

function said(
  metrics: readonly ComparedMetric[],
  verdict: ComparedMetric['verdict'],
  word: string,
  withRatio: boolean,
): string {
  const found = metrics.filter((metric) => metric.verdict === verdict);
  if (found.length === 0) return '';
  const names = found.slice(0, mostNamed).map((metric) => {
    const { ratio } = metric;
    return `${metricLabel(metric.metric)}${withRatio && ratio !== null ? ` (${ratio.toPrecision(3)} times)` : ''}`;
  });
  const rest = found.length - names.length;
  return `${word}: ${listed(rest > 0 ? [...names, `${rest} more`] : names)}.`;
}

const outcomeWords: Readonly<Record<GateOutcome, string>> = {
  failed: 'FAILED',
  passed: 'passed',
  inconclusive: 'open',
};

function gateSection(gates: readonly GateResult[], page: Page): string {
  if (gates.length === 0) return '';
  const number = (outcome: GateOutcome): number => gates.filter((gate) => gate.outcome === outcome).length;
  const counts = [`${number('failed')} failed`, `${number('passed')} passed`, `${number('inconclusive')} inconclusive`];
  const several = new Set(gates.map(({ pair }) => pair)).size > 1;
  const lines = gates.map(({ pair, outcome, reason }) => {
    const where = several ? `${printable(pair, 300)}: ` : '';
    const text = paragraph(`${where}${printable(reason, 1000)}`, page, `  ${outcomeWords[outcome].padEnd(8)}`);
    return outcomePaint(outcome, page.paint)(text);
  });
  return section(`Gates: ${plural(gates.length, 'gate')}, ${counts.join(', ')}`, lines, page);
}

function outcomePaint(outcome: GateOutcome, paint: Paint): (text: string) => string {
  switch (outcome) {
    case 'failed':
      return paint.red;
    case 'passed':
      return paint.green;
    case 'inconclusive':
      return paint.yellow;
  }
}

function pairSection(pair: ComparedPair, page: Page): string {
  const { paint } = page;
  const { tables, notes } = renderComparisonTable(pair, page.width, paint);
  const heading = paint.bold(paragraph(`${printable(pair.name, 500)} (${designText(pair)})`, page));
  const excluded = pair.excluded.map(({ block, reason }) =>
    paint.red(paragraph(`block ${block + 1} left out: ${printable(reason, 500)}`, page, '  ! ')),
  );
  const warnings = pair.warnings.map((text) => paint.yellow(paragraph(printable(text, 2000), page, '  ! ')));
  return [
    heading,
    tables.join('\n\n'),
    ...notes.map((note) => paint.dim(paragraph(note, page, '  - '))),
    ...excluded,
    ...warnings,
  ].join('\n');
}

function designText({ design, metrics }: ComparedPair): string {
  const most = metrics.reduce<ComparedMetric | null>(
    (best, metric) => (best !== null && best.n >= metric.n ? best : metric),
    null,
  );
  if (most === null) return 'nothing measured';
  if (design === 'paired') return `paired, ${plural(most.n, 'block')}`;
  return `unpaired, ${plural(most.other.perTrial.length, 'trial')} against ${most.base.perTrial.length}`;
}

function legend({ alpha, pairs }: ComparisonDocument, page: Page): string {
  const level = `${Number(((1 - alpha) * 100).toPrecision(4))} %`;
  const gating = pairs.some(({ metrics }) => metrics.some((metric) => metric.gating));
  const gated = gating ? ' Gates (>) share the error rate, so their intervals are wider.' : '';
  const text = `Figures are medians over trials. Ratio: new over base, Hodges-Lehmann, with its ${level} interval.${gated} "sees" is the smallest change that so many trials tell from none in four of five cases; for worse or better it takes that much beyond the margin, which is 5 %, or 10 % from p99 on, unless a gate sets another.`;
  return page.paint.dim(paragraph(text, page));
}
