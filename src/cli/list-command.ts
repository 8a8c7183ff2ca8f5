/** `connbench list`: what is shipped with the program, and the handbook that its results make. */
import type { Command } from 'commander';
import { plural } from '../compare/words.ts';
import { printable } from '../report/printable.ts';
import { wrap } from '../report/wrap.ts';
import { clientsMarkdown } from '../scenario/clients/document.ts';
import { listShipped, type ShippedScenario } from '../scenario/file.ts';
import { shippedGroups } from '../scenario/shipped.ts';
import { UserError } from '../scenario/user-error.ts';
import { catalogueFolder } from './catalogue-command.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { writeHandbook } from './handbook.ts';
import type { Output } from './output.ts';
import { clockTime } from './progress-line.ts';
import { widthOf } from './terminal.ts';

interface ListOptions {
  readonly clients: boolean;
  readonly handbook: boolean;
  readonly from?: string;
  readonly out?: string;
}

export function addListCommand(program: Command, output: Output, finish: (code: ExitCode) => void): void {
  program
    .command('list')
    .description('the shipped scenarios by folder, their questions, the claims they show, and how long each takes')
    .option(
      '--clients',
      'the clients in place of scenarios: which option of each does a knob, and what it refuses',
      false,
    )
    .option('--handbook', 'write the handbook: every claim with what was measured, as HANDBOOK.md and drawings', false)
    .option('--from <dir>', `with --handbook: where the result files are (default: ${catalogueFolder})`)
    .option('--out <dir>', 'with --handbook: directory that it is written to (default: scenarios)')
    .action(async (options: ListOptions) => {
      await list(options, output);
      finish(exitCodes.ok);
    });
}

async function list({ clients, handbook, from, out }: ListOptions, output: Output): Promise<void> {
  if (!handbook && (from !== undefined || out !== undefined)) {
    throw new UserError(
      'ONLY_WITH_HANDBOOK',
      '--from and --out belong to --handbook',
      'Add --handbook, or leave them out.',
    );
  }
  if (clients && handbook)
    throw new UserError('ONE_OF_TWO', '--clients and --handbook are two things', 'Give one of them.');
  if (clients) output.print(clientsMarkdown().trimEnd());
  else if (handbook) await writeHandbook({ from: from ?? catalogueFolder, out: out ?? 'scenarios' }, output);
  else listScenarios(await listShipped(), output);
}

function listScenarios(scenarios: readonly ShippedScenario[], output: Output): void {
  const width = Math.min(100, widthOf(process.stdout));
  for (const group of [null, ...shippedGroups]) {
    const own = scenarios.filter((scenario) => scenario.group === group);
    if (own.length === 0) continue;
    if (group !== null) output.print(`\n${groupLine(group, own)}`);
    for (const scenario of own) output.print(listed(scenario, width));
  }
}

function groupLine(group: string, scenarios: readonly ShippedScenario[]): string {
  const seconds = scenarios.reduce((sum, { estimatedSeconds }) => sum + estimatedSeconds, 0);
  return `scenarios/${group}: ${plural(scenarios.length, 'scenario')}, about ${clockTime(seconds * 1000)}`;
}

function listed(scenario: ShippedScenario, width: number): string {
  const { name, question, variants, trials, estimatedSeconds, shows } = scenario;
  const head = `${name}  (${plural(variants, 'variant')}, ${plural(trials, 'trial')}, about ${clockTime(estimatedSeconds * 1000)})`;
  const indent = { first: '  ', rest: '  ' };
  const claims =
    shows.length === 0 ? [] : wrap(`Shows ${printable(shows.toSorted(byNumber).join(', '))}.`, width, indent);
  return [head, ...(question === null ? [] : wrap(question, width, indent)), ...claims].join('\n');
}

/** C2 before C10. */
function byNumber(left: string, right: string): number {
  return left.localeCompare(right, 'en', { numeric: true });
}
