/** The reference client over TLS: handshakes and how they are counted, resumption, early data, refusals. Against the reference server. */
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createLiveCounts } from '../../../src/clients/live.ts';
import type { WorkerReport } from '../../../src/clients/observations.ts';
import { referenceClient } from '../../../src/clients/reference.ts';
import { nowNs } from '../../../src/kernel/clock.ts';
import { loadOpenSsl } from '../../../src/kernel/openssl.ts';
import { type Certificates, createCertificates } from '../../../src/lab/certificates.ts';
import type { RequestConfig, ServerTlsConfig, TlsConfig } from '../../../src/scenario/config.ts';
import { startServer, type ServerHandle } from '../../../src/server/child.ts';
import type { ServerReport } from '../../../src/server/messages.ts';
import { serverConfig, type ServerConfigChanges } from '../../server/server-config.ts';
import { countOf, expectConsistent } from '../consistency.ts';
import { openLoad, type StrategyChanges, trialConfig } from '../trial-config.ts';
import { type AlternatingProxy, startAlternatingProxy } from './alternating-proxy.ts';
import { type FaultyServer, startFaultyServer } from './faulty-server.ts';

const openssl = loadOpenSsl();

let certificates: Certificates;
let others: Certificates;
const servers: ServerHandle[] = [];
let faulty: FaultyServer | undefined;
let alternating: AlternatingProxy | undefined;

beforeAll(async () => {
  [certificates, others] = await Promise.all([createCertificates('ecdsa'), createCertificates('rsa')]);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const server of servers.splice(0)) await server.kill();
  await faulty?.stop();
  await alternating?.stop();
  faulty = undefined;
  alternating = undefined;
});

const plainTls: ServerTlsConfig = { sessionTickets: true, earlyDataBytes: 0, certificate: 'ecdsa' };

async function start(tls: Partial<ServerTlsConfig> = {}, changes: ServerConfigChanges = {}): Promise<ServerHandle> {
  const config = serverConfig('reference', { ...changes, tls: { ...plainTls, ...tls } });
  const { certPem, keyPem } = certificates;
  const server = await startServer(config, { seed: 1, deadlineMs: 10_000, tls: { certPem, keyPem } });
  servers.push(server);
  return server;
}

async function serve(tls: Partial<ServerTlsConfig> = {}, changes: ServerConfigChanges = {}): Promise<number> {
  return (await start(tls, changes)).port;
}

interface Run {
  readonly tls: TlsConfig;
  readonly strategy?: StrategyChanges;
  readonly request?: RequestConfig;
  readonly caPem?: string;
  readonly requests?: number;
}

/** One request every 20 ms, 10 in all unless it says otherwise. */
async function load(port: number, { tls, strategy, request, caPem = certificates.caPem, requests = 10 }: Run) {
  vi.stubEnv('CONNBENCH_CHECK_PHASES', '1');
  const shape = { ratePerSecond: 50, durationMs: requests * 20, ...(request === undefined ? {} : { request }) };
  const config = trialConfig(openLoad(shape), { ...strategy, tls });
  const startNs = nowNs() + 5e6;
  const task = { config, host: '127.0.0.1', port, seed: 1, worker: 0, workers: 1, caPem };
  const share = await referenceClient.prepare({ ...task, live: createLiveCounts() });
  const report = await share.run(startNs);
  expectConsistent(report);
  expect(report.phaseFaults).toEqual({ checked: report.measure.completed, faults: 0, first: null });
  return report;
}

/** Failures by phase and code: how old a connection was is the machine's affair. */
function failures({ errors }: WorkerReport): Readonly<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const { phase, code, count } of errors) found[`${phase} ${code}`] = (found[`${phase} ${code}`] ?? 0) + count;
  return found;
}

/** What both sides counted of the handshakes is the same. */
async function agreed(report: WorkerReport): Promise<ServerReport> {
  const counted = await servers[0]!.stop(5_000);
  const { full, resumed, earlyData, failed } = report.connections.tls!;
  expect({ accepted: counted.accepted, tls: counted.tls }).toEqual({
    accepted: report.connections.opened,
    tls: { full, resumed, earlyData, failed },
  });
  expect(counted.executed).toBe(report.wholeTrial.answered);
  return counted;
}

const closing = { connection: 'close' } as const;
const noTickets = { full: 10, resumed: 0, earlyData: 0, earlyDataRejected: 0, failed: 0 };
// The first connection has no session to offer; each of the other nine resumes the one that was left before.
const tickets = { ...noTickets, full: 1, resumed: 9 };

describe.skipIf(!openssl.ok)('the reference client over TLS', () => {
  describe.each(['1.2', '1.3'] as const)('version %s', (version) => {
    it.each([
      ['none', {}, noTickets],
      ['session', {}, tickets],
      ['session', { sessionTickets: false }, noTickets],
    ] as const)('resumption %s, server %o', async (resumption, offer, expected) => {
      const report = await load(await serve(offer), { tls: { version, resumption }, strategy: closing });
      expect(report.measure.completed).toBe(10);
      expect(report.connections.tls).toEqual(expected);
      expect(report.connections.firstCloser).toEqual({ client: 0, server: 10, reset: 0 });
      expect([countOf(report.latency.tls.new), countOf(report.latency.tls.reused)]).toEqual([10, 0]);
      const { firstCloser } = await agreed(report);
      expect(firstCloser).toEqual({ client: 0, server: 10, reset: 0 });
    });

    it('keeps a connection for many requests, and closes it first where the strategy says so', async () => {
      const strategy = { pool: { size: 1, maxRequests: 5 } };
      const report = await load(await serve(), { tls: { version, resumption: 'none' }, strategy });
      expect(report.connections).toMatchObject({
        opened: 2,
        tls: { full: 2, failed: 0 },
        closesByReason: { maxRequests: 2 },
        firstCloser: { client: 2, server: 0, reset: 0 },
      });
      expect(await agreed(report)).toMatchObject({ firstCloser: { client: 2, server: 0, reset: 0 } });
    });

    it('takes bodies of many records, and heads that come in parts', async () => {
      const port = await serve({}, { response: { sizeBytes: 300_000, framing: 'chunked' } });
      const report = await load(port, { tls: { version, resumption: 'none' }, strategy: { pool: { size: 2 } } });
      expect(report.measure.completed).toBe(10);
      expect(report.bytes.received).toBeGreaterThan(3_000_000);
      await agreed(report);
    });

    it('writes bodies that fill the socket', async () => {
      const request = { method: 'POST', path: '/', bodyBytes: 900_000 } as const;
      const report = await load(await serve(), { tls: { version, resumption: 'none' }, request, requests: 3 });
      expect(report.measure.completed).toBe(3);
      expect(report.bytes.sent).toBeGreaterThan(2_700_000);
      await agreed(report);
    });
  });

  it("ends with an idle connection's timeout at the server, which closes first", async () => {
    const port = await serve({}, { keepAliveTimeoutMs: 5 });
    const report = await load(port, {
      tls: { version: '1.3', resumption: 'session' },
      strategy: { honourHint: false },
    });
    const { opened, closesByReason, firstCloser } = report.connections;
    // Requests are 20 ms apart: a connection is closed long before the next one, but for the last, which may be torn down.
    expect(opened).toBe(10);
    expect(closesByReason.serverFin + closesByReason.teardown).toBe(10);
    expect(firstCloser.server).toBeGreaterThanOrEqual(9);
    expect(report.measure.completed).toBe(10);
  });

  describe('early data', () => {
    const early = { version: '1.3', resumption: 'early-data' } as const;

    it('carries the request of every connection but the first', async () => {
      const report = await load(await serve({ earlyDataBytes: 16_384 }), { tls: early, strategy: closing });
      expect(report.measure.completed).toBe(10);
      expect(report.connections.tls).toEqual({ ...tickets, earlyData: 9 });
      expect(report.connections.firstCloser).toEqual({ client: 0, server: 10, reset: 0 });
      await agreed(report);
    });

    it('goes on as a connection like any other', async () => {
      const strategy = { pool: { size: 1, maxRequests: 2 } };
      const report = await load(await serve({ earlyDataBytes: 16_384 }), { tls: early, strategy });
      expect(report.connections).toMatchObject({ opened: 5, tls: { full: 1, resumed: 4, earlyData: 4 } });
      await agreed(report);
    });

    it('is answered late as well as at once', async () => {
      const delay = { distribution: 'constant', valueMs: 5 } as const;
      const port = await serve({ earlyDataBytes: 16_384 }, { response: { delay } });
      const report = await load(port, { tls: early, strategy: closing });
      expect(report.connections.tls).toEqual({ ...tickets, earlyData: 9 });
      expect(report.measure.completed).toBe(10);
      await agreed(report);
    });

    it('is only for safe methods', async () => {
      const request = { method: 'PUT', path: '/', bodyBytes: 3 } as const;
      const report = await load(await serve({ earlyDataBytes: 16_384 }), { tls: early, strategy: closing, request });
      expect(report.connections.tls).toEqual(tickets);
      await agreed(report);
    });

    it('is not sent where the request is larger than the server takes', async () => {
      const report = await load(await serve({ earlyDataBytes: 20 }), { tls: early, strategy: closing });
      expect(report.connections.tls).toEqual(tickets);
      await agreed(report);
    });

    it('goes again after the handshake where the server cannot read the ticket', async () => {
      // Each connection goes to the server that did not issue the ticket of the one before.
      const one = await start({ earlyDataBytes: 16_384 });
      const two = await start({ earlyDataBytes: 16_384 });
      alternating = await startAlternatingProxy([one.port, two.port]);
      const report = await load(alternating.port, { tls: early, strategy: closing });
      expect(report.measure.completed).toBe(10);
      expect(report.connections.tls).toEqual({ ...noTickets, earlyDataRejected: 9 });
      for (const server of [one, two]) {
        // Nothing was executed twice.
        expect(await server.stop(5_000)).toMatchObject({
          executed: 5,
          tls: { full: 5, resumed: 0, earlyData: 0, failed: 0 },
        });
      }
    });
  });

  describe('refusals', () => {
    const tls: TlsConfig = { version: '1.3', resumption: 'none' };

    it("an authority that is not the server's", async () => {
      const report = await load(await serve(), { tls, caPem: others.caPem });
      expect(failures(report)).toEqual({ 'tls CERT_UNABLE_TO_GET_LOCAL_ISSUER_CERTIFICATE': 10 });
      expect(report.connections).toMatchObject({
        opened: 10,
        closesByReason: { error: 10 },
        tls: { full: 0, failed: 10 },
      });
      expect(await agreed(report)).toMatchObject({ executed: 0 });
    });

    it('a version that the server does not speak', async () => {
      const { certPem: cert, keyPem: key } = certificates;
      faulty = await startFaultyServer('none', { cert, key, maxVersion: 'TLSv1.2' });
      const report = await load(faulty.port, { tls });
      expect(failures(report)).toEqual({ 'tls TLS_ALERT_PROTOCOL_VERSION': 10 });
    });

    it('a server that does not speak TLS', async () => {
      faulty = await startFaultyServer('garbage');
      const report = await load(faulty.port, { tls, strategy: { timeouts: { connectMs: 50 } } });
      // It waits for the end of a request that is none: nothing comes at all.
      expect(failures(report)).toEqual({ 'tls CONNECT_TIMEOUT': 10 });
      expect(report.connections).toMatchObject({ opened: 10, closesByReason: { timeout: 10 }, tls: { failed: 10 } });
    });
  });

  describe('ends without close_notify', () => {
    const tls: TlsConfig = { version: '1.3', resumption: 'session' };
    const identity = () => ({ cert: certificates.certPem, key: certificates.keyPem });

    it('cut a body that has no other end', async () => {
      faulty = await startFaultyServer('untilCut', identity());
      const report = await load(faulty.port, { tls });
      expect(failures(report)).toEqual({ 'download TRUNCATED_BODY': 10 });
      expect(report.connections).toMatchObject({ closesByReason: { serverFin: 10 }, firstCloser: { server: 10 } });
    });

    it('are an end like any other after a whole answer, and leave the session good', async () => {
      faulty = await startFaultyServer('answerAndCut', identity());
      const report = await load(faulty.port, { tls });
      expect(report.measure.completed).toBe(10);
      expect(report.connections).toMatchObject({ opened: 10, tls: { full: 1, resumed: 9 } });
      // The last one may be torn down before its end is here.
      const { serverFin, teardown } = report.connections.closesByReason;
      expect(serverFin + teardown).toBe(10);
    });
  });
});
