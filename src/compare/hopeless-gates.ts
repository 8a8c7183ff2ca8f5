/** Finds gates that nothing could have failed, and pairs of which nothing is left: neither may look like a gate that held. */
import { largestRejectedCount } from '../stats/rank-sum.ts';
import { blocksNeeded, largestRejectedSum } from '../stats/signed-rank.ts';
import type { ComparedMetric, ComparedPair, ComparisonDocument } from './document.ts';
import { pairTrials } from './pair-trials.ts';
import type { ComparedFile } from './pairing.ts';
import { tailReason } from './treatment.ts';
import { percent, plural } from './words.ts';

interface GatedMetric {
  readonly pair: ComparedPair;
  readonly metric: ComparedMetric;
}

/**
 * A sentence for each reason why gates cannot fail: the smallest p that so few blocks can give, times the number of gates that are tested,
 * is above the error rate; or no trial has the requests that a quantile needs. Empty where each could have failed.
 */
export function gatesThatCannotFail(files: readonly ComparedFile[], document: ComparisonDocument): readonly string[] {
  const gated = document.pairs.flatMap((pair) =>
    pair.metrics.filter(({ gating }) => gating).map((metric): GatedMetric => ({ pair, metric })),
  );
  return [...untestable(gated, document), ...withoutTail(gated, files)];
}

/** Pairs without a block, or an unpaired side without a trial, because trials are invalid. */
export function pairsLostToInvalidTrials(
  files: readonly ComparedFile[],
  { pairs }: Pick<ComparisonDocument, 'pairs'>,
): readonly ComparedPair[] {
  return pairs.filter((pair) => {
    const { base, other } = pairTrials(files, pair);
    return (base.length === 0 || other.length === 0) && [pair.base, pair.other].some((side) => hasInvalid(files, side));
  });
}

function hasInvalid(files: readonly ComparedFile[], { source, variant }: ComparedPair['base']): boolean {
  return (files[source]?.results.trials ?? []).some((trial) => trial.variant === variant && !trial.valid);
}

/** Of the gates that need a test no single one can reach its share of the error rate. */
function untestable(gated: readonly GatedMetric[], { alpha, gates }: ComparisonDocument): readonly string[] {
  const tested = gated.filter(({ metric }) => metric.kind !== 'exact');
  const [first] = tested;
  if (first === undefined || tested.some(canReach)) return [];
  const tests = Math.max(1, Math.round(alpha / first.metric.alpha));
  const which =
    gates.length === 1
      ? 'The gate needs a test, and cannot fail'
      : `${tests} of the ${gates.length} gates need a test, and none of them can fail`;
  const fewer = tests === 1 ? '' : ', or fewer gates or variants';
  const most = Math.max(...tested.map(({ metric }) => metric.n));
  const few = first.pair.design === 'paired' ? plural(most, 'block') : `${plural(most, 'trial')} on a side`;
  return [
    `${which}: with ${few} no difference is significant at an error rate of ${percent(alpha)} in all. It takes --blocks ${blocksNeeded(alpha / tests)}${fewer}.`,
  ];
}

/** `alpha` of a gate is its share of the error rate already. */
function canReach({ pair, metric: { base, other, n, alpha } }: GatedMetric): boolean {
  if (pair.design === 'paired') return largestRejectedSum(n, alpha) !== null;
  const [first, second] = [base.perTrial.length, other.perTrial.length];
  return first > 0 && second > 0 && largestRejectedCount(first, second, alpha) !== null;
}

function withoutTail(gated: readonly GatedMetric[], files: readonly ComparedFile[]): readonly string[] {
  return [...new Set(gated.map(({ metric }) => metric.metric))].flatMap((name) => {
    const trials = gated
      .filter(({ metric }) => metric.metric === name)
      .flatMap(({ pair }) => {
        const { base, other } = pairTrials(files, pair);
        return [...base, ...other];
      });
    const reason = tailReason(name, trials);
    const isHopeless = reason !== null && trials.every((trial) => tailReason(name, [trial]) !== null);
    return isHopeless ? [`The gate on ${name} cannot fail: ${reason}.`] : [];
  });
}
