/** Fills the page's large plots from its JSON, and draws them anew when the width, the colours or the medium change. */
import type { PlotData, PlotGroup } from '../html/plot-shapes.ts';
import type { Drawing } from './drawing.ts';
import { chooser, element } from './elements.ts';
import { heatMapDrawing } from './heat-map.ts';
import { overTimeDrawing } from './over-time.ts';
import { percentilesDrawing } from './percentiles.ts';
import { readTheme, type Theme } from './theme.ts';

type MakeDrawing = (group: PlotGroup, host: HTMLElement, redraw: () => void) => Drawing;

interface PlotKind {
  readonly present: (group: PlotGroup) => boolean;
  readonly make: MakeDrawing;
}

/** By the figure's `data-plot`. */
const kinds: Readonly<Record<string, PlotKind>> = {
  percentiles: { present: ({ percentiles }) => percentiles !== null, make: percentilesDrawing },
  'over-time': { present: ({ overTime }) => overTime !== null, make: overTimeDrawing },
  'heat-map': { present: ({ heatMap }) => heatMap !== null, make: heatMapDrawing },
};

/** Widest plot on paper, px: A4 without its margins. */
const paperWidthPx = 660;

interface Figure {
  readonly canvas: HTMLElement;
  readonly draw: (widthPx: number, theme: Theme) => void;
}

function mount(canvas: HTMLElement, groups: readonly PlotGroup[], make: MakeDrawing): Figure {
  const host = element('div', 'plot-host');
  let remove = (): void => undefined;
  let drawing: Drawing;
  const redraw = (): void => {
    draw(widthOf(canvas), readTheme());
  };
  const draw = (widthPx: number, theme: Theme): void => {
    remove();
    remove = drawing(widthPx, theme);
  };
  const show = (group: PlotGroup): void => {
    remove();
    remove = () => undefined;
    host.replaceChildren();
    drawing = make(group, host, redraw);
  };
  const first = groups[0]!;
  show(first);
  if (groups.length > 1) {
    const names = groups.map(({ name }, at) => name ?? `group ${at + 1}`);
    const choose = (at: number): void => {
      show(groups[at] ?? first);
      redraw();
    };
    canvas.append(element('div', 'plot-controls', [chooser('Conditions', names, 0, choose)]));
  }
  canvas.append(host);
  return { canvas, draw };
}

function widthOf(canvas: HTMLElement): number {
  const widthPx = Math.max(200, Math.floor(canvas.clientWidth));
  return printing() ? Math.min(widthPx, paperWidthPx) : widthPx;
}

/** Set while a page is made for paper: the style has its colours. */
const printingClass = 'plots-printing';

function printing(): boolean {
  return document.documentElement.classList.contains(printingClass) || matchMedia('print').matches;
}

function figuresOf(data: PlotData): readonly Figure[] {
  const wanted = document.querySelectorAll<HTMLElement>('figure.plot[data-plot]');
  return [...wanted].flatMap(({ dataset, children }) => {
    const kind = kinds[dataset['plot'] ?? ''];
    const canvas = [...children].find((child) => child.classList.contains('canvas'));
    const groups = data.runs[Number(dataset['run'])]?.groups.filter((group) => kind?.present(group)) ?? [];
    if (kind === undefined || !(canvas instanceof HTMLElement) || groups.length === 0) return [];
    return [mount(canvas, groups, kind.make)];
  });
}

function start(text: string): void {
  const figures = figuresOf(JSON.parse(text) as PlotData);
  const drawAll = (): void => {
    const theme = readTheme();
    for (const { canvas, draw } of figures) draw(widthOf(canvas), theme);
  };
  drawAll();
  const widths = new Map(figures.map(({ canvas }) => [canvas as Element, canvas.clientWidth]));
  const observer = new ResizeObserver((entries) => {
    const changed = entries.filter(({ target }) => widths.get(target) !== target.clientWidth);
    for (const { target } of changed) widths.set(target, target.clientWidth);
    if (changed.length > 0) requestAnimationFrame(drawAll);
  });
  for (const { canvas } of figures) observer.observe(canvas);
  for (const query of ['(prefers-color-scheme: dark)', 'print']) matchMedia(query).addEventListener('change', drawAll);
  const setPrinting = (on: boolean): void => {
    document.documentElement.classList.toggle(printingClass, on);
    drawAll();
  };
  addEventListener('beforeprint', () => {
    setPrinting(true);
  });
  addEventListener('afterprint', () => {
    setPrinting(false);
  });
}

const data = document.querySelector('#plot-data')?.textContent;
if (data !== undefined) start(data);
