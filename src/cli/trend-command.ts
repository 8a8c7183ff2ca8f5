/** `connbench trend`: keeps the history of a scenario, and finds when something changed. */
import { createHash } from 'node:crypto';
import { InvalidArgumentError, type Command } from 'commander';
import { historyEntry } from '../compare/history-entry.ts';
import type { TrendDocument } from '../compare/trend-document.ts';
import { leastRecent, trendOf } from '../compare/trend.ts';
import { plural } from '../compare/words.ts';
import { printable, printableJson } from '../report/printable.ts';
import { renderTrendCsv } from '../report/trend-csv.ts';
import { renderTrendMarkdown } from '../report/trend-markdown.ts';
import { renderTrendPage } from '../report/trend-page.ts';
import { renderTrendText } from '../report/trend-text.ts';
import { configHash } from '../results/config-hash.ts';
import { appendHistory, readHistory, type HistoryProblem } from '../results/history.ts';
import { readResultFile } from '../results/read-file.ts';
import { gateMetric } from '../scenario/gates.ts';
import { quote } from '../scenario/problem.ts';
import { UserError } from '../scenario/user-error.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { repeated } from './options.ts';
import type { Output } from './output.ts';
import { assertDistinct, writeReportFile, type ReportFile } from './report-files.ts';
import { wantsColour, widthOf } from './terminal.ts';

interface TrendOptions {
  readonly history: string;
  readonly add?: readonly string[];
  readonly label?: string;
  readonly control?: string;
  readonly metric: readonly string[];
  readonly variant?: string;
  readonly scenario?: string;
  readonly recent: number;
  readonly html?: string;
  readonly markdown?: string;
  readonly csv?: string;
  readonly json: boolean;
}

/** Runs in which a worsening fails the job, unless said otherwise: it does so from its fourth run to its seventh. */
const usualRecent = 7;
const mostRecent = 10_000;
const mostLabelChars = 200;

export function addTrendCommand(program: Command, output: Output, finish: (code: ExitCode) => void): void {
  program
    .command('trend')
    .description('find when something changed in the history of a scenario; --add puts runs into the history')
    .requiredOption('--history <file>', 'the history, a line of a few KB per run (*.ndjson)')
    .option('--add <result...>', 'add these result files to the history, and do nothing else')
    .option('--label <text>', 'what the added runs measured, such as a commit')
    .option('--control <variant>', "measure the others against this variant (default: the scenario's baseline)")
    .option(
      '--metric <path>',
      'look at this metric; with --add, keep it beside the usual ones (repeatable)',
      repeated,
      [],
    )
    .option('--variant <name>', 'look at this variant only, or at those that fit axis=alternative')
    .option('--scenario <name>', 'look at this scenario only')
    .option('--recent <runs>', 'a worsening in the last so many runs exits 4', recentRuns, usualRecent)
    .option('--html <file>', 'one page with a plot per series that works offline')
    .option('--markdown <file>', 'for a job summary or an issue, or - for stdout')
    .option('--csv <file>', 'the ratios as Apache Otava reads them (one scenario)')
    .option('--json', 'print the trend as JSON', false)
    .addHelpText('after', helpAfter)
    .action(async (options: TrendOptions) => {
      const { add } = options;
      finish(await (add === undefined ? show(options, output) : addRuns(add, options, output)));
    });
}

const helpAfter = `
The ratio of each variant to the control of the same run is what is looked at.
A change is one of at least 5 % that lasted 4 runs, p at most 0.001.

Exit codes: 0 nothing got worse in the last runs (--recent), 4 something did,
2 a mistake in the command line or a file.`;

function recentRuns(text: string): number {
  const runs = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (runs >= leastRecent && runs <= mostRecent) return runs;
  throw new InvalidArgumentError(
    `It must be a whole number from ${leastRecent} to ${mostRecent}: a change is told when it has lasted ${leastRecent} runs.`,
  );
}

/* ---- adding ---- */

async function addRuns(paths: readonly string[], options: TrendOptions, output: Output): Promise<ExitCode> {
  refuse('--add', [
    ['--variant', options.variant],
    ['--scenario', options.scenario],
    ['--html', options.html],
    ['--markdown', options.markdown],
    ['--csv', options.csv],
    ['--json', options.json ? true : undefined],
  ]);
  const entryOptions = {
    label: options.label === undefined ? null : usableLabel(options.label),
    control: options.control ?? null,
    metrics: options.metric.map(usableMetric),
  };
  const entries = [];
  for (const path of paths) {
    const results = await readResultFile(path);
    const { document } = results.header.scenario;
    entries.push(historyEntry({ path, results }, { ...entryOptions, configHash: configHash(document) }));
  }
  const { added, known, problems } = await appendHistory(options.history, entries);
  warn(options.history, problems, output);
  for (const { runId, scenario, variants } of added) {
    const bare = variants.every(({ control }) => control === null);
    const note = bare ? ', without ratios, since it has no control: see --control' : '';
    output.print(`added run ${printable(runId)} of ${printable(scenario, 100)}${note}`);
  }
  for (const { runId } of known) output.print(`run ${printable(runId)} is in the history already`);
  return exitCodes.ok;
}

function refuse(option: string, others: readonly (readonly [name: string, value: unknown])[]): void {
  const [name] = others.find(([, value]) => value !== undefined) ?? [];
  if (name === undefined) return;
  const hint = `Add first, then look: connbench trend --history FILE ${name} ...`;
  throw new UserError('OPTIONS_CONFLICT', `${name} does not go with ${option}, which only adds`, hint);
}

function usableLabel(label: string): string {
  const trimmed = label.trim();
  if (trimmed !== '' && trimmed.length <= mostLabelChars) return trimmed;
  throw new UserError(
    'BAD_LABEL',
    `--label must have 1 to ${mostLabelChars} characters`,
    'Give a commit or a version.',
  );
}

function usableMetric(text: string): string {
  const metric = gateMetric(text);
  if (metric.ok) return metric.value;
  const meant = metric.suggestion === undefined ? '' : ` (did you mean ${quote(metric.suggestion)}?)`;
  throw new UserError('UNKNOWN_METRIC', `--metric: ${quote(text)} ${metric.message}${meant}`);
}

function warn(path: string, problems: readonly HistoryProblem[], output: Output): void {
  for (const { message } of problems) output.say(`warning: ${printable(path)}: ${printable(message, 1000)}`);
}

/* ---- looking ---- */

async function show(options: TrendOptions, output: Output): Promise<ExitCode> {
  if (options.label !== undefined) {
    throw new UserError('OPTIONS_CONFLICT', '--label goes with --add only', 'It says what the added runs measured.');
  }
  const planned = outputs(options);
  const onStdout = streamed(planned, options.json);
  const inFiles = planned.filter((one) => one !== onStdout);
  await assertDistinct(inFiles, [options.history]);
  const { entries, problems } = await readHistory(options.history);
  warn(options.history, problems, output);
  const { scenario = null, variant = null, control = null, metric: metrics, recent } = options;
  const document = trendOf(entries, { scenario, variant, control, metrics, recent });
  // Everything is made before anything is written.
  const stream = onStdout?.render(document, output);
  const files = inFiles.map(({ option, path, render }): ReportFile => ({
    option,
    path,
    content: render(document, output),
  }));
  for (const file of files) await writeReportFile(file);
  output.print(stream ?? (options.json ? jsonText(document) : terminalText(document)));
  return document.worse ? exitCodes.regression : exitCodes.ok;
}

/** The one form that goes to stdout, if any, in the place of what is printed otherwise. */
function streamed(planned: readonly PlannedOutput[], json: boolean): PlannedOutput | undefined {
  const found = planned.filter(({ path }) => path === '-');
  const names = [...found.map(({ option }) => option), ...(json && found.length > 0 ? ['--json'] : [])];
  if (names.length < 2) return found[0];
  throw new UserError(
    'OUTPUT_TWICE',
    `${names.join(' and ')} cannot all go to stdout`,
    'Give all but one of them a file.',
  );
}

interface PlannedOutput {
  readonly option: string;
  readonly path: string;
  readonly render: (document: TrendDocument, output: Output) => string;
}

function outputs({ html, markdown, csv }: TrendOptions): readonly PlannedOutput[] {
  const forms = [
    { option: '--html', path: html, render: (document: TrendDocument) => renderTrendPage(document, { sha256 }) },
    { option: '--markdown', path: markdown, render: renderTrendMarkdown },
    { option: '--csv', path: csv, render: csvText },
  ];
  return forms.flatMap(({ option, path, render }) => {
    if (path === '') throw new UserError('OUTPUT_EMPTY', `${option} has no path`, 'Name a file.');
    return path === undefined ? [] : [{ option, path, render }];
  });
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}

function csvText({ scenarios }: TrendDocument, output: Output): string {
  const [first, second] = scenarios;
  if (first === undefined || second !== undefined) {
    const message = `--csv takes one scenario, and the history has ${scenarios.length}`;
    throw new UserError('CSV_SCENARIOS', message, 'Choose one with --scenario.');
  }
  const { text, leftOut } = renderTrendCsv(first);
  if (leftOut > 0)
    output.say(`warning: ${plural(leftOut, 'run')} left out of the CSV, which needs a figure in every column`);
  return text;
}

function jsonText(document: TrendDocument): string {
  return printableJson(JSON.stringify(document, null, 2));
}

function terminalText(document: TrendDocument): string {
  return renderTrendText(document, {
    width: widthOf(process.stdout),
    colour: wantsColour(process.stdout, process.env),
  });
}
