/** A run from its plan to its closed result file: checks that the machine can do it, shows progress, and heeds Ctrl-C. */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { assertSameMachine } from '../compare/environment.ts';
import { askRuntime } from '../generator/runtime.ts';
import { labCapability } from '../lab/capability.ts';
import { openLab } from '../lab/lab.ts';
import { readResultFile, type ResultFile } from '../results/read-file.ts';
import type { HeaderRecord, TrialRecord } from '../results/record.ts';
import { resumeResultFile, type ResultWriter } from '../results/store.ts';
import { readEnvironment } from '../samplers/environment.ts';
import type { TrialConfig } from '../scenario/config.ts';
import { parseScenario, type Scenario } from '../scenario/parse.ts';
import { planTrials, type Plan } from '../scenario/plan.ts';
import { UserError } from '../scenario/user-error.ts';
import type { PlannedTrial } from '../trial/evidence.ts';
import { hostLimits, recordedEnvironment } from '../trial/environment.ts';
import { assertSamePlan, headerRecord, trialsToRun } from '../trial/header.ts';
import { assertAllowed, assertSettingsTaken } from '../trial/mode.ts';
import { realProcesses } from '../trial/processes.ts';
import { runTrials } from '../trial/run.ts';
import { listenForInterrupts, type Interrupt } from './interrupt.ts';
import type { Output } from './output.ts';
import { clockTime } from './progress-line.ts';
import { Progress } from './progress.ts';
import { ScenarioProblems } from './scenario-files.ts';
import { canRedraw, widthOf } from './terminal.ts';
import { version } from './version.ts';

export interface RunConditions {
  readonly quiet: boolean;
  /** Directory for the captures of the labs. */
  readonly pcap?: string;
  readonly allowRemote: boolean;
}

/** A run that is ready to begin: its file is open and its header written. */
export interface PreparedRun {
  readonly plan: Plan;
  readonly writer: ResultWriter;
  readonly completed: ReadonlySet<number>;
}

/** The first line of a new run's file, with an identity of its own. */
export function newHeader(scenario: Scenario, plan: Plan): HeaderRecord {
  return headerRecord(scenario, plan, {
    runId: randomBytes(4).toString('hex'),
    startedAt: new Date().toISOString(),
    connbenchVersion: version,
    environment: recordedEnvironment(readEnvironment()),
  });
}

/** Rejects with a UserError where this machine cannot do what the plan asks for, before anything of it runs. */
export async function assertPossible({ variants }: Plan, { allowRemote, pcap }: RunConditions): Promise<void> {
  const configs = variants.map(({ trial }) => trial);
  assertAllowed(configs, await labCapability(), { allowRemote, pcapDir: pcap ?? null });
  await assertSettingsTaken(configs, openLab);
  await askRuntimes(configs);
  if (pcap !== undefined) await makeCaptureDirectory(pcap);
}

/** Rejects with a UserError for a runtime that is no Node that can run connbench. */
async function askRuntimes(configs: readonly TrialConfig[]): Promise<void> {
  const runtimes = new Set(configs.flatMap(({ clientSetup }) => clientSetup?.runtime ?? []));
  for (const runtime of runtimes) await askRuntime(runtime);
}

async function makeCaptureDirectory(dir: string): Promise<void> {
  try {
    await mkdir(dir, { recursive: true });
  } catch (error) {
    const { code = 'error', message } = error as NodeJS.ErrnoException;
    throw new UserError(code, `--pcap ${dir}: ${message}`, 'Name a directory that can be written to.');
  }
}

/**
 * The run of an unfinished file. Its plan is made again from the scenario in the file, so that neither the scenario nor its settings can
 * have changed. Rejects with a UserError for a file that cannot be gone on with.
 */
export async function resumedRun(path: string, conditions: RunConditions): Promise<PreparedRun> {
  const { header: written, completedIndexes, writer } = await resumeResultFile(path);
  try {
    const { document, folder } = written.scenario;
    const place = folder === undefined ? { file: path } : { file: path, folder };
    const parsed = parseScenario(JSON.stringify(document), place);
    if (!parsed.ok) throw new ScenarioProblems(parsed.problems);
    const only = written.variants.map((variant) => variant.name);
    const plan = planTrials(parsed.scenario, { seed: written.seed, blocks: written.blocks, only });
    assertSamePlan(written, parsed.scenario, plan, path);
    assertSameMachine(written, newHeader(parsed.scenario, plan), path);
    await assertPossible(plan, conditions);
    return { plan, writer, completed: completedIndexes };
  } catch (error) {
    await writer.close();
    throw error;
  }
}

/** Runs what is left of a run, with progress on stderr, and reads its file back. */
export async function measure(
  run: PreparedRun,
  { quiet, pcap }: RunConditions,
  output: Output,
): Promise<{ readonly file: ResultFile; readonly interrupt: Interrupt }> {
  const { plan, writer, completed } = run;
  const trials = trialsToRun(plan, completed);
  const mode = quiet ? 'none' : canRedraw(process.stderr, process.env) ? 'redraw' : 'lines';
  const progress = new Progress(trials, completed.size, {
    mode,
    width: () => widthOf(process.stderr),
    write: output.draw,
    nowMs: () => performance.now(),
  });
  if (!quiet) progress.say(openingLine(plan, trials.length));
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
      pcapDir: pcap ?? null,
      signal: interrupt.signal,
      events: progress,
      dependencies: realProcesses,
    });
  } finally {
    progress.clear();
    interrupt.dispose();
  }
  return { file: await readResultFile(writer.path), interrupt };
}

/** Enough for a median. */
const mostFirstTrialMs = 2000;

/** Measures the plan's first trial by itself, in a short form and without a file; Ctrl-C ends the program. */
export async function firstTrial(plan: Plan): Promise<TrialRecord> {
  const { records } = await runTrials({
    trials: trialsToRun(plan).slice(0, 1).map(shortened),
    alreadyCompleted: 0,
    writer: noFile,
    limits: hostLimits(readEnvironment()),
    capability: await labCapability(),
    pcapDir: null,
    signal: new AbortController().signal,
    events: {},
    dependencies: realProcesses,
  });
  return records[0]!;
}

function shortened(trial: PlannedTrial): PlannedTrial {
  const { config } = trial;
  const load = { ...config.load, durationMs: Math.min(config.load.durationMs, mostFirstTrialMs) };
  return { ...trial, config: { ...config, load } };
}

const noFile: ResultWriter = {
  path: '',
  append: () => Promise.resolve(),
  finish: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

function openingLine({ scenario, variants, blocks, trials, estimatedSeconds }: Plan, left: number): string {
  const number = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
  const time = clockTime((estimatedSeconds * 1000 * left) / trials.length);
  return `${scenario}: ${number(variants.length, 'variant')}, ${number(blocks, 'block')}, ${number(left, 'trial')}, about ${time}`;
}
