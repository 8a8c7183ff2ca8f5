/** Reads the claims of the catalogue, and finds the results of its scenarios in a folder. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readClaims } from '../catalogue/claims-file.ts';
import type { Claim } from '../catalogue/claims-schema.ts';
import type { CatalogueScenario } from '../catalogue/handbook.ts';
import { fileTrouble } from '../results/file-trouble.ts';
import { readResultFile, type ResultFile } from '../results/read-file.ts';
import { listShipped } from '../scenario/file.ts';
import type { Scenario } from '../scenario/parse.ts';
import { UserError } from '../scenario/user-error.ts';
import { earlier } from './catalogue-file.ts';
import { loadScenarios, ScenarioProblems } from './scenario-files.ts';

/** The shipped claims file, and how it is shown. */
const claimsPath = fileURLToPath(new URL('../../scenarios/handbook/claims.yaml', import.meta.url));
const shownClaimsPath = 'scenarios/handbook/claims.yaml';

/** Every scenario in a folder of the catalogue. */
export async function catalogueScenarios(): Promise<readonly (CatalogueScenario & Scenario)[]> {
  const shipped = (await listShipped()).flatMap((one) => (one.group === null ? [] : [{ ...one, group: one.group }]));
  const scenarios = await loadScenarios(
    shipped.map(({ name }) => name),
    [],
  );
  return scenarios.map((scenario, at) => {
    const { group, estimatedSeconds } = shipped[at]!;
    return { ...scenario, group, estimatedSeconds };
  });
}

/** Throws a ScenarioProblems where the file has a problem. */
export async function shippedClaims(scenarios: readonly CatalogueScenario[]): Promise<readonly Claim[]> {
  const read = readClaims(await readFile(claimsPath, 'utf8'), shownClaimsPath, scenarios);
  if (!read.ok) throw new ScenarioProblems(read.problems);
  return read.claims;
}

export interface FoundResults {
  /** The newest finished run of each scenario, by its name; an unfinished one only where there is no other. */
  readonly runs: ReadonlyMap<string, ResultFile>;
  /** Files that are no results, or damaged: why, in a sentence each. */
  readonly unusable: readonly string[];
}

/**
 * Looks into a folder and those below it, but for what was put aside; one that is not there has none. Throws a UserError where it cannot be
 * read.
 */
export async function resultsIn(folder: string): Promise<FoundResults> {
  if (!existsSync(folder)) return { runs: new Map(), unusable: [] };
  const runs = new Map<string, ResultFile>();
  const unusable: string[] = [];
  for (const path of await resultPaths(folder)) {
    try {
      const file = await readResultFile(path);
      const { name } = file.header.scenario;
      const known = runs.get(name);
      if (known === undefined || isBetter(file, known)) runs.set(name, file);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      unusable.push(error.message);
    }
  }
  return { runs, unusable };
}

async function resultPaths(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { recursive: true });
    return entries
      .filter((entry) => entry.endsWith('.ndjson') && !entry.split('/').includes(earlier))
      .sort()
      .map((entry) => join(folder, entry));
  } catch (error) {
    throw fileTrouble(error, folder, 'read');
  }
}

function isBetter(file: ResultFile, known: ResultFile): boolean {
  if (isFinished(file) !== isFinished(known)) return isFinished(file);
  return file.header.startedAt > known.header.startedAt;
}

function isFinished({ footer }: ResultFile): boolean {
  return footer !== null && !footer.interrupted;
}
