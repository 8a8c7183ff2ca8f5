/** How the threads of generator and server fared: running, ready without a processor, or waiting for work. Pure. */
import type { LoopSecond } from '../clients/loop-watch.ts';
import type { Sample } from '../samplers/messages.ts';
import type { MachineReading } from '../samplers/machine.ts';
import { shareWithin, type Span } from './span.ts';

/** Shares of wall time. Null where the kernel keeps no account of threads. */
export interface ThreadShares {
  readonly cpuShare: number | null;
  readonly runDelayShare: number | null;
  /** From ready to running, the mean; null where it never ran. */
  readonly meanWaitNs: number | null;
  /** Processors that it may run on, `0-3`, as it was last seen; null where nobody knows. */
  readonly processors: string | null;
}

export const unknownThread: ThreadShares = {
  cpuShare: null,
  runDelayShare: null,
  meanWaitNs: null,
  processors: null,
};

/** Running or kept from it: near 1, a thread always has something to do. */
export function demand({ cpuShare, runDelayShare }: ThreadShares): number | null {
  return cpuShare === null || runDelayShare === null ? null : cpuShare + runDelayShare;
}

export interface WorkerShares extends ThreadShares {
  readonly occupancy: number | null;
  readonly gcShare: number | null;
  readonly gcLongestNs: number | null;
}

/** One worker over a window. */
export function workerShares(seconds: readonly LoopSecond[], window: Span): WorkerShares {
  const share = (amountNs: (second: LoopSecond) => number | null): number | null =>
    shareWithin(seconds, window, amountNs);
  const runDelayShare = atMostAll(share(({ runDelayNs }) => runDelayNs));
  const runsPerNs = share(({ runs }) => runs);
  const within = seconds.filter(({ startNs, endNs }) => endNs > window.startNs && startNs < window.endNs);
  return {
    occupancy: share(({ busyNs }) => busyNs),
    cpuShare: share(({ cpuNs }) => cpuNs),
    runDelayShare,
    meanWaitNs: meanWait(runDelayShare, runsPerNs),
    processors: within.at(-1)?.processors ?? null,
    gcShare: share(({ gc }) => gc.totalNs),
    gcLongestNs: within.length === 0 ? null : Math.max(...within.map(({ gc }) => gc.longestNs)),
  };
}

/** A wait counts when it ends: one that began before a span would make it more than all. */
function atMostAll(share: number | null): number | null {
  return share === null ? null : Math.min(1, share);
}

function meanWait(runDelayShare: number | null, runsPerNs: number | null): number | null {
  return runDelayShare === null || runsPerNs === null || runsPerNs === 0 ? null : runDelayShare / runsPerNs;
}

/** Sample with a look at the machine. */
interface Observed {
  readonly atNs: number;
  readonly server: Sample['server'];
  readonly machine: MachineReading;
}

/** From one look at the machine to the next. */
export interface MachineSpan extends Span {
  readonly before: Observed;
  readonly after: Observed;
}

export function machineSpans(samples: readonly Sample[]): readonly MachineSpan[] {
  const looks = samples.flatMap(({ atNs, server, machine }) =>
    machine === undefined ? [] : [{ atNs, server, machine }],
  );
  return looks.slice(1).flatMap((after, index) => {
    const before = looks[index]!;
    return after.atNs > before.atNs ? [{ startNs: before.atNs, endNs: after.atNs, before, after }] : [];
  });
}

/** A thread that ran for less than this share of what the one ran that ran most is not the one that serves. */
const servingShare = 0.1;

/**
 * The server's thread that had the most to do over a window: running, and ready to. It is one of those that ran: since Linux 6.12 the sleep of
 * a thread that is moved to another processor before its delayed dequeue counts as waiting for one (`sched_info_enqueue` in
 * kernel/sched/stats.h), so that a helper which slept all the time would seem to have waited all the time.
 */
export function busiestServerThread(spans: readonly MachineSpan[], window: Span): ThreadShares {
  const threads = new Set(spans.flatMap(({ after }) => [...after.machine.serverThreads.keys()]));
  const shares = [...threads].map((thread) => serverThread(spans, window, thread));
  const most = Math.max(0, ...shares.map(({ cpuShare }) => cpuShare ?? 0));
  return shares
    .filter(({ cpuShare }) => (cpuShare ?? 0) >= servingShare * most)
    .reduce((busiest, each) => ((demand(each) ?? -1) > (demand(busiest) ?? -1) ? each : busiest), unknownThread);
}

function serverThread(spans: readonly MachineSpan[], window: Span, thread: number): ThreadShares {
  // A thread that began or ended in a span is not in both looks: what it did there is lost, at most a second of its life.
  const grown = ({ before, after }: MachineSpan, name: 'cpuNs' | 'runDelayNs' | 'runs'): number => {
    const from = before.machine.serverThreads.get(thread);
    const to = after.machine.serverThreads.get(thread);
    return from === undefined || to === undefined ? 0 : Math.max(0, to[name] - from[name]);
  };
  const share = (name: 'cpuNs' | 'runDelayNs' | 'runs'): number | null =>
    shareWithin(spans, window, (span) => grown(span, name));
  const runDelayShare = atMostAll(share('runDelayNs'));
  const seen = spans
    .filter(({ startNs, endNs }) => endNs > window.startNs && startNs < window.endNs)
    .flatMap(({ after }) => after.machine.serverThreads.get(thread)?.processors ?? []);
  return {
    cpuShare: share('cpuNs'),
    runDelayShare,
    meanWaitNs: meanWait(runDelayShare, share('runs')),
    processors: seen.at(-1) ?? null,
  };
}
