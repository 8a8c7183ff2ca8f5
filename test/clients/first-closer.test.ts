/** Who closes first, for each reason that there is with a client, and what it makes of a server's hint. */
import { describe, expect, it } from 'vitest';
import { agentkeepaliveClient } from '../../src/clients/agentkeepalive.ts';
import { fetchClient } from '../../src/clients/fetch.ts';
import { http2Client } from '../../src/clients/http2.ts';
import { nodeHttpClient } from '../../src/clients/node-http.ts';
import type { ClientCloseReason } from '../../src/clients/observations.ts';
import { referenceClient } from '../../src/clients/reference.ts';
import { undiciClient } from '../../src/clients/undici.ts';
import { contractTrial } from './contract-trial.ts';
import { openLoad } from './trial-config.ts';

/** One request, and silence until `untilMs`. */
function single(untilMs: number) {
  const trace = { path: '/none', sha256: '', arrivals: 1 };
  return { load: openLoad({ durationMs: untilMs, trace }), traceNs: [0] } as const;
}
/** Ten requests, 20 ms apart. */
const ten = { load: openLoad({ ratePerSecond: 50, durationMs: 200 }) };
const byClient = (client: number) => ({ client, server: 0, reset: 0 });
const reasonsOf = (closes: Readonly<Record<ClientCloseReason, number>>) =>
  Object.fromEntries(Object.entries(closes).filter(([, count]) => count > 0));

describe.each([
  { name: 'node-http', client: nodeHttpClient },
  { name: 'agentkeepalive', client: agentkeepaliveClient },
])('$name', ({ client }) => {
  it('closes first what was idle for its own timeout', async () => {
    const strategy = { pool: { idleTimeoutMs: 200 } };
    const { report, server } = await contractTrial({ client, ...single(1000), strategy });
    expect(reasonsOf(report.connections.closesByReason)).toEqual({ idleTimeout: 1 });
    expect(report.connections.firstCloser).toEqual({ client: 1, server: 0, reset: 0 });
    expect(server.firstCloser).toEqual({ client: 1, server: 0, reset: 0 });
  });

  it('closes first after the last request that the server allows, which says close and leaves it to the client', async () => {
    const { report, server } = await contractTrial({ client, ...ten, server: { maxRequestsPerSocket: 1 } });
    expect(reasonsOf(report.connections.closesByReason)).toEqual({ connectionClose: 10 });
    expect(report.connections.firstCloser).toEqual({ client: 10, server: 0, reset: 0 });
    expect(server.firstCloser).toEqual({ client: 10, server: 0, reset: 0 });
  });

  it('drops at once a connection whose server says timeout=0 or timeout=1', async () => {
    // floor(keepAliveTimeout / 1000) seconds, and the Agent takes 1 s off.
    for (const keepAliveTimeoutMs of [999, 1999]) {
      const { report, server } = await contractTrial({ client, ...ten, server: { keepAliveTimeoutMs } });
      expect(reasonsOf(report.connections.closesByReason)).toEqual({ idleTimeout: 10 });
      expect(server.firstCloser).toEqual({ client: 10, server: 0, reset: 0 });
    }
  });

  it('reuses a connection whose server says timeout=2, and loses it to that server when it is idle', async () => {
    // Node's server closes at keepAliveTimeout + 1 s.
    const { report, server } = await contractTrial({ client, ...single(4000), server: { keepAliveTimeoutMs: 2000 } });
    expect(reasonsOf(report.connections.closesByReason)).toEqual({ serverFin: 1 });
    expect(report.connections.firstCloser).toEqual({ client: 0, server: 1, reset: 0 });
    expect(server.firstCloser).toEqual({ client: 0, server: 1, reset: 0 });
  });

  it('keeps no more idle connections than it is told', async () => {
    const { report } = await contractTrial({
      client,
      clientSetup: { options: { maxFreeSockets: 1 } },
      load: openLoad({ ratePerSecond: 1000, durationMs: 4 }),
      strategy: { pool: { size: 4 } },
      server: { response: { delay: { distribution: 'constant', valueMs: 100 } } },
    });
    // All four are at work at once, and one may stay.
    expect(reasonsOf(report.connections.closesByReason)).toMatchObject({ surplus: 3 });
  });
});

describe.each([
  { name: 'fetch', client: fetchClient },
  { name: 'undici', client: undiciClient },
])('$name', ({ client }) => {
  it('closes first what is idle, 2 s before the time that the server says', async () => {
    const { report, server } = await contractTrial({ client, ...single(1600), server: { keepAliveTimeoutMs: 3000 } });
    expect(reasonsOf(report.connections.closesByReason)).toEqual({ idleTimeout: 1 });
    expect([report.connections.firstCloser, server.firstCloser]).toEqual([byClient(1), byClient(1)]);
  });

  it('drops at once a connection whose server says timeout=0, timeout=1 or timeout=2', async () => {
    for (const keepAliveTimeoutMs of [999, 1999, 2999]) {
      const { report, server } = await contractTrial({ client, ...ten, server: { keepAliveTimeoutMs } });
      expect(reasonsOf(report.connections.closesByReason)).toEqual({ idleTimeout: 10 });
      expect([report.connections.firstCloser, server.firstCloser]).toEqual([byClient(10), byClient(10)]);
    }
  });

  it('closes first after the last request that the server allows', async () => {
    const { report, server } = await contractTrial({ client, ...ten, server: { maxRequestsPerSocket: 1 } });
    expect(reasonsOf(report.connections.closesByReason)).toEqual({ connectionClose: 10 });
    expect([report.connections.firstCloser, server.firstCloser]).toEqual([byClient(10), byClient(10)]);
  });
});

describe('reference', () => {
  const client = referenceClient;

  it.each([
    { what: 'idle for its own time', of: single(500), pool: { idleTimeoutMs: 100 }, reasons: { idleTimeout: 1 } },
    { what: 'used as often as it may be', of: ten, pool: { maxRequests: 1 }, reasons: { maxRequests: 10 } },
    { what: 'as old as it may be', of: ten, pool: { maxLifetimeMs: 0.01 }, reasons: { maxLifetime: 10 } },
  ])('closes first what is $what', async ({ of, pool, reasons }) => {
    const { report, server } = await contractTrial({ client, ...of, strategy: { pool } });
    const count = report.connections.opened;
    expect(reasonsOf(report.connections.closesByReason)).toEqual(reasons);
    expect([report.connections.firstCloser, server.firstCloser]).toEqual([byClient(count), byClient(count)]);
  });

  it('closes first after the last request that the server allows, which leaves it to the client', async () => {
    const { report, server } = await contractTrial({ client, ...ten, server: { maxRequestsPerSocket: 1 } });
    expect(reasonsOf(report.connections.closesByReason)).toEqual({ connectionClose: 10 });
    expect([report.connections.firstCloser, server.firstCloser]).toEqual([byClient(10), byClient(10)]);
  });

  it('loses an idle connection to the server where it does not go by the hint', async () => {
    // Node's server closes at keepAliveTimeout + 1 s.
    const trial = { client, ...single(2500), strategy: { honourHint: false }, server: { keepAliveTimeoutMs: 1000 } };
    const { report, server } = await contractTrial(trial);
    expect(reasonsOf(report.connections.closesByReason)).toEqual({ serverFin: 1 });
    const byServer = { client: 0, server: 1, reset: 0 };
    expect([report.connections.firstCloser, server.firstCloser]).toEqual([byServer, byServer]);
  });
});

it('http2: says GOAWAY to what was idle for its own time, and ends it', async () => {
  const strategy = { protocol: 'h2', pool: { size: 1, idleTimeoutMs: 100 } } as const;
  const { report, server } = await contractTrial({ client: http2Client, ...single(500), strategy });
  expect(reasonsOf(report.connections.closesByReason)).toEqual({ idleTimeout: 1 });
  expect(server).toMatchObject({ accepted: 1, open: 0, closesByReason: { clientFin: 1 } });
});

it('node-http: a timeout of the Agent makes it obey the hint, 1 s early', async () => {
  const strategy = { pool: { idleTimeoutMs: 60_000 } };
  const { report, server } = await contractTrial({
    client: nodeHttpClient,
    ...single(4000),
    strategy,
    server: { keepAliveTimeoutMs: 3000 },
  });
  expect(reasonsOf(report.connections.closesByReason)).toEqual({ idleTimeout: 1 });
  expect(server.firstCloser).toEqual({ client: 1, server: 0, reset: 0 });
});

it('agentkeepalive: socketActiveTTL ends a connection after a request, or while it is idle', async () => {
  const { report, server } = await contractTrial({
    client: agentkeepaliveClient,
    load: openLoad({ ratePerSecond: 20, durationMs: 500 }),
    strategy: { pool: { idleTimeoutMs: 4000, maxLifetimeMs: 120 } },
  });
  const { connections } = report;
  expect(connections.closesByReason.maxLifetime).toBeGreaterThan(1);
  expect(connections.closesByReason.maxLifetime + connections.closesByReason.teardown).toBe(connections.opened);
  expect(server.accepted).toBe(connections.opened);
});
