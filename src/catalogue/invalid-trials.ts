/** The invalid trials of a run by their reasons, each reason once with what to do about it: none is left out. */
import { plural } from '../compare/words.ts';
import { invalidTrials } from '../report/warnings.ts';
import type { ScenarioResults } from './claim-outcome.ts';

export interface InvalidGroup {
  readonly code: string;
  /** What to change; null where nothing general can be said. */
  readonly advice: string | null;
  readonly trials: readonly { readonly variant: string; readonly block: number; readonly message: string }[];
}

/** By reason, the most frequent first. A trial with several reasons stands under each of them. */
export function invalidGroups({ trials }: Pick<ScenarioResults, 'trials'>): readonly InvalidGroup[] {
  const byCode = new Map<string, { advice: string | null; trials: InvalidGroup['trials'][number][] }>();
  for (const { variant, block, reasons } of invalidTrials(trials)) {
    const given = reasons.length > 0 ? reasons : [{ code: 'no reason', message: 'no reason was recorded' }];
    for (const reason of given) {
      const group = byCode.get(reason.code) ?? { advice: null, trials: [] };
      const advice = group.advice ?? ('advice' in reason ? (reason.advice ?? null) : null);
      group.trials.push({ variant, block, message: reason.message });
      byCode.set(reason.code, { ...group, advice });
    }
  }
  return [...byCode].map(([code, group]) => ({ code, ...group })).sort((a, b) => b.trials.length - a.trials.length);
}

/** `2 of 84 trials are invalid`, `none of 84 trials is invalid`. */
export function invalidTally({ trials }: Pick<ScenarioResults, 'trials'>): string {
  const invalid = trials.filter(({ valid }) => !valid).length;
  const of = plural(trials.length, 'trial');
  if (invalid === 0) return `none of ${of} is invalid`;
  return `${invalid} of ${of} ${invalid === 1 ? 'is' : 'are'} invalid`;
}
