/** Whole trials with the real processes whose server leaves under load: every row of the reconciliation agrees, whatever was cut. */
import { expect, test } from 'vitest';
import { realProcesses } from '../../src/trial/processes.ts';
import { trialRecord } from '../../src/trial/record.ts';
import { runTrial } from '../../src/trial/run-trial.ts';
import { drainStyles, type DrainStyle } from '../../src/scenario/drain.ts';
import type { TrialRecord } from '../../src/results/record.ts';
import { bundledServer } from '../scenario/read.ts';
import { config } from './fixtures.ts';

const circumstances = {
  mode: { name: 'host', fallback: null },
  limits: { openFiles: 20_000, ephemeralPorts: 28_232 },
  timeWaitCounting: 'entry',
  samplerIntervalMs: 100,
} as const;
const load = {
  model: 'closed',
  users: 12,
  thinkTimeMs: 20,
  warmUpMs: 0,
  durationMs: 1000,
  workers: 1,
  request: { method: 'GET', path: '/' },
} as const;

async function drained(kind: 'node' | 'reference', style: DrainStyle): Promise<TrialRecord> {
  const pool = { ...config.strategy.pool, scope: 'session' as const, size: 1, maxRequests: Infinity };
  const delay = { distribution: 'constant', valueMs: 20 } as const;
  const bundled = bundledServer(config);
  const drain = { atMs: 200, style, deadlineMs: 60_000 };
  const planned = {
    index: 0,
    block: 1,
    order: 0,
    variant: 'default',
    config: {
      ...config,
      strategy: {
        ...config.strategy,
        connection: 'keep-alive' as const,
        pool: { ...pool, idleTimeoutMs: Infinity },
      },
      server: { ...bundled, kind, drain, response: { ...bundled.response, delay } },
      load,
    },
    seed: 1,
  };
  const input = { planned, circumstances } as Parameters<typeof runTrial>[0];
  return trialRecord(await runTrial(input, realProcesses));
}

const cases = (['node', 'reference'] as const).flatMap((kind) => drainStyles.map((style) => [kind, style] as const));

test.each(cases)('%s: %s', async (kind, style) => {
  const { reconciliation, server, connections, missing } = await drained(kind, style);
  expect(reconciliation.filter(({ ok }) => ok === false)).toEqual([]);
  const { drainIdle, drainAnswered, drainAborted } = server.closesByReason!;
  const drain = server.policies!.drain!;
  // A user has one at most, and some had not come yet where the machine was busy.
  expect(drain.connections).toBeGreaterThan(0);
  expect(drain.connections).toBeLessThanOrEqual(load.users);
  expect([drain.closedIdle, drain.closedAnswered, drain.aborted]).toEqual([drainIdle, drainAnswered, drainAborted]);
  const closed = drain.closedIdle + drain.closedAnswered + drain.aborted;
  const waits = style === 'stop-accepting' || style === 'close';
  if (waits) {
    // The others live until the load is over, which is no drain.
    expect(drain.left).toBe(drain.connections - closed);
    expect(drain.closedAnswered + drain.aborted).toBe(0);
    expect(style === 'close' || closed === 0).toBe(true);
  } else {
    expect(closed).toBe(drain.connections);
    expect(drain.left).toBe(0);
  }
  if (drain.left > 0) {
    expect(drain.durationNs).toBeNull();
    expect(missing['server.policies.drain.durationNs']).toBe('connections were left at the end of measure');
  } else {
    expect(drain.durationNs).toBeGreaterThanOrEqual(0);
  }
  // Who lost a connection opens another one, at the successor.
  expect(connections!.opened).toBeGreaterThan(closed);
  expect(connections!.opened).toBeLessThanOrEqual(load.users + closed);
});
