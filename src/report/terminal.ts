/** A finished or interrupted run as text for a terminal: tables, the answer, claims, errors and warnings. */
import { answerSentences } from './answer-text.ts';
import { answersOf } from './answer.ts';
import { errorLines } from './errors.ts';
import { judgeClaims, type Outcome } from '../compare/claims.ts';
import { clientSettingLines } from './client-settings.ts';
import { ownFigureSentences, ownFiguresTitle } from './own-figures-text.ts';
import { claimLines } from './expectations.ts';
import { attackerNote, attackerRows, attackerSentence } from './attacker-rows.ts';
import { hopNote, hopRows, hopSentence } from './hop-rows.ts';
import { plural } from '../compare/words.ts';
import { painter, type Paint } from './paint.ts';
import { printable } from './printable.ts';
import { renderColumns, renderTables, type Column } from './tables.ts';
import { specialTables, type SpecialColumn } from './special-figures.ts';
import { spoken, spokenLine } from './spoken.ts';
import { mostDoubts, trustOf } from './trust.ts';
import { figuresByVariant, type RunResults, type VariantFigures } from './variant-figures.ts';
import { importedText } from './imported.ts';
import { warmUpSentences } from './warm-up-text.ts';
import { adviceFor, gatherWarnings, invalidText, invalidTrials, warningText } from './warnings.ts';
import { wrap } from './wrap.ts';

export interface TerminalOptions {
  /** Columns; fewer than 60 are taken as 60. */
  readonly width: number;
  readonly colour: boolean;
}

const defaultOptions: TerminalOptions = { width: 80, colour: false };
const leastWidth = 60;
/** Longer lines of prose are hard to read, however wide the terminal. */
const mostProseWidth = 100;

/** Ends in a line feed. No line is wider than the width; control characters in names and messages are shown as escapes. */
export function renderTerminal(results: RunResults, options: TerminalOptions = defaultOptions): string {
  const width = Math.max(leastWidth, options.width);
  const prose = new Prose(Math.min(width, mostProseWidth), painter(options.colour));
  const rows = figuresByVariant(results);
  const sections = [
    titleSection(results, prose),
    ...tableSections(rows, results, width, prose),
    hopSection(rows, prose),
    attackerSection(rows, prose),
    ...specialSections(rows, width, prose),
    spokenSection(rows, prose),
    settingsSection(rows, prose),
    ownFiguresSection(rows, prose),
    errorSection(rows, prose),
    answerSection(results, prose),
    trustSection(rows, prose),
    warmUpSection(rows, prose),
    explanationSection(results, prose),
    claimSection(results, prose),
    invalidSection(results, prose),
    warningSection(results, prose),
    endSection(results, prose),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

/** Wraps and paints paragraphs for one terminal. */
class Prose {
  readonly #width: number;
  readonly paint: Paint;

  constructor(width: number, paint: Paint) {
    this.#width = width;
    this.paint = paint;
  }

  /** `bullet` stands before the first line, spaces of the same width before the others. */
  paragraph(text: string, bullet = ''): string {
    return wrap(text, this.#width, { first: bullet, rest: ' '.repeat(bullet.length) }).join('\n');
  }

  section(title: string, paragraphs: readonly string[]): string {
    return paragraphs.length === 0 ? '' : [this.paint.bold(title), ...paragraphs].join('\n');
  }
}

function titleSection({ header }: RunResults, prose: Prose): string {
  const { name, question, look } = header.scenario;
  const lines = [prose.paint.bold(prose.paragraph(printable(name, 120)))];
  if (question !== null) lines.push(prose.paragraph(printable(question, 1000)));
  if (look !== null) lines.push(prose.paint.dim(prose.paragraph(`Look at: ${printable(look, 1000)}`)));
  const mark = importedText(header);
  if (mark !== null) lines.push(prose.paint.yellow(prose.paragraph(mark)));
  return lines.join('\n');
}

function tableSections(rows: readonly VariantFigures[], { header }: RunResults, width: number, prose: Prose): string[] {
  if (rows.length === 0) return ['No trial was finished.'];
  const { tables, notes } = renderTables(rows, width, prose.paint);
  const legend = [
    header.imported === undefined
      ? 'Response time counts from the intended start of a request to its last byte.'
      : 'Response time is what the other program reports as latency: the warnings say what is in it.',
    header.blocks > 1 ? 'Figures are medians over blocks, errors are sums.' : '',
    'TIME_WAIT: sockets of that side that entered it.',
    rows.some((row) => row.validTrials.length < row.trials.length) ? '! has invalid trials, listed below.' : '',
  ];
  const paragraphs = [legend.filter((part) => part !== '').join(' '), ...notes];
  return [...tables, prose.paint.dim(paragraphs.map((text) => prose.paragraph(text)).join('\n'))];
}

/** Every program on the way, of each variant that has one. */
function hopSection(rows: readonly VariantFigures[], prose: Prose): string {
  const lines = rows.flatMap((row) => {
    const hops = hopRows(row).map((hop) => prose.paragraph(printable(hopSentence(hop), 1000), '    '));
    return hops.length === 0 ? [] : [prose.paragraph(printable(row.variant.name, 100), '  '), ...hops];
  });
  return lines.length === 0 ? '' : prose.section('On the way', [...lines, prose.paint.dim(prose.paragraph(hopNote))]);
}

/** The attackers of each variant that has any. */
function attackerSection(rows: readonly VariantFigures[], prose: Prose): string {
  const lines = rows.flatMap((row) => {
    const groups = attackerRows(row).map((group) => prose.paragraph(printable(attackerSentence(group), 1000), '    '));
    return groups.length === 0 ? [] : [prose.paragraph(printable(row.variant.name, 100), '  '), ...groups];
  });
  return lines.length === 0
    ? ''
    : prose.section('Attackers', [...lines, prose.paint.dim(prose.paragraph(attackerNote))]);
}

/** TLS handshakes, faults and retries, where there are any. */
function specialSections(rows: readonly VariantFigures[], width: number, prose: Prose): string[] {
  return specialTables(rows).map(({ title, reading, columns, rows: shown }) => {
    const tables = renderColumns(shown, columns.map(specialColumn), width, prose.paint);
    return [prose.paint.bold(title), ...tables, prose.paint.dim(prose.paragraph(reading))].join('\n');
  });
}

function specialColumn({ side, heading, figure, format }: SpecialColumn): Column {
  return {
    heading: [side, ...heading.split(/[ -]/)],
    name: `${side} ${heading}`,
    text: (row) => {
      const { value } = figure(row);
      return value === null ? null : format(value);
    },
    reason: (row) => figure(row).reason,
  };
}

function spokenSection(rows: readonly VariantFigures[], prose: Prose): string {
  const lines = spoken(rows).map((one) => prose.paragraph(printable(spokenLine(one, rows.length), 1000), '  '));
  return prose.section('Client and protocol', lines);
}

function settingsSection(rows: readonly VariantFigures[], prose: Prose): string {
  const lines = clientSettingLines(rows).map((line) => prose.paragraph(printable(line, 2000), '  '));
  return prose.section('Settings in force', lines);
}

function errorSection(rows: readonly VariantFigures[], prose: Prose): string {
  const lines = errorLines(rows);
  return prose.section(
    'Errors',
    lines.map((line) => prose.paint.red(prose.paragraph(line, '  '))),
  );
}

function answerSection(results: RunResults, prose: Prose): string {
  const answers = answersOf(results);
  const paragraphs = answers.map((answer) => {
    const group = answer.group.name === null ? '' : `${printable(answer.group.name, 100)}: `;
    return prose.paragraph(`${group}${answerSentences(answer).join(' ')}`, '  ');
  });
  return prose.section('Answer', paragraphs);
}

function outcomePaint(outcome: Outcome, paint: Paint): (text: string) => string {
  switch (outcome) {
    case 'confirmed':
      return paint.green;
    case 'refuted':
      return paint.red;
    case 'not decided':
      return paint.yellow;
  }
}

function trustSection(rows: readonly VariantFigures[], prose: Prose): string {
  const trust = trustOf(rows);
  if (trust === null) return '';
  const { summary, doubts } = trust;
  const shown = doubts
    .slice(0, mostDoubts)
    .map(({ variant, text }) => prose.paragraph(`${printable(variant, 100)}: ${printable(text)}`, '  - '));
  const rest = doubts.length - shown.length;
  const more = rest > 0 ? [prose.paragraph(`and ${plural(rest, 'more variant')}`, '  - ')] : [];
  return prose.section('Can these figures be trusted?', [prose.paragraph(summary, '  '), ...shown, ...more]);
}

/** Of clients that are programs. */
function ownFiguresSection(rows: readonly VariantFigures[], prose: Prose): string {
  const lines = ownFigureSentences(rows).map(
    ({ variant, text }) => `${printable(variant, 100)}: ${printable(text, 500)}.`,
  );
  return prose.section(
    ownFiguresTitle,
    lines.map((line) => prose.paragraph(line, '  ')),
  );
}

/** Where warm-up was to last until the load is steady. */
function warmUpSection(rows: readonly VariantFigures[], prose: Prose): string {
  const lines = warmUpSentences(rows).map(({ variant, text }) => `${printable(variant, 100)}: ${text}.`);
  return prose.section(
    'Warm-up',
    lines.map((line) => prose.paragraph(line, '  ')),
  );
}

/** What the scenario says of its variants, in its own words. */
function explanationSection({ header }: RunResults, prose: Prose): string {
  const paragraphs = (header.explanations ?? []).map(({ variants, text }) => {
    const names = variants.map((name) => printable(name, 100)).join('; ');
    return prose.paragraph(`${names}: ${printable(text, 1000)}`, '  ');
  });
  return prose.section('Why', paragraphs);
}

function claimSection(results: RunResults, prose: Prose): string {
  const paragraphs = judgeClaims(results).flatMap((claim) => {
    const [head = '', ...cases] = claimLines(claim);
    const painted = outcomePaint(claim.outcome, prose.paint)(prose.paragraph(head, '  '));
    return [painted, ...cases.map((line) => prose.paragraph(line, '    '))];
  });
  return prose.section('Expectations', paragraphs);
}

function invalidSection({ trials }: RunResults, prose: Prose): string {
  const invalid = invalidTrials(trials);
  const lines = invalid.map((trial) => prose.paint.red(prose.paragraph(invalidText(trial), '  ! ')));
  const advice = adviceFor(invalid).map((text) => prose.paragraph(printable(text, 1000), '    > '));
  return prose.section('Invalid trials: do not use their figures', [...lines, ...advice]);
}

function warningSection({ trials }: RunResults, prose: Prose): string {
  const paragraphs = gatherWarnings(trials).flatMap((warning) => [
    prose.paint.yellow(prose.paragraph(warningText(warning), '  ')),
    prose.paragraph(printable(warning.advice, 1000), '    > '),
  ]);
  return prose.section('Warnings', paragraphs);
}

/** Says that a run did not end as planned. */
function endSection({ header, trials, footer }: RunResults, prose: Prose): string {
  if (footer !== null && !footer.interrupted) return '';
  const reason = footer === null ? 'The run was killed' : 'The run was interrupted';
  const why = footer?.reason == null ? '' : ` (${printable(footer.reason)})`;
  const done = `after ${trials.length} of ${plural(header.trials.length, 'trial')}`;
  return prose.paint.yellow(prose.paragraph(`${reason}${why} ${done}. --resume goes on from there.`));
}
