/** Judges a claim of a scenario ("the ratio is below 0.6") from one value per block and side. */
import { blocksNeeded, type Interval, type LocationEstimate, locationEstimate } from './signed-rank.ts';
import { usualAlpha as alpha } from './verdict.ts';

/** At least one of the two; both are exclusive. */
interface Bounds {
  readonly below?: number;
  readonly above?: number;
}

/** `ratio`: the metric of one variant over that of another, in the same block. `value`: the metric of one variant by itself. */
export type Expectation = { readonly ratio: Bounds } | { readonly value: Bounds };

export interface ExpectationJudgement {
  readonly outcome: 'confirmed' | 'refuted' | 'not decided';
  /** Hodges-Lehmann estimate of the ratio or value; null where there is none. */
  readonly estimate: number | null;
  /** Null with too few blocks. */
  readonly interval: Interval | null;
  /** A sentence for the reader. */
  readonly reason: string;
}

/**
 * The whole interval inside the bounds confirms, the whole interval outside refutes, anything else decides nothing; nor do fewer than
 * six blocks. Blocks that agree exactly give an interval of one point. The values stand in block order and without gaps.
 * `printValue` words a value with its unit; a ratio has none. Throws a RangeError for bounds that say nothing, sides of unequal length, or a ratio without its second side.
 */
export function judgeExpectation(
  expectation: Expectation,
  perBlockOf: readonly number[],
  perBlockAgainst: readonly number[] | null,
  printValue: (value: number) => string = print,
): ExpectationJudgement {
  const isRatio = 'ratio' in expectation;
  const bounds = isRatio ? expectation.ratio : expectation.value;
  if (bounds.below === undefined && bounds.above === undefined)
    throw new RangeError('an expectation needs below or above');
  const what = isRatio ? 'ratio' : 'value';
  if (perBlockOf.length === 0) return undecided('there is no finished block');
  const values = isRatio ? ratios(perBlockOf, perBlockAgainst) : perBlockOf;
  if (typeof values === 'string') return undecided(values);
  if (!values.every(Number.isFinite)) return undecided('the metric is missing in at least one block');
  const location = locationEstimate(values, alpha, isRatio ? 'ratio' : 'difference');
  return decide(bounds, location, values.length, { what, print: isRatio ? print : printValue });
}

function undecided(reason: string): ExpectationJudgement {
  return { outcome: 'not decided', estimate: null, interval: null, reason };
}

/** The ratio of every block, or why there is none. */
function ratios(of: readonly number[], against: readonly number[] | null): readonly number[] | string {
  if (against?.length !== of.length) throw new RangeError('a ratio needs as many values on both sides');
  const zeros = against.filter((value) => value === 0).length;
  if (zeros > 0) {
    return `the ratio is undefined: the metric compared against is zero in ${zeros} of ${against.length} blocks`;
  }
  if (of.some((value) => value < 0) || against.some((value) => value < 0)) {
    return 'the ratio is undefined: the metric is negative in at least one block';
  }
  return of.map((value, block) => value / against[block]!);
}

/** What is judged, and how it is printed. */
interface Wording {
  readonly what: string;
  readonly print: (value: number) => string;
}

function decide(
  bounds: Bounds,
  location: LocationEstimate,
  blocks: number,
  { what, print }: Wording,
): ExpectationJudgement {
  const { estimate, interval } = location;
  const bound = describe(bounds, print);
  if (interval === null) {
    const needed = blocksNeeded(alpha);
    const reason = `a decision needs at least ${needed} blocks, there ${blocks === 1 ? 'is' : 'are'} ${blocks}; the ${what} is ${print(estimate)}`;
    return { outcome: 'not decided', estimate, interval, reason };
  }
  const range =
    interval.low === interval.high ? print(interval.low) : `${print(interval.low)} to ${print(interval.high)}`;
  const { below = Infinity, above = -Infinity } = bounds;
  if (interval.high < below && interval.low > above) {
    return { outcome: 'confirmed', estimate, interval, reason: `the ${what} is ${range}, ${bound}` };
  }
  if (interval.low >= below || interval.high <= above) {
    return { outcome: 'refuted', estimate, interval, reason: `the ${what} is ${range}, not ${bound}` };
  }
  const reason = `the ${what} is ${range}: more blocks are needed to tell whether it is ${bound}`;
  return { outcome: 'not decided', estimate, interval, reason };
}

function describe({ below, above }: Bounds, print: Wording['print']): string {
  const parts = [
    above === undefined ? [] : [`above ${print(above)}`],
    below === undefined ? [] : [`below ${print(below)}`],
  ];
  return parts.flat().join(' and ');
}

/** Four significant digits, without trailing zeros. */
function print(value: number): string {
  return String(Number(value.toPrecision(4)));
}
