/** Appends whole lines to a file: each is on the disk when its promise resolves, and a failed one leaves nothing behind. */
import { mkdir, open, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileTrouble } from './file-trouble.ts';

export class LineFile {
  readonly path: string;
  readonly #handle: FileHandle;
  /** End of the last whole line; what stands beyond it is cut off before the next one. */
  #endBytes: number;
  #needsLineFeed: boolean;
  #busy = false;
  #closed = false;

  /** `needsLineFeed`: the last line is whole but has no line feed. */
  constructor(path: string, handle: FileHandle, endBytes: number, needsLineFeed: boolean) {
    this.path = path;
    this.#handle = handle;
    this.#endBytes = endBytes;
    this.#needsLineFeed = needsLineFeed;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#handle.close();
  }

  /** The line, or lines, with the line feed. Rejects with a `UserError` where the disk refuses; the file then still ends in a whole line. */
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

/** Rejects with a `UserError` for what the system refuses. */
export async function openFile(path: string, flags: 'wx' | 'r+'): Promise<FileHandle> {
  try {
    return await open(path, flags, 0o644);
  } catch (error) {
    throw fileTrouble(error, path, 'write');
  }
}

/** Makes a file's name as durable as its content (fsync(2), NOTES: the directory needs an fsync of its own). */
export async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Creates a directory and those above it. Node's own recursive mkdir never returns below a directory that exists and refuses new entries
 * with ENOENT, such as /proc.
 */
export async function makeDirectory(dir: string): Promise<void> {
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
