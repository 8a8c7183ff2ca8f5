/** Reads once a second what the whole machine did, what of it was the trial's own, and how the server's threads fared. */
import { getPriority } from 'node:os';
import { readPressureUs, readProcessorTimes, wallClockOffsetMs, type ProcessorTimes } from '../kernel/machine-time.ts';
import { processTree } from '../kernel/proc-tree.ts';
import { ProcessReader } from '../kernel/proc.ts';
import { allowedProcessors, readThreadTimes, type ThreadTime } from '../kernel/thread-time.ts';
import type { Gauge, SamplerRequest } from './messages.ts';

/** Taken with a sample, at most about once a second: it costs more than the gauges. */
export interface MachineReading {
  readonly processors: ProcessorTimes | null;
  /** Time in which some thread of the machine waited for a processor, us since boot. */
  readonly pressureUs: Gauge;
  /** CLOCK_REALTIME less CLOCK_MONOTONIC. */
  readonly clockOffsetMs: number;
  /** CPU time of every process of the trial so far, this one included; never falls. */
  readonly trialCpuUs: Gauge;
  /** Priority of the client's process, -20 to 19: above 0, ordinary programs go first. Null where it ended. */
  readonly clientNice: Gauge;
  /** Every thread of the server by its id; empty where nobody can look. */
  readonly serverThreads: ReadonlyMap<number, ServerThread>;
}

export interface ServerThread extends ThreadTime {
  /** Processors that it may run on, `0-3`; null of a thread that did next to nothing since the last look. */
  readonly processors: string | null;
}

const intervalNs = 1e9;
/** A reading may come this much early, so that samples on a schedule of their own give one a second and not one every 1.1 s. */
const earlyNs = 50e6;
/** The status file of a thread is read only where it used this much since the last look. */
const worthLookingNs = 5e6;

export class MachineReader {
  readonly #clientPid: number;
  readonly #serverPid: number;
  readonly #serverTree: boolean;
  /** This process, and what else belongs to the trial besides client and server. */
  readonly #helpers: readonly ProcessReader[];
  readonly #lastCpuUs = new Map<string, number>();
  #threads: ReadonlyMap<number, ServerThread> = new Map();
  #nextNs = -Infinity;

  constructor({ clientPid, serverPid, serverTree, helperPids = [] }: SamplerRequest) {
    this.#clientPid = clientPid;
    this.#serverPid = serverPid;
    this.#serverTree = serverTree;
    this.#helpers = [process.pid, ...helperPids].map((pid) => new ProcessReader(pid));
  }

  /** Whether a second has gone by since the last reading. */
  isDue(nowNs: number): boolean {
    return nowNs >= this.#nextNs - earlyNs;
  }

  /** CPU time of client and server from any sample, us; null of one that has ended, which keeps what it had used. */
  note(sides: { readonly client: Gauge; readonly server: Gauge }): void {
    for (const [name, cpuUs] of Object.entries(sides)) if (cpuUs !== null) this.#lastCpuUs.set(name, cpuUs);
  }

  /** Call `note` with what goes with this reading before. */
  read(nowNs: number): MachineReading {
    this.#nextNs = nowNs + intervalNs;
    return {
      processors: readProcessorTimes(),
      pressureUs: readPressureUs(),
      clockOffsetMs: wallClockOffsetMs(),
      trialCpuUs: this.#trialCpuUs(),
      clientNice: niceOf(this.#clientPid),
      serverThreads: this.#serverThreads(),
    };
  }

  #trialCpuUs(): Gauge {
    for (const reader of this.#helpers) {
      const reading = reader.read();
      if (!reading.ended && typeof reading.cpuUs === 'number') this.#lastCpuUs.set(`${reader.pid}`, reading.cpuUs);
    }
    return [...this.#lastCpuUs.values()].reduce((sum, cpuUs) => sum + cpuUs, 0);
  }

  #serverThreads(): ReadonlyMap<number, ServerThread> {
    const found = new Map<number, ServerThread>();
    if (this.#serverPid <= 0) return found;
    for (const pid of this.#serverTree ? processTree([this.#serverPid]) : [this.#serverPid]) {
      for (const [thread, time] of readThreadTimes(pid)) {
        const usedNs = time.cpuNs - (this.#threads.get(thread)?.cpuNs ?? 0);
        const processors = usedNs < worthLookingNs ? null : allowedProcessors({ pid, thread });
        found.set(thread, { ...time, processors });
      }
    }
    this.#threads = found;
    return found;
  }

  close(): void {
    for (const reader of this.#helpers) reader.close();
  }
}

function niceOf(pid: number): Gauge {
  try {
    // 0 would stand for the calling process.
    return pid > 0 ? getPriority(pid) : null;
  } catch {
    return null;
  }
}
