/**
 * How long threads ran, and how long they were ready to run and had no processor: `/proc/PID/task/TID/schedstat`. The second figure is
 * what tells a thread that has too much to do from one that is kept from doing it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { ProcFile } from './proc.ts';

/** Since the thread began (Documentation/scheduler/sched-stats.rst, "/proc/<pid>/schedstat"). */
export interface ThreadTime {
  /** On a processor, ns; of a thread that runs just now up to one timer tick (1 to 10 ms) old. */
  readonly cpuNs: number;
  /** Ready to run but not running, ns; a wait that goes on is not in it yet. */
  readonly runDelayNs: number;
  /** How often it was given a processor. */
  readonly runs: number;
}

/** Parses a schedstat file. Null where the text is not one, and where this kernel keeps no such account and says 0 for everything. */
export function parseThreadTime(text: string): ThreadTime | null {
  const match = /^(\d+) (\d+) (\d+)\n?$/.exec(text);
  if (match === null) return null;
  const [cpuNs, runDelayNs, runs] = match.slice(1).map(Number) as [number, number, number];
  // A thread that can be read has run at least once.
  return runs === 0 ? null : { cpuNs, runDelayNs, runs };
}

/** Why there are no such figures, in words for a record. */
export const noThreadTime = 'this kernel keeps no account of how long threads wait (CONFIG_SCHED_INFO)';

/** The account of the thread that makes it, to be read in that thread again and again. Holds a descriptor until `close`; never throws. */
export class OwnThreadTime {
  readonly #file: ProcFile | null = open('/proc/thread-self/schedstat');

  /** Null where this system has no such account. */
  read(): ThreadTime | null {
    try {
      return this.#file === null ? null : parseThreadTime(this.#file.read());
    } catch {
      return null;
    }
  }

  close(): void {
    this.#file?.close();
  }
}

function open(path: string): ProcFile | null {
  try {
    return new ProcFile(path);
  } catch {
    return null;
  }
}

/** The processors that a thread may run on, as the kernel lists them: `0-3,6`; null where it does not say (proc_pid_status(5)). */
export function parseAllowedProcessors(status: string): string | null {
  return /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? null;
}

/** Of a thread of `pid`, or of the calling one. */
export function allowedProcessors(of?: { readonly pid: number; readonly thread: number }): string | null {
  const folder = of === undefined ? 'thread-self' : `${of.pid}/task/${of.thread}`;
  try {
    return parseAllowedProcessors(readFileSync(`/proc/${folder}/status`, 'latin1'));
  } catch {
    return null;
  }
}

/** Most threads read of one process. */
const mostThreads = 256;

/** Every thread of a process now, by its id. Empty where it ended or the kernel keeps no account; never throws. */
export function readThreadTimes(pid: number): ReadonlyMap<number, ThreadTime> {
  const found = new Map<number, ThreadTime>();
  try {
    for (const name of readdirSync(`/proc/${pid}/task`).slice(0, mostThreads)) {
      const time = readOne(`/proc/${pid}/task/${name}/schedstat`);
      if (time !== null) found.set(Number(name), time);
    }
  } catch {
    // The process ended: what was read is of no use to anyone any more.
  }
  return found;
}

function readOne(path: string): ThreadTime | null {
  try {
    return parseThreadTime(readFileSync(path, 'latin1'));
  } catch {
    return null; // The thread ended.
  }
}
