/** A process and everything it started: who belongs to the tree now, and the gauges of the tree as sums. */
import { readdirSync, readFileSync } from 'node:fs';
import { microsPerTick, ProcessReader, parseProcessStat, type Figure, type ProcessReading } from './proc.ts';

/** What is known of a pid: with its start it names one process for good. */
interface Member {
  readonly startTicks: number;
  /** CPU time of the process itself at its last reading, microseconds. */
  cpuUs: number;
}

type Living = Extract<ProcessReading, { ended: false }>;

/** Most processes followed; a fork bomb must not take the observer with it. */
const mostMembers = 4096;

/**
 * The gauges of a process tree: `read` gives sums over the processes that live now. A process that was seen in the tree stays in it,
 * also when its parent ends and it gets another; one that detaches between two readings is missed. Memory that processes share counts
 * once for each of them. CPU time never falls: it is the larger of two lower bounds, the living with the children they waited for,
 * and everyone who was ever seen by their last reading. Holds no descriptor; nothing here throws.
 */
export class ProcessTreeReader {
  readonly pid: number;
  readonly #members = new Map<number, Member>();
  #begun = false;
  #endedCpuUs = 0;
  #cpuUs = 0;

  constructor(pid: number) {
    this.pid = pid;
  }

  /** Ended where no process of the tree lives any more. */
  read(): ProcessReading {
    const living = new Map<number, Living>();
    const take = (pid: number): void => {
      const reading = living.has(pid) ? null : this.#readMember(pid);
      if (reading !== null) living.set(pid, reading);
    };
    // Known ones first: below a pid that was given anew there is nobody of this tree.
    for (const pid of [...this.#members.keys()]) take(pid);
    if (!this.#begun) take(this.pid);
    this.#begun = true;
    for (const pid of processTree([...living.keys()])) take(pid);
    return this.#sum([...living.values()]);
  }

  #sum(living: readonly Living[]): ProcessReading {
    const first = living[0];
    if (first === undefined) return { ended: true };
    return {
      ended: false,
      openFiles: sum(living.map(({ openFiles }) => openFiles)),
      rssBytes: sum(living.map(({ rssBytes }) => rssBytes)),
      cpuUs: this.#cpuTime(living),
      childrenCpuUs: 0,
      startTicks: first.startTicks,
    };
  }

  /** Null where the process has ended or another one has its pid. */
  #readMember(pid: number): Living | null {
    const reader = new ProcessReader(pid);
    const reading = reader.read();
    reader.close();
    const member = this.#members.get(pid);
    const isSame = !reading.ended && (member === undefined || member.startTicks === reading.startTicks);
    if (!isSame) {
      this.#forget(pid);
      return null;
    }
    const cpuUs = typeof reading.cpuUs === 'number' ? reading.cpuUs : 0;
    if (member !== undefined) member.cpuUs = cpuUs;
    else if (this.#members.size < mostMembers) this.#members.set(pid, { startTicks: reading.startTicks, cpuUs });
    return reading;
  }

  #forget(pid: number): void {
    this.#endedCpuUs += this.#members.get(pid)?.cpuUs ?? 0;
    this.#members.delete(pid);
  }

  #cpuTime(living: readonly Living[]): Figure {
    const own = sum(living.map(({ cpuUs }) => cpuUs));
    if (typeof own !== 'number') return own;
    const waitedFor = living.reduce((total, { childrenCpuUs }) => total + childrenCpuUs, 0);
    this.#cpuUs = Math.max(this.#cpuUs, own + waitedFor, own + this.#endedCpuUs);
    return this.#cpuUs;
  }
}

function sum(figures: readonly Figure[]): Figure {
  let total = 0;
  for (const figure of figures) {
    if (typeof figure !== 'number') return figure;
    total += figure;
  }
  return total;
}

/**
 * User and system time, us, of this process, of everything below it now, and of children that ended and were waited for. That of others
 * comes in steps of 10,000.
 */
export function familyCpu(): { readonly userUs: number; readonly systemUs: number } {
  const { user, system } = process.cpuUsage();
  const ended = waitedForTicks();
  let userTicks = ended.userTicks;
  let systemTicks = ended.systemTicks;
  for (const pid of processTree([process.pid])) {
    const stat = pid === process.pid ? null : parseProcessStat(textOf(`/proc/${pid}/stat`) ?? '');
    userTicks += stat?.userTicks ?? 0;
    systemTicks += stat?.systemTicks ?? 0;
  }
  return { userUs: user + userTicks * microsPerTick, systemUs: system + systemTicks * microsPerTick };
}

/** cutime and cstime of this process: fields 16 and 17 of proc_pid_stat(5). */
function waitedForTicks(): { readonly userTicks: number; readonly systemTicks: number } {
  const text = textOf(`/proc/${process.pid}/stat`) ?? '';
  const fields = text.slice(text.lastIndexOf(') ') + 2).split(' ');
  return { userTicks: Number(fields[13] ?? 0), systemTicks: Number(fields[14] ?? 0) };
}

/** `roots` and all their descendants, parents before children, each pid once, at most 4,096. Pids that do not live are passed over. */
export function processTree(roots: readonly number[]): readonly number[] {
  const found = new Set<number>(roots);
  let parents: ReadonlyMap<number, readonly number[]> | null = null;
  for (const pid of found) {
    if (found.size >= mostMembers) break;
    let children = listedChildren(pid);
    if (children === null) {
      parents ??= childrenByParent();
      children = parents.get(pid) ?? [];
    }
    for (const child of children) found.add(child);
  }
  return [...found].slice(0, mostMembers);
}

let hasChildrenFiles: boolean | undefined;

/** Children by `/proc/PID/task/TID/children`; null where this kernel has no such file (CONFIG_PROC_CHILDREN). */
function listedChildren(pid: number): readonly number[] | null {
  hasChildrenFiles ??= textOf(`/proc/self/task/${process.pid}/children`) !== null;
  if (!hasChildrenFiles) return null;
  return namesIn(`/proc/${pid}/task`).flatMap((thread) =>
    (textOf(`/proc/${pid}/task/${thread}/children`) ?? '').split(' ').filter(isPid).map(Number),
  );
}

/** Every process of the machine by its parent: the slow way, which works on every Linux. */
export function childrenByParent(): ReadonlyMap<number, readonly number[]> {
  const byParent = new Map<number, number[]>();
  for (const name of namesIn('/proc').filter(isPid)) {
    const stat = parseProcessStat(textOf(`/proc/${name}/stat`) ?? '');
    if (stat === null) continue;
    const siblings = byParent.get(stat.parentPid);
    if (siblings === undefined) byParent.set(stat.parentPid, [Number(name)]);
    else siblings.push(Number(name));
  }
  return byParent;
}

const isPid = (name: string): boolean => /^\d+$/.test(name);

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null;
  }
}
