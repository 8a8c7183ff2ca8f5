/** Writes the handbook from the result files of a folder. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { plotPath } from '../catalogue/claim-drawing.ts';
import { renderHandbook } from '../catalogue/handbook.ts';
import { modelsPath } from '../catalogue/model-part.ts';
import { plural } from '../compare/words.ts';
import { printable } from '../report/printable.ts';
import { UserError } from '../scenario/user-error.ts';
import { catalogueScenarios, resultsIn, shippedClaims } from './catalogue-results.ts';
import type { Output } from './output.ts';
import { writeReportFile } from './report-files.ts';

interface HandbookPlaces {
  readonly from: string;
  readonly out: string;
}

/** A scenario without results is a part of the handbook that says so. Rejects with a UserError where something cannot be read or written. */
export async function writeHandbook({ from, out }: HandbookPlaces, output: Output): Promise<void> {
  const scenarios = await catalogueScenarios();
  const claims = await shippedClaims(scenarios);
  const found = await resultsIn(from);
  for (const sentence of found.unusable) output.say(`left out: ${printable(sentence, 1000)}`);
  const names = new Set(scenarios.map(({ name }) => name));
  const runs = new Map([...found.runs].filter(([name]) => names.has(name)));
  if (runs.size === 0) throw noResults(from);
  const files = renderHandbook({ claims, scenarios, runs });
  for (const { path, text } of files) await writeReportFile({ option: '--out', path: join(out, path), content: text });
  const written = new Set(files.map(({ path }) => path));
  // What was made of results that are no longer there would be shown by nothing, and look valid.
  const possible = [...claims.map(plotPath), modelsPath];
  for (const path of possible) if (!written.has(path)) await rm(join(out, path), { force: true });
  const missing = scenarios.filter(({ name }) => !runs.has(name)).map(({ name }) => name);
  const drawings = plural(claims.filter((claim) => written.has(plotPath(claim))).length, 'drawing');
  output.print(
    `${printable(join(out, files[0]!.path), 300)} and ${drawings}, from the results of ${runs.size} of ${plural(scenarios.length, 'scenario')}`,
  );
  if (missing.length === 0) return;
  output.say(`no results in ${printable(from, 300)} of: ${missing.join(', ')}; connbench catalogue runs them`);
}

/** A handbook without a figure would take the place of one that has some. */
function noResults(from: string): UserError {
  const hint = 'connbench catalogue makes them; --from names another folder.';
  return new UserError('NO_RESULTS', `${printable(from, 300)} holds no results of a scenario of the catalogue`, hint);
}
