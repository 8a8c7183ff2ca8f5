/** The commands that run nothing: `check`, `list` and `schema`. */
import { Argument, type Command } from 'commander';
import { plural } from '../compare/words.ts';
import { printable } from '../report/printable.ts';
import { resultJsonSchema } from '../results/schema.ts';
import type { Gate } from '../scenario/gates.ts';
import { noSuchHop } from '../scenario/hop-metrics.ts';
import { scenarioJsonSchema } from '../scenario/json-schema.ts';
import type { Scenario } from '../scenario/parse.ts';
import { planTrials } from '../scenario/plan.ts';
import { UserError } from '../scenario/user-error.ts';
import type { Variant } from '../scenario/variants.ts';
import { longestWarmUpMs } from '../scenario/warm-up.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { gathersGates } from './gate-options.ts';
import { addListCommand } from './list-command.ts';
import { newHeader } from './measured-run.ts';
import { repeated } from './options.ts';
import type { Output } from './output.ts';
import { sayTooFewBlocks } from './planned-gates.ts';
import { clockTime } from './progress-line.ts';
import { loadScenarios, namesInFolders } from './scenario-files.ts';

interface CheckOptions {
  readonly set: readonly string[];
  readonly gate: readonly Gate[];
}

export function addScenarioCommands(program: Command, output: Output, finish: (code: ExitCode) => void): void {
  program
    .command('check')
    .description('find every problem of scenarios, with line and path; nothing is run')
    .argument('<scenario...>', 'files, folders, or names of shipped scenarios')
    .option('--set <path=value>', 'change a setting first (repeatable)', repeated, [])
    .option('--gate <metric:margin>', 'check a gate, too, as compare and report take it (repeatable)', gathersGates, [])
    .action(async (names: readonly string[], { set, gate }: CheckOptions) => {
      const scenarios = await loadScenarios(await namesInFolders(names), set);
      for (const scenario of scenarios) {
        requireHops(scenario, gate);
        output.print(checkedLine(scenario));
        sayTooFewBlocks(newHeader(scenario, planTrials(scenario, { seed: 0 })), output);
      }
      finish(exitCodes.ok);
    });
  addListCommand(program, output, finish);
  program
    .command('schema')
    .description('print a JSON Schema, for editors and programs')
    .addArgument(
      new Argument('<kind>', 'of scenario files, or of the lines of result files').choices(['scenario', 'result']),
    )
    .action((kind: 'scenario' | 'result') => {
      const schema = kind === 'scenario' ? scenarioJsonSchema() : resultJsonSchema();
      output.print(JSON.stringify(schema, null, 2));
      finish(exitCodes.ok);
    });
}

/** Throws a UserError for a gate on a program that is on the way of no variant. */
function requireHops({ file, variants }: Scenario, gates: readonly Gate[]): void {
  const chains = variants.map(({ trial }) => trial.via ?? []);
  for (const { metric } of gates) {
    const problem = noSuchHop(metric, chains);
    if (problem === null) continue;
    const { message, suggestion } = problem;
    const advice = suggestion === undefined ? 'Leave the gate out, or add the program.' : `Did you mean ${suggestion}?`;
    throw new UserError('NO_SUCH_HOP', `${printable(file)}: the gate on ${metric} ${message}`, advice);
  }
}

function checkedLine(scenario: Scenario): string {
  const { variants, trials, estimatedSeconds } = planTrials(scenario, { seed: 0 });
  return `${printable(scenario.file)}: ok, ${plural(variants.length, 'variant')}, ${plural(trials.length, 'trial')}, ${durationText(variants, estimatedSeconds)}`;
}

/** `about 1:00`; the longest time, also of one trial, where trials may take shorter. */
function durationText(variants: readonly Variant[], estimatedSeconds: number): string {
  const whole = clockTime(estimatedSeconds * 1000);
  if (variants.every(({ trial: { load } }) => load.steadyMs === undefined)) return `about ${whole}`;
  const longestMs = Math.max(...variants.map(({ trial: { load } }) => longestWarmUpMs(load) + load.durationMs));
  return `at most about ${whole}; a trial warms up and measures for at most ${clockTime(longestMs)}`;
}
