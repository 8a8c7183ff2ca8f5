/** The colours of the plots, from the custom properties of the page's style: light, dark and print have their own. */

export interface Theme {
  readonly paper: string;
  readonly ink: string;
  readonly quiet: string;
  readonly grid: string;
  /** Of the time before and after measure. */
  readonly shade: string;
  readonly font: string;
  readonly series: readonly string[];
  /** From few to many, as bytes of red, green and blue. */
  readonly heat: readonly (readonly [number, number, number])[];
}

/** As many as there are properties `--plot-series-1` and so on. */
const seriesColours = 8;
/** Lines beyond the colours are told apart by their dashes. */
const dashes: readonly (readonly number[])[] = [
  [],
  [8, 4],
  [2, 3],
  [10, 3, 2, 3],
  [5, 2],
  [1, 5],
  [14, 4],
  [6, 2, 2, 2],
];

export function dashOf(variant: number): number[] {
  return [...(dashes[Math.floor(variant / seriesColours) % dashes.length] ?? [])];
}

/** Name of the property with the colour of a variant. */
export function colourProperty(variant: number): string {
  return `--plot-series-${(variant % seriesColours) + 1}`;
}

export function readTheme(): Theme {
  const style = getComputedStyle(document.documentElement);
  const property = (name: string): string => style.getPropertyValue(name).trim() || 'gray';
  return {
    paper: property('--plot-paper'),
    ink: property('--plot-ink'),
    quiet: property('--plot-quiet'),
    grid: property('--plot-grid'),
    shade: property('--plot-shade'),
    font: `12px ${getComputedStyle(document.body).fontFamily}`,
    series: Array.from({ length: seriesColours }, (_, at) => property(colourProperty(at))),
    heat: property('--plot-heat').split(',').map(channels),
  };
}

/** Of `#rrggbb`. */
function channels(hex: string): readonly [number, number, number] {
  const value = Number.parseInt(hex.trim().slice(1), 16) || 0;
  return [value >> 16, (value >> 8) & 255, value & 255];
}

export function seriesColour({ series }: Theme, variant: number): string {
  return series[variant % seriesColours] ?? 'gray';
}

/** The colour at a share of the scale, 0 to 1. */
export function heatColour({ heat }: Theme, share: number): string {
  const place = Math.min(1, Math.max(0, share)) * (heat.length - 1);
  const low = heat[Math.floor(place)] ?? [0, 0, 0];
  const high = heat[Math.ceil(place)] ?? low;
  const mixed = low.map((channel, at) => Math.round(channel + (high[at]! - channel) * (place % 1)));
  return `rgb(${mixed.join(' ')})`;
}
