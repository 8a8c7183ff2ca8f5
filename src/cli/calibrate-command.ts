/** `connbench calibrate`: measures one variant under two names, and says how often this machine sees a change where there is none. */
import { randomInt } from 'node:crypto';
import { InvalidArgumentError, type Command } from 'commander';
import { calibrationOf, leastSessionBlocks, type CalibrationDocument } from '../compare/calibration.ts';
import {
  calibrationScenario,
  sessionBlocksOf,
  variantToCalibrate,
  type CalibrationShape,
  type Injection,
} from '../compare/calibration-plan.ts';
import type { Gate } from '../compare/gates.ts';
import { readMetric } from '../compare/metric.ts';
import { renderCalibration, renderCalibrationJson } from '../report/calibration-text.ts';
import { milliseconds } from '../report/format.ts';
import { readResultFile, type ResultFile } from '../results/read-file.ts';
import { createResultFile } from '../results/store.ts';
import { planTrials } from '../scenario/plan.ts';
import type { Scenario } from '../scenario/parse.ts';
import { formatPercent, parseDuration, parsePercent } from '../scenario/units.ts';
import { UserError } from '../scenario/user-error.ts';
import type { Variant } from '../scenario/variants.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { assertPossible, firstTrial, measure, newHeader, resumedRun, type PreparedRun } from './measured-run.ts';
import { gathersGates } from './gate-options.ts';
import { repeated, wholeNumber } from './options.ts';
import type { Output } from './output.ts';
import { loadScenarios } from './scenario-files.ts';
import { wantsColour, widthOf } from './terminal.ts';

const defaultSessions = 20;
const defaultBlocks = 8;
/** Most blocks of a run. */
const mostBlocks = 1000;

interface CalibrateOptions {
  readonly variant?: string;
  readonly sessions?: number;
  readonly blocks?: number;
  /** A share: 0.15 is 15 %. */
  readonly inject?: number;
  /** In ms. */
  readonly injectDelay?: number;
  readonly gate: readonly Gate[];
  readonly set: readonly string[];
  readonly seed?: number;
  readonly out: string;
  readonly from?: string;
  readonly resume?: string;
  readonly allowRemote: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
}

export function addCalibrateCommand(program: Command, output: Output, finish: (code: ExitCode) => void): void {
  program
    .command('calibrate')
    .description('A/A: how often this machine cries wolf, and the smallest change it can see')
    .argument('[scenario]', 'file, or name of a shipped scenario')
    .option('--variant <variant>', 'what is measured under two names (default: the baseline, or the first)')
    .option('--sessions <number>', `comparisons to make (default: ${defaultSessions})`, wholeNumber(1, mostBlocks))
    .option(
      '--blocks <number>',
      `blocks of each (default: ${defaultBlocks})`,
      wholeNumber(leastSessionBlocks, mostBlocks),
    )
    .option('--inject <percent>', 'also measure a server slower by this share of the median response time', share)
    .option('--inject-delay <duration>', 'also measure a server slower by this, e.g. 300us', delayMs)
    .option('--gate <metric:margin>', 'judge this metric with this margin, e.g. p99:10% (repeatable)', gathersGates, [])
    .option('--set <path=value>', 'change a setting, e.g. load.duration=2s (repeatable)', repeated, [])
    .option('--seed <number>', 'seed of the order and of all randomness', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option('--out <dir>', 'directory for the result file', 'results')
    .option('--from <file>', 'measure nothing: judge the file of an earlier calibration')
    .option('--resume <file>', 'go on with the unfinished calibration in this file')
    .option('--allow-remote', 'allow an external server that is not on this machine', false)
    .option('--json', 'print the report as JSON', false)
    .option('--quiet', 'show no progress', false)
    .addHelpText(
      'after',
      '\nExit codes: 0; 3 when false alarms are surely more than 7 %; 6 when no session has enough valid blocks.',
    )
    .action(async (scenario: string | undefined, options: CalibrateOptions) => {
      finish(await calibrate(scenario ?? null, options, output));
    });
}

function share(text: string): number {
  const parsed = parsePercent(text);
  if (!parsed.ok) throw new InvalidArgumentError(parsed.message);
  if (parsed.value === 0) throw new InvalidArgumentError('It must be more than 0%.');
  return parsed.value;
}

function delayMs(text: string): number {
  const parsed = parseDuration(text);
  if (!parsed.ok) throw new InvalidArgumentError(parsed.message);
  // Delays are kept in whole microseconds.
  const rounded = Math.round(parsed.value * 1000) / 1000;
  if (rounded === 0) throw new InvalidArgumentError('It must be at least 1us.');
  return rounded;
}

async function calibrate(name: string | null, options: CalibrateOptions, output: Output): Promise<ExitCode> {
  assertOneSource(name, options);
  if (options.from !== undefined) return report(await readResultFile(options.from), options, output);
  const run =
    options.resume === undefined ? await freshRun(name!, options, output) : await resumedRun(options.resume, options);
  const { file, interrupt } = await measure(run, options, output);
  const code = report(file, options, output);
  return interrupt.exitCode() ?? code;
}

/** A scenario, a file to judge, or a file to go on with. */
function assertOneSource(name: string | null, { from, resume, ...options }: CalibrateOptions): void {
  const sources = [name, from, resume].filter((source) => source != null);
  if (sources.length !== 1) {
    throw new UserError(
      'WHAT_TO_CALIBRATE',
      'calibrate takes one of: a scenario, --from FILE, --resume FILE',
      'For example: connbench calibrate pool-size --sessions 20 --blocks 8',
    );
  }
  const { variant, sessions, inject, injectDelay, seed, set, blocks } = options;
  const made = [variant, sessions, inject, injectDelay, seed, resume === undefined ? undefined : blocks];
  if (name === null && (set.length > 0 || made.some((value) => value !== undefined))) {
    throw new UserError(
      'FILE_WITH_SETTINGS',
      'a file holds its scenario and settings already: only --gate, --json and, with --from, --blocks go with it',
    );
  }
  if (inject !== undefined && injectDelay !== undefined) {
    throw new UserError('TWO_INJECTIONS', '--inject and --inject-delay are two ways to say one thing: give one');
  }
}

async function freshRun(name: string, options: CalibrateOptions, output: Output): Promise<PreparedRun> {
  const { sessions = defaultSessions, blocks = defaultBlocks, seed = randomInt(2 ** 32) } = options;
  if (sessions * blocks > mostBlocks) {
    throw new UserError(
      'TOO_MANY_BLOCKS',
      `${sessions} sessions of ${blocks} blocks are ${sessions * blocks}; at most ${mostBlocks} are run`,
    );
  }
  const [scenario] = await loadScenarios([name], options.set);
  const variant = variantToCalibrate(scenario!, options.variant ?? null);
  const shape: CalibrationShape = { sessions, blocks };
  await assertPossible(planTrials(scenario!, { seed, only: [variant.name], blocks: 1 }), options);
  const injection = await injectionOf(scenario!, variant, options, output);
  const calibration = calibrationScenario(scenario!, variant, shape, injection);
  const plan = planTrials(calibration, { seed });
  return { plan, writer: await createResultFile(options.out, newHeader(calibration, plan)), completed: new Set() };
}

/** A share of the response time needs one trial to know that time. It is in no file. */
async function injectionOf(
  scenario: Scenario,
  variant: Variant,
  options: CalibrateOptions,
  output: Output,
): Promise<Injection | null> {
  const { inject, injectDelay } = options;
  if (injectDelay !== undefined) return { addedMs: injectDelay, origin: null };
  if (inject === undefined) return null;
  if (!options.quiet) output.say('one trial first, to know the median response time');
  const trial = await firstTrial(planTrials(scenario, { seed: options.seed ?? 0, only: [variant.name], blocks: 1 }));
  const median = readMetric(trial, 'latency.response.p50');
  if (!trial.valid || median.kind !== 'value') {
    const why = trial.invalidReasons[0]?.message ?? 'no request was answered';
    throw new UserError('NO_FIRST_TRIAL', `the first trial, which gives the median response time, failed: ${why}`);
  }
  const addedMs = Math.max(0.001, Math.round(((inject * median.value) / 1e6) * 1000) / 1000);
  return { addedMs, origin: `${formatPercent(inject)} of a median response time of ${milliseconds(median.value)} ms` };
}

function report(file: ResultFile, options: CalibrateOptions, output: Output): ExitCode {
  const written = sessionBlocksOf(file.header);
  const blocks = options.blocks ?? (written !== null && written >= leastSessionBlocks ? written : defaultBlocks);
  const document = calibrationOf({ file: file.path, results: file, blocks, gates: options.gate });
  print(document, file, options, output);
  if (document.sessions.used === 0) return exitCodes.invalidTrial;
  return document.criesWolf.length > 0 ? exitCodes.expectationBroken : exitCodes.ok;
}

function print(document: CalibrationDocument, { path }: ResultFile, { json }: CalibrateOptions, output: Output): void {
  if (json) {
    output.print(renderCalibrationJson(document));
    return;
  }
  const colour = wantsColour(process.stdout, process.env);
  const text = renderCalibration(document, { width: widthOf(process.stdout), colour });
  output.print(`${text}\nResults: ${path}`);
}
