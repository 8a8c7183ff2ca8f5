/** Numbers of plots: rounded to what a screen can show, and bins of a length that reads well. */

const nsPerMs = 1e6;

/** Four significant digits. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/** Four significant digits, of a time in ns. */
export function roundedMs(valueNs: number): number {
  return rounded(valueNs / nsPerMs);
}

/** The smallest of 1, 2 or 5 times a power of ten that is not below the value; for values above 0. */
export function roundStep(atLeast: number): number {
  const power = 10 ** Math.floor(Math.log10(atLeast));
  const factor = [1, 2, 5].find((times) => times * power >= atLeast * (1 - 1e-9));
  return rounded((factor ?? 10) * power);
}

/** Evenly chosen items, at most as many as asked for (one or more): the first, and from two on the last, among them. */
export function evenlyChosen<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  const step = most > 1 ? (items.length - 1) / (most - 1) : 0;
  return Array.from({ length: most }, (_, at) => items[Math.round(at * step)]!);
}

/** Infinity for none. For lists too long for the arguments of a call. */
export function lowestOf(values: readonly number[]): number {
  return values.reduce((lowest, value) => Math.min(lowest, value), Infinity);
}

/** -Infinity for none. */
export function highestOf(values: readonly number[]): number {
  return values.reduce((highest, value) => Math.max(highest, value), -Infinity);
}
