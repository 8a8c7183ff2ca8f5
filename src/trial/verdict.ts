/** Applies the rules to a trial: why it is invalid, and what to be warned about. Pure. */
import type { ReconciliationRecord } from '../results/record.ts';
import { invalidReason, warning, type InvalidReason, type Warning } from '../results/warnings.ts';
import type { TrialEvidence } from './evidence.ts';
import { factsOf, type Facts } from './facts.ts';
import type { InvalidRule } from './rule.ts';
import { invalidRules, warningRules } from './rules.ts';
import type { SelfCheckFigures } from './self-check.ts';

export interface Verdict {
  /** Why the figures of the trial must not be used: none, if it is valid. */
  readonly invalidReasons: readonly InvalidReason[];
  readonly warnings: readonly Warning[];
}

export function verdictOn(
  evidence: TrialEvidence,
  reconciliation: readonly ReconciliationRecord[],
  figures: SelfCheckFigures | null,
): Verdict {
  const facts = factsOf(evidence, reconciliation, figures);
  const failures = evidence.failures.map(({ code, message }) => invalidReason(code, message));
  const reasons = [...failures, ...brokenRules(facts)];
  const known = new Set<string>(reasons.map(({ code }) => code));
  const judged = {
    ...facts,
    generatorLimited: known.has('generator-limited'),
    machineBusy: known.has('machine-busy'),
  };
  const warnings = warningRules
    // What makes the trial invalid is not said again.
    .filter(({ code }) => !known.has(code))
    .flatMap((rule) => rule.find(judged).map((sentence) => warning(rule.code, sentence)));
  return { invalidReasons: reasons, warnings };
}

/** One reason for everything that is found, but one in all for several rules of one code: they are signs of the same. */
function brokenRules(facts: Facts): readonly InvalidReason[] {
  return [...grouped(invalidRules)].flatMap(([code, rules]) => {
    const found = rules.flatMap((rule) => rule.find(facts));
    if (rules.length === 1) return found.map((sentence) => invalidReason(code, sentence));
    return found.length === 0 ? [] : [invalidReason(code, found.join('; '))];
  });
}

/** In the order in which the codes first appear. */
function grouped(rules: readonly InvalidRule[]): ReadonlyMap<InvalidRule['code'], readonly InvalidRule[]> {
  const byCode = new Map<InvalidRule['code'], InvalidRule[]>();
  for (const rule of rules) byCode.set(rule.code, [...(byCode.get(rule.code) ?? []), rule]);
  return byCode;
}
