/** The commands that run nothing: `check`, `list` and `schema`. */
import { Argument, type Command } from 'commander';
import { plural } from '../compare/words.ts';
import { printable } from '../report/printable.ts';
import { wrap } from '../report/wrap.ts';
import { resultJsonSchema } from '../results/schema.ts';
import { clientsMarkdown } from '../scenario/clients/document.ts';
import { listShipped, type ShippedScenario } from '../scenario/file.ts';
import { scenarioJsonSchema } from '../scenario/json-schema.ts';
import type { Scenario } from '../scenario/parse.ts';
import { planTrials } from '../scenario/plan.ts';
import type { Variant } from '../scenario/variants.ts';
import { longestWarmUpMs } from '../scenario/warm-up.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { gathersGates } from './gate-options.ts';
import { newHeader } from './measured-run.ts';
import { repeated } from './options.ts';
import type { Output } from './output.ts';
import { sayTooFewBlocks } from './planned-gates.ts';
import { clockTime } from './progress-line.ts';
import { loadScenarios } from './scenario-files.ts';
import { widthOf } from './terminal.ts';

export function addScenarioCommands(program: Command, output: Output, finish: (code: ExitCode) => void): void {
  program
    .command('check')
    .description('find every problem of scenarios, with line and path; nothing is run')
    .argument('<scenario...>', 'files, or names of shipped scenarios')
    .option('--set <path=value>', 'change a setting first (repeatable)', repeated, [])
    .option('--gate <metric:margin>', 'check a gate, too, as compare and report take it (repeatable)', gathersGates, [])
    .action(async (names: readonly string[], { set }: { readonly set: readonly string[] }) => {
      const scenarios = await loadScenarios(names, set);
      for (const scenario of scenarios) {
        output.print(checkedLine(scenario));
        sayTooFewBlocks(newHeader(scenario, planTrials(scenario, { seed: 0 })), output);
      }
      finish(exitCodes.ok);
    });
  program
    .command('list')
    .description('the shipped scenarios, their questions, and how long each takes')
    .option('--clients', 'the clients in place of scenarios: which option of each does a knob, and what it refuses')
    .action(async ({ clients = false }: { readonly clients?: boolean }) => {
      if (clients) {
        output.print(clientsMarkdown().trimEnd());
        finish(exitCodes.ok);
        return;
      }
      const width = Math.min(100, widthOf(process.stdout));
      for (const scenario of await listShipped()) output.print(listed(scenario, width));
      finish(exitCodes.ok);
    });
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

function listed({ name, question, variants, trials, estimatedSeconds }: ShippedScenario, width: number): string {
  const head = `${name}  (${plural(variants, 'variant')}, ${plural(trials, 'trial')}, about ${clockTime(estimatedSeconds * 1000)})`;
  const indent = { first: '  ', rest: '  ' };
  return [head, ...(question === null ? [] : wrap(question, width, indent))].join('\n');
}
