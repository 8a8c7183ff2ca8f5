/** Reads the gates of a scenario. */
import { z } from 'zod';
import { check } from './check.ts';
import { gateMargin, gateMetric, type Gate } from './gates.ts';
import { noSuchHop, type HopChain } from './hop-metrics.ts';
import { locate, type Node } from './node.ts';
import { joinPath, type Problem } from './problem.ts';
import { gateSchema } from './schema.ts';

/** Each gate is one more test, and makes all of them less sure. */
const maximumGates = 100;
const listSchema = z.array(z.unknown()).max(maximumGates, { error: `must be at most ${maximumGates} gates` });

/** `chains`: the programs on the way of every variant, null where they are not known. */
export function readGates(
  node: Node,
  chains: readonly HopChain[] | null = null,
): { readonly gates: readonly Gate[]; readonly problems: readonly Problem[] } {
  if (node.kind === 'scalar' && node.value === null) return { gates: [], problems: [] };
  const whole = check(listSchema, node, { path: 'gates' });
  if (node.kind !== 'list' || whole.value === null) return { gates: [], problems: whole.problems };
  const gates: Gate[] = [];
  const problems: Problem[] = [];
  for (const [index, item] of node.items.entries()) {
    const path = joinPath('gates', [index]);
    const checked = check(gateSchema, item, { path });
    problems.push(...checked.problems);
    if (checked.value === null) continue;
    const read = readGate(checked.value, gates, chains);
    if (!('key' in read)) {
      gates.push(read);
      continue;
    }
    const { key, ...problem } = read;
    problems.push({ ...locate(item, [key]).at, path: joinPath(path, [key]), ...problem });
  }
  return { gates, problems };
}

/** What is wrong with a gate, and with which of its keys. */
interface GateProblem extends Pick<Problem, 'message' | 'suggestion'> {
  readonly key: 'metric' | 'margin';
}

function readGate(
  input: z.output<typeof gateSchema>,
  earlier: readonly Gate[],
  chains: readonly HopChain[] | null,
): Gate | GateProblem {
  const metric = gateMetric(input.metric);
  if (!metric.ok) {
    const { message, suggestion } = metric;
    return { key: 'metric', message, ...(suggestion === undefined ? {} : { suggestion }) };
  }
  if (earlier.some((gate) => gate.metric === metric.value)) {
    return { key: 'metric', message: 'has a gate already' };
  }
  const absent = noSuchHop(metric.value, chains);
  if (absent !== null) return { key: 'metric', ...absent };
  const margin = gateMargin(metric.value, input.margin);
  return margin.ok ? { metric: metric.value, margin: margin.value } : { key: 'margin', message: margin.message };
}
