#!/usr/bin/env node
/** The program: command line in, exit code out. Without arguments it runs the default scenario. */
import { existsSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { printable } from '../report/printable.ts';
import { UserError } from '../scenario/user-error.ts';
import { addCalibrateCommand } from './calibrate-command.ts';
import { addCatalogueCommand } from './catalogue-command.ts';
import { addCompareCommand } from './compare-command.ts';
import { addDoctorCommand } from './doctor-command.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { addImportCommand } from './import-command.ts';
import { exitWith, output, surviveClosedPipes } from './output.ts';
import { addReportCommand } from './report-command.ts';
import { addRunCommand } from './run-command.ts';
import { addScenarioCommands } from './scenario-commands.ts';
import { ScenarioProblems } from './scenario-files.ts';
import { addServeCommand } from './serve-command.ts';
import { addTrendCommand } from './trend-command.ts';
import { version } from './version.ts';

function buildProgram(finish: (code: ExitCode) => void): Command {
  const program = new Command('connbench')
    .description('Compares HTTP connection strategies and checks every figure against the kernel.')
    .version(version)
    .showHelpAfterError('(connbench --help tells what there is)')
    .exitOverride();
  addRunCommand(program, output, finish);
  addCatalogueCommand(program, output, finish);
  addScenarioCommands(program, output, finish);
  addCompareCommand(program, output, finish);
  addReportCommand(program, output, finish);
  addCalibrateCommand(program, output, finish);
  addImportCommand(program, output, finish);
  addTrendCommand(program, output, finish);
  addServeCommand(program, output, finish);
  addDoctorCommand(program, output, finish);
  program.addHelpText('after', helpAfter);
  return program;
}

const helpAfter = `
Without arguments it runs the default scenario.

Exit codes: 0 ok; 1 internal error; 2 usage, scenario or environment error;
3 an expectation is refuted; 4 a gate failed: a regression beyond its margin;
5 a gate is inconclusive (with --fail-on inconclusive), or none could fail;
6 an invalid trial; 130 interrupted.`;

/** A scenario without a command is a frequent slip, and commander would only call it an unknown command. */
function refuseScenarioAsCommand(program: Command, args: readonly string[]): void {
  const [first = ''] = args;
  const isCommand = program.commands.some((command) => command.name() === first);
  if (first === '' || first.startsWith('-') || isCommand) return;
  if (!/\.ya?ml$/.test(first) && !existsSync(first)) return;
  throw new UserError(
    'NO_COMMAND',
    `${first} is not a command`,
    `To run this scenario: connbench run ${args.join(' ')}`,
  );
}

/** What goes wrong is either the user's mistake, told in a sentence with a way out, or a bug, told with its stack. */
function report(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (error instanceof UserError) {
    if (error instanceof ScenarioProblems) output.say(error.text);
    output.say(`error: ${printable(error.message, 10_000).replaceAll('\\u000a', '\n')}`);
    if (error.hint !== null) output.say(`  ${printable(error.hint, 2000)}`);
    return exitCodes.usage;
  }
  output.say(`internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return exitCodes.internalError;
}

async function main(args: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = exitCodes.ok;
  const program = buildProgram((finished) => {
    code = finished;
  });
  try {
    refuseScenarioAsCommand(program, args);
    await program.parseAsync(args.length === 0 ? ['run'] : [...args], { from: 'user' });
    return code;
  } catch (error) {
    return report(error);
  }
}

surviveClosedPipes();
exitWith(await main(process.argv.slice(2)));
