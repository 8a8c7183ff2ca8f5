/** What stands around the plots that the page's script draws: how to read them, and their figures as tables. */
import { boundText, count, significant } from '../format.ts';
import { plural } from '../../compare/words.ts';
import { boundsNote } from '../tables.ts';
import { evenlyChosen } from './plot-numbers.ts';
import {
  panelNames,
  percentileSeries,
  tableQuantiles,
  type PanelName,
  type PlotData,
  type PlotGroup,
  type PlotTable,
  type PlotTableColumn,
  type PlotText,
  type PlotVariant,
  type RunPlots,
  type RunPlotTexts,
} from './plot-shapes.ts';

/** Rows of a table over time, fewer where there are many variants. */
const mostTimes = 24;
/** Cells of a run's tables over time. */
const mostCells = 4000;

/** In the order of the runs. */
export function plotTexts(data: PlotData): readonly RunPlotTexts[] {
  return data.runs.map((run) => ({
    percentiles: percentilesText(run),
    'over-time': overTimeText(run),
    'heat-map': heatMapText(run),
  }));
}

function number(heading: string, unit: string | null = null): PlotTableColumn {
  return { heading, unit, kind: 'number' };
}

function text(heading: string): PlotTableColumn {
  return { heading, unit: null, kind: 'text' };
}

function figure(value: number | null | undefined): string | null {
  return value === null || value === undefined ? null : significant(value);
}

function bounded(shown: string | null, atLeast: boolean | undefined): string | null {
  return shown === null ? null : boundText(shown, atLeast);
}

function nameOf({ label, valid }: PlotVariant): string {
  return valid ? label : `${label} (invalid)`;
}

function captionOf(caption: string, { name }: PlotGroup): string {
  return name === null ? caption : `${caption}, ${name}`;
}

/** Times for a table: as many as it has room for. */
function chosenTimes(
  startsMs: readonly number[],
  columns: number,
): readonly { readonly ms: number; readonly bin: number }[] {
  const room = Math.max(4, Math.min(mostTimes, Math.floor(mostCells / Math.max(1, columns))));
  return evenlyChosen(
    startsMs.map((ms, bin) => ({ ms, bin })),
    room,
  );
}

function secondsText(ms: number): string {
  return String(Number((ms / 1000).toFixed(3)));
}

function leftOutNote({ variantsLeftOut }: RunPlots): readonly string[] {
  return variantsLeftOut === 0
    ? []
    : [`Not drawn, to keep the page small: ${plural(variantsLeftOut, 'more variant')}. The table of variants has all.`];
}

/* ---- percentiles ---- */

function percentilesText(run: RunPlots): PlotText | null {
  const drawn = run.groups.flatMap((group) => (group.percentiles === null ? [] : [{ group, plot: group.percentiles }]));
  if (drawn.length === 0) return null;
  const lines = drawn.flatMap(({ plot }) => plot.lines);
  const several = lines.some(({ response }) => response.trials.length > 0);
  const thinned = drawn.some(({ group, plot }) =>
    group.variants.some(({ trials }, at) => {
      const shown = plot.lines[at]!.response.trials.length;
      return shown > 0 && shown < trials;
    }),
  );
  const most = Math.max(0, ...lines.map(({ response }) => response.trials.length));
  return {
    reading: `Each step to the right is ten times rarer: at 99 % one request in a hundred takes longer. ${
      several ? 'Bold lines are all trials of a variant together, thin ones single trials. ' : ''
    }A line ends where fewer than ten samples lie beyond it.`,
    notes: [
      ...(thinned
        ? [
            `At most ${plural(most, 'trial')} of each variant are drawn, evenly chosen over the run; the bold lines hold all.`,
          ]
        : []),
      ...(lines.some(({ response }) => response.bounds !== undefined)
        ? [`A line of the response time is not drawn where it is a lower bound. ${boundsNote}.`]
        : []),
      ...(lines.some(({ response }) => response.joined)
        ? ['Imported figures are a few quantiles, joined here by straight lines.']
        : []),
      ...leftOutNote(run),
    ],
    tables: drawn.map(({ group, plot }) => ({
      caption: captionOf('Response and service time by percentile, all trials of a variant together', group),
      columns: [
        text(group.axes ?? 'variant'),
        text('time'),
        number('requests'),
        ...tableQuantiles.map((p) => number(`p${Number((p * 100).toFixed(4))}`, 'ms')),
        number('max', 'ms'),
      ],
      rows: group.variants.flatMap((variant, at) =>
        percentileSeries.map((series) => {
          const { count: requests, quantiles, max, bounds } = plot.lines[at]![series];
          const texts = quantiles.map((value, of) => bounded(figure(value), bounds?.[of]));
          return [nameOf(variant), series, count(requests), ...texts, bounded(figure(max), bounds !== undefined)];
        }),
      ),
    })),
  };
}

/* ---- over time ---- */

const panelTitles: Readonly<Record<PanelName, string>> = {
  opened: 'Connections opened per second',
  clientFds: 'File descriptors of the client',
  serverFds: 'File descriptors of the server',
  clientTimeWait: 'TIME_WAIT on the client',
  serverTimeWait: 'TIME_WAIT on the server',
};

function overTimeText(run: RunPlots): PlotText | null {
  const drawn = run.groups.filter(({ overTime }) => overTime !== null);
  if (drawn.length === 0) return null;
  const several = drawn.some(({ variants }) => variants.some(({ trials }) => trials > 1));
  const tables = drawn.flatMap((group) =>
    panelNames.flatMap((name) => panelTable(group, name, drawn.length * panelNames.length) ?? []),
  );
  return {
    reading: `0 s is the start of measure; before it is warm-up, shaded as is the time after measure.${
      several ? ' Lines are medians over the trials of a variant.' : ''
    }`,
    notes: ['A point is the highest sample of its time; a gap is one that could not be taken.', ...leftOutNote(run)],
    tables,
  };
}

function panelTable(group: PlotGroup, name: PanelName, tables: number): PlotTable | null {
  const panel = group.overTime?.panels[name] ?? null;
  if (panel === null) return null;
  const times = chosenTimes(panel.startsMs, group.variants.length * tables);
  return {
    caption: captionOf(panelTitles[name], group),
    columns: [number('from', 's'), ...group.variants.map((variant) => number(nameOf(variant)))],
    rows: times.map(({ ms, bin }) => [secondsText(ms), ...panel.values.map((values) => amountText(values[bin]))]),
  };
}

function amountText(value: number | null | undefined): string | null {
  if (value === null || value === undefined) return null;
  return Number.isInteger(value) ? count(value) : significant(value);
}

/* ---- heat map ---- */

function heatMapText(run: RunPlots): PlotText | null {
  const drawn = run.groups.flatMap((group) => (group.heatMap === null ? [] : [{ group, plot: group.heatMap }]));
  if (drawn.length === 0) return null;
  const maps = drawn.flatMap(({ group, plot }) =>
    plot.maps.map((map, at) => ({ map, trials: group.variants[at]!.trials })),
  );
  const fewest = maps.find(({ map, trials }) => map.trials < trials);
  return {
    reading:
      'How many answered requests took how long, by the time at which they ended. The further a cell is from the colour of the page, the more they were; the lines are p50 and p99 of each column.',
    notes: [
      ...(fewest === undefined
        ? []
        : [
            `${plural(fewest.map.trials, 'trial')} of ${fewest.trials} of a variant in the cells, evenly chosen over the run.`,
          ]),
      ...(maps.every(({ map }) => map.complete) ? [] : ['Evenly chosen seconds of long trials are in the cells.']),
      ...leftOutNote(run),
    ],
    tables: drawn.map(({ group, plot }) => {
      const times = chosenTimes(plot.startsMs, group.variants.length * 5 * drawn.length);
      return {
        caption: captionOf('Response times by the second in which requests ended', group),
        columns: [
          text(group.axes ?? 'variant'),
          number('from', 's'),
          number('requests'),
          number('p50', 'ms'),
          number('p99', 'ms'),
        ],
        rows: group.variants.flatMap((variant, at) => {
          const { columns, p50, p99 } = plot.maps[at]!;
          return times.map(({ ms, bin }) => {
            const [, ...cells] = columns[bin] ?? [];
            const requests = cells.reduce((sum, cell) => sum + cell, 0);
            return [nameOf(variant), secondsText(ms), count(requests), figure(p50[bin]), figure(p99[bin])];
          });
        }),
      };
    }),
  };
}
