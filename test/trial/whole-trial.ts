/** Whole trials of one variant with the real processes, or with some of them replaced; every record fits the schema. */
import { expect } from 'vitest';
import { trialSchema, type TrialRecord } from '../../src/results/record.ts';
import type { TrialConfig } from '../../src/scenario/config.ts';
import { realProcesses } from '../../src/trial/processes.ts';
import { trialRecord } from '../../src/trial/record.ts';
import { runTrial } from '../../src/trial/run-trial.ts';
import { config as anyConfig } from './fixtures.ts';

type Dependencies = Parameters<typeof runTrial>[1];

export interface WholeTrial {
  readonly mode?: 'host' | 'lab';
  readonly dependencies?: Dependencies;
}

export async function wholeTrial(
  config: TrialConfig,
  { mode = 'host', dependencies = realProcesses }: WholeTrial = {},
): Promise<TrialRecord> {
  // The fixture's own network is that of host mode.
  const network = { ...config.network, mode, congestionControl: mode === 'lab' ? 'cubic' : 'default' } as const;
  const planned = { index: 0, block: 0, order: 0, variant: 'v', seed: 3, config: { ...config, network } };
  const circumstances = {
    mode: { name: mode, fallback: null },
    limits: { openFiles: 20_000, ephemeralPorts: 28_232 },
    timeWaitCounting: 'entry',
    samplerIntervalMs: 50,
  } as const;
  const record = trialRecord(await runTrial({ planned, circumstances }, dependencies));
  expect(trialSchema.safeParse(record).error).toBeUndefined();
  return record;
}

/** A few users who ask again at once or after a short pause. */
export function closedLoad(users: number, durationMs: number, thinkTimeMs = 2, warmUpMs = 0): TrialConfig['load'] {
  const request = { method: 'GET', path: '/' } as const;
  return { model: 'closed', users, thinkTimeMs, warmUpMs, durationMs, workers: 1, request };
}

/** Of the fixture's configuration, what the change says. */
export function configWith(change: Partial<TrialConfig>): TrialConfig {
  return { ...anyConfig, ...change };
}
