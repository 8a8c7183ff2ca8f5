/** Where the axes of the plots have ticks, and figures as text. No DOM. */

/** Figures within a decade, from few to many. */
const decadeSteps: readonly (readonly number[])[] = [[1], [1, 3], [1, 2, 5], [1, 2, 3, 5], [1, 1.5, 2, 3, 4, 5, 6, 8]];

/** Round figures of a logarithmic axis from `min` (above 0) to `max`, about as many as asked for. */
export function logTicks(min: number, max: number, most: number): number[] {
  const sets = decadeSteps.map((steps) => inDecades(min, max, steps)).filter((ticks) => ticks.length <= most);
  const densest = sets.at(-1) ?? [];
  if (densest.length > 1) return densest;
  const decades = inDecades(min, max, [1]);
  const stride = Math.ceil(decades.length / Math.max(2, most));
  return decades.length > most ? decades.filter((_, at) => at % stride === 0) : linearTicks(min, max, most);
}

function inDecades(min: number, max: number, steps: readonly number[]): number[] {
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(min)); power <= Math.ceil(Math.log10(max)); power++) {
    for (const step of steps) ticks.push(Number((step * 10 ** power).toPrecision(6)));
  }
  return ticks.filter((tick) => tick >= min * (1 - 1e-9) && tick <= max * (1 + 1e-9));
}

/** Multiples of 1, 2 or 5 times a power of ten between the ends, at most as many as asked for and one. */
export function linearTicks(min: number, max: number, most: number): number[] {
  if (!(max > min)) return [min];
  const atLeast = (max - min) / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(atLeast));
  const step = ([1, 2, 5].find((times) => times * power >= atLeast * (1 - 1e-9)) ?? 10) * power;
  const first = Math.ceil(min / step - 1e-9);
  const count = Math.floor(max / step + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}

/** Three significant digits, a comma every three digits before the point. */
export function figure(value: number): string {
  if (value === 0) return '0';
  const decimals = Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))));
  return grouped(Number(value.toFixed(decimals)));
}

export function milliseconds(value: number): string {
  return `${figure(value)} ms`;
}

/** Short enough for an axis: `950`, `22k`, `1.5M`. */
export function shortCount(value: number): string {
  if (value >= 1e6) return `${grouped(Number((value / 1e6).toPrecision(3)))}M`;
  return value >= 1e4 ? `${Number((value / 1e3).toPrecision(3))}k` : grouped(value);
}

/** Of a time in ms; before the start of measure with a minus sign, not a hyphen. */
export function seconds(ms: number): string {
  return `${ms < 0 ? '\u2212' : ''}${grouped(Math.abs(Number((ms / 1000).toPrecision(4))))} s`;
}

function grouped(value: number): string {
  const [whole = '', fraction] = String(value).split('.');
  const commas = whole.replaceAll(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? commas : `${commas}.${fraction}`;
}

/** `99.9 %` for 3 nines; two digits beyond the last nine. */
export function percentile(nines: number): string {
  const p = 100 * (1 - 10 ** -nines);
  return `${Number(p.toFixed(Math.max(0, Math.ceil(nines - 2 + 1e-9)) + (Number.isInteger(nines) ? 0 : 1)))} %`;
}

/** Ticks of a nines axis up to `max`: 0, 50, 90, 99 % and so on, without those that stand too close. */
export function ninesTicks(max: number, pixels: number): number[] {
  const all = [0, Math.log10(2), ...Array.from({ length: Math.floor(max + 1e-9) }, (_, at) => at + 1)];
  const perNine = pixels / max;
  const least = 44;
  return all.filter((tick, at) => {
    if (tick > max) return false;
    if (at === 1) return perNine * tick >= least && (max < 1 || perNine * (1 - tick) >= least);
    return at < 2 || perNine >= least || (tick - 1) % Math.ceil(least / perNine) === 0;
  });
}
