/** The history of a scenario: a line of a few KB for every run of it, kept when the result files themselves are long gone. */
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { UserError } from '../scenario/user-error.ts';
import { withFileLock } from './file-lock.ts';
import { fileLines, type FileLine } from './file-lines.ts';
import { fileTrouble } from './file-trouble.ts';
import { jsonForm } from './json-form.ts';
import { issues, parseJson, typeOf } from './json-line.ts';
import { LineFile, makeDirectory, openFile, syncDirectory } from './line-file.ts';
import { environmentSchema } from './run-plan.ts';
import { axesSchema, countSchema, isoTimeSchema, type DeepReadonly } from './values.ts';

/** Raised only by a change that an older reader could not survive. */
export const historyVersion = 1;

/** What the machine was: shown where a change coincides with another machine. */
const hostSchema = environmentSchema.pick({
  cpuModel: true,
  cores: true,
  arch: true,
  os: true,
  kernel: true,
  node: true,
  virtualisation: true,
});

/** One metric of one variant, over the valid trials of the run. Six significant digits. */
const figureSchema = z.object({
  /** In the record's unit. */
  median: z.number(),
  /** Valid trials that have it. */
  n: z.int().positive(),
  /** Variant over control, block by block: the Hodges-Lehmann ratio and its interval; null without a control or a block of both. */
  ratio: z
    .object({
      estimate: z.number().positive(),
      /** Null with too few blocks for the confidence asked for. */
      interval: z.object({ low: z.number().positive(), high: z.number().positive() }).nullable(),
      blocks: countSchema,
    })
    .nullable(),
});

const historyVariantSchema = z.object({
  name: z.string().min(1),
  axes: axesSchema,
  /** The variant of the same run that it is measured against; null for a control, and where there is none. */
  control: z.string().min(1).nullable(),
  trials: countSchema,
  validTrials: countSchema,
  /** By metric; a metric that no valid trial has is left out. */
  figures: z.record(z.string(), figureSchema),
});

export const historyEntrySchema = z.object({
  type: z.literal('history'),
  schemaVersion: z.literal(historyVersion),
  runId: z.string().min(1),
  startedAt: isoTimeSchema,
  /** What was measured, such as a commit; null where nobody said. */
  label: z.string().min(1).nullable(),
  connbenchVersion: z.string(),
  scenario: z.string().min(1),
  /** SHA-256 of the resolved scenario, in hexadecimal: only runs of the same settings make a series. */
  configHash: z.string().regex(/^[0-9a-f]{64}$/),
  host: hostSchema,
  seed: z.number(),
  blocks: countSchema,
  variants: z.array(historyVariantSchema),
});
export type HistoryEntry = DeepReadonly<z.infer<typeof historyEntrySchema>>;
export type HistoryVariant = HistoryEntry['variants'][number];
export type HistoryFigure = HistoryVariant['figures'][string];

/** Something about a history that does not hinder its use. */
export interface HistoryProblem {
  readonly code: 'half-written-line' | 'repeated-run';
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

export interface History {
  readonly path: string;
  /** In the order of the file, every run once. */
  readonly entries: readonly HistoryEntry[];
  readonly problems: readonly HistoryProblem[];
}

interface Layout extends History {
  /** End of the last whole line. */
  readonly endBytes: number;
  readonly needsLineFeed: boolean;
}

/** Most unusable lines named in one message. */
const mostReported = 20;

/**
 * Reads a whole history. A half-written last line and a run that is there twice are reported as problems. Rejects with a `UserError`
 * where the file cannot be read, is not a history, was written by a later version, or has an unusable line before its last.
 */
export async function readHistory(path: string): Promise<History> {
  const { entries, problems } = await readLayout(path);
  return { path, entries, problems };
}

export interface Appended {
  readonly added: readonly HistoryEntry[];
  /** Runs that were in the history already. */
  readonly known: readonly HistoryEntry[];
  /** What was found in the file; a half-written last line is gone with the first line that is added. */
  readonly problems: readonly HistoryProblem[];
}

/**
 * Adds every run that is not there yet, in one write, and creates the file and its directory where needed. Rejects with a `UserError`
 * as `readHistory` does, where the disk refuses, and with `HISTORY_BUSY` where another process keeps the history: then nothing was added.
 */
export async function appendHistory(path: string, entries: readonly HistoryEntry[]): Promise<Appended> {
  if (entries.length === 0) return { added: [], known: [], problems: [] };
  return inHistory(async () => {
    if (!(await exists(path))) await makeRoom(dirname(path));
    return withFileLock(path, () => appendLocked(path, entries));
  });
}

/** What is read stays true until it is written: nobody else writes meanwhile. */
async function appendLocked(path: string, entries: readonly HistoryEntry[]): Promise<Appended> {
  const layout = (await exists(path)) ? await readLayout(path) : null;
  const taken = new Set(layout?.entries.map(({ runId }) => runId));
  const added: HistoryEntry[] = [];
  const known: HistoryEntry[] = [];
  for (const entry of entries) {
    (taken.has(entry.runId) ? known : added).push(entry);
    taken.add(entry.runId);
  }
  const bytes = Buffer.from(added.map(lineOf).join(''));
  if (added.length > 0) await write(path, layout, bytes);
  return { added, known, problems: layout?.problems ?? [] };
}

async function exists(path: string): Promise<boolean> {
  return inHistory(async () => {
    try {
      await stat(path);
      return true;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
      throw fileTrouble(error, path, 'read');
    }
  });
}

async function write(path: string, layout: Layout | null, bytes: Buffer): Promise<void> {
  const dir = dirname(path);
  const handle = await openFile(path, layout === null ? 'wx' : 'r+');
  const file = new LineFile(path, handle, layout?.endBytes ?? 0, layout?.needsLineFeed ?? false);
  try {
    await file.write(bytes);
    if (layout === null) await syncDirectory(dir);
  } finally {
    await file.close();
  }
}

async function makeRoom(dir: string): Promise<void> {
  try {
    await makeDirectory(dir);
  } catch (error) {
    throw fileTrouble(error, dir, 'write');
  }
}

function lineOf(entry: HistoryEntry): string {
  const document = jsonForm(entry);
  historyEntrySchema.parse(document);
  return `${JSON.stringify(document)}\n`;
}

async function readLayout(path: string): Promise<Layout> {
  return inHistory(async () => {
    const reader = new Reader(path);
    try {
      for await (const line of fileLines(path)) reader.take(line);
    } catch (error) {
      throw fileTrouble(error, path, 'read');
    }
    return reader.finish();
  });
}

class Reader {
  readonly #path: string;
  readonly #entries = new Map<string, HistoryEntry>();
  readonly #problems: HistoryProblem[] = [];
  readonly #unusable: string[] = [];
  #endBytes = 0;
  #needsLineFeed = false;

  constructor(path: string) {
    this.#path = path;
  }

  take(line: FileLine): void {
    const value = parseJson(line.text);
    if (line.number === 1) this.#refuseForeign(value, line);
    if (value === undefined && !line.terminated) {
      const message = `line ${line.number} is half written: adding to the history was cut short, and the line is left out`;
      this.#problems.push({ code: 'half-written-line', line: line.number, message });
      return;
    }
    this.#endBytes = line.endBytes;
    this.#needsLineFeed = !line.terminated;
    const trouble = this.#takeEntry(value, line);
    if (trouble !== null) this.#unusable.push(`line ${line.number}: ${trouble}`);
  }

  finish(): Layout {
    const count = this.#unusable.length;
    if (count > 0) {
      const shown = this.#unusable.slice(0, mostReported);
      if (count > shown.length) shown.push(`and ${count - shown.length} more`);
      const hint = 'Remove these lines to use the rest.';
      throw new UserError('HISTORY_CORRUPT', `${this.#path} is damaged:\n  ${shown.join('\n  ')}`, hint);
    }
    return {
      path: this.#path,
      entries: [...this.#entries.values()],
      problems: this.#problems,
      endBytes: this.#endBytes,
      needsLineFeed: this.#needsLineFeed,
    };
  }

  /** What is wrong with the line; null where nothing is. */
  #takeEntry(value: unknown, line: FileLine): string | null {
    if (value === undefined) return line.text === null ? 'not UTF-8 text, or far too long' : 'not JSON';
    this.#refuseLater(value, line);
    const parsed = historyEntrySchema.safeParse(value);
    if (!parsed.success) return issues(parsed.error);
    const entry = parsed.data;
    if (this.#entries.has(entry.runId)) {
      const message = `line ${line.number} has run ${entry.runId}, which is there already, and is left out`;
      this.#problems.push({ code: 'repeated-run', line: line.number, message });
    } else {
      this.#entries.set(entry.runId, entry);
    }
    return null;
  }

  #refuseForeign(value: unknown, line: FileLine): void {
    if (typeOf(value) === 'history') return;
    const beginning = '{"type":"history"';
    const isHalf = value === undefined && !line.terminated;
    if (isHalf && line.text?.slice(0, beginning.length) === beginning.slice(0, line.text?.length)) return;
    const hint =
      typeOf(value) === 'header'
        ? 'It is a result file. Name the history with --history, and this file with --add.'
        : 'Name a file that `connbench trend --add` wrote, or one that is not there yet.';
    throw new UserError('HISTORY_FOREIGN', `${this.#path} is not a connbench history: line 1 is not an entry`, hint);
  }

  #refuseLater(value: unknown, line: FileLine): void {
    const version = typeOf(value) === 'history' ? (value as { schemaVersion?: unknown }).schemaVersion : null;
    if (typeof version !== 'number' || version <= historyVersion) return;
    throw new UserError(
      'HISTORY_VERSION',
      `${this.#path} has schema version ${version} in line ${line.number}; this connbench reads version ${historyVersion}`,
      'Use the connbench that wrote it, or a later one.',
    );
  }
}

const hints: Readonly<Record<string, string>> = {
  RESULTS_DISK_FULL: 'Free space and add the run again.',
  RESULTS_NOT_PERMITTED: 'Choose another file with --history, or change its permissions.',
  RESULTS_NOT_FOUND: 'Look at the path. `connbench trend --add` makes a history.',
};

/** Words the system's errors about files as errors about the history. */
async function inHistory<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UserError) || !error.code.startsWith('RESULTS_')) throw error;
    const code = error.code.replace('RESULTS_', 'HISTORY_');
    throw new UserError(code, error.message, hints[error.code] ?? error.hint);
  }
}
