/**
 * A histogram as the percentile distribution that HdrHistogram's tools print and read (`.hgrm`): a line per step, the steps halving with
 * every half of the distance to 100 % (HdrHistogram, `outputPercentileDistribution`).
 */
import { assertSparse, hdrLayout, highestEquivalentAt, medianEquivalentAt, type SparseCounts } from './histogram.ts';

/** Steps per half of the remaining distance, the usual number. */
const stepsPerHalf = 5;
/** What the libraries call the two sizes of this layout; they print them at the end. */
const layoutBuckets = 32;
const layoutSubBuckets = 2048;

/** Values are divided by `unitNs`: 1e6 gives ms. Throws a RangeError for a malformed sparse form. */
export function percentileDistribution(sparse: SparseCounts, unitNs: number): string {
  assertSparse(sparse);
  const total = sparse.counts.reduce((sum, count) => sum + count, 0);
  const value = (ns: number): string => (ns / unitNs).toFixed(hdrLayout.significantDigits).padStart(12);
  const lines = stepsOf(sparse, total).map(({ ns, level, count }) => {
    const rest = level < 100 ? ` ${(1 / (1 - level / 100)).toFixed(2).padStart(14)}` : '';
    return `${value(ns)} ${(level / 100).toFixed(12)} ${String(count).padStart(10)}${rest}`;
  });
  const last = sparse.indices.at(-1);
  const whole = (number: number): string => String(number).padStart(12);
  const { mean, deviation } = momentsOf(sparse, total);
  return [
    '       Value     Percentile TotalCount 1/(1-Percentile)',
    '',
    ...lines,
    `#[Mean    = ${value(mean)}, StdDeviation   = ${value(deviation)}]`,
    `#[Max     = ${value(last === undefined ? 0 : highestEquivalentAt(last))}, Total count    = ${whole(total)}]`,
    `#[Buckets = ${whole(layoutBuckets)}, SubBuckets     = ${whole(layoutSubBuckets)}]`,
    '',
  ].join('\n');
}

interface Step {
  readonly ns: number;
  /** Percentile. */
  readonly level: number;
  /** Values up to this one. */
  readonly count: number;
}

/** From 0 % to the first step that the highest value reaches, and 100 %. */
function stepsOf({ indices, counts }: SparseCounts, total: number): readonly Step[] {
  const steps: Step[] = [];
  let level = 0;
  let count = 0;
  indices.forEach((index, position) => {
    const ns = highestEquivalentAt(index);
    count += counts[position]!;
    while ((100 * count) / total >= level) {
      steps.push({ ns, level, count });
      if (count === total) break;
      level += 100 / (stepsPerHalf * 2 ** (Math.floor(Math.log2(100 / (100 - level))) + 1));
    }
    if (count === total) steps.push({ ns, level: 100, count });
  });
  return steps;
}

/** Of the middles of the buckets; 0 for an empty histogram, as the libraries print it. */
function momentsOf({ indices, counts }: SparseCounts, total: number): { mean: number; deviation: number } {
  if (total === 0) return { mean: 0, deviation: 0 };
  const sumOf = (of: (ns: number) => number): number =>
    indices.reduce((sum, index, position) => sum + counts[position]! * of(medianEquivalentAt(index)), 0);
  const mean = sumOf((ns) => ns) / total;
  return { mean, deviation: Math.sqrt(sumOf((ns) => (ns - mean) ** 2) / total) };
}
