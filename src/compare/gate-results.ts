/** Judges the gates: each on every pair, with Holm's correction over all of those that are tested. */
import { derivedMetrics } from '../scenario/metrics.ts';
import { holm } from '../stats/holm.ts';
import type { ComparedMetric, ComparedPair, GateOutcome, GateResult, SideFigures } from './document.ts';
import type { Gate } from './gates.ts';
import { marginText, type JudgedMetric } from './metric-comparison.ts';
import type { PlannedPair } from './pairing.ts';
import { figure, percent, quantity, range, times } from './words.ts';

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
  const tested = pairs.flatMap(({ metrics }) =>
    metrics.filter(({ compared }) => compared.gating && compared.kind === 'statistical'),
  );
  const corrected = holm(
    tested.map(({ compared }) => compared.p ?? 1),
    alpha,
  );
  const holmOf = new Map(tested.map((judged, index) => [judged, corrected[index]!]));
  const withHolm = pairs.map((pair) => {
    return pair.metrics.map((judged) => ({ ...judged.compared, pHolm: holmOf.get(judged)?.adjusted ?? null }));
  });
  const results = pairs.flatMap((pair) =>
    gates.map((gate): GateResult => {
      const judged = pair.metrics.find(({ compared }) => compared.metric === gate.metric)!;
      const rejected = holmOf.get(judged)?.rejected ?? false;
      return { pair: pair.plan.name, ...gate, ...outcomeOf(pair.plan, judged, rejected) };
    }),
  );
  return { gates: results, metrics: withHolm };
}

type Outcome = Pick<GateResult, 'outcome' | 'reason'>;

function outcomeOf(plan: PlannedPair, { compared, noWorse }: JudgedMetric, rejected: boolean): Outcome {
  const { metric, verdict, reason, kind } = compared;
  const bounds = boundsText(compared);
  const notJudged = `${metric} is ${bounds === null ? '' : `${bounds}, and `}not judged`;
  const open = (why: string): Outcome => ({ outcome: 'inconclusive', reason: `${notJudged}: ${why}.` });
  if (plan.ungated !== null) return open(plan.ungated);
  if (verdict === null) return open(reason ?? 'it has no verdict');
  const outcome = decided(verdict, noWorse, kind === 'exact' || rejected);
  return { outcome, reason: sentence(compared, outcome) };
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

function sentence(compared: ComparedMetric, outcome: GateOutcome): string {
  const { metric, reason } = compared;
  const why = reason === null || (outcome !== 'inconclusive' && compared.ratio !== null) ? '' : ` (${reason})`;
  return `${metric} is ${changeText(compared)}: ${outcomeText(compared, outcome)}${why}.`;
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
  const [from, to] = [base.value, other.value];
  if (kind === 'exact' || ratio === null) {
    const print = metric === derivedMetrics.lossRate ? percent : figure;
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
