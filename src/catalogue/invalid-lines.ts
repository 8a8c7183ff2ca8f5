/** The invalid trials of a scenario as lines of Markdown: each reason, what to do about it, and every trial. */
import { plural } from '../compare/words.ts';
import { code, prose } from '../report/markdown-text.ts';
import type { ScenarioResults } from './claim-outcome.ts';
import { invalidGroups, invalidTally, type InvalidGroup } from './invalid-trials.ts';

/** A line that says how many; where there are some, a line for each reason, and with `each` a line for every trial. */
export function invalidLines(
  scenario: string,
  results: Pick<ScenarioResults, 'trials'>,
  { each }: { readonly each: boolean },
): readonly string[] {
  const groups = invalidGroups(results);
  return [
    `- ${code(scenario)}: ${invalidTally(results)}${groups.length === 0 ? '.' : ':'}`,
    ...groups.flatMap(({ code: reason, advice, trials }) => [
      `  - ${code(reason)}, ${plural(trials.length, 'trial')}.${advice === null ? '' : ` ${prose(advice)}`}`,
      ...(each ? trials.map(trialLine) : []),
    ]),
  ];
}

function trialLine({ variant, block, message }: InvalidGroup['trials'][number]): string {
  return `    - ${code(variant)}, block ${block + 1}: ${prose(message, 400)}`;
}
