/** Every trial with all its figures as a line of comma-separated values (RFC 4180), for spreadsheets and data frames. */
import { readMetric } from '../compare/metric.ts';
import type { TrialRecord } from '../results/record.ts';
import { hopPaths } from '../scenario/hop-metrics.ts';
import { metricPaths } from '../scenario/metrics.ts';
import { printable } from './printable.ts';
import type { ReportedRun, ReportInput } from './report-input.ts';

interface Row {
  readonly run: ReportedRun;
  readonly trial: TrialRecord;
  readonly axes: Readonly<Record<string, string>>;
}

interface Column {
  readonly heading: string;
  /** Null for an empty cell. */
  readonly value: (row: Row) => string | number | null;
}

/** Most characters of a text cell. */
const mostChars = 2000;

const firstColumns: readonly Column[] = [
  { heading: 'file', value: ({ run }) => run.file },
  { heading: 'run', value: ({ run }) => run.results.header.runId },
  { heading: 'scenario', value: ({ run }) => run.results.header.scenario.name },
  { heading: 'variant', value: ({ trial }) => trial.variant },
  { heading: 'index', value: ({ trial }) => trial.index },
  { heading: 'block', value: ({ trial }) => trial.block },
  { heading: 'order', value: ({ trial }) => trial.order },
  { heading: 'valid', value: ({ trial }) => String(trial.valid) },
  { heading: 'invalidReasons', value: ({ trial }) => codes(trial.invalidReasons) },
  { heading: 'warnings', value: ({ trial }) => codes(trial.warnings) },
  { heading: 'startedAt', value: ({ trial }) => trial.startedAt },
  { heading: 'measureSeconds', value: ({ trial }) => trial.measureSeconds },
  { heading: 'mode', value: ({ trial }) => trial.mode },
];

/**
 * A heading line, then a line per trial in the order of the runs; lines end in CRLF. Figures are in the record's units and at full
 * precision, and an empty cell is a figure that could not be had; `>=5000000000` is a lower bound, since requests had no answer in time. An axis is a column `axis:NAME`. Text that a spreadsheet would take
 * for a formula begins with an apostrophe; control characters are shown as escapes.
 */
export function renderCsv(input: ReportInput): string {
  const rows = input.runs.flatMap(rowsOf);
  const columns = [...firstColumns, ...axisColumns(rows), ...figureColumns(rows)];
  const lines = rows.map((row) => columns.map(({ value }) => csvCell(value(row))));
  return [columns.map(({ heading }) => csvCell(heading)), ...lines].map((cells) => `${cells.join(',')}\r\n`).join('');
}

function rowsOf(run: ReportedRun): readonly Row[] {
  const axes = new Map(run.results.header.variants.map((variant) => [variant.name, variant.axes]));
  return run.results.trials.map((trial) => ({ run, trial, axes: axes.get(trial.variant) ?? {} }));
}

function axisColumns(rows: readonly Row[]): readonly Column[] {
  const names = new Set(rows.flatMap(({ axes }) => Object.keys(axes)));
  return [...names].map((name) => ({ heading: `axis:${name}`, value: ({ axes }) => axes[name] ?? null }));
}

/** All metrics with a fixed name, then the kernel counters that the trials have, then the figures of programs on the way by their places. */
function figureColumns(rows: readonly Row[]): readonly Column[] {
  const counters = (['client', 'server'] as const).flatMap((side) => {
    const names = new Set(rows.flatMap(({ trial }) => Object.keys(trial.kernel[side] ?? {})));
    return [...names].toSorted().map((name) => `kernel.${side}.${name}`);
  });
  const longest = rows.reduce((most, { trial }) => Math.max(most, trial.hops?.length ?? 0), 0);
  const hops = Array.from({ length: longest }, (_, index) => hopPaths.map((path) => `hops.${index + 1}.${path}`));
  return [...metricPaths, ...counters, ...hops.flat()].map((path) => ({
    heading: path,
    value: ({ trial }) => {
      const reading = readMetric(trial, path);
      if (reading.kind === 'bound') return `>=${reading.value}`;
      return reading.kind === 'value' ? reading.value : null;
    },
  }));
}

function codes(items: readonly { readonly code: string }[]): string {
  return [...new Set(items.map(({ code }) => code))].join(' ');
}

/** What makes a spreadsheet take a text for a formula, also in its full-width form. */
const formulaStart = /^\s*[=+\-@\uff0b\uff0d\uff1d\uff20]/u;

/** A value as one cell of a line. */
export function csvCell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = printable(value, mostChars);
  const safe = formulaStart.test(text) ? `'${text}` : text;
  return /[",\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
