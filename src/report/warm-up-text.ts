/** How the warm-ups of a run ended that were to last until latency is steady: a sentence for each variant. */
import { figure, range } from '../compare/words.ts';
import type { TrialRecord } from '../results/record.ts';
import type { VariantFigures } from './variant-figures.ts';

export interface WarmUpSentence {
  /** Label from the file: make it safe. */
  readonly variant: string;
  /** Without a full stop; safe, it names nothing from the file. */
  readonly text: string;
}

/** Of the variants with such a warm-up, in their order. */
export function warmUpSentences(rows: readonly VariantFigures[]): readonly WarmUpSentence[] {
  return rows.flatMap(({ label, trials }) => {
    const ended = trials.flatMap(({ steady }) => steady ?? []);
    return ended.length === 0 ? [] : [{ variant: label, text: sentence(ended) }];
  });
}

function sentence(ended: readonly NonNullable<TrialRecord['steady']>[]): string {
  const reached = ended.filter((one) => one.reached);
  const missed = ended.filter((one) => !one.reached);
  const after = `measured after ${secondsOf(reached)} of warm-up, when it was steady`;
  if (missed.length === 0) return after;
  if (reached.length === 0) return `not steady after ${secondsOf(missed)} of warm-up`;
  return `${after}; in ${figure(missed.length)} of ${figure(ended.length)} trials not steady after ${secondsOf(missed)}`;
}

/** `24 s`, or `22 to 26 s`. */
function secondsOf(ended: readonly { readonly warmUpMs: number }[]): string {
  const seconds = ended.map(({ warmUpMs }) => warmUpMs / 1000);
  return `${range({ low: Math.min(...seconds), high: Math.max(...seconds) })} s`;
}
