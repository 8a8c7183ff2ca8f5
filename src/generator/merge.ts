/** Puts the reports of the workers together: counts add up, histograms merge, nothing is averaged. */
import {
  clientCloseReasons,
  latencyNames,
  type ConnectionReport,
  type FailureCount,
  type Interval,
  type LatencyName,
  type RetryCounts,
  type TlsCounts,
  type WorkerReport,
} from '../clients/observations.ts';
import type { PhaseFaults } from '../clients/phase-check.ts';
import { addCounts, assertConserved } from '../clients/request-balance.ts';
import { bySlowness, slowestKept } from '../clients/slowest.ts';
import { mergeSparse } from '../stats/summary.ts';

/** One report for all workers. `peakOpen` is the sum of the workers' peaks: exact for one worker, an upper bound for several. */
export function mergeWorkers(parts: readonly WorkerReport[]): WorkerReport {
  if (parts.length === 0) throw new Error('no worker reported');
  const measure = parts.map((part) => part.measure).reduce(addCounts);
  const wholeTrial = parts.map((part) => part.wholeTrial).reduce(addTrialCounts);
  assertConserved('measure', measure);
  assertConserved('the whole trial', wholeTrial);
  return {
    drainedNs: Math.max(...parts.map((part) => part.drainedNs)),
    stopped: parts.some((part) => part.stopped),
    measure,
    wholeTrial,
    errors: mergeFailures(parts.map((part) => part.errors)),
    warmUpErrors: mergeFailures(parts.map((part) => part.warmUpErrors)),
    statuses: addRecords(parts.map((part) => part.statuses)),
    latency: mergeLatency(parts),
    censored: mergeSparse(parts.map((part) => part.censored)),
    slowest: parts
      .flatMap((part) => part.slowest)
      .sort(bySlowness)
      .slice(0, slowestKept),
    phaseFaults: mergePhaseFaults(parts.flatMap((part) => part.phaseFaults ?? [])),
    connections: mergeConnections(parts.map((part) => part.connections)),
    bytes: {
      sent: sum(parts.map((part) => part.bytes.sent)),
      received: sum(parts.map((part) => part.bytes.received)),
    },
    intervals: mergeIntervals(parts.map((part) => part.intervals)),
    loops: parts.flatMap((part) => part.loops ?? []),
    ...ofNodeClients(parts),
  };
}

/** What all workers say alike, and the sum of what they sent again; nothing where no worker says anything. */
function ofNodeClients(
  parts: readonly WorkerReport[],
): Pick<WorkerReport, 'unmeasured' | 'retried' | 'client' | 'outside'> {
  const { unmeasured, client } = parts[0] ?? {};
  const retried = parts.flatMap((part) => part.retried ?? []);
  const outside = parts.find((part) => part.outside !== undefined)?.outside;
  return {
    ...(unmeasured === undefined ? {} : { unmeasured }),
    ...(retried.length === 0 ? {} : { retried: mergeRetries(retried) }),
    ...(client === undefined ? {} : { client }),
    ...(outside === undefined ? {} : { outside }),
  };
}

function mergeRetries(parts: readonly RetryCounts[]): RetryCounts {
  const causes = parts.flatMap((part) => (part.causes === undefined ? [] : [part.causes]));
  return {
    measure: sum(parts.map(({ measure }) => measure)),
    wholeTrial: sum(parts.map(({ wholeTrial }) => wholeTrial)),
    ...(causes.length === parts.length ? { causes: mergeFailures(causes) } : {}),
  };
}

function addTrialCounts(a: WorkerReport['wholeTrial'], b: WorkerReport['wholeTrial']): WorkerReport['wholeTrial'] {
  return { ...addCounts(a, b), sent: a.sent + b.sent, answered: a.answered + b.answered };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function addRecords(records: readonly Readonly<Record<number, number>>[]): Record<number, number> {
  const total: Record<number, number> = {};
  for (const record of records) {
    for (const [key, value] of Object.entries(record)) total[Number(key)] = (total[Number(key)] ?? 0) + value;
  }
  return total;
}

function mergeFailures(lists: readonly (readonly FailureCount[])[]): readonly FailureCount[] {
  const merged = new Map<string, FailureCount>();
  for (const failure of lists.flat()) {
    const key = JSON.stringify([failure.phase, failure.code, failure.reused, failure.socketAgeMs]);
    const known = merged.get(key);
    merged.set(key, known === undefined ? failure : { ...known, count: known.count + failure.count });
  }
  return [...merged.values()].sort((a, b) => b.count - a.count);
}

function mergeLatency(parts: readonly WorkerReport[]): WorkerReport['latency'] {
  const merged = latencyNames.map((name) => [
    name,
    {
      new: mergeSparse(parts.map((part) => part.latency[name].new)),
      reused: mergeSparse(parts.map((part) => part.latency[name].reused)),
    },
  ]);
  return Object.fromEntries(merged) as Record<LatencyName, WorkerReport['latency'][LatencyName]>;
}

function mergePhaseFaults(found: readonly PhaseFaults[]): PhaseFaults | null {
  if (found.length === 0) return null;
  return {
    checked: sum(found.map(({ checked }) => checked)),
    faults: sum(found.map(({ faults }) => faults)),
    first: found.find(({ first }) => first !== null)?.first ?? null,
  };
}

function mergeConnections(parts: readonly ConnectionReport[]): ConnectionReport {
  const total = (of: (part: ConnectionReport) => number): number => sum(parts.map(of));
  return {
    attempted: total((part) => part.attempted),
    notAttempted: total((part) => part.notAttempted),
    opened: total((part) => part.opened),
    connectFailed: total((part) => part.connectFailed),
    peakOpen: total((part) => part.peakOpen),
    closesByReason: Object.fromEntries(
      clientCloseReasons.map((reason) => [reason, total((part) => part.closesByReason[reason])]),
    ) as ConnectionReport['closesByReason'],
    firstCloser: {
      client: total((part) => part.firstCloser.client),
      server: total((part) => part.firstCloser.server),
      reset: total((part) => part.firstCloser.reset),
    },
    teardown: total((part) => part.teardown),
    resetsReceived: total((part) => part.resetsReceived),
    resetsSent: total((part) => part.resetsSent),
    requestsPerConnection: addRecords(parts.map((part) => part.requestsPerConnection)),
    ...(parts.some(({ foundDead }) => foundDead !== undefined)
      ? { foundDead: total((part) => part.foundDead ?? 0) }
      : {}),
    ...(parts.some(({ leaked }) => leaked !== undefined) ? { leaked: total((part) => part.leaked ?? 0) } : {}),
    ...mergeTls(parts.flatMap(({ tls }) => tls ?? [])),
  };
}

/** A count that any part does not know is not known of the whole. */
function mergeTls(parts: readonly TlsCounts[]): { readonly tls?: TlsCounts } {
  if (parts.length === 0) return {};
  const total = (of: (part: TlsCounts) => number): number => sum(parts.map(of));
  const rejected = parts.every(({ earlyDataRejected }) => earlyDataRejected !== undefined);
  const failed = parts.every((part) => part.failed !== undefined);
  return {
    tls: {
      full: total((part) => part.full),
      resumed: total((part) => part.resumed),
      earlyData: total((part) => part.earlyData),
      ...(rejected ? { earlyDataRejected: total((part) => part.earlyDataRejected!) } : {}),
      ...(failed ? { failed: total((part) => part.failed!) } : {}),
    },
  };
}

/** Intervals of all workers have the same borders; a worker that ended earlier has fewer. */
function mergeIntervals(lists: readonly (readonly Interval[])[]): readonly Interval[] {
  const byStart = new Map<number, Interval[]>();
  for (const interval of lists.flat()) {
    const together = byStart.get(interval.startMs);
    if (together === undefined) byStart.set(interval.startMs, [interval]);
    else together.push(interval);
  }
  return [...byStart.entries()]
    .sort(([a], [b]) => a - b)
    .map(([startMs, together]) => ({
      startMs,
      started: sum(together.map((interval) => interval.started)),
      completed: sum(together.map((interval) => interval.completed)),
      failed: sum(together.map((interval) => interval.failed)),
      dropped: sum(together.map((interval) => interval.dropped)),
      opened: sum(together.map((interval) => interval.opened)),
      response: mergeSparse(together.map((interval) => interval.response)),
      lag: mergeSparse(together.map((interval) => interval.lag)),
    }));
}
