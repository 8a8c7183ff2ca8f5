/** Node's global fetch against a server that counts by itself. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createFetchClient, fetchEnvironment } from '../../../src/clients/fetch.ts';
import type { LoadConfig, TrialConfig } from '../../../src/scenario/config.ts';
import { closedLoad, openLoad, type StrategyChanges, trialConfig } from '../trial-config.ts';
import { startCountingServer, type CountingServer, type ServerSetup } from './counting-server.ts';
import { cleanTrial, expectFailed, trial } from './trials.ts';

const make = createFetchClient;
let server: CountingServer;

async function serve(setup: ServerSetup = {}): Promise<void> {
  server = await startCountingServer(setup);
}

function config(load: LoadConfig, changes: StrategyChanges = {}): TrialConfig {
  return { ...trialConfig(load, changes), client: 'fetch' };
}

/** 20 requests, however slow the machine is. */
const twenty = openLoad({ ratePerSecond: 100, durationMs: 200 });
/** Its pauses are long enough for undici to have the connection back, which takes a turn of the event loop. */
const oneUser = closedLoad({ thinkTimeMs: 20, durationMs: 300 });

beforeEach(() => {
  vi.stubEnv('CONNBENCH_CHECK_PHASES', '1');
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await server.stop();
});

describe('fetch', () => {
  it('keeps connections, and says so of each request what it is', async () => {
    await serve();
    const { connections, client } = await cleanTrial(make, config(oneUser), server);
    expect(connections).toMatchObject({ opened: 1, teardown: 1 });
    expect(client?.version).toBe(`node ${process.version} (undici ${process.versions['undici']!})`);
  });

  it('opens a connection for each request with connection close', async () => {
    await serve();
    const { connections } = await cleanTrial(make, config(twenty, { connection: 'close' }), server);
    expect(connections.opened).toBe(20);
    expect(connections.closesByReason.connectionClose).toBe(20);
  });

  it('reuses nothing where the hint is 2 s, which is what it takes off', async () => {
    await serve({ keepAliveTimeoutMs: 2999 }); // The field says the whole seconds: timeout=2.
    const { connections, wholeTrial } = await cleanTrial(make, config(oneUser), server);
    expect(connections.opened).toBe(wholeTrial.completed);
    expect(connections.closesByReason.idleTimeout).toBe(connections.opened);
  });

  it('reuses where the hint is 3 s', async () => {
    await serve({ keepAliveTimeoutMs: 3000 });
    const { connections } = await cleanTrial(make, config(oneUser), server);
    expect(connections.opened).toBe(1);
  });

  it('tells the requests of a mix apart', async () => {
    await serve({ answer: (request, response) => void request.resume().on('end', () => response.end('hello')) });
    const requests = [
      { method: 'POST', path: '/a?x=1', bodyBytes: 70_000, headers: { 'x-test': 'yes' }, weight: 1 },
      { method: 'GET', path: '/a?x=1', weight: 1 },
      { method: 'HEAD', path: '/c', weight: 1 },
      { method: 'DELETE', path: '/d', weight: 1 },
    ] as const;
    await cleanTrial(make, config({ ...twenty, request: requests[0], requests }), server);
    expect(server.fields.some((fields) => fields['content-length'] === '70000' && fields['x-test'] === 'yes')).toBe(
      true,
    );
  });

  it('is measured over TLS, whose version Node gives it', async () => {
    await serve({ tls: true });
    const folder = mkdtempSync(join(tmpdir(), 'connbench-test-'));
    const file = join(folder, 'ca.pem');
    writeFileSync(file, server.caPem!);
    // As if Node had been started with it: then it would verify, too.
    for (const [name, value] of Object.entries(fetchEnvironment(file))) vi.stubEnv(name, value);
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    const before = [tls.DEFAULT_MIN_VERSION, tls.DEFAULT_MAX_VERSION, tls.connect];
    const changes = { tls: { version: '1.2', resumption: 'session' }, connection: 'close' } as const;
    const { connections, latency } = await cleanTrial(make, config(twenty, changes), server);
    rmSync(folder, { recursive: true });
    expect(server.versions).toEqual(new Set(['TLSv1.2']));
    expect(connections.tls).toMatchObject({ full: 20 - server.resumed, resumed: server.resumed });
    expect(latency.tls.new.counts.length).toBeGreaterThan(0);
    expect([tls.DEFAULT_MIN_VERSION, tls.DEFAULT_MAX_VERSION, tls.connect]).toEqual(before);
  });

  it('refuses to go on where its process was started without the authority', async () => {
    await serve({ tls: true });
    vi.stubEnv('NODE_EXTRA_CA_CERTS', '');
    const changes = { tls: { version: '1.3', resumption: 'session' } } as const;
    await expect(trial(make, config(twenty, changes), server)).rejects.toThrow('NODE_EXTRA_CA_CERTS');
  });

  it('reports a connection that ends without an answer, and a reset', async () => {
    await serve({ answer: (request) => request.socket.end() });
    expectFailed(await trial(make, config(twenty), server), 'firstByte', 'UND_ERR_SOCKET');
    await server.stop();
    await serve({ answer: (request) => request.socket.resetAndDestroy() });
    expectFailed(await trial(make, config(twenty), server), 'firstByte', 'ECONNRESET');
  });

  it('reports a body that stays incomplete', async () => {
    const answer: ServerSetup['answer'] = (_request, response) => {
      response.setHeader('content-length', 10);
      response.write('half');
      setImmediate(() => response.socket?.end());
    };
    await serve({ answer });
    const report = await trial(make, config(twenty), server);
    expectFailed(report, 'download', 'UND_ERR_SOCKET');
    expect(report.connections.opened).toBe(server.opened);
  });

  it('lets go of a request whose time is up, and of its connection', async () => {
    await serve({ answer: () => undefined });
    const load = openLoad({ ratePerSecond: 10, durationMs: 200 });
    const report = await trial(make, config(load, { timeouts: { responseMs: 100 } }), server);
    expectFailed(report, 'firstByte', 'RESPONSE_TIMEOUT');
    expect(report.connections.closesByReason.timeout).toBe(2);
    expect(report.connections.opened).toBe(server.opened);
  });

  it('reports a port that refuses', async () => {
    await serve();
    await server.stop();
    const report = await trial(make, config(twenty), server);
    await serve();
    expectFailed(report, 'connect', 'ECONNREFUSED');
    expect(report.connections).toMatchObject({ opened: 0, connectFailed: 20 });
  });
});
