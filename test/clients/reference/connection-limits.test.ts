/** Limits that are drawn for each connection, through the whole client on real sockets: by seed and by worker. */
import { afterEach, describe, expect, it } from 'vitest';
import { createLiveCounts } from '../../../src/clients/live.ts';
import type { ConnectionReport } from '../../../src/clients/observations.ts';
import { referenceClient } from '../../../src/clients/reference.ts';
import { nowNs } from '../../../src/kernel/clock.ts';
import { expectConsistent, sum } from '../consistency.ts';
import { closedLoad, type StrategyChanges, trialConfig } from '../trial-config.ts';
import { type FaultyServer, startFaultyServer } from './faulty-server.ts';

let server: FaultyServer | undefined;

afterEach(async () => {
  await server?.stop();
  server = undefined;
});

/** One connection after the other. */
async function connections(changes: StrategyChanges['pool'], seed = 1, worker = 0): Promise<ConnectionReport> {
  server ??= await startFaultyServer('none');
  const config = trialConfig(closedLoad({ users: 1, durationMs: 150 }), { pool: { size: 1, ...changes } });
  const task = { config, host: '127.0.0.1', port: server.port, seed, worker, workers: 1, live: createLiveCounts() };
  const report = await (await referenceClient.prepare(task)).run(nowNs());
  expectConsistent(report);
  expect(report.wholeTrial.failed).toBe(0);
  return report.connections;
}

describe('a range of maxRequests', () => {
  it('retires each connection after a number of its own', async () => {
    const range = { maxRequests: 4, maxRequestsRange: { min: 2, max: 6 } };
    const { requestsPerConnection, closesByReason, opened } = await connections(range);
    // The last one was cut short by the end, unless that came between two of them.
    expect(closesByReason.maxRequests).toBeGreaterThanOrEqual(opened - 1);
    const uses = Object.entries(requestsPerConnection);
    expect(Math.max(...uses.map(([requests]) => Number(requests)))).toBe(6);
    expect(sum(uses.filter(([requests]) => Number(requests) < 2).map(([, count]) => count))).toBeLessThanOrEqual(1);
    expect(uses.length).toBeGreaterThan(3);
  });
});

describe('a lifetime with jitter', () => {
  it('ends connections by their age', async () => {
    const { closesByReason, opened } = await connections({ maxLifetimeMs: 10, maxLifetimeJitter: 0.5 });
    expect(opened).toBeGreaterThan(1);
    expect(closesByReason.maxLifetime).toBeGreaterThanOrEqual(opened - 1);
  });
});
