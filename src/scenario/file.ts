/** The one place that reads scenario files: by path, or by the name of a scenario shipped with the program. */
import { open, readdir, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseScenario, type ParseResult } from './parse.ts';
import { planTrials } from './plan.ts';
import { quote, wholeFileProblem } from './problem.ts';
import { nearest } from './suggest.ts';
import { maximumFileBytes, tooLarge } from './yaml-tree.ts';

const shippedDirectory = fileURLToPath(new URL('../../scenarios/', import.meta.url));
const extension = '.yaml';

export interface LoadOptions {
  /** `path=value` settings of the command line. */
  readonly set?: readonly string[];
}

export interface ShippedScenario {
  /** What to give to `connbench run`. */
  readonly name: string;
  readonly question: string | null;
  readonly look: readonly string[];
  readonly path: string;
  readonly variants: number;
  readonly trials: number;
  readonly estimatedSeconds: number;
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
  const shipped = bareName ? await shippedNames() : [];
  const path = shipped.includes(pathOrName) ? `${shippedDirectory}${pathOrName}${extension}` : pathOrName;
  const read = await readText(path);
  if (read.ok) return parseScenario(read.text, { file: displayed(path, pathOrName), folder: dirname(path), set });
  if (!bareName || !read.missing) return failed(pathOrName, read.message);
  const message = `is neither a shipped scenario (${shipped.join(', ')}) nor a file`;
  return failed(pathOrName, message, nearest(pathOrName, shipped));
}

/** Shipped scenarios are shown by their short path, whatever directory the program is installed in. */
function displayed(path: string, given: string): string {
  return path === given ? given : `scenarios/${given}${extension}`;
}

function failed(given: string, message: string, suggestion?: string): ParseResult {
  const file = given === '' ? quote(given) : quote(given).slice(1, -1);
  return { ok: false, problems: [wholeFileProblem(file, message, suggestion)] };
}

/** Names of the shipped scenarios in alphabetical order, the default one first. */
async function shippedNames(): Promise<readonly string[]> {
  const files = await readdir(shippedDirectory).catch(() => []);
  const names = files.filter((file) => file.endsWith(extension)).map((file) => file.slice(0, -extension.length));
  return names.sort((left, right) => rank(left) - rank(right) || (left < right ? -1 : 1));
}

function rank(name: string): number {
  return name === 'default' ? 0 : 1;
}

/** The shipped scenarios with what they ask and how long they take. Throws if one of them is broken, which is a bug. */
export async function listShipped(): Promise<readonly ShippedScenario[]> {
  const names = await shippedNames();
  return Promise.all(names.map(describeShipped));
}

async function describeShipped(name: string): Promise<ShippedScenario> {
  const loaded = await loadScenario(name);
  if (!loaded.ok) throw new Error(`shipped scenario ${name}: ${loaded.problems[0]?.message ?? 'broken'}`);
  const { scenario } = loaded;
  const plan = planTrials(scenario, { seed: 0 });
  return {
    name,
    question: scenario.question,
    look: scenario.look,
    path: `${shippedDirectory}${name}${extension}`,
    variants: plan.variants.length,
    trials: plan.trials.length,
    estimatedSeconds: plan.estimatedSeconds,
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
