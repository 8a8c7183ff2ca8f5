/** The table of one pair for a terminal: a metric per row, with both figures, the ratio, the verdict, and what would have been seen. */
import type { ComparedMetric, ComparedPair, SideFigures } from '../compare/document.ts';
import { derivedMetrics } from '../scenario/metrics.ts';
import { boundText, significant } from './format.ts';
import { percent } from '../compare/words.ts';
import { metricLabel } from './metric-label.ts';
import { leaning, metricText, verdictWord } from './metric-text.ts';
import type { Paint } from './paint.ts';
import { printable } from './printable.ts';
import { displayWidth, wrap } from './wrap.ts';

const leastLabelWidth = 14;

interface Row {
  readonly label: string;
  /** One per heading. */
  readonly cells: readonly string[];
  readonly paint: (text: string) => string;
}

const headings = ['base', 'new', 'ratio', 'interval', 'verdict', 'sees'] as const;
/** The verdict is words: it stands to the left. */
const verdictColumn = headings.indexOf('verdict');
/** Where one table is too wide: the figures, then what is made of them. */
const halves = [
  [0, 1],
  [2, 3, 4, 5],
];

export interface RenderedPair {
  /** One table, or two where the width is small. */
  readonly tables: readonly string[];
  /** Paragraphs, unpainted. */
  readonly notes: readonly string[];
}

/** `width` in columns, at least 60. Long labels are wrapped, so that the table keeps to the width. */
export function renderComparisonTable(pair: ComparedPair, width: number, paint: Paint): RenderedPair {
  const rows = pair.metrics.map((metric) => rowOf(metric, paint));
  const all = headings.map((_, column) => column);
  const fitting = [2, 1].find((gap) => figuresWidth(rows, all, gap) + leastLabelWidth <= width);
  const tables =
    fitting === undefined
      ? halves.map((columns) => renderTable(rows, columns, { width, gap: 2, paint }))
      : [renderTable(rows, all, { width, gap: fitting, paint })];
  return { tables, notes: notesOf(pair.metrics) };
}

function columnWidth(rows: readonly Row[], column: number): number {
  return Math.max(...[headings[column]!, ...rows.map((row) => row.cells[column]!)].map(displayWidth));
}

/** Of the columns with the gap before each. */
function figuresWidth(rows: readonly Row[], columns: readonly number[], gap: number): number {
  return columns.reduce((sum, column) => sum + gap + columnWidth(rows, column), 0);
}

interface TableStyle {
  readonly width: number;
  /** Columns of space before each figure. */
  readonly gap: number;
  readonly paint: Paint;
}

function renderTable(rows: readonly Row[], columns: readonly number[], { width, gap, paint }: TableStyle): string {
  const ofFigures = figuresWidth(rows, columns, gap);
  const longest = Math.max(...['metric', ...rows.map(({ label }) => label)].map(displayWidth));
  const labelWidth = Math.min(longest, Math.max(leastLabelWidth, width - ofFigures));
  const line = (label: string, cells: readonly string[]): string => {
    const texts = columns.map((column) => {
      const text = cells[column]!;
      const space = ' '.repeat(Math.max(0, columnWidth(rows, column) - displayWidth(text)));
      return ' '.repeat(gap) + (column === verdictColumn ? text + space : space + text);
    });
    return `${label}${' '.repeat(Math.max(0, labelWidth - displayWidth(label)))}${texts.join('')}`.trimEnd();
  };
  const body = rows.map(({ label, cells, paint: paintRow }) => {
    const [first = '', ...rest] = wrap(label, labelWidth, { first: '', rest: '  ' });
    return paintRow([line(first, cells), ...rest].join('\n'));
  });
  return [paint.bold(line('metric', headings)), paint.dim('─'.repeat(labelWidth + ofFigures)), ...body].join('\n');
}

function rowOf(metric: ComparedMetric, paint: Paint): Row {
  const { base, other, unit, ratio, interval, kind, verdict } = metric;
  const value = ({ value: figure, atLeast }: SideFigures): string =>
    figure === null ? '-' : boundText(figureText(figure, metric.metric, unit), atLeast);
  return {
    label: `${metric.gating ? '> ' : ''}${metricLabel(metric.metric)}`,
    cells: [
      value(base),
      value(other),
      ratio === null ? '-' : timesText(ratio),
      kind === 'exact' ? 'exact' : interval === null ? '-' : `${timesText(interval.low)}..${timesText(interval.high)}`,
      verdictCell(metric),
      kind === 'exact' || verdict === null ? '' : detectableText(metric),
    ],
    paint: rowPaint(metric, paint),
  };
}

function figureText(value: number, metric: string, unit: ComparedMetric['unit']): string {
  if (metric === derivedMetrics.lossRate) return percent(value);
  return unit === 'ns' && Math.abs(value) < 1e4 ? `${significant(value / 1e3)} us` : metricText(value, unit);
}

/** Three decimals near 1, three digits elsewhere. */
function timesText(ratio: number): string {
  if (!Number.isFinite(ratio)) return 'inf';
  return ratio >= 0.9 && ratio < 1.1 ? ratio.toFixed(3) : significant(ratio);
}

/** An open interval that excludes "no change" leans to the better or the worse. */
function verdictCell(metric: ComparedMetric): string {
  const word = verdictWord(metric) ?? 'figures only';
  return word === 'open' && metric.warn ? `${word}, ${leaning(metric)}?` : word;
}

function detectableText({ smallestDetectable, metric }: ComparedMetric): string {
  if (smallestDetectable === null) return '?';
  const share = `${Number((smallestDetectable * 100).toPrecision(2))} %`;
  return metric === derivedMetrics.lossRate ? `${share.slice(0, -2)} pt` : share;
}

function rowPaint({ verdict }: ComparedMetric, paint: Paint): (text: string) => string {
  switch (verdict) {
    case 'regression':
      return paint.red;
    case 'improvement':
      return paint.green;
    case null:
      return paint.dim;
    case 'equivalent':
    case 'inconclusive':
      return (text) => text;
  }
}

/** Reasons, each once with the metrics it is about. */
function notesOf(metrics: readonly ComparedMetric[]): readonly string[] {
  const byReason = new Map<string, string[]>();
  for (const { metric, reason } of metrics) {
    if (reason !== null) byReason.set(reason, [...(byReason.get(reason) ?? []), metricLabel(metric)]);
  }
  return [...byReason].map(([reason, names]) => `${names.join(', ')}: ${printable(reason, 600)}`);
}
