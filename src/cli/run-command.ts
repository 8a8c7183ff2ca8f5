/** `connbench run`: measures scenarios, shows how far it is, and prints the answer. */
import { randomBytes, randomInt } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import type { Command } from 'commander';
import { labCapability } from '../lab/capability.ts';
import { openLab } from '../lab/lab.ts';
import { judgeClaims } from '../report/expectations.ts';
import { renderSummary, summarise } from '../report/summary.ts';
import { renderTerminal } from '../report/terminal.ts';
import { readResultFile, type ResultFile } from '../results/read-file.ts';
import { createResultFile, resumeResultFile, type ResultWriter } from '../results/store.ts';
import { readEnvironment } from '../samplers/environment.ts';
import { parseScenario, type Scenario } from '../scenario/parse.ts';
import { planTrials, type Plan } from '../scenario/plan.ts';
import { UserError } from '../scenario/user-error.ts';
import type { HeaderRecord } from '../results/record.ts';
import { hostLimits, recordedEnvironment } from '../trial/environment.ts';
import { assertSamePlan, headerRecord, trialsToRun } from '../trial/header.ts';
import { assertAllowed, assertSettingsTaken } from '../trial/mode.ts';
import { realProcesses } from '../trial/processes.ts';
import { runTrials } from '../trial/run.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { listenForInterrupts, type Interrupt } from './interrupt.ts';
import { repeated, wholeNumber } from './options.ts';
import type { Output } from './output.ts';
import { clockTime } from './progress-line.ts';
import { Progress } from './progress.ts';
import { defaultScenario, loadScenarios, ScenarioProblems } from './scenario-files.ts';
import { canRedraw, wantsColour, widthOf } from './terminal.ts';
import { version } from './version.ts';

interface RunOptions {
  readonly out: string;
  readonly blocks?: number;
  readonly seed?: number;
  readonly set: readonly string[];
  readonly only: readonly string[];
  readonly resume?: string;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly pcap?: string;
  readonly allowRemote: boolean;
}

/** A run that is ready to begin: its file is open and its header written. */
interface PreparedRun {
  readonly plan: Plan;
  readonly writer: ResultWriter;
  readonly completed: ReadonlySet<number>;
}

export function addRunCommand(program: Command, output: Output, finish: (code: ExitCode) => void): void {
  program
    .command('run')
    .description('measure the variants of a scenario and say which strategy wins, by how much, at what cost')
    .argument('[scenario...]', `files, or names of shipped scenarios (default: ${defaultScenario})`)
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
    .option('--resume <file>', 'go on with the unfinished run in this result file')
    .option('--pcap <dir>', 'write every packet of every lab into a capture per trial, for Wireshark')
    .option('--allow-remote', 'allow an external server that is not on this machine', false)
    .option('--json', 'print the answer as JSON', false)
    .option('--quiet', 'show no progress', false)
    .action(async (scenarios: readonly string[], options: RunOptions) => {
      finish(await runCommand(scenarios, options, output));
    });
}

async function runCommand(names: readonly string[], options: RunOptions, output: Output): Promise<ExitCode> {
  const prepare =
    options.resume === undefined ? await freshRuns(names, options) : [resumed(names, options.resume, options)];
  let worst: ExitCode = exitCodes.ok;
  for (const make of prepare) {
    const code = await measure(await make(), options, output);
    if (code >= exitCodes.hangup) return code;
    // Of several scenarios the gravest outcome counts: an invalid trial over a refuted claim over success.
    if (code > worst) worst = code;
  }
  return worst;
}

type MakeRun = () => Promise<PreparedRun>;

/** All scenarios are read and planned before the first is run; files are created one by one. */
async function freshRuns(names: readonly string[], options: RunOptions): Promise<readonly MakeRun[]> {
  const { blocks, only, out } = options;
  const scenarios = await loadScenarios(names.length === 0 ? [defaultScenario] : names, options.set);
  const seed = options.seed ?? randomInt(2 ** 32);
  const runs = scenarios.map((scenario) => {
    return { scenario, plan: planTrials(scenario, { seed, only, ...(blocks === undefined ? {} : { blocks }) }) };
  });
  for (const { plan } of runs) await assertPossible(plan, options);
  return runs.map(({ scenario, plan }) => {
    return async () => ({ plan, writer: await createResultFile(out, header(scenario, plan)), completed: new Set() });
  });
}

function header(scenario: Scenario, plan: Plan): HeaderRecord {
  return headerRecord(scenario, plan, {
    runId: randomBytes(4).toString('hex'),
    startedAt: new Date().toISOString(),
    connbenchVersion: version,
    environment: recordedEnvironment(readEnvironment()),
  });
}

/** Rejects with a UserError where this machine cannot do what the plan asks for, before anything of it runs. */
async function assertPossible({ variants }: Plan, { allowRemote, pcap }: RunOptions): Promise<void> {
  const configs = variants.map(({ trial }) => trial);
  assertAllowed(configs, await labCapability(), { allowRemote, pcapDir: pcap ?? null });
  await assertSettingsTaken(configs, openLab);
  if (pcap !== undefined) await makeCaptureDirectory(pcap);
}

async function makeCaptureDirectory(dir: string): Promise<void> {
  try {
    await mkdir(dir, { recursive: true });
  } catch (error) {
    const { code = 'error', message } = error as NodeJS.ErrnoException;
    throw new UserError(code, `--pcap ${dir}: ${message}`, 'Name a directory that can be written to.');
  }
}

/** The plan is made again from the scenario in the file, so that neither the scenario nor its settings can have changed. */
function resumed(names: readonly string[], path: string, options: RunOptions): MakeRun {
  const { blocks, seed, set, only } = options;
  if (names.length > 0 || blocks !== undefined || seed !== undefined || set.length > 0 || only.length > 0) {
    const hint = `The file holds its scenario and settings. Use only: connbench run --resume ${path}`;
    throw new UserError('RESUME_WITH_SETTINGS', '--resume takes no scenario, --blocks, --seed, --set or --only', hint);
  }
  return async () => {
    const { header: written, completedIndexes, writer } = await resumeResultFile(path);
    try {
      const { document, folder } = written.scenario;
      const place = folder === undefined ? { file: path } : { file: path, folder };
      const parsed = parseScenario(JSON.stringify(document), place);
      if (!parsed.ok) throw new ScenarioProblems(parsed.problems);
      const only = written.variants.map((variant) => variant.name);
      const plan = planTrials(parsed.scenario, { seed: written.seed, blocks: written.blocks, only });
      assertSamePlan(written, parsed.scenario, plan, path);
      await assertPossible(plan, options);
      return { plan, writer, completed: completedIndexes };
    } catch (error) {
      await writer.close();
      throw error;
    }
  };
}

async function measure(run: PreparedRun, options: RunOptions, output: Output): Promise<ExitCode> {
  const { plan, writer, completed } = run;
  const trials = trialsToRun(plan, completed);
  const mode = options.quiet ? 'none' : canRedraw(process.stderr, process.env) ? 'redraw' : 'lines';
  const progress = new Progress(trials, completed.size, {
    mode,
    width: () => widthOf(process.stderr),
    write: output.draw,
    nowMs: () => performance.now(),
  });
  if (!options.quiet) progress.say(openingLine(plan, trials.length));
  const interrupt = listenForInterrupts(
    () => {
      progress.say('stopping: finished trials are kept; once more to leave at once');
    },
    () => {
      progress.clear();
    },
  );
  try {
    await runTrials({
      trials,
      alreadyCompleted: completed.size,
      writer,
      limits: hostLimits(readEnvironment()),
      capability: await labCapability(),
      pcapDir: options.pcap ?? null,
      signal: interrupt.signal,
      events: progress,
      dependencies: realProcesses,
    });
  } finally {
    progress.clear();
    interrupt.dispose();
  }
  const file = await readResultFile(writer.path);
  printResults(file, options, output);
  return exitCodeOf(file, interrupt);
}

function openingLine({ scenario, variants, blocks, trials, estimatedSeconds }: Plan, left: number): string {
  const number = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
  const time = clockTime((estimatedSeconds * 1000 * left) / trials.length);
  return `${scenario}: ${number(variants.length, 'variant')}, ${number(blocks, 'block')}, ${number(left, 'trial')}, about ${time}`;
}

function printResults(file: ResultFile, { json }: RunOptions, output: Output): void {
  if (json) {
    output.print(renderSummary(summarise(file, file.path)));
    return;
  }
  const colour = wantsColour(process.stdout, process.env);
  output.print(`${renderTerminal(file, { width: widthOf(process.stdout), colour })}\nResults: ${file.path}`);
}

function exitCodeOf(file: ResultFile, interrupt: Interrupt): ExitCode {
  const stopped = interrupt.exitCode();
  if (stopped !== null) return stopped;
  if (file.trials.some((trial) => !trial.valid)) return exitCodes.invalidTrial;
  const refuted = judgeClaims(file).some((claim) => claim.outcome === 'refuted');
  return refuted ? exitCodes.expectationBroken : exitCodes.ok;
}
