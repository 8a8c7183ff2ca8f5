/** Whole trials with the real processes whose server sheds connections: every row of the reconciliation agrees. */
import { expect, test } from 'vitest';
import { bundledServer } from '../scenario/read.ts';
import { config } from './fixtures.ts';
import { closedLoad, wholeTrial } from './whole-trial.ts';

test.each(['node', 'reference'] as const)('%s: what is shed is what the client is told to close', async (kind) => {
  const pool = { ...config.strategy.pool, size: 6, maxRequests: Infinity, idleTimeoutMs: Infinity };
  const shed = { above: 2, of: 'connections', then: 'close' } as const;
  const record = await wholeTrial({
    ...config,
    strategy: { ...config.strategy, connection: 'keep-alive', pool },
    server: { ...bundledServer(config), kind, shed },
    load: closedLoad(6, 500, 20),
  });
  expect(record.reconciliation.filter(({ ok }) => ok === false)).toEqual([]);
  const { policies, closesByReason } = record.server;
  expect(policies!.shedResponses).toBeGreaterThan(0);
  expect(policies!.shed).toBe(policies!.shedResponses);
  expect(closesByReason!['shed']).toBe(policies!.shed);
  expect(record.connections!.closesByReason['connectionClose']).toBe(policies!.shed);
});
