/** Judges the gates: each on every pair, with Holm's correction over all of those that are tested. */
import { derivedMetrics } from '../scenario/metrics.ts';
import { holm } from '../stats/holm.ts';
import type { ComparedMetric, ComparedPair, GateOutcome, GateResult, SideFigures } from './document.ts';
import type { Gate } from './gates.ts';
import { marginText, type JudgedMetric } from './metric-comparison.ts';
import { lostByOther } from './pair-trials.ts';
import type { PlannedPair } from './pairing.ts';
import { mean } from '../stats/summary.ts';
import { figure, percent, plural, quantity, range, times } from './words.ts';

export interface JudgedPair {
  readonly plan: PlannedPair;
  readonly excluded: ComparedPair['excluded'];
  readonly metrics: readonly JudgedMetric[];
}

export interface GateVerdicts {
  readonly gates: readonly GateResult[];
  /** The pairs' metrics with the adjusted p-values, in the order given. */
  readonly metrics: readonly (readonly ComparedMetric[])[];
}

/** In the order of the pairs and, within one, of the gates. */
export function judgeGates(pairs: readonly JudgedPair[], gates: readonly Gate[], alpha: number): GateVerdicts {
  const charged = pairs.flatMap(({ metrics }) => metrics.filter((judged) => judged.compared.gating && judged.charged));
  const corrected = holm(
    charged.map(({ compared }) => compared.p ?? 1),
    alpha,
  );
  const holmOf = new Map(charged.map((judged, index) => [judged, corrected[index]!]));
  const withHolm = pairs.map((pair) => {
    return pair.metrics.map((judged) => {
      const pHolm = judged.compared.p === null ? null : (holmOf.get(judged)?.adjusted ?? null);
      return { ...judged.compared, pHolm };
    });
  });
  const results = pairs.flatMap((pair) =>
    gates.map((gate): GateResult => {
      const judged = pair.metrics.find(({ compared }) => compared.metric === gate.metric)!;
      const rejected = holmOf.get(judged)?.rejected ?? false;
      return { pair: pair.plan.name, ...gate, ...outcomeOf(pair, judged, rejected) };
    }),
  );
  return { gates: results, metrics: withHolm };
}

type Outcome = Pick<GateResult, 'outcome' | 'reason'>;

function outcomeOf({ plan, excluded }: JudgedPair, { compared, noWorse }: JudgedMetric, rejected: boolean): Outcome {
  const { metric, verdict, reason, kind } = compared;
  const bounds = boundsText(compared);
  const notJudged = `${metric} is ${bounds === null ? '' : `${bounds}, and `}not judged`;
  const open = (why: string): Outcome => ({ outcome: 'inconclusive', reason: `${notJudged}: ${why}.` });
  if (plan.ungated !== null) return open(plan.ungated);
  if (verdict === null) return open(reason ?? 'it has no verdict');
  const outcome = decided(verdict, noWorse, kind === 'exact' || rejected);
  const lost = lostByOther(excluded);
  if (outcome === 'passed' && lost > 0) {
    const what = plural(lost, plan.design === 'paired' ? 'block' : 'trial');
    const why = `the new side lost ${what} to failures of its own, which no figure shows`;
    return { outcome: 'inconclusive', reason: sentence({ ...compared, reason: why }, 'inconclusive', plan.design) };
  }
  return { outcome, reason: sentence(compared, outcome, plan.design) };
}

/** `>=5,001 ms against 2 ms`; null unless a side is a lower bound. */
function boundsText({ base, other, unit }: ComparedMetric): string | null {
  if (base.atLeast !== true && other.atLeast !== true) return null;
  const side = ({ value, atLeast }: SideFigures): string =>
    value === null ? 'unknown' : `${atLeast === true ? '>=' : ''}${quantity(value, unit)}`;
  return `${side(other)} against ${side(base)}`;
}

/** A gate asks one thing only: is it worse than the margin allows? What rules that out passes, even where the verdict is open. */
function decided(verdict: NonNullable<ComparedMetric['verdict']>, noWorse: boolean, significant: boolean): GateOutcome {
  if (verdict === 'regression') return significant ? 'failed' : 'inconclusive';
  return verdict === 'inconclusive' && !noWorse ? 'inconclusive' : 'passed';
}

function sentence(compared: ComparedMetric, outcome: GateOutcome, design: PlannedPair['design']): string {
  const { metric, reason } = compared;
  const why = reason === null || (outcome !== 'inconclusive' && compared.ratio !== null) ? '' : ` (${reason})`;
  // What was not interleaved at random may differ for any reason, and the error rate is that of this alone.
  const provided =
    design === 'paired' || outcome === 'inconclusive' ? '' : ', if nothing else changed between the runs';
  return `${metric} is ${changeText(compared)}: ${outcomeText(compared, outcome)}${provided}${why}.`;
}

function outcomeText({ metric, margin }: ComparedMetric, outcome: GateOutcome): string {
  const byMore = margin === 0 ? '' : ` by more than ${marginText(metric, margin)}`;
  switch (outcome) {
    case 'passed':
      return `not worse${byMore}`;
    case 'failed':
      return `worse${byMore}`;
    case 'inconclusive':
      return `it is open whether that is worse${byMore}`;
  }
}

/** `1.21 times the base's (95 % interval 1.15 to 1.3)`. */
function changeText({ metric, kind, ratio, interval, alpha, base, other }: ComparedMetric): string {
  if (kind === 'exact' || ratio === null) {
    const losses = metric === derivedMetrics.lossRate;
    const print = losses ? percent : figure;
    // A median passes over the few trials in which requests were lost.
    const [from, to] = [base, other].map(({ value, perTrial }) =>
      losses ? mean(perTrial.map((one) => one.value)) : value,
    ) as [number | null, number | null];
    return from === to && to !== null
      ? `${print(to)} on both sides`
      : `${shown(to, print)} against ${shown(from, print)}`;
  }
  const certain = interval === null ? '' : ` (${percent(1 - alpha)} interval ${range(interval, times)})`;
  return `${times(ratio)} times the base's${certain}`;
}

function shown(value: number | null, print: (value: number) => string): string {
  return value === null ? 'unknown' : print(value);
}
