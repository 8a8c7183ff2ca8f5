/**
 * Requests whose response time is not known, only that it is longer than what was waited: those that timed out, and those that were
 * unfinished at the end of the drain. `latency` holds answered requests and nothing else, so that its names keep their meaning; what
 * these do to the response time stands beside it.
 *
 * With every censored request at its age, a quantile of all is never above the true one. It is the true one where it stays the same
 * with every censored request infinitely late, and a lower bound otherwise. (The two orders bracket every order between them.)
 */
import { z } from 'zod';
import { decodeHdr, encodeHdr } from '../stats/hdr-codec.ts';
import { highestEquivalentAt, Histogram, histogramLength, rankOf, type SparseCounts } from '../stats/histogram.ts';
import { mergeSparse } from '../stats/summary.ts';
import { amountSchema, type DeepReadonly } from './values.ts';

/** Figures of the response time that `atLeast` may name. */
export const censoredFigures = ['min', 'p50', 'p90', 'p99', 'p999', 'max', 'mean'] as const;
export type CensoredFigure = (typeof censoredFigures)[number];

export const censoredSchema = z.object({
  unit: z.literal('ns'),
  /** Requests of measure that timed out or were unfinished at the end of the drain. */
  count: z.int().positive(),
  /** Their ages when they were given up, from their intended starts: HDR V2 compressed encoding, base64. */
  histogram: z.string().min(1),
  /** The response time of answered and censored requests together, each censored one at its age. */
  response: z.object({
    count: z.int().positive(),
    min: amountSchema,
    p50: amountSchema,
    p90: amountSchema,
    p99: amountSchema,
    p999: amountSchema,
    max: amountSchema,
    mean: amountSchema,
  }),
  /** Names of the figures of `response` that are lower bounds, since they depend on a censored request. Strings, as every name in a file. */
  atLeast: z.array(z.string()),
});
export type CensoredRecord = DeepReadonly<z.infer<typeof censoredSchema>>;

/** A figure of the response time; with `atLeast` all that is known is that the true one is not below. */
export interface BoundedFigure {
  readonly value: number;
  readonly atLeast: boolean;
}

/** Null without a censored request. Throws a RangeError for a malformed sparse form. */
export function censoredRecord(answered: SparseCounts, censored: SparseCounts): CensoredRecord | null {
  const count = countOf(censored);
  if (count === 0) return null;
  const known = Histogram.fromSparse(answered);
  const all = Histogram.fromSparse(mergeSparse([answered, censored]));
  const figures = new Map<CensoredFigure, BoundedFigure>([
    ['min', quantileOf(known, all, 0)],
    ['p50', quantileOf(known, all, 0.5)],
    ['p90', quantileOf(known, all, 0.9)],
    ['p99', quantileOf(known, all, 0.99)],
    ['p999', quantileOf(known, all, 0.999)],
    ['max', quantileOf(known, all, 1)],
    ['mean', { value: all.mean ?? 0, atLeast: true }],
  ]);
  const value = (figure: CensoredFigure): number => figures.get(figure)?.value ?? 0;
  return {
    unit: 'ns',
    count,
    histogram: encodeHdr(censored),
    response: {
      count: all.count,
      min: value('min'),
      p50: value('p50'),
      p90: value('p90'),
      p99: value('p99'),
      p999: value('p999'),
      max: value('max'),
      mean: value('mean'),
    },
    atLeast: censoredFigures.filter((figure) => figures.get(figure)?.atLeast === true),
  };
}

/** A quantile of answered and censored requests together, ns, from their histograms as a record has them; null where both are empty. */
export function boundedQuantile(answered: SparseCounts, censored: SparseCounts, p: number): BoundedFigure | null {
  const all = Histogram.fromSparse(mergeSparse([answered, censored]));
  return all.count === 0 ? null : quantileOf(Histogram.fromSparse(answered), all, p);
}

/** The ages of a record. Throws an Error where its text is no histogram. */
export function censoredAges({ histogram }: CensoredRecord): SparseCounts {
  return decodeHdr(histogram);
}

function quantileOf(answered: Histogram, all: Histogram, p: number): BoundedFigure {
  const value = all.quantile(p) ?? 0;
  return { value, atLeast: ifInfinitelyLate(answered, all.count, p) !== value };
}

/** The quantile of `total` requests of which all but those answered are infinitely late. */
function ifInfinitelyLate(answered: Histogram, total: number, p: number): number {
  if (p === 0) return answered.min ?? Infinity;
  const rank = rankOf(p, total);
  const { count } = answered;
  return rank > count ? Infinity : valueAtRank(answered, rank);
}

function valueAtRank(histogram: Histogram, rank: number): number {
  let seen = 0;
  for (let index = 0; index < histogramLength; index++) {
    seen += histogram.counts[index]!;
    if (seen >= rank) return highestEquivalentAt(index);
  }
  return Infinity;
}

function countOf({ counts }: SparseCounts): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
