/** The one place that reads scenario files: by path, or by the name of a scenario shipped with the program. */
import { open, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseScenario, type ParseResult } from './parse.ts';
import { planTrials } from './plan.ts';
import { quote, wholeFileProblem } from './problem.ts';
import { shippedFiles, shippedFolder, type ShippedFile, type ShippedGroup } from './shipped.ts';
import { nearest } from './suggest.ts';
import { maximumFileBytes, tooLarge } from './yaml-tree.ts';

export interface LoadOptions {
  /** `path=value` settings of the command line. */
  readonly set?: readonly string[];
}

export interface ShippedScenario {
  /** What to give to `connbench run`. */
  readonly name: string;
  /** Its folder; null for those that belong to none. */
  readonly group: ShippedGroup | null;
  readonly question: string | null;
  readonly look: readonly string[];
  readonly path: string;
  readonly variants: number;
  readonly trials: number;
  readonly estimatedSeconds: number;
  /** Ids of the claims of the catalogue that its expectations are evidence for, in their order. */
  readonly shows: readonly string[];
}

type ReadText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly message: string; readonly missing: boolean };

/**
 * Loads a scenario. A name without `/` and `.yaml` is first looked for among the shipped ones. Everything that is wrong, a file that
 * cannot be read included, comes back as problems; it does not throw for them.
 */
export async function loadScenario(pathOrName: string, options: LoadOptions = {}): Promise<ParseResult> {
  const set = options.set ?? [];
  const bareName = !pathOrName.includes('/') && !/\.ya?ml$/.test(pathOrName);
  const shipped = bareName ? await shippedFiles() : [];
  const found = shipped.find(({ name }) => name === pathOrName);
  // Shipped scenarios are shown by their short path, whatever directory the program is installed in.
  if (found !== undefined) return loadFrom(found.path, found.shortPath, set);
  const read = await readText(pathOrName);
  if (read.ok) return parseScenario(read.text, { file: pathOrName, folder: dirname(pathOrName), set });
  if (!bareName || !read.missing) return failed(pathOrName, read.message);
  const names = shipped.map(({ name }) => name);
  const message = `is neither a shipped scenario (${names.join(', ')}) nor a file`;
  return failed(pathOrName, message, shippedFolder(pathOrName) ?? nearest(pathOrName, names));
}

async function loadFrom(path: string, shownPath: string, set: readonly string[]): Promise<ParseResult> {
  const read = await readText(path);
  if (!read.ok) return failed(shownPath, read.message);
  return parseScenario(read.text, { file: shownPath, folder: dirname(path), set });
}

function failed(given: string, message: string, suggestion?: string): ParseResult {
  const file = given === '' ? quote(given) : quote(given).slice(1, -1);
  return { ok: false, problems: [wholeFileProblem(file, message, suggestion)] };
}

/** The shipped scenarios with what they ask and how long they take. Throws if one of them is broken, which is a bug. */
export async function listShipped(): Promise<readonly ShippedScenario[]> {
  return Promise.all((await shippedFiles()).map(describeShipped));
}

async function describeShipped({ name, group, path }: ShippedFile): Promise<ShippedScenario> {
  const loaded = await loadScenario(name);
  if (!loaded.ok) throw new Error(`shipped scenario ${name}: ${loaded.problems[0]?.message ?? 'broken'}`);
  const { scenario } = loaded;
  const plan = planTrials(scenario, { seed: 0 });
  return {
    name,
    group,
    question: scenario.question,
    look: scenario.look,
    path,
    variants: plan.variants.length,
    trials: plan.trials.length,
    estimatedSeconds: plan.estimatedSeconds,
    shows: [...new Set(scenario.expectations.flatMap(({ shows }) => shows))],
  };
}

async function readText(path: string): Promise<ReadText> {
  try {
    // Opening a FIFO would wait for a writer, so the kind is asked first.
    const stats = await stat(path);
    if (stats.isDirectory()) return refuse('is a directory; give a scenario file');
    if (!stats.isFile()) return refuse('is not a regular file');
    if (stats.size > maximumFileBytes) return refuse(tooLarge(stats.size));
    const handle = await open(path, 'r');
    try {
      return decode(await readAtMost(handle, maximumFileBytes + 1));
    } finally {
      await handle.close();
    }
  } catch (error) {
    return unreadable(error);
  }
}

/** Reads no more than so many bytes, even if the file has grown since its size was asked. */
async function readAtMost(handle: FileHandle, limitBytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(limitBytes);
  let filled = 0;
  while (filled < limitBytes) {
    const { bytesRead } = await handle.read(buffer, filled, limitBytes - filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

function decode(bytes: Buffer): ReadText {
  if (bytes.length > maximumFileBytes) return refuse(tooLarge(bytes.length));
  try {
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return refuse('is not UTF-8 text');
  }
}

function refuse(message: string): ReadText {
  return { ok: false, message, missing: false };
}

function unreadable(error: unknown): ReadText {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'does not exist',
    ENOTDIR: 'does not exist: a part of its path is not a directory',
    EACCES: 'may not be read: permission denied',
    ELOOP: 'is a loop of symbolic links',
    ENAMETOOLONG: 'has too long a name',
    ERR_INVALID_ARG_VALUE: 'is not a possible file name',
  };
  return { ok: false, message: reasons[code] ?? `cannot be read: ${code}`, missing: code === 'ENOENT' };
}
