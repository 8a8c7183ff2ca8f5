/** Places on a plot's horizontal axis in percent of its width, so that a drawing fits any page without being stretched. */
import type { Interval } from '../../stats/signed-rank.ts';

/** Room at both ends, for marks and labels, in percent. */
const edge = 3;

/** `12.34%`. */
export function percentText(place: number): string {
  return `${Number(place.toFixed(2))}%`;
}

/** Percent of a share of the axis, 0 to 1, edges left free. Shares outside are put on the edge. */
function placeOf(share: number): number {
  return edge + (100 - 2 * edge) * Math.min(1, Math.max(0, share));
}

export interface RatioScale {
  /** The axis runs from 1 / factor to factor. */
  readonly factor: number;
  /** Percent; a ratio beyond the axis is put on its edge. */
  readonly place: (ratio: number) => number;
  readonly ticks: readonly number[];
}

const axes: readonly { readonly factor: number; readonly ticks: readonly number[] }[] = [
  { factor: 1.25, ticks: [0.8, 0.9, 1, 1.1, 1.25] },
  { factor: 1.5, ticks: [0.67, 0.8, 1, 1.25, 1.5] },
  { factor: 2, ticks: [0.5, 0.75, 1, 1.33, 2] },
  { factor: 4, ticks: [0.25, 0.5, 1, 2, 4] },
  { factor: 10, ticks: [0.1, 0.3, 1, 3, 10] },
  { factor: 100, ticks: [0.01, 0.1, 1, 10, 100] },
  { factor: 1000, ticks: [0.001, 0.03, 1, 30, 1000] },
];

/** A logarithmic axis around 1 that holds this share of the ranges whole; the others leave it, so that a few do not squeeze the rest. */
export function ratioScale(ranges: readonly Interval[], heldShare: number): RatioScale {
  const reach = ranges
    .map(({ low, high }) => Math.max(high, 1 / low))
    .filter((factor) => Number.isFinite(factor) && factor > 0)
    .toSorted((a, b) => a - b);
  const needed = reach[Math.ceil(reach.length * heldShare) - 1] ?? 1;
  const { factor, ticks } = axes.find((axis) => axis.factor >= needed) ?? axes.at(-1)!;
  const place = (ratio: number): number => placeOf(ratio <= 0 ? 0 : (Math.log(ratio) / Math.log(factor) + 1) / 2);
  return { factor, place, ticks };
}

export interface LengthScale {
  readonly most: number;
  /** Percent of the whole width for a length; lengths beyond `most` are cut. */
  readonly width: (value: number) => number;
  readonly ticks: readonly number[];
}

/** A linear axis from zero that holds every length up to five times the median one. */
export function lengthScale(lengths: readonly number[]): LengthScale {
  const sorted = lengths.filter((length) => length > 0).toSorted((a, b) => a - b);
  const middle = sorted[sorted.length >> 1] ?? 1;
  const most = sorted.findLast((length) => length <= 5 * middle) ?? middle;
  const step = niceStep(most / 5);
  const ticks = Array.from({ length: Math.floor(most / step) + 1 }, (_, at) => at * step);
  return { most, width: (value) => (Math.min(value, most) / most) * (100 - edge), ticks };
}

/** 1, 2 or 5 times a power of ten, the nearest above. */
export function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((digit) => digit * power).find((step) => step >= least) ?? 10 * power;
}
