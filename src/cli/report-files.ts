/** Writes the files of a report: whole or not at all, never over what the report was made from, and never twice under one name. */
import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { access, open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileTrouble } from '../results/file-trouble.ts';
import { makeDirectory } from '../results/line-file.ts';
import { UserError } from '../scenario/user-error.ts';

export interface ReportFile {
  /** The option that asked for it: `--html`. */
  readonly option: string;
  /** As the user wrote it, or below a directory that the user wrote. */
  readonly path: string;
  readonly content: string;
}

/** Rejects with a UserError where two outputs have one path, or one is among the files read. Nothing is written. */
export async function assertDistinct(
  outputs: readonly Omit<ReportFile, 'content'>[],
  inputs: readonly string[],
): Promise<void> {
  const read = new Map<string, string>();
  for (const input of inputs) read.set(await placeOf(input), input);
  const taken = new Map<string, string>();
  for (const { option, path } of outputs) {
    const target = await found(path);
    // A device or a pipe takes whatever is written, as often as it is written.
    if (target !== null && !target.isFile() && !target.isDirectory()) continue;
    const place = await placeOf(path);
    const input = read.get(place);
    if (input !== undefined) {
      const message = `${option} ${path} would overwrite the result file ${input}`;
      throw new UserError('OUTPUT_IS_INPUT', message, 'Choose another name for the output.');
    }
    const other = taken.get(place);
    if (other !== undefined) {
      throw new UserError('OUTPUT_TWICE', `${other} and ${option} both write ${path}`, 'Give each a path of its own.');
    }
    taken.set(place, option);
  }
}

/**
 * Writes one file, and the directories above it where they are missing. The content appears under the name at once, so a reader sees the
 * old file or the new one. Rejects with a UserError where the system refuses; then the name holds what it held before.
 */
export async function writeReportFile({ option, path, content }: ReportFile): Promise<void> {
  try {
    await makeDirectory(dirname(path));
    const target = await placeOf(path);
    const before = await found(target);
    if (before === null || before.isFile()) await replace(target, content, before);
    else await writeFile(path, content);
  } catch (error) {
    throw outputTrouble(error, option, path);
  }
}

async function replace(target: string, content: string, before: Stats | null): Promise<void> {
  // Renaming would get past the protection of a read-only file.
  if (before !== null) await access(target, constants.W_OK);
  const temporary = join(dirname(target), `.connbench-${randomBytes(8).toString('hex')}.tmp`);
  try {
    const handle = await open(temporary, 'wx', before === null ? 0o666 : before.mode & 0o777);
    try {
      await handle.writeFile(content);
    } finally {
      await handle.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function found(path: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch {
    return null;
  }
}

/** The path without links, also of a file that is not there yet. */
async function placeOf(path: string): Promise<string> {
  const absolute = resolve(path);
  try {
    return await realpath(absolute);
  } catch {
    const above = dirname(absolute);
    return above === absolute ? absolute : join(await placeOf(above), basename(absolute));
  }
}

/** The sentences about result files fit; their advice does not. */
function outputTrouble(error: unknown, option: string, path: string): unknown {
  const trouble = fileTrouble(error, path, 'write');
  if (!(trouble instanceof UserError) || trouble === error) return trouble;
  const code = trouble.code.replace(/^RESULTS_/, 'OUTPUT_');
  // A file stands where a directory is needed: nothing else exists and is in the way.
  const message =
    code === 'OUTPUT_EXIST' ? `cannot write ${path}: part of the path is not a directory` : trouble.message;
  return new UserError(code, `${option}: ${message}`, 'Look at the path and its permissions, or choose another.');
}
