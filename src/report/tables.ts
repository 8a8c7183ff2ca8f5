/** The tables of a run for a terminal: a row per variant, one table where the width allows, two below that. */
import { amount, boundText, count, milliseconds } from './format.ts';
import { plain, type Paint } from './paint.ts';
import { printable } from './printable.ts';
import { fewestTailSamples, lost, type ReportedMetric, type VariantFigures } from './variant-figures.ts';
import { displayWidth, wrap } from './wrap.ts';

export interface Column {
  /** Lines of the heading. */
  readonly heading: readonly string[];
  /** The figure in words, for the footnotes. */
  readonly name: string;
  /** Null where the figure is missing. */
  readonly text: (row: VariantFigures) => string | null;
  readonly reason: (row: VariantFigures) => string | null;
}

const gap = 2;
/** The first column wants to be this wide before both tables become one. */
const wantedLabelWidth = 24;
const leastLabelWidth = 12;

function figureColumn(
  metric: ReportedMetric,
  name: string,
  heading: readonly string[],
  format: (value: number) => string,
): Column {
  return {
    heading,
    name,
    text: (row) => {
      const { value, atLeast } = row.figures[metric];
      return value === null ? null : boundText(format(value), atLeast);
    },
    reason: (row) => row.figures[metric].reason,
  };
}

function tailColumn(
  metric: ReportedMetric,
  quantile: 'p99' | 'p999',
  name: string,
  heading: readonly string[],
): Column {
  const column = figureColumn(metric, name, heading, milliseconds);
  const thin = (row: VariantFigures): boolean => (row.tailSamples[quantile] ?? 0) < fewestTailSamples;
  return {
    ...column,
    text: (row) => {
      const text = column.text(row);
      return text !== null && thin(row) && !row.figures[metric].atLeast ? `~${text}` : text;
    },
  };
}

const latencyColumns: readonly Column[] = [
  figureColumn('latency.response.p50', 'p50', ['p50', 'ms'], milliseconds),
  tailColumn('latency.response.p99', 'p99', 'p99', ['p99', 'ms']),
  tailColumn('latency.response.p999', 'p999', 'p99.9', ['p99.9', 'ms']),
];

/** Beside the latency, where there are any: they are what its figures do not hold, or hold as bounds only. */
const droppedColumn: Column = {
  heading: ['dropped'],
  name: 'dropped',
  text: ({ losses }) => (losses === null ? null : count(losses.dropped)),
  reason: () => 'no trial could report its requests',
};
const censoredColumn: Column = {
  heading: ['no', 'answer', 'in time'],
  name: 'no answer in time',
  text: ({ censored }) => (censored === null ? null : count(censored)),
  reason: () => 'the ages of requests without an answer were not recorded',
};

const costColumns: readonly Column[] = [
  figureColumn('throughput.achievedPerSecond', 'req/s', ['req/s'], amount),
  figureColumn('cpu.generator.perRequestUs', 'client CPU', ['client', 'CPU', 'us/req'], amount),
  figureColumn('cpu.server.perRequestUs', 'server CPU', ['server', 'CPU', 'us/req'], amount),
];

const errorColumn: Column = {
  heading: ['errors'],
  name: 'errors',
  text: ({ losses }) => (losses === null ? null : count(lost(losses))),
  reason: ({ losses }) => (losses === null ? 'no trial could report its requests' : null),
};

const connectionColumns: readonly Column[] = [
  figureColumn('connections.opened', 'connections opened', ['conns', 'opened'], count),
  figureColumn('connections.requestsPerConnection.mean', 'requests per connection', ['requests', '/ conn'], amount),
  figureColumn('fds.client.peak', 'client peak FDs', ['client', 'peak', 'FDs'], count),
  figureColumn('fds.server.peak', 'server peak FDs', ['server', 'peak', 'FDs'], count),
  figureColumn('timeWait.client.entered', 'client TIME_WAIT', ['client', 'TIME_WAIT'], count),
  figureColumn('timeWait.server.entered', 'server TIME_WAIT', ['server', 'TIME_WAIT'], count),
];

/** Shown where a trial ran in a lab. */
const packetsColumn = figureColumn('link.packetsPerRequest', 'packets per request', ['packets', '/ req'], amount);

export interface RenderedTables {
  /** Painted, no line wider than asked for. */
  readonly tables: readonly string[];
  /** Unpainted paragraphs that explain marks and missing figures. */
  readonly notes: readonly string[];
}

/** `width` in columns, at least 60. */
export function renderTables(rows: readonly VariantFigures[], width: number, paint: Paint): RenderedTables {
  const errors = rows.some(({ losses }) => losses === null || lost(losses) > 0) ? [errorColumn] : [];
  const ofLink = rows.some((row) => packetsColumn.text(row) !== null) ? [packetsColumn] : [];
  const dropped = rows.some(({ losses }) => losses !== null && losses.dropped > 0) ? [droppedColumn] : [];
  const censored = rows.some((row) => (row.censored ?? 0) > 0) ? [censoredColumn] : [];
  const ofCost = [...latencyColumns, ...censored, ...dropped, ...costColumns];
  const ofConnections = [...connectionColumns, ...ofLink];
  const everything = [...ofCost, ...ofConnections, ...errors];
  const longest = Math.max(...[labelHeading(rows), ...rows.map(rowLabel)].map(displayWidth));
  const room = width - figuresWidth(everything, rows);
  const sets =
    room >= Math.min(longest, wantedLabelWidth)
      ? [everything]
      : [[...ofCost, ...errors], ofConnections].flatMap((columns) => fitting(columns, rows, width));
  return { tables: sets.map((columns) => renderTable(rows, columns, width, paint)), notes: notesOf(rows, everything) };
}

/** A table of other columns over the same rows, or several where the width needs it. */
export function renderColumns(
  rows: readonly VariantFigures[],
  columns: readonly Column[],
  width: number,
  paint: Paint,
): readonly string[] {
  return fitting(columns, rows, width).map((set) => renderTable(rows, set, width, paint));
}

/** As many tables as the width needs to show every column. */
function fitting(columns: readonly Column[], rows: readonly VariantFigures[], width: number): readonly Column[][] {
  const sets: Column[][] = [];
  for (const column of columns) {
    const last = sets.at(-1);
    if (last !== undefined && figuresWidth([...last, column], rows) <= width - leastLabelWidth) last.push(column);
    else sets.push([column]);
  }
  return sets;
}

/** The axes, whose alternatives the labels list. */
function labelHeading(rows: readonly VariantFigures[]): string {
  return printable(Object.keys(rows[0]?.variant.axes ?? {}).join(', ') || 'variant', 120);
}

/** `!` marks a variant with an invalid trial. */
function rowLabel(row: VariantFigures): string {
  return `${row.validTrials.length < row.trials.length ? '! ' : ''}${printable(row.label, 120)}`;
}

function columnWidth(column: Column, rows: readonly VariantFigures[]): number {
  return Math.max(...[...column.heading, ...rows.map((row) => column.text(row) ?? '-')].map(displayWidth));
}

/** Of all figure columns with the gap before each. */
function figuresWidth(columns: readonly Column[], rows: readonly VariantFigures[]): number {
  return columns.reduce((sum, column) => sum + gap + columnWidth(column, rows), 0);
}

function renderTable(rows: readonly VariantFigures[], columns: readonly Column[], width: number, paint: Paint): string {
  const heading = labelHeading(rows);
  const labels = rows.map(rowLabel);
  const room = Math.max(leastLabelWidth, width - figuresWidth(columns, rows));
  const labelWidth = Math.min(room, Math.max(...[heading, ...labels].map(displayWidth)));
  const grid: Grid = { labelWidth, figureWidths: columns.map((column) => gap + columnWidth(column, rows)) };
  const headingLines = wrap(heading, labelWidth);
  const height = Math.max(headingLines.length, ...columns.map((column) => column.heading.length));
  // Headings stand on the rule; the label of a row begins beside its figures.
  const bottom = (lines: readonly string[]): string[] => [...Array<string>(height - lines.length).fill(''), ...lines];
  const ruleWidth = labelWidth + figuresWidth(columns, rows);
  return [
    ...gridLines(
      grid,
      [{ lines: bottom(headingLines) }, ...columns.map((column) => ({ lines: bottom(column.heading) }))],
      paint.bold,
    ),
    paint.dim('─'.repeat(ruleWidth)),
    ...rows.flatMap((row, index) => {
      const label: Cell = { lines: wrap(labels[index] ?? '', labelWidth), paint: rowPaint(row, paint) };
      return gridLines(grid, [label, ...columns.map((column) => figureCell(column, row, paint))]);
    }),
  ].join('\n');
}

interface Grid {
  readonly labelWidth: number;
  /** With the gap before each. */
  readonly figureWidths: readonly number[];
}

interface Cell {
  readonly lines: readonly string[];
  readonly paint?: (text: string) => string;
}

/** One row of cells as lines: the first cell to the left, figures to the right. */
function gridLines(grid: Grid, cells: readonly Cell[], paintAll = plain): string[] {
  const height = Math.max(...cells.map(({ lines }) => lines.length));
  return Array.from({ length: height }, (_, at) => {
    const texts = cells.map(({ lines, paint = plain }, column) => {
      const text = lines[at] ?? '';
      const width = column === 0 ? grid.labelWidth : grid.figureWidths[column - 1]!;
      const space = ' '.repeat(Math.max(0, width - displayWidth(text)));
      return column === 0 ? `${paint(text)}${space}` : `${space}${paint(text)}`;
    });
    return paintAll(texts.join('').trimEnd());
  });
}

function rowPaint(row: VariantFigures, paint: Paint): (text: string) => string {
  return row.validTrials.length < row.trials.length ? paint.red : plain;
}

function figureCell(column: Column, row: VariantFigures, paint: Paint): Cell {
  const text = column.text(row);
  if (text === null) return { lines: ['-'], paint: paint.dim };
  if (column === errorColumn) return { lines: [text], paint: text === '0' ? plain : paint.red };
  return { lines: [text], paint: text.startsWith('~') || row.validTrials.length === 0 ? paint.dim : plain };
}

/** What the sign means, for every report. */
export const boundsNote =
  '>= at least: requests without an answer in time (timed out, or unfinished at the end) count with the time they were waited for';

function notesOf(rows: readonly VariantFigures[], columns: readonly Column[]): readonly string[] {
  const notes: string[] = [];
  if (rows.some((row) => columns.some((column) => column.text(row)?.startsWith('~') === true))) {
    notes.push(
      `~ fewer than ${fewestTailSamples} samples lie beyond this quantile: an indication, not a figure to rely on`,
    );
  }
  if (rows.some((row) => columns.some((column) => column.text(row)?.startsWith('>=') === true))) notes.push(boundsNote);
  const reasons = new Map<string, Set<string>>();
  for (const column of columns) {
    for (const row of rows.filter((candidate) => column.text(candidate) === null)) {
      const reason = printable(column.reason(row) ?? 'not recorded');
      reasons.set(reason, (reasons.get(reason) ?? new Set()).add(column.name));
    }
  }
  for (const [reason, names] of reasons) notes.push(`- ${[...names].join(', ')}: ${reason}`);
  return notes;
}
