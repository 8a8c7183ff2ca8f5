/** Ratios of one variant to another: a forest plot per metric of importance, and every metric in a table. */
import type { ComparedMetric, ComparedPair, SideFigures } from '../../compare/document.ts';
import { derivedMetrics } from '../../scenario/metrics.ts';
import { boundText, count, significant } from '../format.ts';
import { plural } from '../../compare/words.ts';
import {
  comparedText,
  detectableText,
  everyVerdictWord,
  medianOf,
  ratioText,
  verdictText,
  verdictWord,
} from '../metric-text.ts';
import { legend, notes, plotFrame } from './frame.ts';
import { html, type Content, type Markup } from './markup.ts';
import { metricName } from './metric-words.ts';
import { markSample, type MarkName } from './svg-drawing.ts';
import { forestPlot, type ForestRow } from './svg-forest.ts';
import { groupedTable, type TableColumn } from './table.ts';
import { labelText, type HeadingLevel } from './view.ts';

export interface ComparisonPart {
  readonly id: string;
  /** Of the plots' headings. */
  readonly level: HeadingLevel;
  readonly suffix: string;
  readonly pairs: readonly ComparedPair[];
  /** Warnings beside the plots, besides the pairs' own. */
  readonly notes: Content;
  /** Short name of the other side, for pairs with the same base. */
  readonly labelOf: (pair: ComparedPair) => string;
}

/** Plotted where a pair has them, besides the gates. */
const plotted = [
  'latency.response.p50',
  'latency.response.p99',
  'throughput.achievedPerSecond',
  'cpu.generator.perRequestUs',
];
const mostPlots = 6;
/** Compared as a difference. */
const lossRate = derivedMetrics.lossRate;
/** Rows of one plot; the table has more. */
export const mostDrawnPairs = 40;

/** Nothing without a pair. */
export function comparisonParts(part: ComparisonPart): Content {
  const { pairs, id } = part;
  if (pairs.length === 0) return [];
  const metrics = plottedMetrics(pairs);
  const bases = new Set(pairs.map(({ base }) => `${base.source} ${base.variant}`));
  const base = pairs[0]!.base.variant;
  const across = pairs.some((pair) => pair.base.source !== pair.other.source);
  const against =
    bases.size === 1
      ? html`<p>
          Everything relative to <b>${labelText(base)}</b>${across ? ` of run ${pairs[0]!.base.source + 1}` : ''}.
        </p>`
      : null;
  return [
    against,
    pairWarnings(pairs),
    part.notes,
    metrics.length === 0
      ? null
      : html`<p class="reading">
          A line is the interval of the ratio, the mark on it its estimate; an arrow goes on beyond the axis. Within the
          shaded band a change is too small to matter.
        </p>`,
    marksLegend(pairs, metrics),
    html`<div class="plots">
      ${metrics.map((metric, at) => metricPlot(part, metric, `${id}-forest${at + 1}`, bases.size === 1))}
    </div>`,
    html`<details class="full" id="${id}-all">
      <summary>Table: every compared metric</summary>
      ${fullTable(part)}
    </details>`,
  ];
}

/** In the order of the comparison; a difference of rates is no ratio, and so not among them. */
export function plottedMetrics(pairs: readonly ComparedPair[]): readonly string[] {
  const all = pairs.flatMap(({ metrics }) =>
    metrics.filter(({ metric, ratio }) => ratio !== null && metric !== lossRate),
  );
  const gating = all.filter((metric) => metric.gating).map(({ metric }) => metric);
  const order = [...new Set(all.map(({ metric }) => metric))];
  const present = [...new Set([...gating, ...plotted])].filter((metric) => order.includes(metric));
  const wanted = new Set(present.slice(0, mostPlots));
  return order.filter((metric) => wanted.has(metric));
}

interface Case {
  readonly pair: ComparedPair;
  readonly metric: ComparedMetric;
}

function casesOf(pairs: readonly ComparedPair[], metric: string): readonly Case[] {
  return pairs.flatMap((pair) => {
    const found = pair.metrics.find((candidate) => candidate.metric === metric);
    return found === undefined ? [] : [{ pair, metric: found }];
  });
}

function metricPlot(part: ComparisonPart, metric: string, id: string, oneBase: boolean): Markup {
  const { pairs, level, suffix } = part;
  const cases = casesOf(pairs, metric);
  const better = cases[0]?.metric.better ?? 'lower';
  const title = `${capital(metricName(metric))}, ratio`;
  const shown = cases.slice(0, mostDrawnPairs);
  const rest = cases.length - shown.length;
  const where = better === 'lower' ? 'Left of 1 is better.' : 'Right of 1 is better.';
  return plotFrame({
    id,
    level,
    title,
    reading: `${where}${rest > 0 ? ` ${plural(rest, 'more pair')} in the table.` : ''}`,
    body: forestPlot({
      id: `${id}-svg`,
      title,
      description: describe(shown),
      rows: shown.map(({ pair, metric: figures }) => forestRow(figures, oneBase ? part.labelOf(pair) : pair.name)),
      better,
    }),
    table: groupedTable(
      { id: `${id}-table`, caption: title, suffix },
      columns(oneBase ? part.labelOf : ({ name }) => name),
      [{ name: null, rows: cases }],
    ),
  });
}

function forestRow(figures: ComparedMetric, name: string): ForestRow {
  const { ratio, interval, margin } = figures;
  return { name: labelText(name), ratio, interval, margin, mark: markOf(figures), verdict: wordOf(figures) };
}

function markOf({ verdict, kind }: ComparedMetric): MarkName {
  return verdict ?? (kind === 'exact' ? 'exact' : 'none');
}

/** Short, for a drawing; the table has it in full. */
function wordOf(metric: ComparedMetric): string {
  const word = verdictWord(metric);
  if (word !== null) return word;
  return metric.ratio === null ? (metric.reason ?? 'no figure').slice(0, 40) : 'figures only';
}

function describe(cases: readonly Case[]): string {
  const words = cases.map(({ metric }) => verdictWord(metric));
  const tally = everyVerdictWord.map((word) => [word, words.filter((one) => one === word).length] as const);
  const said = tally.filter(([, number]) => number > 0).map(([word, number]) => `${count(number)} ${word}`);
  return `${plural(cases.length, 'pair')}: ${said.join(', ') || 'figures without a verdict'}. The table below has every figure.`;
}

const markWords: readonly (readonly [MarkName, string])[] = [
  ['improvement', 'better: beyond the band'],
  ['equivalent', 'no change, or one within the margin: inside the band'],
  ['inconclusive', 'open: too wide to tell'],
  ['regression', 'worse: beyond the band'],
  ['exact', 'exact count'],
  ['none', 'figures only'],
];

/** The marks that are drawn. */
function marksLegend(pairs: readonly ComparedPair[], metrics: readonly string[]): Markup {
  const drawn = new Set(metrics.flatMap((metric) => casesOf(pairs, metric).map((one) => markOf(one.metric))));
  const items = markWords.filter(([name]) => drawn.has(name));
  return legend(items.map(([name, text]) => ({ sample: markSample(name), text })));
}

function pairWarnings(pairs: readonly ComparedPair[]): Markup | null {
  const byText = new Map<string, string[]>();
  for (const { name, warnings, excluded } of pairs) {
    const blocks = excluded.map(({ block, reason }) => `Block ${block + 1} is left out: ${reason}.`);
    for (const text of [...warnings, ...blocks]) byText.set(text, [...(byText.get(text) ?? []), name]);
  }
  const lines = [...byText].slice(0, 20).map(([text, names]) => {
    const whom =
      names.length === pairs.length
        ? 'All pairs'
        : names.length > 2
          ? plural(names.length, 'pair')
          : names.map(labelText).join('; ');
    return `${whom}: ${text}`;
  });
  return notes(byText.size > 20 ? [...lines, `and ${plural(byText.size - 20, 'more note')}`] : lines);
}

function fullTable({ id, pairs, suffix }: ComparisonPart): Markup {
  const groups = pairs.map((pair) => {
    return { name: labelText(pair.name), rows: pair.metrics.map((metric) => ({ pair, metric })) };
  });
  const byMetric: TableColumn<Case> = {
    heading: 'metric',
    kind: 'text',
    cell: ({ metric }) => [
      medianOf(metric, metricName(metric.metric)),
      metric.gating ? html`<span class="tag">gate</span>` : null,
    ],
  };
  const text = { id: `${id}-table`, caption: 'Every compared metric', suffix };
  return groupedTable(text, [byMetric, ...columns(({ name }) => name).slice(1)], groups);
}

function columns(nameOf: (pair: ComparedPair) => string): readonly TableColumn<Case>[] {
  const value = ({ value: figure, atLeast }: SideFigures, metric: ComparedMetric): Content =>
    figure === null ? null : boundText(comparedText(metric, figure).replace(/ us$/, ' µs'), atLeast);
  return [
    { heading: 'pair', kind: 'text', cell: ({ pair }) => labelText(nameOf(pair)) },
    { heading: 'base', kind: 'number', cell: ({ metric }) => value(metric.base, metric) },
    { heading: 'other', kind: 'number', cell: ({ metric }) => value(metric.other, metric) },
    { heading: 'ratio', unit: 'with interval', kind: 'number', cell: ({ metric }) => ratioText(metric) },
    { heading: 'verdict', kind: 'text', cell: ({ metric }) => verdictCell(metric) },
    { heading: 'p', unit: 'Holm for gates', kind: 'number', cell: ({ metric }) => pText(metric) },
    {
      heading: 'smallest',
      unit: 'change seen',
      kind: 'number',
      cell: ({ metric }) => detectableText(metric),
    },
    { heading: 'n', unit: 'pairs', kind: 'number', cell: ({ metric }) => count(metric.n) },
  ];
}

function verdictCell(metric: ComparedMetric): Content {
  const { reason } = metric;
  return [
    html`<span class="${metric.verdict ?? 'quiet'}">${verdictText(metric)}</span>`,
    reason === null ? null : html`<br /><span class="quiet">${reason}</span>`,
  ];
}

function pText({ p, pHolm }: ComparedMetric): string | null {
  const value = pHolm ?? p;
  if (value === null) return null;
  return value < 0.0001 ? '< 0.0001' : significant(value);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
