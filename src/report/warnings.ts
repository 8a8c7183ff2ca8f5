/** Gathers the warnings and the invalid trials of a run, and says each once with what to do about it. */
import type { TrialRecord } from '../results/record.ts';
import { plural } from '../compare/words.ts';
import { printable } from './printable.ts';

/** A warning code with every trial that has it. */
export interface GatheredWarning {
  readonly code: string;
  readonly advice: string;
  readonly cases: readonly { readonly variant: string; readonly block: number; readonly message: string }[];
}

/** In the order in which the codes first appear. */
export function gatherWarnings(trials: readonly TrialRecord[]): readonly GatheredWarning[] {
  const byCode = new Map<string, { advice: string; cases: { variant: string; block: number; message: string }[] }>();
  for (const { variant, block, warnings } of trials) {
    for (const { code, advice, message } of warnings) {
      const gathered = byCode.get(code) ?? { advice, cases: [] };
      gathered.cases.push({ variant, block, message });
      byCode.set(code, gathered);
    }
  }
  return [...byCode].map(([code, gathered]) => ({ code, ...gathered }));
}

export interface InvalidTrial {
  readonly index: number;
  readonly variant: string;
  readonly block: number;
  readonly reasons: TrialRecord['invalidReasons'];
}

/** Trials whose figures must not be used, in the order of the file. */
export function invalidTrials(trials: readonly TrialRecord[]): readonly InvalidTrial[] {
  return trials
    .filter((trial) => !trial.valid)
    .map(({ index, variant, block, invalidReasons }) => ({ index, variant, block, reasons: invalidReasons }));
}

/** What to change, each once, in the order of the trials. */
export function adviceFor(trials: readonly InvalidTrial[]): readonly string[] {
  return [...new Set(trials.flatMap(({ reasons }) => reasons.flatMap(({ advice }) => advice ?? [])))];
}

/** Cases shown per warning. */
const mostCases = 2;

/** What happened, safe to print; the advice is a paragraph of its own. */
export function warningText({ code, cases }: GatheredWarning): string {
  const shown = cases
    .slice(0, mostCases)
    .map(({ variant, message }) => `${printable(variant, 100)}: ${printable(message)}`);
  const more = cases.length - shown.length;
  return `${printable(code, 40)}: ${shown.join('; ')}${more > 0 ? `; and ${plural(more, 'more trial')}` : ''}`;
}

/** One invalid trial, safe to print. */
export function invalidText({ variant, block, reasons }: InvalidTrial): string {
  const why = reasons.map(({ code, message }) => `${printable(code, 40)}: ${printable(message)}`).join('; ');
  return `${printable(variant, 100)}, block ${block + 1}: ${why || 'no reason recorded'}`;
}
