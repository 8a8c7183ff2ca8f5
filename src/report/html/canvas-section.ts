/** The frames of the plots that the script draws, each with its figures in tables. */
import { canvasPlots, type CanvasPlot } from './assets.ts';
import { canvasFrame, notes } from './frame.ts';
import { type Content, type Markup } from './markup.ts';
import type { PlotTable, PlotText, RunPlotTexts } from './plot-shapes.ts';
import { table } from './table.ts';
import { below, type RunView } from './view.ts';
import { warningNotes } from './warning-notes.ts';

const titles: Readonly<Record<CanvasPlot, string>> = {
  percentiles: 'Response time by percentile',
  'over-time': 'Connections, descriptors and TIME_WAIT over time',
  'heat-map': 'Response times over time',
};

/** A frame per plot that the run has. */
export function canvasFigures(view: RunView, texts: RunPlotTexts): readonly Markup[] {
  return canvasPlots.flatMap((plot) => {
    const text = texts[plot];
    return text === null ? [] : [figureOf(view, plot, text)];
  });
}

function figureOf(view: RunView, plot: CanvasPlot, text: PlotText): Markup {
  const id = `${view.id}-${plot}`;
  const tables = text.tables.map((one, at) => tableOf(one, `${id}-table${at + 1}`, view.suffix));
  const frame = {
    id,
    level: below(view.level),
    title: titles[plot],
    reading: text.reading,
    notes: [notes(text.notes), warningNotes(view, plot)],
    table: tables,
  };
  return canvasFrame(frame, plot, view.index);
}

function tableOf({ caption, columns, rows }: PlotTable, id: string, suffix: string): Content {
  const text = { id, caption, suffix };
  return table(
    text,
    columns.map(({ unit, ...column }, at) => ({
      ...column,
      ...(unit === null ? {} : { unit }),
      cell: (row: readonly (string | null)[]): Content => row[at] ?? null,
    })),
    rows,
  );
}
