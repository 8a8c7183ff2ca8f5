/** `connbench run`: measures scenarios, shows how far it is, and prints the answer. */
import { randomInt } from 'node:crypto';
import type { Command } from 'commander';
import { judgeClaims } from '../compare/claims.ts';
import { compareRuns } from '../compare/compare.ts';
import type { ComparisonDocument } from '../compare/document.ts';
import { renderGates } from '../report/comparison-text.ts';
import { printable } from '../report/printable.ts';
import { renderSlowest } from '../report/slowest-text.ts';
import { renderSummary, summarise } from '../report/summary.ts';
import { renderTerminal, type TerminalOptions } from '../report/terminal.ts';
import type { ResultFile } from '../results/read-file.ts';
import { createResultFile } from '../results/store.ts';
import { planTrials } from '../scenario/plan.ts';
import { quote } from '../scenario/problem.ts';
import { select, shortList, type Named } from '../scenario/selection.ts';
import { UserError } from '../scenario/user-error.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { failOnOption, gateVerdict, gravest, type FailOn, type GateVerdict } from './gate-options.ts';
import {
  assertPossible,
  measure,
  newHeader,
  resumedRun,
  type PreparedRun,
  type RunConditions,
} from './measured-run.ts';
import { repeated, wholeNumber } from './options.ts';
import { sayTooFewBlocks } from './planned-gates.ts';
import type { Output } from './output.ts';
import { defaultScenario, loadScenarios, namesInFolders } from './scenario-files.ts';
import { wantsColour, widthOf } from './terminal.ts';

interface RunOptions extends RunConditions {
  readonly out: string;
  readonly blocks?: number;
  readonly seed?: number;
  readonly set: readonly string[];
  readonly only: readonly string[];
  readonly resume?: string;
  readonly json: boolean;
  readonly explain?: string;
  readonly failOn?: FailOn;
}

export function addRunCommand(program: Command, output: Output, finish: (code: ExitCode) => void): void {
  program
    .command('run')
    .description('measure the variants of a scenario and say which strategy wins, by how much, at what cost')
    .argument('[scenario...]', `files, folders, or names of shipped scenarios (default: ${defaultScenario})`)
    .option('--out <dir>', 'directory for the result files', 'results')
    .option('--blocks <number>', 'how often every variant is measured', wholeNumber(1, 1000))
    .option(
      '--seed <number>',
      'seed of the order of trials and of all randomness',
      wholeNumber(0, Number.MAX_SAFE_INTEGER),
    )
    .option('--set <path=value>', 'change a setting, e.g. load.rate=200/s (repeatable)', repeated, [])
    .option(
      '--only <variant>',
      'measure only this variant, or those that fit axis=alternative (repeatable)',
      repeated,
      [],
    )
    .option('--explain <variant>', 'show the slowest requests of its trials, and what happened on their connections')
    .option('--resume <file>', 'go on with the unfinished run in this result file')
    .option('--pcap <dir>', 'write every packet of every lab into a capture per trial, for Wireshark')
    .option('--allow-remote', 'allow an external server that is not on this machine', false)
    .addOption(failOnOption())
    .option('--json', 'print the answer as JSON', false)
    .option('--quiet', 'show no progress', false)
    .action(async (scenarios: readonly string[], options: RunOptions) => {
      finish(await runCommand(scenarios, options, output));
    });
}

async function runCommand(names: readonly string[], options: RunOptions, output: Output): Promise<ExitCode> {
  const prepare =
    options.resume === undefined ? await freshRuns(names, options, output) : [resumed(names, options.resume, options)];
  const codes: ExitCode[] = [];
  for (const make of prepare) {
    const { file, interrupt } = await measure(await make(), options, output);
    const gates = judgeGates(file, options.failOn);
    printResults(file, gates, options, output);
    const code = interrupt.exitCode();
    if (code !== null) return code;
    codes.push(exitCodeOf(file, gates, options));
  }
  return gravest(codes);
}

/** Names of the variants that `--explain` asks for: none without it, and none in a run that has no such variant. */
function explained(variants: readonly Named[], asked: string | undefined): readonly string[] {
  if (asked === undefined) return [];
  const found = select(variants, asked);
  return found.ok ? found.items.map(({ name }) => name) : [];
}

/** Throws a UserError where no run has a variant that is asked for: before anything is measured. */
function assertExplainable(runs: readonly (readonly Named[])[], asked: string | undefined): void {
  if (asked === undefined) return;
  const misses = runs.map((variants) => select(variants, asked)).filter((found) => !found.ok);
  const [miss] = misses.toSorted((a, b) => Number(b.suggestion !== undefined) - Number(a.suggestion !== undefined));
  if (miss === undefined || misses.length < runs.length) return;
  const meant = miss.suggestion === undefined ? '' : ` (did you mean ${quote(miss.suggestion)}?)`;
  const hint = `The variants are ${shortList(runs.flat().map(({ name }) => name))}.`;
  throw new UserError('UNKNOWN_VARIANT', `--explain: ${miss.message}${meant}`, hint);
}

type MakeRun = () => Promise<PreparedRun>;

/** All scenarios are read and planned before the first is run; files are created one by one. */
async function freshRuns(names: readonly string[], options: RunOptions, output: Output): Promise<readonly MakeRun[]> {
  const { blocks, only, out } = options;
  const given = names.length === 0 ? [defaultScenario] : await namesInFolders(names);
  const scenarios = await loadScenarios(given, options.set);
  const seed = options.seed ?? randomInt(2 ** 32);
  const runs = scenarios.map((scenario) => {
    return { scenario, plan: planTrials(scenario, { seed, only, ...(blocks === undefined ? {} : { blocks }) }) };
  });
  assertExplainable(
    runs.map(({ plan }) => plan.variants),
    options.explain,
  );
  for (const { plan } of runs) await assertPossible(plan, options);
  for (const { scenario, plan } of runs) sayTooFewBlocks(newHeader(scenario, plan), output);
  return runs.map(({ scenario, plan }) => {
    return async () => ({ plan, writer: await createResultFile(out, newHeader(scenario, plan)), completed: new Set() });
  });
}

function resumed(names: readonly string[], path: string, options: RunOptions): MakeRun {
  const { blocks, seed, set, only } = options;
  if (names.length > 0 || blocks !== undefined || seed !== undefined || set.length > 0 || only.length > 0) {
    const hint = `The file holds its scenario and settings. Use only: connbench run --resume ${path}`;
    throw new UserError('RESUME_WITH_SETTINGS', '--resume takes no scenario, --blocks, --seed, --set or --only', hint);
  }
  return async () => {
    const run = await resumedRun(path, options);
    try {
      assertExplainable([run.plan.variants], options.explain);
      return run;
    } catch (error) {
      await run.writer.close();
      throw error;
    }
  };
}

/** The scenario's gates on a run: their verdicts, or why nothing could be judged; null without gates. */
type JudgedGates = { readonly comparison: ComparisonDocument; readonly verdict: GateVerdict } | UserError | null;

function judgeGates(file: ResultFile, failOn: FailOn | undefined): JudgedGates {
  const { gates = [] } = file.header;
  if (gates.length === 0) return null;
  try {
    const files = [{ path: file.path, results: file }];
    const comparison = compareRuns(files, { baseline: null, gates, force: false });
    return { comparison, verdict: gateVerdict(files, comparison, failOn) };
  } catch (error) {
    // The run is measured and stays worth printing, with `--only` as well.
    if (error instanceof UserError) return error;
    throw error;
  }
}

function printResults(file: ResultFile, gates: JudgedGates, { json, explain }: RunOptions, output: Output): void {
  if (json) {
    for (const sentence of leadOf(gates)) output.say(sentence);
    output.print(renderSummary(summarise(file, file.path, gatesOf(gates), explained(file.header.variants, explain))));
    return;
  }
  const options = { width: widthOf(process.stdout), colour: wantsColour(process.stdout, process.env) };
  const parts = [
    renderTerminal(file, options),
    ...leadOf(gates),
    gatesText(gates, options),
    ...explained(file.header.variants, explain).map((name) => renderSlowest(name, file.trials, options)),
    `Results: ${file.path}`,
  ];
  output.print(parts.filter((part) => part !== '').join('\n'));
}

function gatesText(gates: JudgedGates, options: TerminalOptions): string {
  if (gates === null) return '';
  if (gates instanceof UserError) return `Gates: not judged: ${printable(gates.message)}\n`;
  return renderGates(gates.comparison, options);
}

/** Null where nothing was judged. */
function gatesOf(gates: JudgedGates): ComparisonDocument['gates'] | null {
  return gates === null || gates instanceof UserError ? null : gates.comparison.gates;
}

function leadOf(gates: JudgedGates): readonly string[] {
  return gates === null || gates instanceof UserError ? [] : gates.verdict.lead;
}

function exitCodeOf(file: ResultFile, gates: JudgedGates, { failOn }: RunOptions): ExitCode {
  const codes: ExitCode[] = [];
  if (file.trials.some((trial) => !trial.valid)) codes.push(exitCodes.invalidTrial);
  if (judgeClaims(file).some((claim) => claim.outcome === 'refuted')) codes.push(exitCodes.expectationBroken);
  if (gates instanceof UserError) codes.push(failOn === undefined ? exitCodes.ok : exitCodes.inconclusive);
  else if (gates !== null) codes.push(gates.verdict.code);
  return gravest(codes);
}
