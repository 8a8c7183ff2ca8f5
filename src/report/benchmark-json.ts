/** Medians per variant in the JSON that github-action-benchmark reads, a file per direction, since the action takes one at a time. */
import { betterOf } from '../compare/metric-list.ts';
import { trialFigure } from '../compare/bounded.ts';
import { metricUnit } from '../scenario/metrics.ts';
import type { Better } from '../stats/verdict.ts';
import { plural } from '../compare/words.ts';
import { printable } from './printable.ts';
import type { OutputFile, ReportInput } from './report-input.ts';
import { distinct, runNames } from './run-names.ts';
import { figuresByVariant, reportedMetrics, type ReportedMetric, type VariantFigures } from './variant-figures.ts';

interface Entry {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  /** Least and greatest trial. */
  readonly range: string;
  readonly extra: string;
}

/** `smaller-is-better.json` for the tool `customSmallerIsBetter`, `bigger-is-better.json` for `customBiggerIsBetter`. */
export function renderBenchmarkJson(input: ReportInput): readonly OutputFile[] {
  return [
    { name: 'smaller-is-better.json', content: render(input, 'lower') },
    { name: 'bigger-is-better.json', content: render(input, 'higher') },
  ];
}

function render(input: ReportInput, better: Better): string {
  const names = runNames(input);
  const entries = input.runs.flatMap(({ results }, index) =>
    figuresByVariant(results)
      // Figures of invalid trials would become history that nobody can tell from good ones.
      .filter(({ validTrials }) => validTrials.length > 0)
      .flatMap((row) => entriesOf(row, names[index]!, better)),
  );
  const unique = distinct(
    entries.map(({ name }) => name),
    (name, number) => `${name} #${number}`,
  );
  const named = entries.map((entry, index) => ({ ...entry, name: unique[index]! }));
  return `${JSON.stringify(named, null, 2)}\n`;
}

function entriesOf(row: VariantFigures, run: string, better: Better): readonly Entry[] {
  return reportedMetrics
    .filter((metric) => betterOf(metric) === better)
    .flatMap((metric) => {
      const { value, atLeast } = row.figures[metric];
      // A bound among values would look like one of them.
      if (value === null || atLeast) return [];
      const { unit, scale } = unitOf(metric);
      const figures = row.validTrials.flatMap((trial) => trialFigure(trial, metric) ?? []);
      const values = figures.map((figure) => figure.value * scale);
      const open = figures.some((figure) => figure.atLeast && figure.value * scale === Math.max(...values))
        ? '>= '
        : '';
      const name = `${printable(run, 120)} / ${printable(row.variant.name, 200)} / ${metric}`;
      const range = `${plain(Math.min(...values))} to ${open}${plain(Math.max(...values))}`;
      return [{ name, unit, value: plain(value * scale), range, extra: `median of ${plural(values.length, 'trial')}` }];
    });
}

/** Units that a person reads on a chart. */
function unitOf(metric: ReportedMetric): { readonly unit: string; readonly scale: number } {
  const unit = metricUnit(metric);
  switch (unit) {
    case 'ns':
      return { unit: 'ms', scale: 1e-6 };
    case 'us':
      return { unit: 'us/request', scale: 1 };
    case 'perSecond':
      return { unit: 'requests/s', scale: 1 };
    case 'bytes':
      return { unit: 'bytes', scale: 1 };
    case 'ratio':
      return { unit: 'ratio', scale: 1 };
    case 'count':
    case null:
      return { unit: countUnits[metric] ?? 'count', scale: 1 };
  }
}

const countUnits: Readonly<Partial<Record<ReportedMetric, string>>> = {
  'connections.opened': 'connections',
  'connections.requestsPerConnection.mean': 'requests/connection',
  'fds.client.peak': 'descriptors',
  'fds.server.peak': 'descriptors',
  'timeWait.client.entered': 'sockets',
  'timeWait.server.entered': 'sockets',
  'link.packetsPerRequest': 'packets/request',
};

/** Without the last digits, in which a product of floats is not what a person would write. */
function plain(value: number): number {
  return Number(value.toPrecision(9));
}
