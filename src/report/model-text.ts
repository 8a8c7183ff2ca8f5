/** Predictions beside measurements for a terminal: a table for each variant, and why a formula does not apply. */
import { modelNote, modelRows, type ModelRow } from './model-rows.ts';
import { painter, type Paint } from './paint.ts';
import { printable } from './printable.ts';
import type { TerminalOptions } from './terminal.ts';
import { figuresByVariant, type RunResults } from './variant-figures.ts';
import { displayWidth, wrap } from './wrap.ts';

const gap = 2;
const leastWidth = 60;
/** Wider ones are hard to follow from the name to its figures. */
const mostWidth = 110;
const leastNameWidth = 16;

/** Ends in a line feed. No line is wider than the width, of which fewer than 60 columns are taken as 60. */
export function renderModel(results: RunResults, options: TerminalOptions): string {
  const width = Math.min(mostWidth, Math.max(leastWidth, options.width));
  const paint = painter(options.colour);
  const sections = figuresByVariant(results).flatMap((figures) => {
    const rows = modelRows(figures);
    return rows.length === 0 ? [] : [sectionOf(printable(figures.label, 120), rows, width, paint)];
  });
  const title = paint.bold('Model beside measurement');
  if (sections.length === 0)
    return `${title}\n${wrap('No formula applies to a valid trial of this run.', width).join('\n')}\n`;
  return `${[title, ...sections, paint.dim(wrap(modelNote, width).join('\n'))].join('\n\n')}\n`;
}

function sectionOf(label: string, rows: readonly ModelRow[], width: number, paint: Paint): string {
  const headings = ['predicted', 'measured', 'ratio'] as const;
  const cells = (row: ModelRow): readonly string[] => headings.map((heading) => row[heading] ?? '-');
  const widths = headings.map((heading, at) =>
    Math.max(displayWidth(heading), ...rows.map((row) => displayWidth(cells(row)[at] ?? ''))),
  );
  const figuresWidth = widths.reduce((sum, one) => sum + gap + one, 0);
  const longest = Math.max(displayWidth(label), ...rows.map(({ name }) => displayWidth(name)));
  const nameWidth = Math.max(leastNameWidth, Math.min(longest, width - figuresWidth));
  const line = (name: string, figures: readonly string[]): string => {
    const right = figures.map((text, at) => `${' '.repeat(gap + widths[at]! - displayWidth(text))}${text}`).join('');
    const [first = '', ...rest] = wrap(name, nameWidth);
    return [`${first}${' '.repeat(nameWidth - displayWidth(first))}${right}`, ...rest].join('\n');
  };
  return [
    paint.bold(line(label, headings)),
    paint.dim('─'.repeat(nameWidth + figuresWidth)),
    ...rows.flatMap((row) => [line(row.name, cells(row)), ...whyNot(row, width, paint)]),
  ].join('\n');
}

function whyNot({ failed }: ModelRow, width: number, paint: Paint): readonly string[] {
  return failed.map((text) =>
    paint.yellow(wrap(`not so: ${printable(text, 500)}`, width, { first: '  ', rest: '    ' }).join('\n')),
  );
}
