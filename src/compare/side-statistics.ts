/** The figures and the verdict of one metric on two sides, by whichever test its kind asks for. */
import { derivedMetrics } from '../scenario/metrics.ts';
import { detectablePaired, detectableUnpaired, pooledDeviation, standardDeviation } from '../stats/detectable.ts';
import { comparePairedRates, compareUnpairedRates } from '../stats/error-rates.ts';
import { comparePaired } from '../stats/paired.ts';
import { rankSumTest, shiftEstimate } from '../stats/rank-sum.ts';
import { locationEstimate, signedRankTest, type Interval } from '../stats/signed-rank.ts';
import { median } from '../stats/summary.ts';
import { compareUnpaired } from '../stats/unpaired.ts';
import { differenceVerdict, type Better, type Verdict } from '../stats/verdict.ts';
import type { ComparedMetric } from './document.ts';

export interface StatisticsOptions {
  readonly paired: boolean;
  /** 0 is taken for "any change at all". */
  readonly margin: number;
  readonly better: Better;
  readonly alpha: number;
}

export interface SideStatistics extends Pick<
  ComparedMetric,
  'ratio' | 'interval' | 'p' | 'smallestDetectable' | 'warn'
> {
  readonly verdict: Verdict;
  /** Other - base where there is no ratio, or a ratio says nothing: in the metric's unit. */
  readonly difference: { readonly estimate: number; readonly interval: Interval | null } | null;
  /** The interval holds no change for the worse beyond the margin: a gate passes, whatever else is open. */
  readonly noWorse: boolean;
  /** Of loss rates: the means differ for the worse by more than the margin, whatever the interval says. */
  readonly worseOnAverage: boolean;
}

/** So small that only equality lies within. */
const noMargin = 1e-9;

/** Loss rates are compared as differences of rates; other metrics as ratios, or where a value is not above zero as differences. */
export function sideStatistics(
  metric: string,
  base: readonly number[],
  other: readonly number[],
  options: StatisticsOptions,
): SideStatistics {
  if (metric === derivedMetrics.lossRate) return ofRates(base, other, options);
  return [...base, ...other].every((value) => value > 0)
    ? ofRatios(base, other, options)
    : ofDifferences(base, other, options);
}

function ofRatios(base: readonly number[], other: readonly number[], options: StatisticsOptions): SideStatistics {
  const margin = Math.max(options.margin, noMargin);
  const compare = options.paired ? comparePaired : compareUnpaired;
  const { ratio, interval, p, smallestDetectable, verdict, warn } = compare(base, other, { ...options, margin });
  const top = 1 + margin;
  const within = (value: Interval): boolean => (options.better === 'lower' ? value.high < top : value.low > 1 / top);
  const noWorse = interval !== null && within(interval);
  return { ratio, interval, p, smallestDetectable, verdict, warn, difference: null, noWorse, worseOnAverage: false };
}

function ofRates(base: readonly number[], other: readonly number[], options: StatisticsOptions): SideStatistics {
  const margin = Math.max(options.margin, noMargin);
  const compare = options.paired ? comparePairedRates : compareUnpairedRates;
  const { difference, interval, p, verdict, warn, worseOnAverage } = compare(base, other, { ...options, margin });
  const within = (value: Interval): boolean =>
    options.better === 'lower' ? value.high <= margin : value.low >= -margin;
  return {
    ratio: null,
    interval: null,
    p,
    smallestDetectable: detectableDifference(base, other, options),
    verdict,
    warn,
    difference: difference === null ? null : { estimate: difference, interval },
    noWorse: interval !== null && within(interval) && !worseOnAverage,
    worseOnAverage,
  };
}

/** The margin is that share of the base's median; where that is zero, any change is beyond it. */
function ofDifferences(base: readonly number[], other: readonly number[], options: StatisticsOptions): SideStatistics {
  const { paired, better, alpha } = options;
  const differences = paired ? base.map((value, block) => other[block]! - value) : [];
  const { estimate, interval } = paired
    ? locationEstimate(differences, alpha, 'difference')
    : shiftEstimate(base, other, alpha, 'difference');
  const { p } = paired ? signedRankTest(differences) : rankSumTest(base, other);
  const middle = Math.abs(median(base) ?? 0);
  const margin = options.margin * middle;
  const verdict = differenceVerdict(interval, margin, better);
  const changed = interval !== null && (interval.low > 0 || interval.high < 0);
  const detectable = detectableDifference(base, other, options);
  return {
    ratio: null,
    interval: null,
    p,
    smallestDetectable: detectable === null || middle === 0 ? null : detectable / middle,
    verdict,
    warn: changed && verdict !== 'regression' && verdict !== 'improvement',
    difference: { estimate, interval },
    noWorse: interval !== null && (better === 'lower' ? interval.high <= margin : interval.low >= -margin),
    worseOnAverage: false,
  };
}

/** The smallest difference that is seen with a power of 80 %, in the metric's unit. */
function detectableDifference(
  base: readonly number[],
  other: readonly number[],
  { paired, alpha }: StatisticsOptions,
): number | null {
  // What is asked answers for logarithms, exp(difference) - 1: of values up to 1 that is never out of range.
  const scale = Math.max(...[...base, ...other].map(Math.abs)) || 1;
  const [from, to] = [base.map((value) => value / scale), other.map((value) => value / scale)];
  const change = paired
    ? detectablePaired(standardDeviation(from.map((value, block) => to[block]! - value)), from.length, alpha)
    : detectableUnpaired(pooledDeviation(from, to), from.length, to.length, alpha);
  return change === null ? null : scale * Math.log1p(change);
}
