/** `connbench doctor`: what this machine allows, and for each "no" how to get it. */
import type { Command } from 'commander';
import { painter, type Paint } from '../report/paint.ts';
import { wrap } from '../report/wrap.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { examineMachine, type Finding, type MachineReport } from './machine-checks.ts';
import type { Output } from './output.ts';
import { wantsColour, widthOf } from './terminal.ts';

export function addDoctorCommand(program: Command, output: Output, finish: (code: ExitCode) => void): void {
  program
    .command('doctor')
    .description('what this machine allows, each "no" with how to fix it')
    .option('--json', 'print for programs', false)
    .action(async ({ json }: { readonly json: boolean }) => {
      const report = await examineMachine();
      const paint = painter(wantsColour(process.stdout, process.env));
      const width = Math.min(110, widthOf(process.stdout));
      output.print(json ? JSON.stringify(report, null, 2) : renderReport(report, width, paint));
      finish(report.host ? exitCodes.ok : exitCodes.usage);
    });
}

/** Exported for its test. */
export function renderReport({ host, lab, findings }: MachineReport, width: number, paint: Paint): string {
  const nameWidth = Math.max(...findings.map(({ name }) => name.length));
  const lines = findings.flatMap((finding) => findingLines(finding, nameWidth, width, paint));
  return [...lines, '', ...wrap(conclusion(host, lab), width)].join('\n');
}

function findingLines(finding: Finding, nameWidth: number, width: number, paint: Paint): readonly string[] {
  const mark = finding.ok ? paint.green('yes') : paint.yellow('no ');
  const column = ' '.repeat(nameWidth + 7);
  const [first = '', ...rest] = wrap(finding.found, width, { first: column, rest: column });
  const head = `${mark}  ${finding.name.padEnd(nameWidth)}  ${first.trimStart()}`;
  const obstacles = finding.obstacles.flatMap(({ what, fix }) => [
    ...wrap(what, width, { first: column, rest: column }),
    ...wrap(`Fix: ${fix}`, width, { first: `${column}  `, rest: `${column}       ` }),
  ]);
  return [head, ...rest, ...obstacles];
}

function conclusion(host: boolean, lab: boolean): string {
  if (!host) return 'Nothing can be measured here until the first two are fixed.';
  if (lab) return 'Trials run in labs: two hosts of their own, any round-trip time.';
  return 'Trials run in host mode: client and server on 127.0.0.1, no round-trip time. A lab needs what is named above.';
}
