/** What must hold of every report, whatever the server did. */
import { expect } from 'vitest';
import type { ConnectionReport, RequestCounts } from '../../src/clients/observations.ts';
import { isTimeout, latencyNames, type WorkerReport } from '../../src/clients/observations.ts';
import { bySlowness, slowestKept } from '../../src/clients/slowest.ts';
import type { SparseCounts } from '../../src/stats/histogram.ts';

export type Report = Omit<WorkerReport, 'drainedNs' | 'stopped'>;

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

export function countOf(sparse: SparseCounts): number {
  return sum(sparse.counts);
}

/** Sum of the recorded values. Exact while they are below 2048 ns, where a bucket is 1 ns wide. */
export function totalOf(sparse: SparseCounts): number {
  return sum(sparse.indices.map((index, position) => index * sparse.counts[position]!));
}

/** Requests added up over connections. */
export function requestsOn(connections: ConnectionReport): number {
  return sum(Object.entries(connections.requestsPerConnection).map(([uses, count]) => Number(uses) * count));
}

export function expectConsistent(report: Report): void {
  const { measure, wholeTrial, connections, latency, intervals } = report;
  for (const counts of [measure, wholeTrial]) expect(settled(counts)).toBe(counts.scheduled);
  expect(wholeTrial.answered).toBe(wholeTrial.completed);
  expect(wholeTrial.sent).toBeGreaterThanOrEqual(wholeTrial.answered);
  expect(sum(report.errors.map((error) => error.count))).toBe(measure.failed);
  expect(sum(report.warmUpErrors.map((error) => error.count))).toBe(wholeTrial.failed - measure.failed);
  expect(sum(Object.values(report.statuses))).toBe(measure.completed);

  const { client, server, reset } = connections.firstCloser;
  expect(connections.attempted).toBe(connections.opened + connections.connectFailed);
  expect(client + server + reset + connections.teardown).toBe(connections.opened);
  expect(sum(Object.values(connections.closesByReason))).toBe(connections.opened);
  expect(sum(Object.values(connections.requestsPerConnection))).toBe(connections.opened);
  expect(requestsOn(connections)).toBe(wholeTrial.answered);
  const { serverFin, serverReset, error, badResponse } = connections.closesByReason;
  expect(connections.foundDead ?? 0).toBeLessThanOrEqual(serverFin + serverReset + error + badResponse);
  expect(connections.peakOpen).toBeLessThanOrEqual(connections.opened);

  expectUnansweredKept(report);
  if (report.phaseFaults !== null) {
    expect(report.phaseFaults).toEqual({ checked: measure.completed, faults: 0, first: null });
  }
  const { tls } = connections;
  if (tls !== undefined) expect(tls.full + tls.resumed + (tls.failed ?? 0)).toBe(connections.opened);
  const fresh = countOf(latency.response.new);
  for (const name of latencyNames) {
    const isThere = name !== 'tls' || tls !== undefined;
    expect([name, countOf(latency[name].new)]).toEqual([name, isThere ? fresh : 0]);
    const reused = name === 'connect' || name === 'tls' ? 0 : measure.completed - fresh;
    expect([name, countOf(latency[name].reused)]).toEqual([name, reused]);
  }
  expect({
    started: sum(intervals.map((interval) => interval.started)),
    completed: sum(intervals.map((interval) => interval.completed)),
    responses: sum(intervals.map((interval) => countOf(interval.response))),
    lags: sum(intervals.map((interval) => countOf(interval.lag))),
    failed: sum(intervals.map((interval) => interval.failed)),
    dropped: sum(intervals.map((interval) => interval.dropped)),
    opened: sum(intervals.map((interval) => interval.opened)),
  }).toEqual({
    started: wholeTrial.started,
    completed: wholeTrial.completed,
    responses: wholeTrial.completed,
    lags: wholeTrial.started,
    failed: wholeTrial.failed,
    dropped: wholeTrial.dropped,
    opened: connections.opened,
  });
}

/** Who timed out, or was unfinished at the end, has an age; and the slowest requests are there, whatever became of them. */
function expectUnansweredKept({ measure, errors, censored, slowest }: Report): void {
  const timedOut = sum(errors.filter(({ code }) => isTimeout(code)).map(({ count }) => count));
  const neverStarted = measure.scheduled - measure.started;
  expect(countOf(censored)).toBe(timedOut + measure.abandoned - neverStarted);
  expect(slowest.length).toBe(Math.min(slowestKept, measure.started - measure.dropped - (measure.leaked ?? 0)));
  expect(slowest).toEqual(slowest.toSorted(bySlowness));
  for (const { responseNs, phasesNs, status, code } of slowest) {
    const phases: readonly number[] = Object.values(phasesNs);
    expect(sum(phases)).toBe(responseNs);
    expect(Math.min(...phases)).toBeGreaterThanOrEqual(0);
    expect(status === null).toBe(code !== null);
  }
}

function settled(counts: RequestCounts): number {
  return counts.completed + counts.failed + counts.dropped + counts.abandoned + (counts.leaked ?? 0);
}

/** The phases add up to the nanosecond: valid for reports whose times are all below 2048 ns. */
export function expectExactPhases({ latency }: Report): void {
  for (const side of ['new', 'reused'] as const) {
    const total = (name: (typeof latencyNames)[number]): number => totalOf(latency[name][side]);
    const phases = total('connectionWait') + total('connect') + total('tls') + total('firstByte') + total('download');
    expect([side, phases]).toEqual([side, total('service')]);
    expect([side, total('service') + total('lag')]).toEqual([side, total('response')]);
  }
}
