/** Says before and after a run that its gates are more than so few blocks can decide. */
import type { HeaderRecord } from '../results/record.ts';
import { isStructural } from '../scenario/gates.ts';
import { UserError } from '../scenario/user-error.ts';
import { blocksNeeded } from '../stats/signed-rank.ts';
import { usualAlpha } from '../stats/verdict.ts';
import { pairsWithinRun } from './within-run-pairs.ts';
import { percent, plural } from './words.ts';

/** What no result of so few blocks could decide, and what to do; null where there are enough. `tests` share the error rate. */
export function tooFewBlocks(tests: number, alpha: number, blocks: number): string | null {
  const needed = tests === 0 ? 0 : blocksNeeded(alpha / tests);
  if (blocks >= needed) return null;
  const fewer = tests === 1 ? '' : ', or fewer gates or variants';
  return `${plural(tests, 'gate')} at an error rate of ${percent(alpha)} in all cannot be decided with ${plural(blocks, 'block')}: it takes --blocks ${needed}${fewer}.`;
}

/** The same of a run that has yet to be made, by the header that it will have; null also where it compares nothing. */
export function plannedTooFewBlocks(header: HeaderRecord): string | null {
  const gates = (header.gates ?? []).filter(({ metric }) => !isStructural(metric));
  if (gates.length === 0) return null;
  try {
    const file = { path: null, results: { header, trials: [], footer: null } };
    const { pairs } = pairsWithinRun(file, { baseline: null, force: false });
    return tooFewBlocks(gates.length * pairs.length, usualAlpha, header.blocks);
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}
