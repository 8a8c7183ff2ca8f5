/** The package undici, in the version that connbench brings and in the older one that npm brings, against a server that counts by itself. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { NodeClientFactory } from '../../../src/clients/node/node-client.ts';
import { createUndiciClient } from '../../../src/clients/undici.ts';
import { requestNumberField } from '../../../src/http/request-number.ts';
import type { ClientSetup, LoadConfig, TrialConfig } from '../../../src/scenario/config.ts';
import { closedLoad, openLoad, type StrategyChanges, trialConfig } from '../trial-config.ts';
import { startCountingServer, type CountingServer, type ServerSetup } from './counting-server.ts';
import { cleanTrial, expectFailed, trial } from './trials.ts';

/** npm comes with Node and brings its own undici, of the major version 6. */
const npm = join(dirname(process.execPath), '../lib/node_modules/npm');
const versions: readonly (readonly [string, ClientSetup])[] = [
  ['7', {}],
  ...(existsSync(join(npm, 'node_modules/undici')) ? [['6', { modules: npm }] as const] : []),
];

let server: CountingServer;

async function serve(setup: ServerSetup = {}): Promise<void> {
  server = await startCountingServer(setup);
}

beforeEach(() => {
  vi.stubEnv('CONNBENCH_CHECK_PHASES', '1');
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await server.stop();
});

const make: NodeClientFactory = createUndiciClient;

describe.each(versions)('undici %s', (major, setup) => {
  function config(load: LoadConfig, changes: StrategyChanges = {}, options: ClientSetup['options'] = {}): TrialConfig {
    const closes = { pool: { idleTimeoutMs: 4000, ...changes.pool } };
    return { ...trialConfig(load, { ...changes, ...closes }), client: 'undici', clientSetup: { ...setup, options } };
  }
  const users = (count: number): LoadConfig => closedLoad({ users: count, thinkTimeMs: 2, durationMs: 200 });
  /** 20 requests, however slow the machine is. */
  const twenty = openLoad({ ratePerSecond: 100, durationMs: 200 });
  const oneByOne = { size: 1 };

  it('keeps connections, as many as the pool may have', async () => {
    await serve();
    const report = await cleanTrial(make, config(users(3), { pool: { size: 2 } }), server);
    expect(report.client?.version).toMatch(new RegExp(`^undici ${major}\\.`));
    expect(report.connections).toMatchObject({
      opened: 2,
      teardown: 2,
      firstCloser: { client: 0, server: 0, reset: 0 },
    });
    expect(server.fields.every((fields) => fields.connection === 'keep-alive')).toBe(true);
  });

  it('opens a connection for each request with connection close', async () => {
    await serve();
    const { connections } = await cleanTrial(make, config(twenty, { connection: 'close' }), server);
    expect(connections.opened).toBe(20);
    expect(connections.closesByReason.connectionClose).toBe(20);
    expect(server.fields.every((fields) => fields.connection === 'close')).toBe(true);
  });

  it('retires a connection after so many requests', async () => {
    await serve();
    const { connections } = await cleanTrial(make, config(twenty, { pool: { size: 1, maxRequests: 3 } }), server);
    expect(connections.requestsPerConnection).toEqual({ 3: 6, 2: 1 }); // 20 = 6 x 3 + 2.
    expect(connections.closesByReason).toMatchObject({ maxRequests: 6, teardown: 1 });
  });

  it('does not reuse a connection whose hint is not above its threshold of 2 s', async () => {
    await serve({ keepAliveTimeoutMs: 2999 }); // The field says the whole seconds: timeout=2.
    const { connections } = await cleanTrial(make, config(twenty, { pool: oneByOne }), server);
    expect(connections.opened).toBe(20);
    expect(connections.closesByReason.idleTimeout).toBe(20);
  });

  it('reuses it where the threshold is lower', async () => {
    await serve({ keepAliveTimeoutMs: 2999 });
    const { connections } = await cleanTrial(
      make,
      config(twenty, { pool: oneByOne }, { keepAliveTimeoutThreshold: 500 }),
      server,
    );
    expect(connections.opened).toBe(1);
  });

  it('keeps a connection no longer than keepAliveMaxTimeout, whatever the hint', async () => {
    await serve({ keepAliveTimeoutMs: 60_000 });
    const load = closedLoad({ thinkTimeMs: 300, durationMs: 500 }); // Requests at 0 and 300 ms.
    const { connections } = await cleanTrial(make, config(load, {}, { keepAliveMaxTimeout: 50 }), server);
    expect(connections.opened).toBe(2);
    expect(connections.closesByReason.idleTimeout).toBeGreaterThanOrEqual(1);
  });

  it('sends requests behind each other with pipelining', async () => {
    await serve({ answer: (_request, response) => void setTimeout(() => response.end('late'), 5) });
    const changes = { pipelining: 3, pool: { size: 1 } };
    const { connections } = await cleanTrial(make, config(users(3), changes), server);
    expect([connections.opened, server.mostAtOnce]).toEqual([1, 3]);
  });

  it('has a pool for each user with scope session', async () => {
    await serve();
    const { connections } = await cleanTrial(make, config(users(3), { pool: { scope: 'session', size: 1 } }), server);
    expect(connections.opened).toBe(3);
  });

  it('goes through an Agent', async () => {
    await serve();
    const report = await cleanTrial(make, config(users(2), { pool: { size: 1 } }, { dispatcher: 'Agent' }), server);
    expect(report.client?.settings).toMatchObject({ dispatcher: 'Agent', connections: 1 });
    expect(report.connections.opened).toBe(1);
  });

  it('sends bodies, fields and every method', async () => {
    await serve({ answer: (request, response) => void request.resume().on('end', () => response.end('hello')) });
    const headers = { 'x-test': 'yes' };
    const requests = [
      { method: 'POST', path: '/a', bodyBytes: 70_000, headers, weight: 1 },
      { method: 'PUT', path: '/b', weight: 1 },
      { method: 'HEAD', path: '/c', weight: 1 },
      { method: 'DELETE', path: '/d', weight: 1 },
    ] as const;
    const load = openLoad({ ratePerSecond: 200, durationMs: 200, request: requests[0], requests });
    await cleanTrial(make, config(load), server);
    expect(server.fields.some((fields) => fields['content-length'] === '70000' && fields['x-test'] === 'yes')).toBe(
      true,
    );
  });

  it('speaks TLS in the version asked for, and offers sessions where it may', async () => {
    await serve({ tls: true });
    const tls = { version: '1.3', resumption: 'session' } as const;
    const changes = { tls, connection: 'close', pool: oneByOne } as const;
    const { connections, latency } = await cleanTrial(make, config(twenty, changes), server);
    expect(server.resumed).toBeGreaterThan(0);
    expect(connections.tls).toMatchObject({ full: server.opened - server.resumed, resumed: server.resumed });
    expect(latency.tls.new.counts.length).toBeGreaterThan(0);
  });

  it('offers no session with resumption none', async () => {
    await serve({ tls: true });
    const tls = { version: '1.2', resumption: 'none' } as const;
    await cleanTrial(make, config(twenty, { tls, connection: 'close' }), server);
    expect(server.resumed).toBe(0);
  });

  it('starts from several addresses in turn', async () => {
    await serve();
    await cleanTrial(make, config(twenty, { connection: 'close', tcp: { sourceAddresses: 3 } }), server);
    expect([...server.localAddresses].toSorted()).toEqual(['127.0.0.1', '127.0.0.2', '127.0.0.3']);
  });

  it('reports a connection that ends without an answer', async () => {
    await serve({ answer: (request) => request.socket.end() });
    const report = await trial(make, config(openLoad({ ratePerSecond: 20, durationMs: 200 })), server);
    expectFailed(report, 'firstByte', 'UND_ERR_SOCKET');
    expect(report.connections.closesByReason.serverFin).toBe(report.connections.opened);
  });

  it('reports a reset', async () => {
    await serve({ answer: (request) => request.socket.resetAndDestroy() });
    const report = await trial(make, config(openLoad({ ratePerSecond: 20, durationMs: 200 })), server);
    expectFailed(report, 'firstByte', 'ECONNRESET');
    expect(report.connections.closesByReason.serverReset).toBe(report.connections.opened);
  });

  it('lets go of a request whose time is up, and of its connection', async () => {
    await serve({ answer: () => undefined });
    const load = openLoad({ ratePerSecond: 10, durationMs: 200 });
    const report = await trial(make, config(load, { timeouts: { responseMs: 50 } }), server);
    expectFailed(report, 'firstByte', 'RESPONSE_TIMEOUT');
    // Undici connects anew after it gave up a request, though nothing waits (lib/dispatcher/client-h1.js, onHttpSocketClose).
    expect(report.connections.closesByReason.timeout).toBe(report.measure.failed);
    expect(report.connections.opened).toBe(server.opened);
  });

  it('reports a port that refuses', async () => {
    await serve();
    await server.stop();
    const report = await trial(make, config(openLoad({ durationMs: 300 })), server);
    await serve();
    expectFailed(report, 'connect', 'ECONNREFUSED');
    expect(report.connections).toMatchObject({ opened: 0, connectFailed: report.measure.scheduled });
  });

  it('sends again through a RetryAgent what a dead connection swallowed', async () => {
    let seen = 0;
    const numbers = new Set<unknown>();
    await serve({
      answer: (request, response) => {
        numbers.add(request.headers[requestNumberField]);
        if (seen++ === 0) request.socket.destroy();
        else response.end('hello');
      },
    });
    const report = await trial(make, config(twenty, {}, { maxRetries: 1, minTimeout: 1 }), server);
    expect(report.errors).toEqual([]);
    expect([report.wholeTrial.answered, report.wholeTrial.sent, server.requests]).toEqual([20, 21, 21]);
    expect(report.retried).toEqual({ measure: 1, wholeTrial: 1 });
    // The second try has the number of the first, by which a server knows it again.
    expect([numbers.size, numbers.has(undefined)]).toEqual([20, false]);
  });
});
