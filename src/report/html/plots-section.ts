/** The plots of one run: the static drawings, and the frames of those that the script draws. */
import type { TrialRecord } from '../../results/record.ts';
import { median } from '../../stats/summary.ts';
import { trialFigure, type BoundedFigure } from '../../compare/bounded.ts';
import { amount, boundText, count, milliseconds } from '../format.ts';
import { percent, plural } from '../../compare/words.ts';
import type { VariantFigures } from '../variant-figures.ts';
import { legend, plotFrame } from './frame.ts';
import { html, type Content, type Markup } from './markup.ts';
import { phaseFigures, phaseNames, phases, type PhaseFigures } from './phase-figures.ts';
import { reuseHistogram, type ReuseFigures } from './reuse-figures.ts';
import { dotPlot, mostPoints, thinned, type DotSeries, type DotStrip } from './svg-dots.ts';
import { markSample, shortName } from './svg-drawing.ts';
import { phasePlot, phaseSample } from './svg-phases.ts';
import { binName, reusePlot } from './svg-reuse.ts';
import { table, type TableColumn } from './table.ts';
import { below, labelText, type RunView } from './view.ts';

/** Variants of one drawing; the table has all. */
export const mostVariants = 40;

function moreVariants(all: number): string {
  return all > mostVariants ? ` The first ${mostVariants} of ${count(all)} variants; the table has all.` : '';
}

/** With a label that is not too long. */
export function labelled(row: VariantFigures): VariantFigures {
  return { ...row, label: labelText(row.label) };
}

/** Null where no request had a connection. */
export function phasesFigure({ id, level, suffix, rows }: RunView): Markup | null {
  const figures = phaseFigures(rows.map(labelled));
  if (figures.length === 0) return null;
  const drawn = phaseFigures(rows.slice(0, mostVariants).map(labelled));
  const title = 'Where the time goes';
  const used = phases.filter((phase) => figures.some(({ meansNs }) => meansNs[phase] > 0));
  const number = (phase: (typeof phases)[number]): TableColumn<PhaseFigures> => {
    return {
      heading: phaseNames[phase],
      unit: 'ms',
      kind: 'number',
      cell: ({ meansNs }) => milliseconds(meansNs[phase]),
    };
  };
  return plotFrame({
    id: `${id}-phases`,
    level: below(level),
    title,
    reading: `Mean time of an answered request in each phase, on new and on reused connections, with the share of the requests.${moreVariants(rows.length)} A bar with an arrow goes on beyond the axis.`,
    legend: legend(used.map((phase) => ({ sample: phaseSample(phase), text: phaseNames[phase] }))),
    body: phasePlot(drawn, {
      id: `${id}-phases-svg`,
      title,
      description: `${plural(drawn.length, 'bar')} of stacked phases, in milliseconds. The table below has every figure.`,
    }),
    table: table(
      { id: `${id}-phases-table`, caption: 'Mean time in each phase', suffix },
      [
        { heading: 'variant', kind: 'text', cell: ({ label, connection }) => `${label}, ${connection}` },
        { heading: 'requests', kind: 'number', cell: ({ requests }) => count(requests) },
        ...used.map(number),
        { heading: 'total', unit: 'ms', kind: 'number', cell: ({ totalNs }) => milliseconds(totalNs) },
      ],
      figures,
    ),
  });
}

/** Null where there is only one block: nothing to see. */
export function dotsFigure(view: RunView): Markup | null {
  const { id, level, rows } = view;
  if (rows.every(({ trials }) => trials.length < 2)) return null;
  const title = 'Every trial in run order';
  const strips = trialStrips(view);
  const thinnedOut = rows.some(({ trials }) => trials.length > mostPoints);
  return plotFrame({
    id: `${id}-trials`,
    level: below(level),
    title,
    reading: `Each mark is a trial, relative to its variant's median; first on the left. Marks that climb or fall together show drift of the machine.${thinnedOut ? ` Every variant shows ${mostPoints} trials, evenly chosen.` : ''}${moreVariants(rows.length)}`,
    legend: legend([
      { sample: markSample('dot'), text: 'p50' },
      { sample: markSample('ring'), text: 'p99' },
      { sample: markSample('up'), text: 'beyond the axis' },
      { sample: markSample('cross'), text: 'invalid trial' },
    ]),
    body: dotPlot(strips, {
      id: `${id}-trials-svg`,
      title,
      description: `${plural(strips.length, 'strip')}, one per variant, with the p50 and p99 of every trial over the variant's median.`,
    }),
    table: trialsTable(view),
    wide: true,
  });
}

/** A strip per variant that is drawn. */
export function trialStrips({ rows, results }: RunView): readonly DotStrip[] {
  const last = results.trials.reduce((most, { index }) => Math.max(most, index), 1);
  return rows.slice(0, mostVariants).map((row) => strip(labelled(row), last));
}

type Quantile = 'p50' | 'p99';

function strip(row: VariantFigures, last: number): DotStrip {
  const { value: p99, atLeast } = row.figures['latency.response.p99'];
  const series = (name: DotSeries['name'], quantile: Quantile): DotSeries => {
    const middle = row.figures[`latency.response.${quantile}`].value;
    const points = thinned(row.trials, mostPoints).flatMap((trial) => {
      const value = quantileOf(trial, quantile);
      if (value === null || middle === null || middle === 0 || value === 0) return [];
      return [{ place: trial.index / last, ratio: value / middle, valid: trial.valid }];
    });
    return { name, points };
  };
  const figure = p99 === null ? 'no figure' : `median p99 ${boundText(milliseconds(p99), atLeast)} ms`;
  return { label: row.label, figure, series: [series('ring', 'p99'), series('dot', 'p50')] };
}

/** A bound has no place among values. */
function quantileOf(trial: TrialRecord, quantile: Quantile): number | null {
  const figure = trialFigure(trial, `latency.response.${quantile}`);
  return figure === null || figure.atLeast ? null : figure.value;
}

/** Trials of one variant in the table. */
const mostTableBlocks = 60;
/** Variants in the columns of the table. */
const mostTableVariants = 60;

/** A row per block, a column per variant: p50 / p99. */
function trialsTable({ id, suffix, rows, results }: RunView): Content {
  const blocks = [...new Set(results.trials.map(({ block }) => block))].toSorted((a, b) => a - b);
  const shown = thinned(blocks, mostTableBlocks);
  const variants = rows.slice(0, mostTableVariants);
  const byBlock = variants.map(({ trials }) => new Map(trials.map((trial) => [trial.block, trial])));
  const left = results.trials.length - shown.length * variants.length;
  const columns: readonly TableColumn<number>[] = [
    { heading: 'block', kind: 'number', cell: (block) => count(block + 1) },
    ...variants.map((row, at): TableColumn<number> => {
      return {
        heading: shortName(row.label),
        unit: 'ms',
        kind: 'number',
        cell: (block) => trialCell(byBlock[at]?.get(block)),
      };
    }),
  ];
  return [
    table({ id: `${id}-trials-table`, caption: 'p50 / p99 of every trial by block', suffix }, columns, shown),
    left > 0
      ? html`<p class="quiet">
          Left out to keep the page small: ${plural(left, 'trial')}. The result file and the CSV have all of them.
        </p>`
      : null,
  ];
}

function trialCell(trial: TrialRecord | undefined): Content {
  if (trial === undefined) return null;
  const [p50, p99] = [trialFigure(trial, 'latency.response.p50'), trialFigure(trial, 'latency.response.p99')];
  if (p50 === null && p99 === null) return null;
  const shown = (figure: BoundedFigure | null): string =>
    figure === null ? '-' : boundText(milliseconds(figure.value), figure.atLeast);
  const text = `${shown(p50)} / ${shown(p99)}`;
  return trial.valid ? text : html`<span class="bad">${text} invalid</span>`;
}

/** Null where no connection was counted. */
export function reuseFigure({ id, level, suffix, rows }: RunView): Markup | null {
  const histogram = reuseHistogram(rows.map(labelled));
  if (histogram.rows.length === 0) return null;
  const drawn = { bins: histogram.bins, rows: histogram.rows.slice(0, mostVariants) };
  const title = 'Requests per connection';
  const columns: readonly TableColumn<ReuseFigures>[] = [
    { heading: 'variant', kind: 'text', cell: ({ label }) => label },
    { heading: 'connections', kind: 'number', cell: ({ connections }) => count(connections) },
    { heading: 'mean', unit: 'requests', kind: 'number', cell: ({ mean }) => amount(mean) },
    { heading: 'most', unit: 'requests', kind: 'number', cell: ({ max }) => count(max) },
    ...histogram.bins.map((bin, at): TableColumn<ReuseFigures> => {
      return {
        heading: binName(bin),
        kind: 'number',
        cell: ({ counts }) => count(counts[at] ?? 0),
      };
    }),
  ];
  return plotFrame({
    id: `${id}-reuse`,
    level: below(level),
    title,
    reading: `How many requests a connection carried before it ended: a bar's height is the share of the variant's connections, and the bins double.${moreVariants(histogram.rows.length)}`,
    body: reusePlot(drawn, {
      id: `${id}-reuse-svg`,
      title,
      description: describeReuse(histogram.rows),
    }),
    table: table(
      { id: `${id}-reuse-table`, caption: 'Connections by the requests that they carried', suffix },
      columns,
      histogram.rows,
    ),
  });
}

function describeReuse(rows: readonly ReuseFigures[]): string {
  const means = rows.map(({ mean }) => mean);
  const middle = median(means) ?? 0;
  const shares = rows.filter(({ mean }) => mean < 1.5).length;
  return `${plural(rows.length, 'histogram')}; the median of the means is ${amount(middle)} requests per connection.${shares > 0 ? ` ${percent(shares / rows.length)} of the variants hardly reuse a connection.` : ''}`;
}
