/** Writes the handbook from the result files of a folder. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { plotPath } from '../catalogue/claim-drawing.ts';
import { renderHandbook } from '../catalogue/handbook.ts';
import { plural } from '../compare/words.ts';
import { printable } from '../report/printable.ts';
import { fileTrouble } from '../results/file-trouble.ts';
import { catalogueScenarios, resultsIn, shippedClaims } from './catalogue-results.ts';
import type { Output } from './output.ts';

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
  const files = renderHandbook({ claims, scenarios, runs });
  for (const { path, text } of files) await write(join(out, path), text);
  const written = new Set(files.map(({ path }) => path));
  // A drawing of results that are no longer there would be shown by nothing, and look valid.
  for (const path of claims.map(plotPath)) if (!written.has(path)) await rm(join(out, path), { force: true });
  const missing = scenarios.filter(({ name }) => !runs.has(name)).map(({ name }) => name);
  const drawings = plural(files.length - 1, 'drawing');
  output.print(
    `${printable(join(out, files[0]!.path), 300)} and ${drawings}, from the results of ${runs.size} of ${plural(scenarios.length, 'scenario')}`,
  );
  if (missing.length === 0) return;
  output.say(`no results in ${printable(from, 300)} of: ${missing.join(', ')}; connbench catalogue runs them`);
}

async function write(path: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  } catch (error) {
    throw fileTrouble(error, path, 'write');
  }
}
