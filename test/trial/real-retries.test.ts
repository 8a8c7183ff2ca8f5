/** Whole trials with the real processes whose client sends requests again: every row of the reconciliation agrees. */
import { expect, test } from 'vitest';
import type { TrialRecord } from '../../src/results/record.ts';
import type { FaultName, StrategyConfig } from '../../src/scenario/config.ts';
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

async function trialWith(strategy: Partial<StrategyConfig>, fault: FaultName): Promise<TrialRecord> {
  const pool = { ...config.strategy.pool, maxRequests: Infinity };
  const planned = {
    index: 0,
    block: 1,
    order: 0,
    variant: 'default',
    config: {
      ...config,
      strategy: { ...config.strategy, pool, ...strategy },
      server: { ...config.server, kind: 'reference' as const, faults: [{ fault, probability: 0.1 }] },
      load: { ...config.load, ratePerSecond: 400 },
    },
    seed: 1,
  };
  return trialRecord(await runTrial({ planned, circumstances } as Parameters<typeof runTrial>[0], realProcesses));
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
