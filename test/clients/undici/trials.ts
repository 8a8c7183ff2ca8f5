/** Runs a Node client against a counting server and compares both counts. */
import { expect } from 'vitest';
import { createLiveCounts } from '../../../src/clients/live.ts';
import type { NodeClientFactory } from '../../../src/clients/node/node-client.ts';
import { prepareNodeClient } from '../../../src/clients/node/runner.ts';
import type { FailurePhase, WorkerReport } from '../../../src/clients/observations.ts';
import { nowNs } from '../../../src/kernel/clock.ts';
import type { TrialConfig } from '../../../src/scenario/config.ts';
import { expectConsistent } from '../consistency.ts';
import type { CountingServer } from './counting-server.ts';

export async function trial(
  make: NodeClientFactory,
  config: TrialConfig,
  server: CountingServer,
): Promise<WorkerReport> {
  const { port, caPem } = server;
  const task = { config, host: '127.0.0.1', port, seed: 1, worker: 0, workers: 1 };
  const live = createLiveCounts();
  const share = await prepareNodeClient({ ...task, live, ...(caPem === undefined ? {} : { caPem }) }, make);
  const report = await share.run(nowNs() + 5e6);
  expectConsistent(report);
  expect(report.phaseFaults).toEqual({ checked: report.measure.completed, faults: 0, first: null });
  return report;
}

/** A trial in which nothing fails: each count of the client is the server's. */
export async function cleanTrial(
  make: NodeClientFactory,
  config: TrialConfig,
  server: CountingServer,
): Promise<WorkerReport> {
  const report = await trial(make, config, server);
  const { connections, wholeTrial } = report;
  expect(report.errors).toEqual([]);
  expect(wholeTrial.completed).toBeGreaterThan(0);
  expect(wholeTrial).toMatchObject({ answered: wholeTrial.scheduled, sent: server.requests });
  expect(connections).toMatchObject({ attempted: server.opened, opened: server.opened, connectFailed: 0 });
  expect(connections.requestsPerConnection).toEqual(server.requestsPerConnection);
  return report;
}

/** Every request failed in that phase with that code. */
export function expectFailed({ errors, measure }: WorkerReport, phase: FailurePhase, code: string): void {
  expect(new Set(errors.map((error) => `${error.phase} ${error.code}`))).toEqual(new Set([`${phase} ${code}`]));
  expect(measure.failed).toBe(measure.scheduled);
}
