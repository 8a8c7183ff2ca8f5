/** Where the scenarios shipped with the program are, and what a folder of scenarios holds. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { quote, wholeFileProblem, type Problem } from './problem.ts';

/** Folders of the catalogue, in the order in which they are listed and run. */
export const shippedGroups = ['cost', 'lifetime', 'failure', 'protection', 'protocol', 'clients'] as const;
export type ShippedGroup = (typeof shippedGroups)[number];

/** What names a folder of the catalogue, in whatever directory the reader is. */
const shippedFolders: readonly string[] = shippedGroups.map((group) => `scenarios/${group}`);

/** What names the folder of so short a name; undefined where there is none. */
export function shippedFolder(group: string): string | undefined {
  return shippedFolders.find((folder) => folder === `scenarios/${group}`);
}

export interface ShippedFile {
  readonly name: string;
  /** Null for scenarios that belong to no folder of the catalogue. */
  readonly group: ShippedGroup | null;
  readonly path: string;
  /** Below the program's own directory, as it is shown. */
  readonly shortPath: string;
}

const shippedDirectory = fileURLToPath(new URL('../../scenarios/', import.meta.url));
const extension = '.yaml';

/** The default first, then those of no folder, then the folders one after the other; in alphabetical order within each. */
export async function shippedFiles(): Promise<readonly ShippedFile[]> {
  const groups = [null, ...shippedGroups];
  const files = await Promise.all(groups.map(filesOf));
  return files.flat().sort((left, right) => rank(left.name) - rank(right.name));
}

function rank(name: string): number {
  return name === 'default' ? 0 : 1;
}

async function filesOf(group: ShippedGroup | null): Promise<readonly ShippedFile[]> {
  const folder = group === null ? shippedDirectory : join(shippedDirectory, group);
  const names = await scenarioNames(folder);
  return names.map((file) => {
    const shortPath = group === null ? `scenarios/${file}` : `scenarios/${group}/${file}`;
    return { name: file.slice(0, -extension.length), group, path: join(folder, file), shortPath };
  });
}

async function scenarioNames(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder).catch(() => []);
  return entries.filter((file) => file.endsWith(extension)).sort();
}

export type NamedScenarios =
  | { readonly ok: true; readonly names: readonly string[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Puts the scenarios of a folder, in alphabetical order, in the place of the folder; `scenarios/GROUP` is the shipped one where the reader
 * has none of that path. Names, and files that are there or not, stay as they are: reading them says what is wrong. A folder without a scenario is
 * a problem.
 */
export async function withoutFolders(given: readonly string[]): Promise<NamedScenarios> {
  const expanded = await Promise.all(given.map(scenariosAt));
  const problems = expanded.flatMap((result) => (result.ok ? [] : result.problems));
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, names: expanded.flatMap((result) => (result.ok ? result.names : [])) };
}

async function scenariosAt(given: string): Promise<NamedScenarios> {
  const shipped = await shippedFiles();
  const isName = shipped.some(({ name }) => name === given);
  if (!isName && (await isFolder(given))) {
    const names = (await scenarioNames(given)).map((file) => join(given, file));
    if (names.length > 0) return { ok: true, names };
    const message = `is a folder without scenario files (*${extension})`;
    return { ok: false, problems: [wholeFileProblem(quote(given).slice(1, -1), message)] };
  }
  const group = shippedFolders.indexOf(given.replace(/\/+$/, ''));
  if (group === -1 || (await exists(given))) return { ok: true, names: [given] };
  const names = shipped.filter((file) => file.group === shippedGroups[group]).map(({ name }) => name);
  return { ok: true, names };
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
