/** `connbench compare`: the variants of one run, or several result files, side by side, and the gates that decide. */
import type { Command } from 'commander';
import { compareRuns, type ComparedFile } from '../compare/compare.ts';
import type { Gate } from '../compare/gates.ts';
import { renderComparison } from '../report/comparison-text.ts';
import { printable, printableJson } from '../report/printable.ts';
import { readResultFile } from '../results/read-file.ts';
import type { ExitCode } from './exit-codes.ts';
import { failOnOption, gathersGates, gathersMetrics, gateVerdict, type FailOn } from './gate-options.ts';
import type { Output } from './output.ts';
import { wantsColour, widthOf } from './terminal.ts';

interface CompareOptions {
  readonly baseline?: string;
  readonly gate: readonly Gate[];
  readonly metric: readonly string[];
  readonly failOn?: FailOn;
  readonly force: boolean;
  readonly json: boolean;
}

export function addCompareCommand(program: Command, output: Output, finish: (code: ExitCode) => void): void {
  program
    .command('compare')
    .description('say what differs between the variants of a run, or between result files, and what does not')
    .argument('<file...>', 'result files (*.ndjson); of several, the first is the base')
    .option('--baseline <variant>', 'what the others are compared with: a variant, or axis=alternative')
    .option(
      '--gate <metric:margin>',
      "fail where it is worse by more than the margin, e.g. p99:10% (repeatable; default: the scenario's gates)",
      gathersGates,
      [],
    )
    .addOption(failOnOption())
    .option('--force', 'compare and gate runs of different machines, versions or settings', false)
    .option(
      '--metric <path>',
      'compare this too, e.g. latencyByConnection.new.service.p75 (repeatable)',
      gathersMetrics,
      [],
    )
    .option('--json', 'print the comparison as JSON', false)
    .action(async (paths: readonly string[], options: CompareOptions) => {
      finish(await compareCommand(paths, options, output));
    });
}

async function compareCommand(paths: readonly string[], options: CompareOptions, output: Output): Promise<ExitCode> {
  const files: ComparedFile[] = [];
  for (const path of paths) {
    const results = await readResultFile(path);
    // A missing end is among the comparison's own warnings.
    for (const problem of results.problems.filter(({ code }) => code !== 'no-footer')) {
      output.say(`${printable(path)}: ${printable(problem.message)}`);
    }
    files.push({ path, results });
  }
  const { baseline = null, metric: metrics, force } = options;
  const gates = options.gate.length > 0 ? options.gate : (files[0]?.results.header.gates ?? []);
  if (gates.length === 0 && options.failOn !== undefined)
    output.say('There is no gate, so --fail-on has nothing to do.');
  const comparison = compareRuns(files, { baseline, gates, metrics, force });
  const { code, lead } = gateVerdict(files, comparison, options.failOn);
  if (options.json) {
    for (const sentence of lead) output.say(sentence);
    output.print(printableJson(JSON.stringify(comparison, null, 2)));
  } else {
    const colour = wantsColour(process.stdout, process.env);
    const text = renderComparison(comparison, { width: widthOf(process.stdout), colour });
    output.print([...lead, text].join('\n'));
  }
  return code;
}
