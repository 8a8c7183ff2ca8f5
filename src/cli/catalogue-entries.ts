/** Which scenarios `connbench catalogue` runs, in which order, and where the results of each are kept. */
import { basename, join, resolve } from 'node:path';
import { plural } from '../compare/words.ts';
import type { Scenario } from '../scenario/parse.ts';
import { planTrials } from '../scenario/plan.ts';
import { quote } from '../scenario/problem.ts';
import { shippedFiles } from '../scenario/shipped.ts';
import { nearest } from '../scenario/suggest.ts';
import { UserError } from '../scenario/user-error.ts';
import { loadScenarios, namesInFolders } from './scenario-files.ts';

export interface CatalogueEntry {
  readonly scenario: Scenario;
  /** Name of the folder that it is in. */
  readonly group: string;
  /** It belongs to the catalogue that the claims are about. */
  readonly isShipped: boolean;
  /** Where its results are. */
  readonly path: string;
  /** Of the whole run. */
  readonly estimatedSeconds: number;
}

export interface EntryOptions {
  readonly out: string;
  /** Names of scenarios, or folders. */
  readonly only: readonly string[];
  /** In place of the scenarios' own numbers. */
  readonly blocks?: number;
}

/**
 * The scenarios of folders, of files or of names, by default of the whole catalogue. Throws a UserError for what is not there, for one that has
 * a problem, for two of the same name, and for a selection that names nothing.
 */
export async function catalogueEntries(
  given: readonly string[],
  { out, only, blocks }: EntryOptions,
): Promise<readonly CatalogueEntry[]> {
  const catalogue = (await shippedFiles()).filter(({ group }) => group !== null);
  const names = given.length === 0 ? catalogue.map(({ name }) => name) : await namesInFolders(given);
  const scenarios = await loadScenarios(names, []);
  const entries = scenarios.map((scenario): CatalogueEntry => {
    const file = join(scenario.folder, basename(scenario.file));
    const group = basename(scenario.folder);
    const { estimatedSeconds } = planTrials(scenario, { seed: 0, ...(blocks === undefined ? {} : { blocks }) });
    const isShipped = catalogue.some(({ path }) => resolve(path) === file);
    return { scenario, group, isShipped, path: join(out, group, `${scenario.name}.ndjson`), estimatedSeconds };
  });
  refuseSharedNames(entries);
  return selected(entries, only);
}

/** Results are found by the name of their scenario, and in its folder by the file that has its name. */
function refuseSharedNames(entries: readonly CatalogueEntry[]): void {
  for (const [at, { path, scenario }] of entries.entries()) {
    const first = entries.findIndex((other) => other.scenario.name === scenario.name);
    if (first === at) continue;
    const files = `${entries[first]!.scenario.file} and ${scenario.file}`;
    const shared =
      entries[first]!.path === path ? `would share the result file ${path}` : `have one name, ${scenario.name}`;
    throw new UserError(
      'SAME_RESULT_FILE',
      `${files} ${shared}`,
      'Give them different names, or run their folders with a different --out each.',
    );
  }
}

function selected(entries: readonly CatalogueEntry[], only: readonly string[]): readonly CatalogueEntry[] {
  if (only.length === 0) return entries;
  const wanted = new Set<CatalogueEntry>();
  for (const text of only) {
    const plain = text.replace(/^scenarios\//, '').replace(/\/+$/, '');
    const found = entries.filter(({ group, scenario }) => scenario.name === plain || group === plain);
    if (found.length === 0) throw unknownSelection(text, plain, entries);
    for (const entry of found) wanted.add(entry);
  }
  return entries.filter((entry) => wanted.has(entry));
}

function unknownSelection(text: string, plain: string, entries: readonly CatalogueEntry[]): UserError {
  const groups = [...new Set(entries.map(({ group }) => group))];
  const suggestion = nearest(plain, [...groups, ...entries.map(({ scenario }) => scenario.name)]);
  const meant = suggestion === undefined ? '' : `did you mean ${quote(suggestion)}? `;
  const hint = `${meant}there are ${plural(entries.length, 'scenario')} in ${groups.join(', ')}: connbench list names them`;
  return new UserError('UNKNOWN_SCENARIO', `--only ${quote(text)} is neither a scenario nor a folder of these`, hint);
}
