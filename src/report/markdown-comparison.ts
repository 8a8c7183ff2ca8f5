/** The comparisons of a report as Markdown: a table per pair of variants that can be folded. */
import type { ComparedMetric, ComparedPair, ComparisonDocument, SideFigures } from '../compare/document.ts';
import type { BoundedPage } from './bounded-page.ts';
import { count } from './format.ts';
import { plural } from '../compare/words.ts';
import { row, tableHead } from './markdown-table.ts';
import { htmlProse, prose } from './markdown-text.ts';
import { metricLabel } from './metric-label.ts';
import {
  detectableText,
  everyVerdictWord,
  medianOf,
  ratioText,
  sideText,
  verdictText,
  verdictWord,
} from './metric-text.ts';

/** Of all notes under one table. */
const mostNoteChars = 3000;

/** Those with a failed gate first. The first table is open. Nothing where no trial could be compared. */
export function addComparisons(page: BoundedPage, { pairs: all, gates }: ComparisonDocument): void {
  const pairs = all.filter(({ metrics }) => metrics.length > 0);
  if (pairs.length === 0) return;
  const failed = new Set(gates.filter(({ outcome }) => outcome === 'failed').map(({ pair }) => pair));
  const sorted = pairs.toSorted((a, b) => Number(failed.has(b.name)) - Number(failed.has(a.name)));
  if (!page.add(['### Comparison', ''])) page.countLeftOut('comparison', pairs.length);
  else {
    sorted.forEach((pair, index) => {
      addPair(page, pair, index === 0);
    });
  }
}

function addPair(page: BoundedPage, pair: ComparedPair, open: boolean): void {
  const head = [
    `<details${open ? ' open' : ''}><summary>${htmlProse(pair.name, 200)}: ${tallyOf(pair)}</summary>`,
    '',
    ...tableHead(['metric', 'base', 'new', 'new / base [interval]', 'verdict', 'smallest detectable']),
  ];
  const tail = ['', ...notesOf(pair).map((note) => `- ${note}`), '', '</details>', ''];
  const items = pair.metrics.map((metric) => [metricRow(metric)]);
  page.addPart({ head, items, tail, noun: 'compared metric' });
}

function tallyOf({ metrics, design, excluded }: ComparedPair): string {
  const words = metrics.map(verdictWord);
  const counts = everyVerdictWord.flatMap((word) => {
    const number = words.filter((one) => one === word).length;
    if (number === 0) return [];
    const text = `${count(number)} ${word}`;
    return [word === 'worse' ? `<b>${text}</b>` : text];
  });
  const parts = [
    ...(counts.length === 0 ? ['figures only'] : counts),
    design === 'paired' ? 'paired by block' : 'not paired',
    ...(excluded.length === 0 ? [] : [`${plural(excluded.length, 'block')} left out`]),
  ];
  return parts.join(', ');
}

function metricRow(metric: ComparedMetric): string {
  const { base, other, gating } = metric;
  const figure = (side: SideFigures): string => prose(sideText(metric, side) ?? '-');
  const verdict = verdictText(metric);
  return row([
    `${prose(medianOf(metric, metricLabel(metric.metric)))}${gating ? ' (gate)' : ''}`,
    figure(base),
    figure(other),
    ratioText(metric) ?? '-',
    metric.verdict === 'regression' ? `**${verdict}**` : verdict,
    detectableText(metric) ?? '-',
  ]);
}

/** Warnings, and reasons for missing verdicts, so many that they leave room for the table. */
function notesOf({ warnings, metrics }: ComparedPair): readonly string[] {
  const notes = [...warnings.map((warning) => prose(warning, 400)), ...reasonsOf(metrics)];
  let chars = 0;
  return notes.filter((note) => (chars += note.length) <= mostNoteChars);
}

/** Why metrics have no verdict, or none better, each reason once. */
function reasonsOf(metrics: readonly ComparedMetric[]): readonly string[] {
  const byReason = new Map<string, string[]>();
  for (const { metric, reason } of metrics) {
    if (reason !== null) byReason.set(reason, [...(byReason.get(reason) ?? []), metric]);
  }
  return [...byReason].map(([reason, of]) => {
    const named = of
      .slice(0, 4)
      .map((metric) => prose(metricLabel(metric)))
      .join(', ');
    const more = of.length > 4 ? ` and ${plural(of.length - 4, 'other')}` : '';
    return `${named}${more}: ${prose(reason, 300)}`;
  });
}
