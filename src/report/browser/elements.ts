/** Makes elements and controls. Text goes in as text alone: names of variants are hostile. */
import type { PlotVariant } from '../html/plot-shapes.ts';
import { colourProperty, dashOf } from './theme.ts';

export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className: string,
  children: readonly (Node | string)[] = [],
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  if (className !== '') made.className = className;
  made.append(...children);
  return made;
}

/** A select with a label before it; `choose` is given the place of the option. */
export function chooser(
  label: string,
  options: readonly string[],
  chosen: number,
  choose: (at: number) => void,
): HTMLElement {
  const select = element(
    'select',
    '',
    options.map((option) => element('option', '', [option])),
  );
  select.selectedIndex = chosen;
  select.addEventListener('change', () => {
    choose(select.selectedIndex);
  });
  return element('label', 'plot-choice', [element('span', '', [label]), select]);
}

let switches = 0;

/** Radio buttons side by side. */
export function switcher(label: string, options: readonly string[], choose: (at: number) => void): HTMLElement {
  const name = `plot-switch-${++switches}`;
  const buttons = options.map((option, at) => {
    const input = element('input', '');
    input.type = 'radio';
    input.name = name;
    input.checked = at === 0;
    input.addEventListener('change', () => {
      choose(at);
    });
    return element('label', '', [input, element('span', '', [option])]);
  });
  const group = element('div', 'plot-switch', buttons);
  group.setAttribute('role', 'radiogroup');
  group.setAttribute('aria-label', label);
  return group;
}

const svgNamespace = 'http://www.w3.org/2000/svg';

/** A piece of a variant's line. */
export function keyOf(variant: number): SVGElement {
  return lineKey(dashOf(variant).join(' '), colourProperty(variant));
}

/** A piece of a line in the colour of a property. */
export function lineKey(dash: string, property = '--plot-ink'): SVGElement {
  const line = document.createElementNS(svgNamespace, 'line');
  for (const [name, value] of Object.entries({ x1: '1', x2: '23', y1: '5', y2: '5' })) line.setAttribute(name, value);
  line.setAttribute('stroke-dasharray', dash);
  line.style.stroke = `var(${property})`;
  const key = document.createElementNS(svgNamespace, 'svg');
  key.setAttribute('class', 'plot-key');
  key.setAttribute('width', '24');
  key.setAttribute('height', '10');
  key.setAttribute('aria-hidden', 'true');
  key.append(line);
  return key;
}

export function nameOf({ label, valid }: PlotVariant): string {
  return valid ? label : `${label} (invalid)`;
}

/** Buttons that show and hide variants. `hidden` is changed in place. */
export function legend(
  title: string | null,
  variants: readonly PlotVariant[],
  hidden: Set<number>,
  changed: () => void,
): HTMLElement {
  const buttons = variants.map((variant, at) => {
    const button = element('button', '', [keyOf(at), element('span', '', [nameOf(variant)])]);
    button.type = 'button';
    button.setAttribute('aria-pressed', String(!hidden.has(at)));
    button.addEventListener('click', () => {
      if (!hidden.delete(at)) hidden.add(at);
      button.setAttribute('aria-pressed', String(!hidden.has(at)));
      changed();
    });
    return button;
  });
  const group = element('div', 'plot-legend', [element('span', 'plot-legend-title', [title ?? 'variant']), ...buttons]);
  group.setAttribute('role', 'group');
  group.setAttribute('aria-label', 'Variants shown');
  return group;
}
