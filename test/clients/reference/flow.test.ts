/** Pipelining and second tries on real sockets, plain and over TLS, against both bundled servers: what the client counts is what they count. */
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createLiveCounts } from '../../../src/clients/live.ts';
import type { WorkerReport } from '../../../src/clients/observations.ts';
import { referenceClient } from '../../../src/clients/reference.ts';
import { nowNs } from '../../../src/kernel/clock.ts';
import { loadOpenSsl } from '../../../src/kernel/openssl.ts';
import { type Certificates, createCertificates } from '../../../src/lab/certificates.ts';
import type { FaultConfig, OpenLoadConfig } from '../../../src/scenario/config.ts';
import { startServer, type ServerHandle } from '../../../src/server/child.ts';
import type { ServerReport } from '../../../src/server/messages.ts';
import { kinds, serverConfig, type ServerConfigChanges } from '../../server/server-config.ts';
import { expectConsistent, requestsOn, sum } from '../consistency.ts';
import { openLoad, type StrategyChanges, trialConfig } from '../trial-config.ts';

const openssl = loadOpenSsl();
const ways = kinds.flatMap((kind) => [{ kind, tls: false }, ...(openssl.ok ? [{ kind, tls: true }] : [])]);

let certificates: Certificates;
beforeAll(async () => {
  certificates = await createCertificates('ecdsa');
});

const servers: ServerHandle[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const server of servers.splice(0)) await server.kill();
});

interface Trial extends Pick<(typeof ways)[number], 'kind' | 'tls'> {
  readonly strategy: StrategyChanges;
  readonly server?: ServerConfigChanges;
  readonly load?: Partial<OpenLoadConfig>;
}

/** 200 requests in 100 ms, and what both sides counted of them. */
async function trial({ kind, tls, strategy, server: changes, load }: Trial): Promise<{
  readonly report: WorkerReport;
  readonly server: ServerReport;
}> {
  const { certPem, keyPem, caPem } = certificates;
  const secured = { tls: { sessionTickets: true, earlyDataBytes: 0, certificate: 'ecdsa' } } as const;
  const served = serverConfig(kind, { ...changes, ...(tls ? secured : {}) });
  const server = await startServer(served, {
    seed: 1,
    deadlineMs: 10_000,
    countDuplicates: true,
    ...(tls ? { tls: { certPem, keyPem } } : {}),
  });
  servers.push(server);
  vi.stubEnv('CONNBENCH_CHECK_PHASES', '1');
  const more: StrategyChanges = tls ? { tls: { version: '1.3', resumption: 'session' } } : {};
  const config = {
    ...trialConfig(openLoad({ ratePerSecond: 2000, durationMs: 100, ...load }), { ...strategy, ...more }),
    server: served,
  };
  const task = {
    config,
    host: '127.0.0.1',
    port: server.port,
    seed: 1,
    worker: 3,
    workers: 4,
    live: createLiveCounts(),
  };
  const share = await referenceClient.prepare({ ...task, workers: 4, caPem });
  const report = await share.run(nowNs() + 5e6);
  expectConsistent(report);
  expect(report.phaseFaults).toEqual({ checked: report.measure.completed, faults: 0, first: null });
  return { report, server: await server.stop(5000) };
}

/** Of four workers this is one: the load and the pool are the share of it. */
const load = { ratePerSecond: 8000 };
const pipelining = { pipelining: 4, pool: { size: 8 } };
const delayed = { response: { delay: { distribution: 'constant', valueMs: 2 } } } as const;

function resets(probability: number): { readonly faults: readonly FaultConfig[] } {
  return { faults: [{ fault: 'reset-before', probability }] };
}

describe.each(ways)('server kind $kind, TLS: $tls', (way) => {
  it('pipelining: every request is executed and answered once, on few connections', async () => {
    const { report, server } = await trial({ ...way, strategy: pipelining, server: delayed, load });
    expect(report.measure).toMatchObject({ scheduled: 200, completed: 200, failed: 0 });
    expect(report.wholeTrial).toMatchObject({ sent: 200, answered: 200 });
    expect(server.executed).toBe(200);
    expect(report.connections.opened).toBe(2);
    expect(report.slowest.map(({ connection }) => connection.origin)).toContain('pipelined');
    expect(requestsOn(report.connections)).toBe(200);
  });

  it('pipelining with retry: what an early close leaves unanswered is answered elsewhere', async () => {
    // The hint `max=5` would end it in good order.
    const strategy: StrategyChanges = { ...pipelining, retry: 'reused-once', honourHint: false };
    const { report, server } = await trial({
      ...way,
      strategy,
      server: { ...delayed, maxRequestsPerSocket: 5 },
      load,
    });
    expect(report.measure.completed + report.measure.failed).toBe(200);
    expect(report.retried!.wholeTrial).toBeGreaterThan(0);
    expect(new Set(report.retried!.causes!.map(({ code }) => code))).toContain('PIPELINE_CLOSED');
    // A second try may be behind the last answer of its connection again: then it fails, and nothing else does.
    expect(report.errors.filter(({ code }) => code !== 'PIPELINE_CLOSED')).toEqual([]);
    expect(server.executed).toBeGreaterThanOrEqual(report.measure.completed);
    expect(server.duplicates).toBe(0);
  });

  it.each(['GET', 'POST'] as const)('always-once: each reset of a %s is followed by a second try', async (method) => {
    const { report, server } = await trial({
      ...way,
      strategy: { retry: 'always-once' },
      server: resets(0.2),
      load: { ...load, request: { method, path: '/' } },
    });
    const { retried, wholeTrial } = report;
    expect(retried!.measure).toBeGreaterThan(0);
    expect(sum(retried!.causes!.map(({ count }) => count))).toBe(retried!.measure);
    // Each try that met the fault came to nothing, and was executed.
    expect(server.faults!['reset-before']).toBe(retried!.wholeTrial + wholeTrial.failed);
    expect(server.duplicates).toBe(retried!.wholeTrial);
    expect(server.executed).toBe(200 + retried!.wholeTrial);
    expect(wholeTrial.sent).toBe(200 + retried!.wholeTrial);
  });

  it('reused-once: only what died on a kept connection goes again', async () => {
    const strategy: StrategyChanges = { retry: 'reused-once', pool: { size: 8 } };
    const { report, server } = await trial({ ...way, strategy, server: resets(0.2), load });
    const { retried, wholeTrial, errors } = report;
    expect(retried!.measure).toBeGreaterThan(0);
    expect(retried!.causes!.every(({ reused }) => reused)).toBe(true);
    expect(server.faults!['reset-before']).toBe(retried!.wholeTrial + wholeTrial.failed);
    expect(server.duplicates).toBe(retried!.wholeTrial);
    expect(new Set(errors.map(({ code }) => code)).size).toBeLessThanOrEqual(1);
  });

  it('always-once with pipelining: no request is lost or settled twice', async () => {
    const strategy: StrategyChanges = { ...pipelining, retry: 'always-once' };
    const { report, server } = await trial({ ...way, strategy, server: { ...delayed, ...resets(0.1) }, load });
    const { retried, wholeTrial } = report;
    expect(wholeTrial.completed + wholeTrial.failed).toBe(200);
    expect(new Set(retried!.causes!.map(({ code }) => code))).toEqual(new Set(['ECONNRESET', 'PIPELINE_CLOSED']));
    expect(server.faults!['reset-before']).toBeLessThanOrEqual(retried!.wholeTrial + wholeTrial.failed);
    expect(server.duplicates).toBeLessThanOrEqual(retried!.wholeTrial);
    expect(server.executed).toBeLessThanOrEqual(wholeTrial.sent);
  });
});
