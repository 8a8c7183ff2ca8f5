/** What the machine did with its processors, and whose programs used them. Pure. */
import type { ProcessorTimes } from '../kernel/machine-time.ts';
import type { MachineSpan } from './thread-shares.ts';
import { shareWithin, type Span } from './span.ts';

/** Shares of the time of all processors; `pressureShare` of wall time. Null where the system does not tell. */
export interface MachineShares {
  readonly stealShare: number | null;
  readonly otherShare: number | null;
  readonly idleShare: number | null;
  readonly pressureShare: number | null;
}

/** `knowsTrial`: false where a process of the trial cannot be told from others, so that nobody knows what others used. */
export function machineShares(spans: readonly MachineSpan[], window: Span, knowsTrial: boolean): MachineShares {
  const share = (amountNs: (span: MachineSpan) => number | null): number | null => shareWithin(spans, window, amountNs);
  return {
    stealShare: share((span) => ofAll(span, grown(span, 'stealUs'))),
    otherShare: knowsTrial ? atLeast0(share(othersNs)) : null,
    idleShare: share((span) => ofAll(span, sum(grown(span, 'idleUs'), grown(span, 'ioWaitUs')))),
    pressureShare: share(({ before, after }) => {
      const [from, to] = [before.machine.pressureUs, after.machine.pressureUs];
      return from === null || to === null ? null : Math.max(0, to - from) * 1e3;
    }),
  };
}

export interface FullLimits {
  readonly otherShare: number;
  readonly idleProcessors: number;
}

/** Other programs use so much that hardly a processor is idle. False where that is not known. */
export function isFull(
  others: number | null,
  idle: number | null,
  processors: number | null,
  limits: FullLimits,
): boolean {
  if (others === null || idle === null || processors === null) return false;
  return others >= limits.otherShare && idle * processors <= limits.idleProcessors;
}

type TimeName = Exclude<keyof ProcessorTimes, 'processors'>;

/** Counters of idle time fall a little now and then (proc_stat(5)). */
function grown({ before, after }: MachineSpan, name: TimeName): number | null {
  const [from, to] = [before.machine.processors, after.machine.processors];
  return from === null || to === null ? null : Math.max(0, to[name] - from[name]);
}

/** Microseconds of all processors as nanoseconds of one that stands for all. */
function ofAll({ after }: MachineSpan, us: number | null): number | null {
  const processors = after.machine.processors?.processors ?? null;
  return us === null || processors === null ? null : (us * 1e3) / processors;
}

const sum = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a + b);

/**
 * Busy time less that of the trial's processes and of interrupts, which are no program's. Busy is what is neither idle nor stolen: idle time
 * is measured exactly where ticks stop on an idle processor, while busy time is guessed from who runs at each tick. Some kernels account
 * interrupts exactly and in no process's time (CONFIG_IRQ_TIME_ACCOUNTING): packets of the trial would be other programs' there. Below 0 by the steps of 10 ms in which all of these count, so it is summed first.
 */
function othersNs(span: MachineSpan): number | null {
  const { before, after } = span;
  const [from, to] = [before.machine.trialCpuUs, after.machine.trialCpuUs];
  const names = ['idleUs', 'ioWaitUs', 'stealUs', 'interruptUs'] as const;
  const rest = names.map((name) => grown(span, name)).reduce(sum);
  const processors = after.machine.processors?.processors ?? null;
  if (from === null || to === null || rest === null || processors === null) return null;
  const busyUs = ((span.endNs - span.startNs) / 1e3) * processors - rest;
  return ofAll(span, busyUs - (to - from));
}

const atLeast0 = (value: number | null): number | null => (value === null ? null : Math.max(0, value));

/** The fastest that a clock is slewed (adjtimex(2)): what is not faster is no step. */
const slewing = 500e-6;

/**
 * The largest step of the wall clock from one look to the next, beyond slewing, in either direction, ms; null with fewer than two looks. It
 * is read in whole milliseconds, so 1 says nothing.
 */
export function clockStepMs(spans: readonly MachineSpan[]): number | null {
  if (spans.length === 0) return null;
  const steps = spans.map(({ startNs, endNs, before, after }) => {
    const movedMs = Math.abs(after.machine.clockOffsetMs - before.machine.clockOffsetMs);
    return Math.max(0, movedMs - (slewing * (endNs - startNs)) / 1e6);
  });
  return Math.max(...steps);
}
