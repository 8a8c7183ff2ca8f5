/** A trend as text for a terminal: the answer, then every change. */
import type { TrendDocument } from '../compare/trend-document.ts';
import { painter, type Paint } from './paint.ts';
import { printable } from './printable.ts';
import type { TerminalOptions } from './terminal.ts';
import {
  changeNotes,
  changeRows,
  dayText,
  directionText,
  labelText,
  magnitudeText,
  pText,
  ratiosText,
  ruleText,
  seriesName,
  trendAnswer,
  type ChangeRow,
} from './trend-words.ts';
import { displayWidth, wrap } from './wrap.ts';

const leastWidth = 60;
const mostProseWidth = 100;
/** Date, ratios, change, p, and the gaps between. */
const otherColumnsWidth = 56;
const leastLabelWidth = 8;
const mostLabelWidth = 40;
/** Below it columns stand closer. */
const roomyWidth = 68;

/** Ends in a line feed. No line is wider than the width, at least 60. */
export function renderTrendText(document: TrendDocument, options: TerminalOptions): string {
  const width = Math.max(leastWidth, options.width);
  const paint = painter(options.colour);
  const prose = (text: string, indent = ''): string =>
    wrap(printable(text, 2000), Math.min(width, mostProseWidth), { first: indent, rest: indent }).join('\n');
  const { outcome, sentences } = trendAnswer(document);
  const [first = '', ...rest] = sentences;
  const tone = outcome === 'worse' ? paint.red : outcome === 'steady' ? paint.green : paint.yellow;
  const groups = bySeries(changeRows(document)).map((rows) =>
    [
      paint.bold(prose(groupName(document, rows[0]!))),
      ...changeLines(rows, width, paint),
      ...noteLines(rows, prose),
    ].join('\n'),
  );
  const sections = [
    [paint.bold('Trend'), tone(prose(first, '  ')), ...rest.map((text) => prose(text, '  '))].join('\n'),
    ...groups,
    paint.dim(prose(ruleText(document))),
  ];
  return `${sections.join('\n\n')}\n`;
}

/** In the order of their first rows. */
function bySeries(rows: readonly ChangeRow[]): readonly (readonly ChangeRow[])[] {
  const groups = new Map<ChangeRow['series'], ChangeRow[]>();
  for (const row of rows) groups.set(row.series, [...(groups.get(row.series) ?? []), row]);
  return [...groups.values()];
}

function groupName({ scenarios }: TrendDocument, { scenario, series }: ChangeRow): string {
  return scenarios.length > 1 ? `${scenario.scenario}: ${seriesName(series)}` : seriesName(series);
}

function changeLines(rows: readonly ChangeRow[], width: number, paint: Paint): readonly string[] {
  const room = Math.min(mostLabelWidth, Math.max(leastLabelWidth, width - otherColumnsWidth));
  const cells = rows.map(({ run, change }) => [
    dayText(run),
    cut(printable(labelText(run)), room),
    ratiosText(change),
    `${magnitudeText(change)} ${directionText(change)}`,
    pText(change.p),
  ]);
  const table = [['when', 'what', 'before -> after', 'change', 'p'], ...cells];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((line) => displayWidth(line[column]!))));
  const gap = width < roomyWidth ? ' ' : '  ';
  const lines = table.map((line) =>
    cut(`  ${line.map((text, column) => pad(text, widths[column]!)).join(gap)}`.trimEnd(), width),
  );
  return lines.map((line, at) => {
    const change = rows[at - 1]?.change;
    if (change === undefined) return paint.dim(line);
    return change.recent ? (change.worse ? paint.red(line) : paint.green(line)) : line;
  });
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

function cut(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = '';
  for (const character of text) {
    if (displayWidth(kept + character) > width - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

function noteLines(rows: readonly ChangeRow[], prose: (text: string, indent: string) => string): readonly string[] {
  return rows.flatMap((row) => changeNotes(row).map((note) => prose(`${dayText(row.run)}: ${note}`, '    ')));
}
