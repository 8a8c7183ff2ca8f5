/** Judges the scenario's claims from the trials, block by block. */
import type { TrialRecord } from '../results/record.ts';
import type { ExpectationRecord, VariantRecord } from '../results/run-plan.ts';
import { judgeExpectation, type Expectation, type ExpectationJudgement } from '../stats/expectation.ts';
import { latencyQuantile, metricUnit } from '../scenario/metrics.ts';
import { blocksNeeded } from '../stats/signed-rank.ts';
import { alpha, pairedBlocks } from './blocks.ts';
import { boundsReason } from './bounded.ts';
import { readMetric } from './metric.ts';
import { isExact, survivorship, tailReason } from './treatment.ts';
import { quantity } from './words.ts';
import type { ResultFile } from '../results/read-file.ts';

export type Outcome = ExpectationJudgement['outcome'];

/** One variant, or pair of variants, that a claim is about. */
export interface ClaimCase extends ExpectationJudgement {
  readonly of: string;
  /** Null for a claim about one variant by itself. */
  readonly against: string | null;
  /** Blocks judged. */
  readonly blocks: number;
}

export interface ClaimResult {
  readonly expectation: ExpectationRecord;
  /** Confirmed where every case is; refuted where one is. */
  readonly outcome: Outcome;
  /** Why there is no case; null with cases. */
  readonly reason: string | null;
  readonly cases: readonly ClaimCase[];
}

/** Every claim of the scenario, in its order. */
export function judgeClaims(results: Pick<ResultFile, 'header' | 'trials'>): readonly ClaimResult[] {
  return results.header.expectations.map((expectation) => judgeClaim(expectation, results));
}

function judgeClaim(
  expectation: ExpectationRecord,
  { header, trials }: Pick<ResultFile, 'header' | 'trials'>,
): ClaimResult {
  const undecided = (reason: string): ClaimResult => ({ expectation, outcome: 'not decided', reason, cases: [] });
  const pairs = pairsOf(expectation, header.variants);
  if (pairs.length === 0) return undecided('no variant of this run fits the claim');
  const cases = pairs.map(({ of, against }) => judgeCase(expectation, trials, of, against));
  return { expectation, outcome: overall(cases), reason: null, cases };
}

function overall(cases: readonly ClaimCase[]): Outcome {
  if (cases.some(({ outcome }) => outcome === 'refuted')) return 'refuted';
  return cases.every(({ outcome }) => outcome === 'confirmed') ? 'confirmed' : 'not decided';
}

interface Pair {
  readonly of: string;
  readonly against: string | null;
}

/** Variants that fit `of`, each with the variant that differs from it only as `against` says. */
function pairsOf(expectation: ExpectationRecord, variants: readonly VariantRecord[]): readonly Pair[] {
  const { of, against } = expectation;
  const fitting = variants.filter((variant) => fits(variant, of));
  if (against === null) return fitting.map((variant) => ({ of: variant.name, against: null }));
  return fitting.flatMap((variant) => {
    const other = variants.find((candidate) => fits(candidate, { ...variant.axes, ...against }));
    return other === undefined || other === variant ? [] : [{ of: variant.name, against: other.name }];
  });
}

function fits(variant: VariantRecord, axes: Readonly<Record<string, string>>): boolean {
  return Object.entries(axes).every(([axis, alternative]) => variant.axes[axis] === alternative);
}

function judgeCase(
  expectation: ExpectationRecord,
  trials: readonly TrialRecord[],
  of: string,
  against: string | null,
): ClaimCase {
  const validOf = (variant: string): readonly TrialRecord[] =>
    trials.filter((trial) => trial.variant === variant && trial.valid);
  // A block counts only where both sides are valid: leaving out one side alone would compare different times.
  const pairs = pairedBlocks(validOf(of), validOf(against ?? of));
  const readings = pairs.map(
    ([a, b]) => [readMetric(a, expectation.metric), readMetric(b, expectation.metric)] as const,
  );
  const blocks = readings.length;
  const undecided = (reason: string): ClaimCase => {
    return { of, against, blocks, outcome: 'not decided', estimate: null, interval: null, reason };
  };
  const flat = readings.flat();
  if (flat.some(({ kind }) => kind === 'unknown'))
    return undecided(`a trial record has no figure ${expectation.metric}`);
  const missing = flat.find((reading) => reading.kind === 'missing');
  if (missing !== undefined) return undecided(`the metric is missing: ${missing.reason}`);
  // A claim about one variant reads every trial twice.
  const bounds = flat.filter(({ kind }) => kind === 'bound').length / (against === null ? 2 : 1);
  if (bounds > 0) return undecided(boundsReason(bounds, against === null ? blocks : flat.length));
  const values = flat.flatMap((reading) => (reading.kind === 'value' ? [reading.value] : []));
  const sides = [0, 1].map((side) => values.filter((_, index) => index % 2 === side)) as [number[], number[]];
  const withheld = unsupported(expectation.metric, pairs, against === null);
  if (withheld !== null) return undecided(withheld);
  const { ratio, value } = expectation;
  const claim: Expectation = ratio === null ? { value: boundsOf(value) } : { ratio: boundsOf(ratio) };
  const [first, second] = sides.map((side) => certain(expectation.metric, side, sides)) as [number[], number[]];
  const unit = metricUnit(expectation.metric);
  const judged = judgeExpectation(claim, first, against === null ? null : second, (amount) => quantity(amount, unit));
  return { of, against, blocks, ...judged };
}

/**
 * Why a latency cannot be judged, by the rules of every comparison: too many requests of a side got no answer (of a claim about one
 * variant: any), or too few lie beyond a quantile of the tail. Null where it can.
 */
function unsupported(
  metric: string,
  pairs: readonly (readonly [TrialRecord, TrialRecord])[],
  alone: boolean,
): string | null {
  const [own, theirs] = [pairs.map(([trial]) => trial), pairs.map(([, trial]) => trial)];
  const inTail = (latencyQuantile(metric)?.p ?? 1) > 0.5;
  return survivorship(metric, alone ? null : theirs, own) ?? (inTail ? tailReason(metric, [...own, ...theirs]) : null);
}

/** A count that was the same in every trial of both sides is known after two: as sure as blocks enough for an interval make it. */
function certain(metric: string, side: readonly number[], sides: readonly (readonly number[])[]): readonly number[] {
  const exact = sides.every((values) => isExact(metric, values));
  const missing = blocksNeeded(alpha) - side.length;
  return exact && missing > 0 ? [...side, ...Array<number>(missing).fill(side[0]!)] : side;
}

/** The bounds that are set. */
function boundsOf(bounds: ExpectationRecord['ratio']): { readonly below?: number; readonly above?: number } {
  const { below = null, above = null } = bounds ?? {};
  return { ...(below === null ? {} : { below }), ...(above === null ? {} : { above }) };
}
