/** Writes result files line by line, so that a run that is killed loses at most the trial in progress, and goes on with such a file. */
import { mkdir, open, stat, unlink, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { z } from 'zod';
import { UserError } from '../scenario/user-error.ts';
import { fileTrouble } from './file-trouble.ts';
import { jsonForm } from './json-form.ts';
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
  const path = join(dir, resultFileName(header));
  const line = lineOf(headerSchema, header);
  try {
    await makeDirectory(dir);
  } catch (error) {
    throw fileTrouble(error, dir, 'write');
  }
  const handle = await opened(path, 'wx');
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

/**
 * Creates a directory and those above it. Node's own recursive mkdir never returns below a directory that exists and refuses new entries
 * with ENOENT, such as /proc.
 */
async function makeDirectory(dir: string): Promise<void> {
  try {
    await mkdir(dir);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'EEXIST' && (await stat(dir)).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(dir) === dir) throw error;
    await makeDirectory(dirname(dir));
    await makeLast(dir);
  }
}

/** The directory above is there now: a second ENOENT is final. Another process may have been quicker. */
async function makeLast(dir: string): Promise<void> {
  try {
    await mkdir(dir);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
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
  const handle = await opened(path, 'r+');
  return {
    header,
    completedIndexes: new Set(trials.filter((trial) => !wasInterrupted(trial)).map((trial) => trial.index)),
    problems,
    writer: new LineWriter(path, handle, layout.endOfTrialsBytes, layout.needsLineFeed),
  };
}

class LineWriter implements ResultWriter {
  readonly path: string;
  readonly #handle: FileHandle;
  /** End of the last whole line; what stands beyond it is cut off before the next one. */
  #endBytes: number;
  #needsLineFeed: boolean;
  #busy = false;
  #closed = false;

  constructor(path: string, handle: FileHandle, endBytes: number, needsLineFeed: boolean) {
    this.path = path;
    this.#handle = handle;
    this.#endBytes = endBytes;
    this.#needsLineFeed = needsLineFeed;
  }

  async append(trial: TrialRecord): Promise<void> {
    await this.write(lineOf(trialSchema, trial));
  }

  async finish(footer: FooterRecord): Promise<void> {
    await this.write(lineOf(footerSchema, footer));
    await this.close();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#handle.close();
  }

  async write(line: Buffer): Promise<void> {
    if (this.#closed) throw new Error(`${this.path} is closed`);
    if (this.#busy) throw new Error(`${this.path}: the last line is still being written`);
    this.#busy = true;
    const bytes = this.#needsLineFeed ? Buffer.concat([Buffer.from('\n'), line]) : line;
    try {
      await this.#handle.truncate(this.#endBytes);
      await this.#writeWhole(bytes);
      await this.#handle.datasync();
      this.#endBytes += bytes.length;
      this.#needsLineFeed = false;
    } catch (error) {
      await this.#cutBack();
      throw fileTrouble(error, this.path, 'write');
    } finally {
      this.#busy = false;
    }
  }

  /** One write in all but the rarest case: a nearly full disk takes a part first and refuses the rest. */
  async #writeWhole(line: Buffer): Promise<void> {
    let done = 0;
    while (done < line.length) {
      const { bytesWritten } = await this.#handle.write(line, done, line.length - done, this.#endBytes + done);
      done += bytesWritten;
    }
  }

  async #cutBack(): Promise<void> {
    try {
      await this.#handle.truncate(this.#endBytes);
    } catch {
      // The half line that stays is what resume and read expect after a kill.
    }
  }
}

/** One record as the bytes of its line. Throws where the record does not fit its schema. */
function lineOf(schema: z.ZodType, record: HeaderRecord | TrialRecord | FooterRecord): Buffer {
  const document = jsonForm(record);
  schema.parse(document);
  return Buffer.from(`${JSON.stringify(document)}\n`);
}

async function opened(path: string, flags: 'wx' | 'r+'): Promise<FileHandle> {
  try {
    return await open(path, flags, 0o644);
  } catch (error) {
    throw fileTrouble(error, path, 'write');
  }
}

/** Makes the file's name as durable as its content (fsync(2), NOTES: the directory needs an fsync of its own). */
async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
