/** A lock file beside a file: one process at a time reads and changes it. The lock of a process that is gone is taken over. */
import { open, readFile, stat, unlink } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { UserError } from '../scenario/user-error.ts';
import { fileTrouble } from './file-trouble.ts';

/** Every append takes a few milliseconds. */
const mostWaitMs = 10_000;
const pollMs = 10;
/** A lock without an owner's name: its owner was killed between two system calls, or is between them now. */
const namelessForMs = 3000;

/**
 * Does the work while no other process does such work on the file. Rejects with the `UserError` `RESULTS_BUSY` where another one does not
 * end, or where the lock cannot be made. The file's directory must be there.
 */
export async function withFileLock<Result>(
  path: string,
  work: () => Promise<Result>,
  waitMs = mostWaitMs,
): Promise<Result> {
  const lock = `${path}.lock`;
  await acquire(lock, path, performance.now() + waitMs);
  try {
    return await work();
  } finally {
    await unlink(lock).catch(() => undefined);
  }
}

async function acquire(lock: string, path: string, endMs: number): Promise<void> {
  while (!(await create(lock))) {
    if (await isStale(lock)) await removeStale(lock, path, endMs);
    else if (performance.now() > endMs) throw await busy(lock, path);
    else await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** False where somebody has it. */
async function create(lock: string): Promise<boolean> {
  try {
    const handle = await open(lock, 'wx', 0o644);
    try {
      await handle.writeFile(`${process.pid} ${startOf(process.pid) ?? ''}\n`);
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw fileTrouble(error, lock, 'write');
  }
}

/**
 * Only who holds the lock on the lock removes it, after a second look: between the first look and the removal another process may have
 * taken the place of the one that is gone.
 */
async function removeStale(lock: string, path: string, endMs: number): Promise<void> {
  const guard = `${lock}.lock`;
  await acquire(guard, path, endMs);
  try {
    if (await isStale(lock)) await unlink(lock);
  } finally {
    await unlink(guard).catch(() => undefined);
  }
}

/** False also where it is gone by now. */
async function isStale(lock: string): Promise<boolean> {
  try {
    const owner = ownerIn(await readFile(lock, 'latin1'));
    if (owner === null) return Date.now() - (await stat(lock)).mtimeMs > namelessForMs;
    return startOf(owner.pid) !== owner.start;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw fileTrouble(error, lock, 'read');
  }
}

function ownerIn(text: string): { readonly pid: number; readonly start: string } | null {
  const found = /^(\d{1,10}) (\d+)\n/.exec(text);
  return found === null ? null : { pid: Number(found[1]), start: found[2]! };
}

/** When a process began, in ticks since boot: with the id it names one for ever (proc_pid_stat(5), field 22). Null where it is gone. */
function startOf(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state = '', ...fields] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return 'ZX'.includes(state) ? null : (fields[18] ?? null);
  } catch {
    return null;
  }
}

async function busy(lock: string, path: string): Promise<UserError> {
  const owner = ownerIn(await readFile(lock, 'latin1').catch(() => ''));
  const by = owner === null ? 'another process' : `process ${owner.pid}`;
  const hint = `Add the run again once that process has ended. Where there is none, remove ${lock}.`;
  return new UserError('RESULTS_BUSY', `${path} is in use by ${by}`, hint);
}
