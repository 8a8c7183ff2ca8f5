/** What the processors of the whole machine did, how long anyone waited for one, and how far the wall clock has moved. */
import { readFileSync } from 'node:fs';
import { nowNs } from './clock.ts';

/** Sums over all processors since boot, microseconds, in steps of 10,000 (proc_stat(5)). */
export interface ProcessorTimes {
  readonly processors: number;
  readonly idleUs: number;
  /** Idle with a disk to wait for. */
  readonly ioWaitUs: number;
  /** Taken by the hypervisor for other machines. */
  readonly stealUs: number;
  /** Everything else: programs, kernel, interrupts. */
  readonly busyUs: number;
  /** What of it were interrupts and their second halves. Depending on the kernel that is in the time of the program that they hit, or in no program's. */
  readonly interruptUs: number;
}

/** USER_HZ is 100: one tick is 10 ms. */
const microsPerTick = 10_000;

/** Parses `/proc/stat`; null where it is not one, or one that is kept up by nobody and says 0 for everything. Guest time is in user time already. */
export function parseProcessorTimes(text: string): ProcessorTimes | null {
  const match = /^cpu +([\d ]+)$/m.exec(text);
  const processors = text.match(/^cpu\d+ /gm)?.length ?? 0;
  if (match === null || processors === 0) return null;
  const ticks = match[1]!.trim().split(' ').map(Number);
  if (ticks.length < 8 || ticks.every((count) => count === 0)) return null;
  const [user, nice, system, idle, ioWait, irq, softIrq, steal] = ticks as [
    ...[number, number, number, number],
    ...[number, number, number, number],
  ];
  return {
    processors,
    idleUs: idle * microsPerTick,
    ioWaitUs: ioWait * microsPerTick,
    stealUs: steal * microsPerTick,
    busyUs: (user + nice + system + irq + softIrq) * microsPerTick,
    interruptUs: (irq + softIrq) * microsPerTick,
  };
}

/** Time in which at least one thread of the machine was ready but had no processor, us since boot (Documentation/accounting/psi.rst). */
export function parsePressure(text: string): number | null {
  const match = /^some .*\btotal=(\d+)$/m.exec(text);
  return match === null ? null : Number(match[1]);
}

/** Null where this system does not tell. */
export function readProcessorTimes(): ProcessorTimes | null {
  return parsed('/proc/stat', parseProcessorTimes);
}

/** Null where this kernel does not tell: before Linux 4.20, without CONFIG_PSI, or with psi=0. */
export function readPressureUs(): number | null {
  return parsed('/proc/pressure/cpu', parsePressure);
}

function parsed<T>(path: string, parse: (text: string) => T | null): T | null {
  try {
    return parse(readFileSync(path, 'latin1'));
  } catch {
    return null;
  }
}

/** A reading is taken again where it took longer than this: then nobody knows when in between the wall clock was read. */
const longestReadingNs = 100_000;
const mostReadings = 5;

/**
 * CLOCK_REALTIME less CLOCK_MONOTONIC, ms: constant but for slewing (at most 500 ppm, adjtimex(2)), unless somebody sets the clock or
 * the machine sleeps. The wall clock is read in whole milliseconds.
 */
export function wallClockOffsetMs(): number {
  let best = { tookNs: Infinity, offsetMs: 0 };
  for (let reading = 0; reading < mostReadings && best.tookNs > longestReadingNs; reading++) {
    const before = nowNs();
    const wallMs = Date.now();
    const after = nowNs();
    if (after - before < best.tookNs) best = { tookNs: after - before, offsetMs: wallMs - (before + after) / 2e6 };
  }
  return best.offsetMs;
}
