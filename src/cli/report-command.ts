/** `connbench report`: result files in every other form, for people, for CI systems and for other tools. */
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Gate } from '../compare/gates.ts';
import { renderAnnotations } from '../report/annotations.ts';
import { renderBenchmarkJson } from '../report/benchmark-json.ts';
import { renderComparison } from '../report/comparison-text.ts';
import { renderCsv } from '../report/csv.ts';
import { plural } from '../compare/words.ts';
import { renderHgrm } from '../report/hgrm.ts';
import { renderHlog } from '../report/hlog.ts';
import { renderHtml } from '../report/html/page.ts';
import { renderJunit } from '../report/junit.ts';
import { renderMarkdown } from '../report/markdown.ts';
import { renderModel } from '../report/model-text.ts';
import { metricText } from '../report/metric-text.ts';
import { renderOpenMetrics } from '../report/openmetrics.ts';
import { printable } from '../report/printable.ts';
import { compareForReport, type ReportComparison } from '../report/report-comparison.ts';
import type { OutputFile, ReportInput } from '../report/report-input.ts';
import { renderTerminal } from '../report/terminal.ts';
import { readResultFile, type ResultFile } from '../results/read-file.ts';
import { UserError } from '../scenario/user-error.ts';
import type { ExitCode } from './exit-codes.ts';
import { failOnOption, gathersGates, gateVerdict, type FailOn } from './gate-options.ts';
import { readHtmlAssets } from './html-assets.ts';
import type { Output } from './output.ts';
import { assertDistinct, writeReportFile, type ReportFile } from './report-files.ts';
import { wantsColour, widthOf } from './terminal.ts';

interface ReportOptions {
  readonly html?: string;
  readonly markdown?: string;
  readonly junit?: string;
  readonly csv?: string;
  readonly openmetrics?: string;
  readonly hgrm?: string;
  readonly hlog?: string;
  readonly benchmarkJson?: string;
  readonly githubAnnotations: boolean;
  readonly model: boolean;
  readonly gate: readonly Gate[];
  readonly failOn?: FailOn;
  readonly baseline?: string;
  readonly force: boolean;
}

const stdout = '-';

/** Options that name a file, or `-` for stdout. */
const fileForms: readonly {
  readonly option: string;
  readonly of: (options: ReportOptions) => string | undefined;
  readonly render: (input: ReportInput) => string;
}[] = [
  { option: '--html', of: ({ html }) => html, render: (input) => renderHtml(input, readHtmlAssets()) },
  { option: '--markdown', of: ({ markdown }) => markdown, render: renderMarkdown },
  { option: '--junit', of: ({ junit }) => junit, render: renderJunit },
  { option: '--csv', of: ({ csv }) => csv, render: renderCsv },
  { option: '--openmetrics', of: ({ openmetrics }) => openmetrics, render: renderOpenMetrics },
];

/** Options that name a directory. */
const directoryForms: readonly {
  readonly option: string;
  readonly of: (options: ReportOptions) => string | undefined;
  readonly render: (input: ReportInput) => readonly OutputFile[];
}[] = [
  { option: '--hgrm', of: ({ hgrm }) => hgrm, render: renderHgrm },
  { option: '--hlog', of: ({ hlog }) => hlog, render: renderHlog },
  { option: '--benchmark-json', of: ({ benchmarkJson }) => benchmarkJson, render: renderBenchmarkJson },
];

export function addReportCommand(program: Command, output: Output, finish: (code: ExitCode) => void): void {
  program
    .command('report')
    .description('turn result files into reports for people, CI and other tools; one output may be - for stdout')
    .argument('<file...>', 'result files (*.ndjson)')
    .option('--html <file>', 'one page with plots that works offline')
    .option('--markdown <file>', 'for a job summary or a comment on a pull request, under 60 kB')
    .option('--junit <file>', 'a test case per gate and claim')
    .option('--csv <file>', 'every figure of every trial')
    .option('--openmetrics <file>', 'medians and verdicts for Prometheus and its kin')
    .option('--hgrm <dir>', 'percentile distributions for the plotters of HdrHistogram')
    .option('--hlog <dir>', 'histograms second by second for the log tools of HdrHistogram')
    .option('--benchmark-json <dir>', 'two files for github-action-benchmark')
    .option('--model', 'print what theory predicts beside what was measured, and which assumption fails where', false)
    .option('--github-annotations', 'print what failed so that GitHub marks the job with it', false)
    .option(
      '--gate <metric:margin>',
      "fail where it is worse by more than the margin, e.g. p99:10% (repeatable; default: the scenario's gates)",
      gathersGates,
      [],
    )
    .addOption(failOnOption())
    .option('--baseline <variant>', 'what the others are compared with: a variant, or axis=alternative')
    .option('--force', 'compare and gate runs of different machines, versions or settings', false)
    .action(async (paths: readonly string[], options: ReportOptions) => {
      finish(await reportCommand(paths, options, output));
    });
}

async function reportCommand(paths: readonly string[], options: ReportOptions, output: Output): Promise<ExitCode> {
  assertOutputs(options);
  await assertDistinct(plannedPaths(options), paths);
  const files = await readFiles(paths, output);
  const { comparison, apartBecause } = compared(files, options);
  if (apartBecause !== null) output.say(`the files are not compared with each other: ${printable(apartBecause, 2000)}`);
  const { code, lead } = gateVerdict(
    files.map((results) => ({ path: results.path, results })),
    comparison,
    options.failOn,
  );
  for (const sentence of lead) output.say(sentence);
  const input = { runs: files.map((results) => ({ file: results.path, results })), comparison };
  const toStdout = fileForms.find(({ of }) => of(options) === stdout);
  // Everything is made before anything is written: what cannot be made leaves no half of a report.
  const written = renderedFiles(input, options);
  await assertDistinct(
    written.flatMap(({ files: ofForm }) => ofForm),
    paths,
  );
  for (const form of written) await writeForm(form, output);
  const nothingAsked = toStdout === undefined && written.length === 0;
  if (toStdout !== undefined) output.print(toStdout.render(input));
  else if (nothingAsked) output.print(terminalText(input, apartBecause !== null));
  if (options.model) output.print(modelText(input));
  // GitHub reads both streams; on the other one the lines do not get into a document.
  if (options.githubAnnotations) announce(renderAnnotations(input), toStdout === undefined ? output.print : output.say);
  return code;
}

function announce(lines: string, print: (text: string) => void): void {
  if (lines !== '') print(lines.trimEnd());
}

/* ---- what is asked for ---- */

/** Throws a UserError for paths that cannot be meant. */
function assertOutputs(options: ReportOptions): void {
  const given = [...fileForms, ...directoryForms].flatMap(({ option, of }) => {
    const path = of(options);
    return path === undefined ? [] : [{ option, path }];
  });
  const empty = given.find(({ path }) => path === '');
  if (empty !== undefined) throw new UserError('OUTPUT_EMPTY', `${empty.option} has no path`, 'Name a file.');
  const streams = fileForms.filter(({ of }) => of(options) === stdout).map(({ option }) => option);
  if (options.model && streams.length > 0) streams.push('--model');
  if (streams.length > 1) {
    const message = `${streams.join(' and ')} cannot all go to stdout`;
    throw new UserError('OUTPUT_TWICE', message, 'Give all but one of them a file.');
  }
  const directory = directoryForms.find(({ of }) => of(options) === stdout);
  if (directory !== undefined) {
    const message = `${directory.option} writes several files, which stdout cannot take`;
    throw new UserError('OUTPUT_NOT_DIRECTORY', message, 'Name a directory.');
  }
}

/** Known before anything is read; the files in the directories are not. */
function plannedPaths(options: ReportOptions): readonly Omit<ReportFile, 'content'>[] {
  return fileForms.flatMap(({ option, of }) => {
    const path = of(options);
    return path === undefined || path === stdout ? [] : [{ option, path }];
  });
}

/* ---- what goes in ---- */

/** What is wrong with a file that can be used all the same is said on stderr. */
async function readFiles(paths: readonly string[], output: Output): Promise<readonly ResultFile[]> {
  const files: ResultFile[] = [];
  for (const path of paths) {
    const file = await readResultFile(path);
    for (const { message } of file.problems) output.say(`${printable(path)}: ${printable(message)}`);
    files.push(file);
  }
  return files;
}

/** With the scenario's gates unless others are given. */
function compared(files: readonly ResultFile[], options: ReportOptions): ReportComparison {
  return compareForReport(
    files.map((results) => ({ path: results.path, results })),
    {
      baseline: options.baseline ?? null,
      gates: options.gate.length > 0 ? options.gate : null,
      force: options.force,
    },
  );
}

/* ---- what comes out ---- */

interface RenderedForm {
  /** As the user wrote it. */
  readonly path: string;
  readonly isDirectory: boolean;
  readonly files: readonly ReportFile[];
}

function renderedFiles(input: ReportInput, options: ReportOptions): readonly RenderedForm[] {
  const single = fileForms.flatMap(({ option, of, render }): readonly RenderedForm[] => {
    const path = of(options);
    if (path === undefined || path === stdout) return [];
    return [{ path, isDirectory: false, files: [{ option, path, content: render(input) }] }];
  });
  const several = directoryForms.flatMap(({ option, of, render }): readonly RenderedForm[] => {
    const path = of(options);
    if (path === undefined) return [];
    const files = render(input).map(({ name, content }) => ({ option, path: join(path, name), content }));
    return [{ path, isDirectory: true, files }];
  });
  return [...single, ...several];
}

async function writeForm({ path, isDirectory, files }: RenderedForm, output: Output): Promise<void> {
  for (const file of files) await writeReportFile(file);
  const bytes = files.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
  const what = isDirectory ? `${plural(files.length, 'file')}, ` : '';
  output.say(`wrote ${printable(path, 4096)} (${what}${metricText(bytes, 'bytes')})`);
}

/** The comparison where it says more than the runs' own answers: of several runs, and where there are gates. */
function terminalText({ runs, comparison }: ReportInput, apart: boolean): string {
  const options = { width: widthOf(process.stdout), colour: wantsColour(process.stdout, process.env) };
  const texts = runs.map(({ results }) => renderTerminal(results, options));
  const says = comparison.pairs.length > 0 && ((runs.length > 1 && !apart) || comparison.gates.length > 0);
  return [...texts, ...(says ? [renderComparison(comparison, options)] : [])].join('\n');
}

function modelText({ runs }: ReportInput): string {
  const options = { width: widthOf(process.stdout), colour: wantsColour(process.stdout, process.env) };
  return runs.map(({ results }) => renderModel(results, options)).join('\n');
}
