/** Writes result files line by line, so that a run that is killed loses at most the trial in progress, and goes on with such a file. */
import { unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { z } from 'zod';
import { UserError } from '../scenario/user-error.ts';
import { fileTrouble } from './file-trouble.ts';
import { jsonForm } from './json-form.ts';
import { LineFile, makeDirectory, openFile, syncDirectory } from './line-file.ts';
import { readLayout, wasInterrupted, type FileProblem } from './read-file.ts';
import {
  footerSchema,
  headerSchema,
  trialSchema,
  type FooterRecord,
  type HeaderRecord,
  type TrialRecord,
} from './record.ts';

/** Appends to one result file. Every line is on the disk when its promise resolves. */
export interface ResultWriter {
  readonly path: string;
  /**
   * Rejects with a `UserError` where the disk refuses; the file then still ends in a whole line. Throws an error where the record
   * does not fit the schema: that is a bug of its maker.
   */
  append(trial: TrialRecord): Promise<void>;
  /** Writes the footer and closes the file. */
  finish(footer: FooterRecord): Promise<void>;
  /** Closes the file without a footer, as a kill would: the run can be resumed. */
  close(): Promise<void>;
}

export interface ResumedRun {
  readonly header: HeaderRecord;
  /** Trials that are done and need not run again. */
  readonly completedIndexes: ReadonlySet<number>;
  /** What was found and mended in the file. */
  readonly problems: readonly FileProblem[];
  readonly writer: ResultWriter;
}

/**
 * Creates `DIR/<scenario>-<YYYYMMDD-HHMMSS>-<runId>.ndjson` (UTC), and the directory where needed, and writes the header.
 * Rejects with a `UserError` where that cannot be done; an existing file is never overwritten.
 */
export async function createResultFile(dir: string, header: HeaderRecord): Promise<ResultWriter> {
  return createResultFileAt(join(dir, resultFileName(header)), header);
}

/** The same at a path of the caller's choice. */
export async function createResultFileAt(path: string, header: HeaderRecord): Promise<ResultWriter> {
  const dir = dirname(path);
  const line = lineOf(headerSchema, header);
  try {
    await makeDirectory(dir);
  } catch (error) {
    throw fileTrouble(error, dir, 'write');
  }
  const handle = await openFile(path, 'wx');
  const writer = new LineWriter(path, handle, 0, false);
  try {
    await writer.write(line);
    await syncDirectory(dir);
  } catch (error) {
    await writer.close();
    // Nothing was measured yet: an empty file would only be in the way.
    await unlink(path);
    throw fileTrouble(error, path, 'write');
  }
  return writer;
}

/** Name of a run's file: letters, digits, dot, dash and underscore only. */
export function resultFileName(header: Pick<HeaderRecord, 'scenario' | 'startedAt' | 'runId'>): string {
  const stamp = new Date(header.startedAt).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  return `${safe(header.scenario.name, 'scenario')}-${stamp}-${safe(header.runId, 'run')}.ndjson`;
}

function safe(name: string, otherwise: string): string {
  const kept = name
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .slice(0, 80)
    .replaceAll(/^[-.]+|[-.]+$/g, '');
  return kept === '' ? otherwise : kept;
}

/**
 * Opens the file of an unfinished run to go on with it. With the first line that is written, a half-written last line and the footer of
 * an interrupted run are cut off; nothing else is removed, and closing at once leaves the file as it was. Rejects with a `UserError` for a file that cannot be used, and for a run that is complete.
 */
export async function resumeResultFile(path: string): Promise<ResumedRun> {
  const layout = await readLayout(path);
  const { header, trials, footer, problems } = layout;
  if (footer !== null && !footer.interrupted) {
    throw new UserError(
      'RESULTS_COMPLETE',
      `${path} is complete: all of its ${footer.completedTrials} trials are done`,
      'Run the scenario without --resume to measure it again.',
    );
  }
  const handle = await openFile(path, 'r+');
  return {
    header,
    completedIndexes: new Set(trials.filter((trial) => !wasInterrupted(trial)).map((trial) => trial.index)),
    problems,
    writer: new LineWriter(path, handle, layout.endOfTrialsBytes, layout.needsLineFeed),
  };
}

class LineWriter extends LineFile implements ResultWriter {
  async append(trial: TrialRecord): Promise<void> {
    await this.write(lineOf(trialSchema, trial));
  }

  async finish(footer: FooterRecord): Promise<void> {
    await this.write(lineOf(footerSchema, footer));
    await this.close();
  }
}

/** One record as the bytes of its line. Throws where the record does not fit its schema. */
function lineOf(schema: z.ZodType, record: HeaderRecord | TrialRecord | FooterRecord): Buffer {
  const document = jsonForm(record);
  schema.parse(document);
  return Buffer.from(`${JSON.stringify(document)}\n`);
}
