/** Whole trials with the real processes whose client sends requests again: every row of the reconciliation agrees. */
import { expect, test } from 'vitest';
import type { TrialRecord } from '../../src/results/record.ts';
import type { FaultName, StrategyConfig, TrialConfig } from '../../src/scenario/config.ts';
import { bundledServer } from '../scenario/read.ts';
import { config } from './fixtures.ts';
import { wholeTrial } from './whole-trial.ts';

async function trialWith(strategy: Partial<StrategyConfig>, fault: FaultName): Promise<TrialRecord> {
  const pool = { ...config.strategy.pool, maxRequests: Infinity };
  return wholeTrial({
    ...config,
    strategy: { ...config.strategy, pool, ...strategy },
    server: { ...bundledServer(config), kind: 'reference', faults: [{ fault, probability: 0.1 }] },
    load: { ...config.load, ratePerSecond: 400 } as TrialConfig['load'],
  });
}

test.each([
  ['reset-before', { retry: 'always-once' }],
  ['reset-before', { retry: 'reused-once' }],
  ['reset-before', { retry: 'always-once', pipelining: 4 }],
  ['close-unsaid', { retry: 'reused-once' }],
  ['close-unsaid', { pipelining: 4 }],
] as const)('%s and %j', async (fault, strategy) => {
  const record = await trialWith(strategy, fault);
  expect(record.reconciliation.filter(({ ok }) => ok === false)).toEqual([]);
  const { scheduled, completed, failed, retried, retryCauses, duplicates } = record.requests!;
  expect(completed + failed).toBe(scheduled);
  const row = record.reconciliation.find(({ name }) => name === 'requests.duplicates');
  if (!('retry' in strategy)) {
    expect([retried, retryCauses, duplicates, row]).toEqual([0, undefined, undefined, undefined]);
    return;
  }
  expect(retryCauses!.reduce((sum, { count }) => sum + count, 0)).toBe(retried);
  expect(row).toMatchObject({ ok: true });
  if (fault !== 'reset-before') return;
  expect(retried).toBeGreaterThan(0);
  // What met the reset had been executed.
  if (!('pipelining' in strategy)) expect(row!.client).toBe(row!.server);
});
