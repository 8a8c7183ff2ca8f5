/** The figures under the pointer, in a box beside it. */
import { element, keyOf } from './elements.ts';

interface TooltipRow {
  /** Place of the variant, for its colour; null for a row without. */
  readonly variant: number | null;
  readonly name: string;
  readonly value: string;
}

export interface TooltipContent {
  readonly title: string;
  readonly rows: readonly TooltipRow[];
}

/** Rows that a box has room for. */
const mostRows = 12;
/** Between the pointer and the box, px. */
const gap = 14;

/** `content` is asked at every move of the pointer over this plot; null hides the box. */
export function tooltip(content: (plot: uPlot) => TooltipContent | null): uPlot.Plugin {
  const box = element('div', 'plot-tooltip');
  box.setAttribute('aria-hidden', 'true');
  box.hidden = true;
  let inside = false;
  const update = (plot: uPlot): void => {
    const shown = inside ? content(plot) : null;
    box.hidden = shown === null || shown.rows.length === 0;
    if (shown !== null && !box.hidden) {
      fill(box, shown);
      place(box, plot);
    }
  };
  return {
    hooks: {
      init: (plot) => {
        plot.over.append(box);
        plot.over.addEventListener('mouseenter', () => {
          inside = true;
        });
        plot.over.addEventListener('mouseleave', () => {
          inside = false;
          box.hidden = true;
        });
      },
      setCursor: update,
    },
  };
}

function fill(box: HTMLElement, { title, rows }: TooltipContent): void {
  const left = rows.length - mostRows;
  box.replaceChildren(
    element('div', 'plot-tooltip-title', [title]),
    ...rows.slice(0, mostRows).map(({ variant, name, value }) => {
      const key = variant === null ? [] : [keyOf(variant)];
      return element('div', 'plot-tooltip-row', [...key, element('span', '', [name]), element('b', '', [value])]);
    }),
    ...(left > 0 ? [element('div', 'plot-tooltip-row', [`and ${left} more`])] : []),
  );
}

/** On the side of the pointer that has more room. */
function place(box: HTMLElement, { cursor, over }: uPlot): void {
  const left = cursor.left ?? 0;
  const onTheRight = left < over.clientWidth / 2;
  box.style.left = onTheRight ? `${left + gap}px` : 'auto';
  box.style.right = onTheRight ? 'auto' : `${over.clientWidth - left + gap}px`;
  box.style.top = `${Math.max(0, Math.min((cursor.top ?? 0) - gap, over.clientHeight - box.offsetHeight))}px`;
}
