/** Loads the scenarios named on the command line; all problems of all of them come in one error. */
import { loadScenario } from '../scenario/file.ts';
import type { Scenario } from '../scenario/parse.ts';
import { formatProblem, type Problem } from '../scenario/problem.ts';
import { withoutFolders } from '../scenario/shipped.ts';
import { UserError } from '../scenario/user-error.ts';

/** What runs without any argument. */
export const defaultScenario = 'default';

/** Problems with scenarios, for a program that prints them one per line. */
export class ScenarioProblems extends UserError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    // Only a problem with a whole file can come from a name that is not there.
    const isAboutFile = problems.some(({ line, path }) => line === 0 && path === '');
    const hint = isAboutFile ? 'connbench list names the shipped scenarios.' : null;
    super('SCENARIO_PROBLEMS', `${count}, nothing was run`, hint);
    this.problems = problems;
  }

  get text(): string {
    return this.problems.map(formatProblem).join('\n');
  }
}

/** Throws a ScenarioProblems where any of them has a problem. */
export async function loadScenarios(names: readonly string[], set: readonly string[]): Promise<readonly Scenario[]> {
  const loaded = await Promise.all(names.map((name) => loadScenario(name, { set })));
  const problems = loaded.flatMap((result) => (result.ok ? [] : result.problems));
  if (problems.length > 0) throw new ScenarioProblems(problems);
  return loaded.flatMap((result) => (result.ok ? [result.scenario] : []));
}

/** Names with the scenarios of a folder in its place. Throws a ScenarioProblems for a folder without any. */
export async function namesInFolders(given: readonly string[]): Promise<readonly string[]> {
  const found = await withoutFolders(given);
  if (!found.ok) throw new ScenarioProblems(found.problems);
  return found.names;
}
