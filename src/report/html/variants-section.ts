/** The table of a run: a row per variant, every figure with its unit. */
import { amount, boundText, count, milliseconds } from '../format.ts';
import { percent } from '../../compare/words.ts';
import { loadGroups, type LoadGroupMember } from '../load-group.ts';
import { boundsNote } from '../tables.ts';
import { fewestTailSamples, lossRate, lost, type ReportedMetric } from '../variant-figures.ts';
import { heading, section } from './frame.ts';
import { html, type Content, type Markup } from './markup.ts';
import { metricName } from './metric-words.ts';
import { groupedTable, type TableColumn } from './table.ts';
import { below, labelText, type RunView } from './view.ts';
import { warmUpSentences } from '../warm-up-text.ts';
import { warningNotes } from './warning-notes.ts';

type Column = TableColumn<LoadGroupMember>;

const figureColumns: readonly {
  readonly metric: ReportedMetric;
  readonly heading: string;
  readonly unit?: string;
  readonly format: (value: number) => string;
}[] = [
  { metric: 'latency.response.p50', heading: 'p50', unit: 'ms', format: milliseconds },
  { metric: 'latency.response.p99', heading: 'p99', unit: 'ms', format: milliseconds },
  { metric: 'latency.response.p999', heading: 'p99.9', unit: 'ms', format: milliseconds },
  { metric: 'throughput.achievedPerSecond', heading: 'rate', unit: 'req/s', format: amount },
  { metric: 'cpu.generator.perRequestUs', heading: 'client CPU', unit: 'µs/req', format: amount },
  { metric: 'cpu.server.perRequestUs', heading: 'server CPU', unit: 'µs/req', format: amount },
  { metric: 'connections.opened', heading: 'conns', unit: 'opened', format: count },
  { metric: 'connections.requestsPerConnection.mean', heading: 'requests', unit: 'per conn.', format: amount },
  { metric: 'fds.client.peak', heading: 'client FDs', unit: 'peak', format: count },
  { metric: 'fds.server.peak', heading: 'server FDs', unit: 'peak', format: count },
  { metric: 'timeWait.client.entered', heading: 'client', unit: 'TIME_WAIT', format: count },
  { metric: 'timeWait.server.entered', heading: 'server', unit: 'TIME_WAIT', format: count },
  { metric: 'link.packetsPerRequest', heading: 'packets', unit: 'per req', format: amount },
];

export function variantsSection(view: RunView): Markup | null {
  const { rows, level, id, suffix, results } = view;
  if (rows.length === 0) return null;
  const axes = Object.keys(rows[0]?.variant.axes ?? {}).join(', ') || 'variant';
  const columns: Column[] = [
    { heading: labelText(axes), kind: 'text', cell: (row) => variantCell(view, row) },
    ...figureColumns.map((column): Column => ({ ...column, kind: 'number', cell: (row) => figureCell(row, column) })),
    { heading: 'lost', unit: 'requests', kind: 'number', cell: lossCell },
  ];
  columns.splice(1 + latencyColumns, 0, ...unansweredColumns(rows));
  const used = columns.filter((column, at) => at === 0 || rows.some((row) => hasFigure(column, row)));
  const groups = loadGroups(rows).map(({ name, members }) => ({
    name: name === null ? null : labelText(name),
    rows: members,
  }));
  const caption = `All variants${results.header.blocks > 1 ? ', medians over blocks' : ''}`;
  return section(level, `${id}-variants`, 'Variants', [
    groupedTable({ id: `${id}-variants-table`, caption, suffix }, used, groups),
    html`<p class="quiet">
      Response time counts from the moment a request was due to its last byte. TIME_WAIT: sockets of that side that
      entered it. Lost: failed, dropped or abandoned, over all trials.
    </p>`,
    explanations(view),
    warmUps(view),
    tableNotes(view).map((line) => html`<p class="quiet">${line}</p>`),
    warningNotes(view, 'table'),
  ]);
}

/** What the scenario itself says of its variants. */
function explanations({ rows, level, id, results }: RunView): Content {
  const items = (results.header.explanations ?? []).flatMap(({ variants, text }) => {
    const labels = rows.filter(({ variant }) => variants.includes(variant.name)).map(({ label }) => labelText(label));
    return labels.length === 0 ? [] : [html`<li><strong>${labels.join('; ')}:</strong> ${text}</li>`];
  });
  if (items.length === 0) return null;
  return [
    heading(below(level), `${id}-why`, 'Why'),
    html`<ul>
      ${items}
    </ul>`,
  ];
}

/** Where warm-up was to last until the load is steady. */
function warmUps({ rows, level, id }: RunView): Content {
  const items = warmUpSentences(rows).map(
    ({ variant, text }) => html`<li><strong>${labelText(variant)}:</strong> ${text}.</li>`,
  );
  if (items.length === 0) return null;
  return [
    heading(below(level), `${id}-warm-up`, 'Warm-up'),
    html`<ul>
      ${items}
    </ul>`,
  ];
}

function hasFigure(column: Column, row: VariantRow): boolean {
  return column.cell({ ...row, shortLabel: row.label }) !== null;
}
type VariantRow = RunView['rows'][number];

function variantCell({ answers }: RunView, row: LoadGroupMember): Content {
  const is = (member: LoadGroupMember | null): boolean => member?.variant.name === row.variant.name;
  const tags = [
    ...(answers.some(({ winner }) => is(winner)) ? [html`<span class="tag winner">★ winner</span>`] : []),
    ...(answers.some(({ reference, referenceIs }) => referenceIs === 'baseline' && is(reference))
      ? [html`<span class="tag">baseline</span>`]
      : []),
    ...(row.validTrials.length < row.trials.length ? [html`<span class="tag bad">! invalid trials</span>`] : []),
  ];
  return [labelText(row.label), tags];
}

function figureCell(
  row: LoadGroupMember,
  { metric, format }: { readonly metric: ReportedMetric; readonly format: (value: number) => string },
): Content {
  const { value, atLeast } = row.figures[metric];
  if (value === null) return null;
  if (atLeast) return boundText(format(value), true);
  return isThin(row, metric)
    ? html`<span class="thin" title="few samples"
        ><span aria-hidden="true">~</span><span class="hidden">about </span>${format(value)}</span
      >`
    : format(value);
}

/** Too few samples lie beyond the quantile. */
function isThin({ tailSamples }: VariantRow, metric: ReportedMetric): boolean {
  if (metric === 'latency.response.p99') return (tailSamples.p99 ?? 0) < fewestTailSamples;
  return metric === 'latency.response.p999' && (tailSamples.p999 ?? 0) < fewestTailSamples;
}

/** Figures of the response time, after which stands what is not in them. */
const latencyColumns = figureColumns.filter(({ metric }) => metric.startsWith('latency.')).length;

/** Only where there are any. */
function unansweredColumns(rows: readonly VariantRow[]): readonly Column[] {
  const cell = (value: number | null): Content => (value === null ? null : count(value));
  const censored: Column = {
    heading: 'no answer',
    unit: 'in time',
    kind: 'number',
    cell: (row) => cell(row.censored),
  };
  const dropped: Column = {
    heading: 'dropped',
    unit: 'requests',
    kind: 'number',
    cell: ({ losses }) => cell(losses?.dropped ?? null),
  };
  return [
    ...(rows.some((row) => (row.censored ?? 0) > 0) ? [censored] : []),
    ...(rows.some(({ losses }) => (losses?.dropped ?? 0) > 0) ? [dropped] : []),
  ];
}

function lossCell({ losses }: LoadGroupMember): Content {
  if (losses === null) return null;
  const number = lost(losses);
  return number === 0 ? '0' : html`<span class="bad">${count(number)} (${percent(lossRate(losses) ?? 0)})</span>`;
}

function tableNotes({ rows }: RunView): readonly Content[] {
  const lines: string[] = [];
  if (rows.some((row) => isThin(row, 'latency.response.p99') || isThin(row, 'latency.response.p999'))) {
    lines.push(
      `~ fewer than ${fewestTailSamples} samples lie beyond this quantile: an indication, not a figure to rely on.`,
    );
  }
  if (rows.some(({ figures }) => figureColumns.some(({ metric }) => figures[metric].atLeast)))
    lines.push(`${boundsNote}.`);
  const reasons = new Map<string, Set<string>>();
  for (const { metric } of figureColumns) {
    for (const { figures } of rows) {
      const { reason } = figures[metric];
      if (reason !== null) reasons.set(reason, (reasons.get(reason) ?? new Set()).add(metricName(metric)));
    }
  }
  return [...lines, ...[...reasons].map(([reason, names]) => `Missing (-): ${[...names].join(', ')}: ${reason}.`)];
}
