/** Reads what a scenario says of its variants: a sentence or two on why each behaves as it does, to stand beside its figures. */
import { z } from 'zod';
import { check } from './check.ts';
import type { Node } from './node.ts';
import { joinPath, type Problem } from './problem.ts';
import { explainSchema } from './schema.ts';
import { select, type Named } from './selection.ts';

export interface Explanation {
  /** Names of the variants that it is about, in the scenario's order. */
  readonly variants: readonly string[];
  readonly text: string;
}

export interface ReadExplanations {
  readonly explanations: readonly Explanation[];
  readonly problems: readonly Problem[];
}

const mostExplanations = 1000;
const listSchema = z.array(z.unknown()).max(mostExplanations, { error: `must be at most ${mostExplanations} texts` });

/** Reads `explain`. `variants` is null where they could not be made. */
export function readExplanations(node: Node, variants: readonly Named[] | null): ReadExplanations {
  if (node.kind === 'scalar' && node.value === null) return { explanations: [], problems: [] };
  const whole = check(listSchema, node, { path: 'explain' });
  if (node.kind !== 'list' || whole.value === null) return { explanations: [], problems: whole.problems };
  const explanations: Explanation[] = [];
  const problems: Problem[] = [];
  for (const [index, item] of node.items.entries()) {
    const path = joinPath('explain', [index]);
    const checked = check(explainSchema, item, { path });
    problems.push(...checked.problems);
    if (checked.value === null || variants === null) continue;
    const found = select(variants, checked.value.of);
    if (found.ok) {
      explanations.push({ variants: found.items.map(({ name }) => name), text: checked.value.text.trim() });
    } else {
      const { message, suggestion } = found;
      const at = joinPath(path, ['of']);
      problems.push({ ...item.at, path: at, message, ...(suggestion === undefined ? {} : { suggestion }) });
    }
  }
  return { explanations, problems };
}
