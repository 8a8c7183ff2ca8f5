/**
 * How much a quantile varies inside one run, from histograms of short intervals in time order. A description only: requests of one
 * run depend on each other, so a verdict needs several runs. (Sectioning: Asmussen & Glynn, Stochastic Simulation, section III.5.)
 */
import type { SparseCounts } from './histogram.ts';
import { mergedQuantile } from './merged-quantile.ts';
import { mean } from './summary.ts';

const mostSections = 20;
/** Fewer say nothing about a spread. */
const fewestSections = 5;

export interface WithinRun {
  /** Standard error of the run's quantile, relative to the quantile: 0.02 is 2 %. */
  readonly standardError: number;
  /** Autocorrelation of neighbouring sections, -1 to 1; 0 where the sections do not vary. */
  readonly lag1: number;
}

/**
 * Cuts the intervals into 20 consecutive sections of as equal length as possible (fewer where there are fewer intervals), and sees
 * how far their quantiles lie from that of the whole run, `whole` (ns). Intervals without a value are left out. Null with fewer than
 * five sections, or where `whole` is not above zero. Throws a RangeError for a malformed histogram, a quantile outside 0..1 or a
 * `whole` that is not finite.
 */
export function withinRun(intervals: readonly SparseCounts[], quantile: number, whole: number): WithinRun | null {
  if (!Number.isFinite(whole)) throw new RangeError(`the quantile of the whole run is a finite number, not ${whole}`);
  const quantileOf = mergedQuantile(intervals);
  const used = intervals.filter(({ indices }) => indices.length > 0);
  const sections = Math.min(mostSections, used.length);
  if (sections < fewestSections || whole <= 0) return null;
  const edge = (section: number): number => Math.round((section * used.length) / sections);
  const found = Array.from({ length: sections }, (_, section) =>
    quantileOf(used.slice(edge(section), edge(section + 1)), quantile),
  );
  const quantiles = found.filter((value) => value !== null);
  const squares = quantiles.reduce((sum, value) => sum + (value - whole) ** 2, 0);
  return { standardError: Math.sqrt(squares / (sections * (sections - 1))) / whole, lag1: lagOne(quantiles) };
}

function lagOne(values: readonly number[]): number {
  const centre = mean(values)!;
  const away = values.map((value) => value - centre);
  const squares = away.reduce((sum, value) => sum + value * value, 0);
  const products = away.slice(1).reduce((sum, value, index) => sum + value * away[index]!, 0);
  return squares === 0 ? 0 : products / squares;
}

/**
 * What would narrow an interval most: longer trials where most of the spread of the blocks' log ratios (`spread`, a standard
 * deviation) comes from within the runs, more blocks where it lies between them. Each run has half the variance of a log ratio.
 * Null where the blocks do not vary. (Kalibera & Jones, Quantifying Performance Changes with Effect Size Confidence Intervals.)
 */
export function whatNarrows(standardError: number, spread: number): 'longer trials' | 'more blocks' | null {
  const perRun = (spread * spread) / 2;
  if (perRun === 0) return null;
  return standardError * standardError > perRun / 2 ? 'longer trials' : 'more blocks';
}
