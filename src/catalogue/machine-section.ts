/** Where and when the results were measured, once for each set of conditions. */
import { plural } from '../compare/words.ts';
import { row, tableHead } from '../report/markdown-table.ts';
import { prose } from '../report/markdown-text.ts';
import type { RunsByScenario, ScenarioResults } from './claim-outcome.ts';

/** Conditions of a run, as the cells of a row. */
function conditionsOf({ header }: ScenarioResults): readonly string[] {
  const { cpuModel, cores, kernel, node, congestionControl, memoryBytes } = header.environment;
  const unknown = 'unknown';
  return [
    `${cpuModel ?? unknown}, ${cores === null ? unknown : plural(cores, 'processor')}`,
    memoryBytes === null ? unknown : `${(memoryBytes / 2 ** 30).toFixed(1)} GiB`,
    kernel ?? unknown,
    congestionControl ?? unknown,
    node ?? unknown,
    header.connbenchVersion,
  ];
}

export function machineSection(runs: RunsByScenario): readonly string[] {
  const head = ['## The machine', ''];
  if (runs.size === 0) return [...head, 'There are no results yet.', ''];
  const groups = new Map<string, { conditions: readonly string[]; names: string[]; days: string[] }>();
  for (const [name, results] of [...runs].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const conditions = conditionsOf(results);
    const key = JSON.stringify(conditions);
    const group = groups.get(key) ?? { conditions, names: [], days: [] };
    group.names.push(name);
    group.days.push(results.header.startedAt.slice(0, 10));
    groups.set(key, group);
  }
  const sorted = [...groups.values()].sort((a, b) => b.names.length - a.names.length);
  const headings = [
    'processors',
    'memory',
    'kernel',
    'congestion control',
    'Node',
    'connbench',
    'measured',
    'scenarios',
  ];
  return [
    ...head,
    ...tableHead(headings),
    ...sorted.map(({ conditions, names, days }, at) => {
      // The conditions of most scenarios need no list of them.
      const scenarios = at === 0 ? String(names.length) : names.join(', ');
      return row([...conditions, span(days), scenarios].map((cell) => prose(cell)));
    }),
    '',
    'The congestion control is the one of this machine; the hosts of a lab have `cubic` unless a scenario says otherwise.',
    '',
  ];
}

function span(days: readonly string[]): string {
  const sorted = days.toSorted();
  const [first = '', last = ''] = [sorted[0], sorted.at(-1)];
  return first === last ? first : `${first} to ${last}`;
}
