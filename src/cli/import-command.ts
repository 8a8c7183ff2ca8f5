/** `connbench import`: makes result files from the reports of other programs. */
import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { Option, type Command } from 'commander';
import { milliseconds } from '../report/format.ts';
import { plural } from '../compare/words.ts';
import { printable } from '../report/printable.ts';
import { fileTrouble } from '../results/file-trouble.ts';
import { importTools, readImport } from '../results/import/formats.ts';
import { importError } from '../results/import/import-error.ts';
import { importedLines, type ImportedLines, type ImportTool } from '../results/import/imported-run.ts';
import { timeUnits, type TimeUnit } from '../results/import/reported-latency.ts';
import { createResultFile } from '../results/store.ts';
import { UserError } from '../scenario/user-error.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import type { Output } from './output.ts';
import { version } from './version.ts';

interface ImportCommandOptions {
  readonly out: string;
  readonly name?: string;
  readonly format?: ImportTool;
  readonly unit?: TimeUnit;
}

export function addImportCommand(program: Command, output: Output, finish: (code: ExitCode) => void): void {
  program
    .command('import')
    .description('make result files from the reports of other load generators; their figures are not reconciled')
    .argument('<file...>', 'JSON of autocannon, oha or k6, output of wrk2 --latency, or a .hgrm file')
    .option('--out <dir>', 'directory for the result files', 'results')
    .option('--name <name>', 'name of the scenario and of its variant (default: the name of the file)')
    .addOption(new Option('--format <program>', 'what wrote the files (default: found out)').choices(importTools))
    .addOption(new Option('--unit <unit>', 'unit of a .hgrm file that does not say it').choices(timeUnits))
    .action(async (files: readonly string[], options: ImportCommandOptions) => {
      finish(await importFiles(files, options, output));
    });
}

const mostNameChars = 200;

function assertName(name: string | undefined): void {
  if (name === undefined || (name.trim() !== '' && name.length <= mostNameChars)) return;
  throw new UserError(
    'BAD_NAME',
    `--name must have 1 to ${mostNameChars} characters`,
    'Leave it out for the name of the file.',
  );
}

/** All files are read before the first result is written. */
async function importFiles(files: readonly string[], options: ImportCommandOptions, output: Output): Promise<ExitCode> {
  assertName(options.name);
  const runs: { readonly file: string; readonly lines: ImportedLines }[] = [];
  for (const file of files) runs.push({ file, lines: await importFile(file, options) });
  for (const { file, lines } of runs) {
    const writer = await createResultFile(options.out, lines.header);
    try {
      await writer.append(lines.trial);
      await writer.finish(lines.footer);
    } finally {
      await writer.close();
    }
    output.print(`${printable(file, 1000)}: ${summaryOf(lines)}\nResults: ${writer.path}`);
  }
  return exitCodes.ok;
}

async function importFile(file: string, { name, format, unit }: ImportCommandOptions): Promise<ImportedLines> {
  const { text, modifiedAt } = await readText(file);
  const figures = readImport(text, file, { format: format ?? null, unit: unit ?? null });
  if (unit !== undefined && figures.tool !== 'hgrm') {
    throw importError(
      file,
      null,
      `a result of ${figures.tool} has its own unit, not --unit ${unit}`,
      'Leave --unit out.',
    );
  }
  return importedLines(figures, {
    file,
    name: name ?? (basename(file, extname(file)) || 'import'),
    runId: randomBytes(4).toString('hex'),
    connbenchVersion: version,
    fileTime: modifiedAt.toISOString(),
  });
}

/** Reports of load generators are far smaller. */
const mostBytes = 16 * 1024 * 1024;

async function readText(file: string): Promise<{ readonly text: string; readonly modifiedAt: Date }> {
  try {
    const handle = await open(file, 'r');
    try {
      const bytes = await readUpTo(handle, mostBytes + 1);
      if (bytes.length > mostBytes) {
        const hint = 'Give the summary that the program printed at its end, not its log of every request.';
        throw importError(file, null, `larger than ${mostBytes / 1024 / 1024} MiB`, hint);
      }
      return { text: decode(bytes, file), modifiedAt: (await handle.stat()).mtime };
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileTrouble(error, file, 'read');
  }
}

/** Never more, also where the file has no end. */
async function readUpTo(handle: Awaited<ReturnType<typeof open>>, most: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  while (length < most) {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(Math.min(256 * 1024, most - length)));
    if (bytesRead === 0) break;
    length += bytesRead;
    pieces.push(buffer.subarray(0, bytesRead));
  }
  return Buffer.concat(pieces);
}

function decode(bytes: Buffer, file: string): string {
  const hint = 'Give the text or JSON that the program printed.';
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return text;
  } catch {
    // Told below.
  }
  throw importError(file, null, 'not UTF-8 text', hint);
}

function summaryOf({ header, trial }: ImportedLines): string {
  const { response } = trial.latency;
  const figure = (name: string, ns: number | null): readonly string[] =>
    ns === null ? [] : [`${name} ${milliseconds(ns)} ms`];
  const figures =
    response === null
      ? ['no response times']
      : [plural(response.count, 'response time'), ...figure('p50', response.p50), ...figure('p99', response.p99)];
  return `imported from ${header.imported?.tool ?? 'another program'}, not reconciled: ${figures.join(', ')}`;
}
