/** `connbench catalogue`: runs every scenario of the catalogue unattended, and says which claims are confirmed. */
import type { Command } from 'commander';
import { claimOutcomes, type RunsByScenario } from '../catalogue/claim-outcome.ts';
import { claimTable, expectationLines, hasRefuted, invalidTrialLines, isKeptOpen } from '../catalogue/outcome-text.ts';
import { plural } from '../compare/words.ts';
import { printable } from '../report/printable.ts';
import { wrap } from '../report/wrap.ts';
import { catalogueEntries, type CatalogueEntry } from './catalogue-entries.ts';
import { catalogueScenarios, resultsIn, shippedClaims } from './catalogue-results.ts';
import {
  placeOf,
  plannedEntries,
  runCatalogue,
  stateText,
  type CatalogueOptions,
  type CatalogueRun,
  type Impossible,
  type PlannedEntry,
} from './catalogue-run.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { repeated, wholeNumber } from './options.ts';
import type { Output } from './output.ts';
import { clockTime } from './progress-line.ts';
import { widthOf } from './terminal.ts';

/** Where the results of the catalogue are kept. */
export const catalogueFolder = 'results/catalogue';

interface CommandOptions extends Omit<CatalogueOptions, 'allowRemote'> {
  readonly out: string;
  readonly only: readonly string[];
  readonly dryRun: boolean;
}

export function addCatalogueCommand(program: Command, output: Output, finish: (code: ExitCode) => void): void {
  program
    .command('catalogue')
    .description('run all shipped scenarios one after another, go on where that was interrupted, and judge the claims')
    .argument('[folder...]', 'folders of scenarios, or single ones (default: the folders of the catalogue)')
    .option('--out <dir>', 'directory for the result files, one per scenario', catalogueFolder)
    .option('--only <scenario>', 'only this scenario, or this folder of them (repeatable)', repeated, [])
    .option('--blocks <number>', 'how often every variant is measured', wholeNumber(1, 1000))
    .option(
      '--again',
      'measure everything anew, finished scenarios too; where this is interrupted, the command without it goes on',
      false,
    )
    .option('--dry-run', 'say what would be run and how long it takes; nothing is run', false)
    .option('--quiet', 'show no progress', false)
    .action(async (folders: readonly string[], options: CommandOptions) => {
      finish(await catalogueCommand(folders, options, output));
    });
}

async function catalogueCommand(folders: readonly string[], given: CommandOptions, output: Output): Promise<ExitCode> {
  const options = { ...given, allowRemote: false };
  const entries = await catalogueEntries(folders, options);
  const planned = await plannedEntries(entries, options);
  // A mistake in the claims is told before an hour of measuring.
  if (entries.some(({ isShipped }) => isShipped)) await shippedClaims(await catalogueScenarios());
  if (options.dryRun) {
    output.print(listing(planned).join('\n'));
    return exitCodes.ok;
  }
  const ended = await runCatalogue(planned, options, output);
  output.print((await summary(entries, ended, options.out)).join('\n'));
  return ended.stoppedWith ?? exitCodeOf(ended);
}

function listing(planned: readonly PlannedEntry[]): readonly string[] {
  const seconds = planned.reduce((sum, { secondsLeft }) => sum + secondsLeft, 0);
  const left = planned.filter(({ secondsLeft }) => secondsLeft > 0).length;
  return [
    ...planned.map((item) => `${placeOf(item.entry)}: ${stateText(item)}`),
    `${left} of ${plural(planned.length, 'scenario')} to run, about ${clockTime(seconds * 1000)} by their own times, and some seconds more for each`,
  ];
}

async function summary(
  entries: readonly CatalogueEntry[],
  { runs, impossible }: CatalogueRun,
  out: string,
): Promise<readonly string[]> {
  const width = Math.min(120, widthOf(process.stdout));
  const parts = [
    await claimPart(entries, { out, runs, width }),
    expectationLines(runs, width),
    invalidTrialLines(runs, width),
    impossible.length === 0
      ? []
      : ['Not possible on this machine', ...impossible.flatMap((one) => impossibleLines(one, width))],
    [
      `Results: ${printable(out, 300)}; connbench list --handbook --from ${printable(out, 300)} writes the handbook from them`,
    ],
  ];
  return parts.filter((part) => part.length > 0).flatMap((part, at) => (at === 0 ? part : ['', ...part]));
}

function impossibleLines({ entry, reason }: Impossible, width: number): readonly string[] {
  const hint = reason.hint === null ? '' : ` ${reason.hint}`;
  const indent = { first: '  ', rest: '    ' };
  return wrap(`${placeOf(entry)}: ${printable(reason.message, 1000)}${printable(hint, 1000)}`, width, indent);
}

/** The claims that any of the scenarios shows; none of scenarios that are not of the catalogue. */
async function claimPart(
  entries: readonly CatalogueEntry[],
  { out, runs, width }: { readonly out: string; readonly runs: RunsByScenario; readonly width: number },
): Promise<readonly string[]> {
  const own = new Set(entries.filter(({ isShipped }) => isShipped).map(({ scenario }) => scenario.name));
  if (own.size === 0) return [];
  const scenarios = await catalogueScenarios();
  const claims = await shippedClaims(scenarios);
  // A claim may rest on scenarios that were not asked for this time.
  const all = new Map([...(await resultsIn(out)).runs, ...runs]);
  const outcomes = claimOutcomes(claims, scenarios, all);
  return claimTable(
    outcomes.filter(({ evidence }) => evidence.some(({ scenario }) => own.has(scenario))),
    width,
  );
}

/**
 * As for a run: 6 over 3. An invalid trial that kept nothing from being decided is listed and no more: among some hundred trials on a busy machine there
 * is nearly always one.
 */
function exitCodeOf({ runs, impossible }: CatalogueRun): ExitCode {
  const all = [...runs.values()];
  if (all.some(isKeptOpen)) return exitCodes.invalidTrial;
  if (all.some(hasRefuted)) return exitCodes.expectationBroken;
  return impossible.length > 0 ? exitCodes.usage : exitCodes.ok;
}
