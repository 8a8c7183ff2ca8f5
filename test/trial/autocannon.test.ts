/**
 * Trials with autocannon in its own process against the bundled node server: what it counts is held against what the server counted. Every
 * expected number is the server's, or follows from what autocannon's source does with it.
 */
import { describe, expect, test } from 'vitest';
import { unexplainedNulls } from '../../src/results/missing.ts';
import { trialSchema, type ReconciliationRecord, type TrialRecord } from '../../src/results/record.ts';
import type { BundledServerConfig, LoadConfig } from '../../src/scenario/config.ts';
import { realProcesses } from '../../src/trial/processes.ts';
import { trialRecord } from '../../src/trial/record.ts';
import { runTrial } from '../../src/trial/run-trial.ts';
import type { StrategyChanges } from '../clients/trial-config.ts';
import { config } from './fixtures.ts';

const circumstances = {
  mode: { name: 'host', fallback: null },
  limits: { openFiles: 20_000, ephemeralPorts: 28_232 },
  timeWaitCounting: 'unknown',
  samplerIntervalMs: 100,
} as const;

const connections = 2;
const closed: LoadConfig = {
  model: 'closed',
  users: connections,
  thinkTimeMs: 0,
  warmUpMs: 1000,
  durationMs: 1000,
  workers: 1,
  request: { method: 'GET', path: '/' },
};

async function trial(strategy: StrategyChanges, load: LoadConfig = closed): Promise<TrialRecord> {
  const pool = { ...config.strategy.pool, idleTimeoutMs: Infinity, maxRequests: Infinity, prefetch: true };
  const server: BundledServerConfig = {
    ...(config.server as BundledServerConfig),
    // Slow enough that autocannon is not what limits the trial.
    response: { sizeBytes: 97, framing: 'length', delay: { distribution: 'constant', valueMs: 10 } },
  };
  const planned = {
    index: 0,
    block: 0,
    order: 0,
    variant: 'default',
    config: {
      ...config,
      client: 'autocannon' as const,
      server,
      load,
      strategy: {
        ...config.strategy,
        honourHint: false,
        ...strategy,
        pool: { ...pool, size: connections, ...strategy.pool },
        tcp: { ...config.strategy.tcp, noDelay: false },
        timeouts: { connectMs: 10_000, responseMs: 10_000 },
      },
    },
    seed: 1,
  };
  const record = trialRecord(await runTrial({ planned, circumstances }, realProcesses));
  trialSchema.parse(record);
  expect(unexplainedNulls(record)).toEqual([]);
  return record;
}

function rowOf(record: TrialRecord, name: string): ReconciliationRecord {
  const found = record.reconciliation.find((row) => row.name === name);
  if (found === undefined) throw new Error(`no row ${name}: ${JSON.stringify(record.invalidReasons)}`);
  return found;
}

const codes = (record: TrialRecord): readonly string[] => record.invalidReasons.map(({ code }) => code);
/** Reasons that the machine gives, and not the client. */
const ofCounts = (record: TrialRecord): readonly string[] =>
  codes(record).filter((code) => code !== 'machine-busy' && code !== 'generator-limited');

describe('autocannon', () => {
  test('keeps its connections: its counts are the server’s but for what was under way at the end of each run', async () => {
    const record = await trial({ connection: 'keep-alive' });
    expect(ofCounts(record)).toEqual([]);
    const { executed, accepted } = record.server;
    const { wholeTrial, completed, scheduled } = record.requests!;
    // Warm-up and measure are two runs with connections of their own.
    expect(accepted).toBe(2 * connections);
    // At the end of each run every connection has a request under way: sent, and not answered.
    expect(wholeTrial!.sent - wholeTrial!.answered).toBe(2 * connections);
    expect(scheduled - completed).toBe(connections);
    // Of those the server executes each unless the end of its connection comes first.
    expect(executed).toBeGreaterThanOrEqual(wholeTrial!.answered);
    expect(executed).toBeLessThanOrEqual(wholeTrial!.sent);
    expect(rowOf(record, 'requests')).toMatchObject({ client: wholeTrial!.answered, server: executed, ok: true });
    expect(rowOf(record, 'requestsSent')).toMatchObject({ client: wholeTrial!.sent, server: executed, ok: true });
    expect(record.statuses).toEqual({ 200: completed });
  });

  test('leaves what it does not say null, with the reason, and its own figures apart', async () => {
    const record = await trial({ connection: 'keep-alive' });
    expect(record.connections).toBeNull();
    expect(record.missing['connections']).toContain('autocannon does not count its connections');
    expect(Object.values(record.latency)).toEqual(Array(8).fill(null));
    expect(record.missing['latency.response']).toContain('ownFigures');
    expect(record.timeWait.client.entered).toBeNull();
    expect(record.throughput).toMatchObject({ bytesPerSecond: null });
    expect(record.client.version).toMatch(/^autocannon 9\.0\.0, node v/);
    const { response, counts } = record.client.ownFigures!;
    expect(response).toMatchObject({ count: record.requests!.completed, histogram: null });
    // The server waits for 10 ms, a timer that may be early by less than one; autocannon rounds to whole ones.
    expect(response!.p50).toBeGreaterThanOrEqual(9e6);
    expect(counts).toMatchObject({ 'requests.total': record.requests!.completed, errors: 0, 'warmup.errors': 0 });
    // Its CPU time is the client's: a process of Node takes tens of milliseconds for that many requests.
    expect(record.cpu.generator.perRequestUs).toBeGreaterThan(0);
    expect(record.cpu.generator.userUs! + record.cpu.generator.systemUs!).toBeGreaterThanOrEqual(10_000);
    // The tree's: a second process of Node is tens of megabytes more than the first alone.
    const { rssStartBytes, rssPeakBytes } = record.memory.generator;
    expect(rssPeakBytes! - rssStartBytes!).toBeGreaterThan(20e6);
  });

  test('with Connection: close says that it sent twice what the server executed, and the trial is not reconciled', async () => {
    const record = await trial({ connection: 'close' });
    const { executed, accepted } = record.server;
    // A connection for each request, but for those whose run ended before it.
    expect(accepted! - executed!).toBeGreaterThanOrEqual(0);
    expect(accepted! - executed!).toBeLessThanOrEqual(2 * connections);
    expect(ofCounts(record)).toEqual(['not-reconciled']);
    const { sent, answered } = record.requests!.wholeTrial!;
    expect(rowOf(record, 'requests').ok).toBe(true);
    expect(answered).toBeGreaterThanOrEqual(executed! - 2 * connections);
    // At each end of a connection it writes one to the new connection and, after the answer, one to the old one.
    expect(sent).toBeGreaterThan(1.9 * executed!);
    expect(sent).toBeLessThanOrEqual(2 * executed! + 2 * connections);
    expect(rowOf(record, 'requestsSent')).toMatchObject({ client: sent, server: executed, ok: false });
    // Requests that it never wrote are waited for: the times grow with the length of the run, from 10 ms on.
    expect(record.client.ownFigures!.response!.max).toBeGreaterThan(200e6);
  });

  test('with reconnectRate 1 counts no answer, and the trial is not reconciled', async () => {
    const record = await trial({ connection: 'keep-alive', pool: { maxRequests: 1 } });
    const { executed, accepted } = record.server;
    expect(executed).toBeGreaterThan(10);
    expect(record.requests).toMatchObject({ completed: 0, wholeTrial: { answered: 0 } });
    // A connection for each request, but for those whose run ended before it.
    for (const count of [accepted!, record.requests!.wholeTrial!.sent]) {
      expect(count - executed!).toBeGreaterThanOrEqual(0);
      expect(count - executed!).toBeLessThanOrEqual(2 * connections);
    }
    expect(ofCounts(record)).toEqual(['nothing-completed', 'not-reconciled']);
    expect(rowOf(record, 'requests')).toMatchObject({ client: 0, server: executed, ok: false });
    expect(record.client.ownFigures).toMatchObject({ response: null, counts: { 'requests.total': 0 } });
  });

  test('with a rate counts the first second in advance: what it says is shown, and not called equal', async () => {
    const load: LoadConfig = {
      model: 'open',
      ratePerSecond: 20,
      arrivals: 'constant',
      warmUpMs: 0,
      durationMs: 1000,
      workers: 1,
      request: { method: 'POST', path: '/', bodyBytes: 1000 },
    };
    const record = await trial({ connection: 'keep-alive' }, load);
    const { executed } = record.server;
    expect(ofCounts(record)).toEqual([]);
    expect(record.requests!.wholeTrial!.sent).toBe(executed);
    // 20 counted when it makes its connections, 2 of which are written then, and the other 18 counted again.
    expect(record.client.ownFigures!.counts['requests.sent']).toBe(executed! + 18);
    expect(rowOf(record, 'requestsSent')).toMatchObject({ client: executed! + 18, server: executed, ok: null });
    // Its measure is as long as it says: whole seconds, and the time until its timers fire.
    expect(Math.round(record.measureSeconds!)).toBe(record.measureSeconds! < 1.5 ? 1 : 2);
  });
});
