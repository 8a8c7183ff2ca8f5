/** Who closes first, for each reason that there is with Node's Agents, and what they make of a server's hint. */
import { describe, expect, it } from 'vitest';
import { agentkeepaliveClient } from '../../src/clients/agentkeepalive.ts';
import { nodeHttpClient } from '../../src/clients/node-http.ts';
import type { ClientCloseReason } from '../../src/clients/observations.ts';
import { contractTrial } from './contract-trial.ts';
import { openLoad } from './trial-config.ts';

/** One request, and silence until `untilMs`. */
function single(untilMs: number) {
  const trace = { path: '/none', sha256: '', arrivals: 1 };
  return { load: openLoad({ durationMs: untilMs, trace }), traceNs: [0] } as const;
}
/** Ten requests, 20 ms apart. */
const ten = { load: openLoad({ ratePerSecond: 50, durationMs: 200 }) };
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
