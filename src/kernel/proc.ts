/** Readers of /proc/PID: open files, memory and CPU time of a process, cheap enough to be taken ten times a second. */
import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';

/** Why a figure cannot be had here, in words for the record. */
export interface Missing {
  readonly missing: string;
}

export type Figure = number | Missing;

/** USER_HZ: what /proc counts CPU time in, 100 on every Linux that Node runs on (proc_pid_stat(5)). One tick is 10 ms. */
export const microsPerTick = 10_000;
const mostBytes = 1 << 20;

/** The fields of `/proc/PID/stat` that are used here; times in ticks of 10 ms, `startTicks` since boot. */
export interface ProcessStat {
  /** One letter: `R` running, `S` sleeping, `Z` ended but not yet reaped, `X` gone (proc_pid_stat(5)). */
  readonly state: string;
  readonly parentPid: number;
  readonly userTicks: number;
  readonly systemTicks: number;
  /** User and system time of children that ended and were waited for, with theirs. */
  readonly childrenTicks: number;
  /** With the pid it names one process for good: a reused pid has another start. */
  readonly startTicks: number;
}

/** Parses `/proc/PID/stat`; the command may hold spaces and parentheses. Null where the text is not such a line. */
export function parseProcessStat(text: string): ProcessStat | null {
  const afterCommand = text.lastIndexOf(') ');
  if (afterCommand < 0) return null;
  const fields = text.slice(afterCommand + 2).split(' ');
  const state = fields[0];
  if (state?.length !== 1) return null;
  // Field 3 of the manual page is index 0 here: ppid is field 4, utime 14, stime 15, cutime 16, cstime 17, starttime 22.
  const [parentPid, userTicks, systemTicks, childUserTicks, childSystemTicks, startTicks] = [1, 11, 12, 13, 14, 19].map(
    (index) => wholeNumber(fields[index]) ?? NaN,
  ) as [number, number, number, number, number, number];
  const childrenTicks = childUserTicks + childSystemTicks;
  if (Number.isNaN(parentPid + userTicks + systemTicks + childrenTicks + startTicks)) return null;
  return { state, parentPid, userTicks, systemTicks, childrenTicks, startTicks };
}

/** Parses `/proc/PID/statm`: the first two fields, in pages. Null where the text is not such a line. */
export function parseStatm(text: string): { readonly sizePages: number; readonly residentPages: number } | null {
  const fields = text.split(' ');
  const sizePages = wholeNumber(fields[0]);
  const residentPages = wholeNumber(fields[1]);
  return sizePages === null || residentPages === null ? null : { sizePages, residentPages };
}

/** A `Name:   123 kB` line of `/proc/PID/status` in bytes, or null where there is none (a kernel thread has no Vm lines). */
export function parseStatusBytes(text: string, name: string): number | null {
  const kilobytes = wholeNumber(new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(text)?.[1]);
  return kilobytes === null ? null : kilobytes * 1024;
}

/**
 * The page size in bytes, from one process's statm and status, read one after the other: the ratio of its virtual sizes, rounded to
 * a power of two since the process may grow in between. Null outside 4 KiB to 64 KiB, the sizes that exist.
 */
export function pageSizeBytes(statm: string, status: string): number | null {
  const sizePages = parseStatm(statm)?.sizePages ?? 0;
  const sizeBytes = parseStatusBytes(status, 'VmSize') ?? 0;
  if (sizePages === 0 || sizeBytes === 0) return null;
  const exponent = Math.round(Math.log2(sizeBytes / sizePages));
  return exponent >= 12 && exponent <= 16 ? 2 ** exponent : null;
}

function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^\d+\s*$/.test(text) ? Number(text) : null;
}

/**
 * A /proc file that stays open and is read again and again from its beginning. A file under /proc/PID stays bound to the process it was
 * opened for: after that one ended, reading throws ESRCH, also when the pid lives on as another process.
 */
export class ProcFile {
  readonly #fd: number;
  #buffer = Buffer.allocUnsafeSlow(4096);

  /** Throws as `fs.openSync` does. */
  constructor(path: string) {
    this.#fd = openSync(path, constants.O_RDONLY);
  }

  /** The whole text now. Throws as `fs.readSync` does, and a RangeError above 1 MiB: such files are read as a stream. */
  read(): string {
    let used = 0;
    for (;;) {
      const count = readSync(this.#fd, this.#buffer, used, this.#buffer.length - used, used);
      if (count === 0) return this.#buffer.toString('latin1', 0, used);
      used += count;
      if (used < this.#buffer.length) continue;
      if (used >= mostBytes) throw new RangeError(`more than ${mostBytes} bytes`);
      const larger = Buffer.allocUnsafeSlow(used * 4);
      this.#buffer.copy(larger, 0, 0, used);
      this.#buffer = larger;
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}

export type ProcessReading =
  /** The process ended, or never was. */
  | { readonly ended: true }
  | {
      readonly ended: false;
      readonly openFiles: Figure;
      readonly rssBytes: Figure;
      /** User and system time since the process began, microseconds, in steps of 10,000. */
      readonly cpuUs: Figure;
      /** The same of children that ended and were waited for, microseconds. */
      readonly childrenCpuUs: number;
      readonly startTicks: number;
    };

/** The gauges of one process. Holds up to three descriptors until `close`; nothing here throws. */
export class ProcessReader {
  readonly pid: number;
  readonly #stat: ProcFile | null;
  readonly #statm: ProcFile | Missing;
  readonly #directory: number | Missing;

  constructor(pid: number) {
    this.pid = pid;
    this.#stat = attempt(() => new ProcFile(`/proc/${pid}/stat`), null);
    this.#statm = attemptFigure(`/proc/${pid}/statm`, (path) => new ProcFile(path));
    this.#directory = attemptFigure(`/proc/${pid}/fd`, (path) =>
      openSync(path, constants.O_RDONLY | constants.O_DIRECTORY),
    );
  }

  read(): ProcessReading {
    const openFiles = this.#openFiles();
    const rssBytes = this.#rssBytes();
    // Last, so that figures of a process that ended meanwhile are thrown away.
    const stat = attempt(() => parseProcessStat(this.#stat?.read() ?? ''), null);
    if (stat === null || /[ZXx]/.test(stat.state)) return { ended: true };
    const cpuUs = (stat.userTicks + stat.systemTicks) * microsPerTick;
    const childrenCpuUs = stat.childrenTicks * microsPerTick;
    return { ended: false, openFiles, rssBytes, cpuUs, childrenCpuUs, startTicks: stat.startTicks };
  }

  #openFiles(): Figure {
    const directory = this.#directory;
    if (typeof directory !== 'number') return directory;
    return attemptFigure(`/proc/${this.pid}/fd`, (path) =>
      directorySizeCounts() ? fstatSync(directory).size : readdirSync(path).length,
    );
  }

  #rssBytes(): Figure {
    const statm = this.#statm;
    if (!(statm instanceof ProcFile)) return statm;
    const pageBytes = ownPageSizeBytes();
    if (pageBytes === null) return { missing: 'the page size could not be found' };
    return attemptFigure(`/proc/${this.pid}/statm`, () => {
      const pages = parseStatm(statm.read());
      return pages === null ? { missing: 'unexpected text in statm' } : pages.residentPages * pageBytes;
    });
  }

  close(): void {
    this.#stat?.close();
    if (this.#statm instanceof ProcFile) this.#statm.close();
    if (typeof this.#directory === 'number') closeSync(this.#directory);
  }
}

let sizeCounts: boolean | undefined;

/** Whether the size of `/proc/PID/fd` is the number of open files: since Linux 6.2, and 0 before. Tried once on this process. */
export function directorySizeCounts(): boolean {
  sizeCounts ??= attempt(() => statSync('/proc/self/fd').size > 0, false);
  return sizeCounts;
}

let ownPageSize: number | null | undefined;

function ownPageSizeBytes(): number | null {
  ownPageSize ??= attempt(
    () => pageSizeBytes(readFileSync('/proc/self/statm', 'latin1'), readFileSync('/proc/self/status', 'latin1')),
    null,
  );
  return ownPageSize;
}

function attempt<T, U>(read: () => T, otherwise: U): T | U {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

function attemptFigure<T>(path: string, read: (path: string) => T): T | Missing {
  try {
    return read(path);
  } catch (error) {
    return { missing: `${(error as NodeJS.ErrnoException).code ?? String(error)} on ${path}` };
  }
}
