/** Whole trials with the real processes whose server sheds connections: every row of the reconciliation agrees. */
import { expect, test } from 'vitest';
import { realProcesses } from '../../src/trial/processes.ts';
import { trialRecord } from '../../src/trial/record.ts';
import { runTrial } from '../../src/trial/run-trial.ts';
import { config } from './fixtures.ts';

const circumstances = {
  mode: { name: 'host', fallback: null },
  limits: { openFiles: 20_000, ephemeralPorts: 28_232 },
  timeWaitCounting: 'entry',
  samplerIntervalMs: 100,
} as const;
const load = {
  model: 'closed',
  users: 6,
  thinkTimeMs: 20,
  warmUpMs: 0,
  durationMs: 500,
  workers: 1,
  request: { method: 'GET', path: '/' },
} as const;

test.each(['node', 'reference'] as const)('%s: what is shed is what the client is told to close', async (kind) => {
  const pool = { ...config.strategy.pool, size: 6, maxRequests: Infinity, idleTimeoutMs: Infinity };
  const shed = { above: 2, of: 'connections', then: 'close' } as const;
  const planned = {
    index: 0,
    block: 1,
    order: 0,
    variant: 'default',
    config: {
      ...config,
      strategy: { ...config.strategy, connection: 'keep-alive' as const, pool },
      server: { ...config.server, kind, shed },
      load,
    },
    seed: 1,
  };
  const input = { planned, circumstances } as Parameters<typeof runTrial>[0];
  const record = trialRecord(await runTrial(input, realProcesses));
  expect(record.reconciliation.filter(({ ok }) => ok === false)).toEqual([]);
  const { policies, closesByReason } = record.server;
  expect(policies!.shedResponses).toBeGreaterThan(0);
  expect(policies!.shed).toBe(policies!.shedResponses);
  expect(closesByReason!['shed']).toBe(policies!.shed);
  expect(record.connections!.closesByReason['connectionClose']).toBe(policies!.shed);
});
