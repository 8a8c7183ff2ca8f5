/** Whole trials with the real processes whose server leaves under load: every row of the reconciliation agrees, whatever was cut. */
import { expect, test } from 'vitest';
import { drainStyles, type DrainStyle } from '../../src/scenario/drain.ts';
import type { TrialRecord } from '../../src/results/record.ts';
import { bundledServer } from '../scenario/read.ts';
import { config } from './fixtures.ts';
import { closedLoad, wholeTrial } from './whole-trial.ts';

const users = 12;

async function drained(kind: 'node' | 'reference', style: DrainStyle): Promise<TrialRecord> {
  const pool = { ...config.strategy.pool, scope: 'session' as const, size: 1, maxRequests: Infinity };
  const delay = { distribution: 'constant', valueMs: 20 } as const;
  const bundled = bundledServer(config);
  const drain = { atMs: 200, style, deadlineMs: 60_000 };
  return wholeTrial({
    ...config,
    strategy: { ...config.strategy, connection: 'keep-alive', pool: { ...pool, idleTimeoutMs: Infinity } },
    server: { ...bundled, kind, drain, response: { ...bundled.response, delay } },
    load: closedLoad(users, 1000, 20),
  });
}

const cases = (['node', 'reference'] as const).flatMap((kind) => drainStyles.map((style) => [kind, style] as const));

test.each(cases)('%s: %s', async (kind, style) => {
  const { reconciliation, server, connections, missing } = await drained(kind, style);
  expect(reconciliation.filter(({ ok }) => ok === false)).toEqual([]);
  const { drainIdle, drainAnswered, drainAborted } = server.closesByReason!;
  const drain = server.policies!.drain!;
  // A user has one at most, and some had not come yet where the machine was busy.
  expect(drain.connections).toBeGreaterThan(0);
  expect(drain.connections).toBeLessThanOrEqual(users);
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
  expect(connections!.opened).toBeLessThanOrEqual(users + closed);
});
