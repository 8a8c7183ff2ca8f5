/** node:http2 as a client against a server that counts by itself. */
import type { Http2ServerResponse, ServerHttp2Session } from 'node:http2';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createHttp2Client } from '../../../src/clients/http2.ts';
import type { LoadConfig, TrialConfig } from '../../../src/scenario/config.ts';
import { closedLoad, openLoad, type StrategyChanges, trialConfig } from '../trial-config.ts';
import { startCountingServer, type CountingServer, type ServerSetup } from './counting-server.ts';
import { cleanTrial, expectFailed, trial } from './trials.ts';

const make = createHttp2Client;
let server: CountingServer;

async function serve(setup: ServerSetup = {}): Promise<void> {
  server = await startCountingServer({ h2: true, ...setup });
}

function config(load: LoadConfig, { pool, ...changes }: StrategyChanges = {}): TrialConfig {
  return { ...trialConfig(load, { protocol: 'h2', ...changes, pool: { size: 1, ...pool } }), client: 'http2' };
}

/** 20 requests, however slow the machine is. */
const twenty = openLoad({ ratePerSecond: 100, durationMs: 200 });

function streamOf(response: ServerResponse): Http2ServerResponse['stream'] {
  return (response as unknown as Http2ServerResponse).stream;
}

beforeEach(() => {
  vi.stubEnv('CONNBENCH_CHECK_PHASES', '1');
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await server.stop();
});

describe('http2', () => {
  it('has one session for all requests', async () => {
    await serve();
    const { connections, client } = await cleanTrial(make, config(twenty), server);
    expect(connections).toMatchObject({ opened: 1, teardown: 1, requestsPerConnection: { 20: 1 } });
    expect(client?.version).toBe(`node ${process.version} (nghttp2 ${process.versions['nghttp2']!})`);
    expect(server.mostAtOnce).toBe(1);
  });

  it('sends so many requests at once on a session, and the others wait', async () => {
    await serve({ answer: (_request, response) => void setTimeout(() => response.end('late'), 5) });
    const load = closedLoad({ users: 5, thinkTimeMs: 1, durationMs: 200 });
    const { connections } = await cleanTrial(make, config(load, { pipelining: 3 }), server);
    expect([connections.opened, server.mostAtOnce]).toEqual([1, 3]);
  });

  it('opens a further session where the first has no place', async () => {
    await serve({ answer: (_request, response) => void setTimeout(() => response.end('late'), 5) });
    const load = closedLoad({ users: 5, thinkTimeMs: 1, durationMs: 200 });
    const { connections } = await cleanTrial(make, config(load, { pipelining: 2, pool: { size: 2 } }), server);
    expect([connections.opened, server.mostAtOnce]).toEqual([2, 2]);
  });

  it('has sessions for each user with scope session', async () => {
    await serve();
    const load = closedLoad({ users: 3, thinkTimeMs: 1, durationMs: 200 });
    const { connections } = await cleanTrial(make, config(load, { pool: { scope: 'session' } }), server);
    expect(connections.opened).toBe(3);
  });

  it('speaks TLS with its own authority, in the version asked for', async () => {
    await serve({ tls: true });
    const tls = { version: '1.3', resumption: 'none' } as const;
    const { connections, latency } = await cleanTrial(make, config(twenty, { tls }), server);
    expect(server.versions).toEqual(new Set(['TLSv1.3']));
    expect(connections).toMatchObject({ opened: 1, tls: { full: 1, resumed: 0 } });
    expect(latency.tls.new.counts).toEqual([1]);
  });

  it('sends bodies, fields and every method', async () => {
    await serve({ answer: (request, response) => void request.resume().on('end', () => response.end('hello')) });
    const requests = [
      { method: 'POST', path: '/a', bodyBytes: 70_000, headers: { 'X-Test': 'yes' }, weight: 1 },
      { method: 'GET', path: '/b', weight: 1 },
      { method: 'HEAD', path: '/c', weight: 1 },
    ] as const;
    await cleanTrial(make, config({ ...twenty, request: requests[0], requests }, { pipelining: 4 }), server);
    expect(server.fields.some((fields) => fields['x-test'] === 'yes')).toBe(true);
  });

  it('closes a session that is idle', async () => {
    await serve();
    const load = closedLoad({ thinkTimeMs: 300, durationMs: 500 }); // Requests at 0 and 300 ms.
    const { connections } = await cleanTrial(make, config(load, { pool: { idleTimeoutMs: 50 } }), server);
    expect(connections.opened).toBe(2);
    expect(connections.closesByReason.idleTimeout).toBeGreaterThanOrEqual(1);
  });

  it('opens a new session after GOAWAY', async () => {
    let seen = 0;
    const answer: ServerSetup['answer'] = (_request, response) => {
      response.end('hello');
      if (++seen === 5) (streamOf(response).session as ServerHttp2Session).close();
    };
    await serve({ answer });
    const { connections } = await cleanTrial(make, config(twenty), server);
    expect(connections.opened).toBe(2);
    expect(connections.closesByReason).toMatchObject({ connectionClose: 1, teardown: 1 });
  });

  it('reports a stream that the server resets', async () => {
    await serve({
      answer: (_request, response) => {
        streamOf(response).close(2);
      },
    });
    const report = await trial(make, config(twenty), server);
    expectFailed(report, 'firstByte', 'NGHTTP2_INTERNAL_ERROR');
    expect(report.connections.opened).toBe(1);
  });

  it('reports a connection that is reset', async () => {
    await serve({
      answer: () => {
        [...server.sockets].at(-1)!.resetAndDestroy();
      },
    });
    expectFailed(await trial(make, config(twenty), server), 'firstByte', 'ECONNRESET');
  });

  it('lets go of a request whose time is up, and keeps the session', async () => {
    await serve({ answer: () => undefined });
    const report = await trial(make, config(twenty, { timeouts: { responseMs: 20 }, pipelining: 50 }), server);
    expectFailed(report, 'firstByte', 'RESPONSE_TIMEOUT');
    expect(report.connections).toMatchObject({ opened: 1, teardown: 1 });
  });

  it('reports a port that refuses', async () => {
    await serve();
    await server.stop();
    const report = await trial(make, config(twenty), server);
    await serve();
    expectFailed(report, 'connect', 'ECONNREFUSED');
    expect(report.connections).toMatchObject({ opened: 0, notAttempted: 0 });
    expect(report.connections.connectFailed).toBeGreaterThan(0);
  });
});
