/** TIME_WAIT by side, read as often as its cost allows: of each side's namespace, over sock_diag, or from /proc/net/tcp. */
import { nowNs } from '../kernel/clock.ts';
import { netRoot, parseSockstat, tallyProcNetTcp } from '../kernel/proc-net.ts';
import { ProcFile } from '../kernel/proc.ts';
import { SockDiag } from '../kernel/sock-diag.ts';
import type { Gauge, SamplerReport } from './messages.ts';

/** A count cheaper than this is taken at every sample. */
const cheapNs = 0.2e6;
/**
 * What a dearer one may use of one core. The kernel is not interrupted while it walks its table, so that a generator or a server on the
 * same processor waits: beyond 1 % of the time that would be in the 99th percentile of every latency.
 */
const quietShare = 0.001;
/** A count a second is worth more than that, */
const fewestPerSecond = 1;
/** up to this share. */
const mostShare = 0.05;

/**
 * How long to wait from one count to the next, by the wall time of the last two. The smaller of the two decides, because a count that
 * was preempted looks dear once.
 */
export function countSpacingNs(lastCostNs: number, costBeforeNs: number): number {
  const costNs = Math.min(lastCostNs, costBeforeNs);
  if (costNs <= cheapNs) return 0;
  return Math.max(costNs / mostShare, Math.min(costNs / quietShare, 1e9 / fewestPerSecond));
}

export interface TimeWaitReading {
  readonly client: Gauge;
  readonly server: Gauge;
  /** Of the programs on the way, where they can be told apart. */
  readonly hops?: readonly Gauge[];
  /** Why both are null; null otherwise. */
  readonly reason: string | null;
}

/** Something that counts TIME_WAIT sockets by side, now: those of one server port, or of each side's namespace. */
export interface TimeWaitSource {
  readonly method: SamplerReport['timeWaitMethod'];
  /** `exact` false allows a cheaper count that may be too high. */
  count(exact: boolean): TimeWaitReading;
  close(): void;
}

/**
 * The best source that works here, tried with one count, in the network namespace of this process. Where none works its method is null
 * and every count says why. `mayUseDiag` false leaves only /proc/net/tcp. sock_diag holds a descriptor until `close`.
 */
export function openTimeWaitSource(port: number, mayUseDiag = true): TimeWaitSource {
  const opened = mayUseDiag ? SockDiag.open() : null;
  if (opened?.ok === true) {
    const { diag } = opened;
    const source: TimeWaitSource = {
      method: 'sock_diag',
      count: () => countByDiag(diag, port),
      close() {
        diag.close();
      },
    };
    if (source.count(true).reason === null) return source;
    source.close();
  }
  const works = countByTable(port).reason === null;
  return { method: works ? 'proc-net-tcp' : null, count: () => countByTable(port), close: () => undefined };
}

/**
 * The same for a chain: `ports` are those of the programs on the way and, last, the server's. A connection's TIME_WAIT is with the opener or
 * with the listener of its port, so that a program in between holds those of two ports.
 */
export function openChainTimeWait(ports: readonly number[]): TimeWaitSource {
  const sources = ports.map((port) => openTimeWaitSource(port));
  return {
    method: sources.at(-1)?.method ?? null,
    count: (exact) => {
      const readings = sources.map((source) => source.count(exact));
      const reason = readings.find((reading) => reading.reason !== null)?.reason ?? null;
      const hops = readings.slice(1).map(({ client }, index) => added(readings[index]!.server, client));
      return { client: readings[0]?.client ?? null, server: readings.at(-1)?.server ?? null, hops, reason };
    },
    close: () => {
      for (const source of sources) source.close();
    },
  };
}

function added(left: Gauge, right: Gauge): Gauge {
  return left === null || right === null ? null : left + right;
}

/**
 * Counts both sides by their namespaces (those of two processes), from outside of them. Cheap counts are sockstat's `tw`, at a cost that
 * does not grow with it; it includes sockets in FIN_WAIT2 whose program closed them. Exact ones read the whole socket table, as netlink
 * sees only its own namespace. Method `sockstat`, or null where the namespaces cannot be read; then every count says why.
 */
export function openNamespaceTimeWait(pids: Readonly<Record<'client' | 'server', number>>): TimeWaitSource {
  const sides = { client: openSockstat(pids.client), server: openSockstat(pids.server) };
  const count = (exact: boolean): TimeWaitReading => {
    try {
      return { client: countSide('client', exact), server: countSide('server', exact), reason: null };
    } catch (error) {
      return { client: null, server: null, reason: (error as Error).message };
    }
  };
  const countSide = (side: 'client' | 'server', exact: boolean): Gauge => {
    const file = sides[side];
    if (!(file instanceof ProcFile)) throw file;
    if (!exact) return parseSockstat(file.read()).timeWait;
    const { client, server, other } = tallyProcNetTcp(0, pids[side]).in('timeWait');
    return client + server + other;
  };
  return {
    method: count(true).reason === null ? 'sockstat' : null,
    count,
    close() {
      for (const file of Object.values(sides)) if (file instanceof ProcFile) file.close();
    },
  };
}

function openSockstat(pid: number): ProcFile | Error {
  try {
    return new ProcFile(`${netRoot(pid)}/sockstat`);
  } catch (error) {
    return error as Error;
  }
}

/** Counts when it is due and repeats the last count in between. */
export class PacedTimeWait {
  /** Time between real counts so far, ns. */
  readonly intervalsNs: number[] = [];
  readonly #source: TimeWaitSource;
  readonly #clock: () => number;
  #last: TimeWaitReading | null = null;
  #lastAtNs = 0;
  #lastCostNs = 0;
  #costBeforeNs = 0;

  /** `clock` gives nanoseconds. */
  constructor(source: TimeWaitSource, clock: () => number = nowNs) {
    this.#source = source;
    this.#clock = clock;
  }

  /** A fresh count where one is due, otherwise the last one. The first is always fresh, and so is an `exact` one. */
  read(exact: boolean): TimeWaitReading {
    const startNs = this.#clock();
    const dueNs = this.#lastAtNs + countSpacingNs(this.#lastCostNs, this.#costBeforeNs);
    if (this.#last !== null) {
      if (!exact && startNs < dueNs) return this.#last;
      this.intervalsNs.push(startNs - this.#lastAtNs);
    }
    this.#last = this.#source.count(exact || this.#last === null);
    this.#lastAtNs = startNs;
    this.#costBeforeNs = this.#lastCostNs;
    this.#lastCostNs = this.#clock() - startNs;
    return this.#last;
  }
}

function countByDiag(diag: SockDiag, port: number): TimeWaitReading {
  const result = diag.timeWait(port);
  if (!result.ok) return { client: null, server: null, reason: result.reason };
  return { client: result.value.client, server: result.value.server, reason: null };
}

function countByTable(port: number): TimeWaitReading {
  try {
    const { client, server } = tallyProcNetTcp(port).in('timeWait');
    return { client, server, reason: null };
  } catch (error) {
    return {
      client: null,
      server: null,
      reason: `${(error as NodeJS.ErrnoException).code ?? 'error'} on /proc/net/tcp`,
    };
  }
}
