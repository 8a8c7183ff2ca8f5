/** What must hold of every client, on every way of connecting: its counts are the server's, and nothing is left behind. */
import { describe, expect, it } from 'vitest';
import type { Client } from '../../src/clients/client.ts';
import { clients } from '../../src/clients/registry.ts';
import type { ServerReport } from '../../src/server/messages.ts';
import { countOf, type Report } from './consistency.ts';
import { contractTrial } from './contract-trial.ts';
import { openLoad, type StrategyChanges } from './trial-config.ts';

/** 40 requests, 5 ms apart. */
const load = openLoad({ ratePerSecond: 200, durationMs: 200 });
const requests = 40;

const ways = [
  { way: 'plain', tls: {} },
  { way: 'TLS 1.2', tls: { tls: { version: '1.2', resumption: 'session' } } },
  { way: 'TLS 1.3', tls: { tls: { version: '1.3', resumption: 'session' } } },
  { way: 'TLS 1.3 without resumption', tls: { tls: { version: '1.3', resumption: 'none' } } },
] as const;

/** What plain fetch cannot be told: it offers every session that it has. */
const refused: Readonly<Record<string, readonly string[]>> = { fetch: ['TLS 1.3 without resumption'] };

/** A client that is a program counts nothing by itself but requests: its own tests have what holds of it. */
const cases = clients
  .filter(({ isProgram }) => isProgram !== true)
  .flatMap((client) =>
    ways
      .filter(({ way }) => refused[client.name]?.includes(way) !== true)
      .map(({ way, tls }) => ({ name: client.name, client, way, tls })),
  );

/** At most `most` connections, as far as the client can be told. */
function keeping({ name }: Client, most: number): StrategyChanges {
  if (name === 'fetch') return {};
  if (name === 'http2') return { protocol: 'h2', pool: { size: most } };
  return { pool: { size: most } };
}

describe.each(cases)('$name, $way', ({ client, way, tls }) => {
  const isHttp2 = client.name === 'http2';

  it("keeps connections: opened, reused and handshakes are the server's", async () => {
    const { report, server } = await contractTrial({ client, load, strategy: { ...tls, ...keeping(client, 4) } });
    const { connections, latency } = report;
    expect(report.measure.completed).toBe(requests);
    expect(server).toMatchObject({ accepted: connections.opened, executed: requests, turnedAway: 0, open: 0 });
    expect(server.requestsPerConnection).toEqual(connections.requestsPerConnection);
    expect(connections.opened).toBeLessThanOrEqual(client.name === 'fetch' ? requests : 4);
    // A connection is new to exactly one request.
    expect(countOf(latency.connect.new)).toBe(connections.opened);
    expect(countOf(latency.firstByte.reused)).toBe(requests - connections.opened);
    expectHandshakes(report.connections.tls, server.tls, connections.opened);
    const { teardown, closesByReason } = connections;
    // A session says GOAWAY before it ends, at which the server may be the first to close.
    expect(teardown + (isHttp2 ? closesByReason.serverFin : 0)).toBe(connections.opened);
    if (!isHttp2) expect(server.firstCloser).toEqual({ client: connections.opened, server: 0, reset: 0 });
  });

  // A session of h2 is for many requests: `connbench check` refuses it.
  if (!isHttp2)
    it('opens a connection for each request, which is closed after it', async () => {
      const { report, server } = await contractTrial({ client, load, strategy: { ...tls, connection: 'close' } });
      const { connections } = report;
      expect(report.measure.completed).toBe(requests);
      expect(connections).toMatchObject({ opened: requests, connectFailed: 0, teardown: 0 });
      expect(connections.closesByReason.connectionClose).toBe(requests);
      expect(server).toMatchObject({ accepted: requests, executed: requests, open: 0 });
      expect(server.requestsPerConnection).toEqual({ 1: requests });
      expectHandshakes(report.connections.tls, server.tls, requests);
      expectFirstClosers(report, server);
      const byServer = { client: 0, server: requests, reset: 0 };
      // It waits for the FIN that the server announces. Node's clients end a connection as soon as they have the answer, in a race with the server.
      if (client.name === 'reference')
        expect([connections.firstCloser, server.firstCloser]).toEqual([byServer, byServer]);
      // Over TLS the client answers the server's close_notify with its own, which a socket that is closed already answers with RST.
      if (connections.tls === undefined)
        expect([connections.firstCloser.reset, server.firstCloser.reset]).toEqual([0, 0]);
    });

  // Nothing of it depends on what the handshakes of other connections left.
  if (way === 'TLS 1.2' || way === 'TLS 1.3 without resumption') return;

  it('gives up what takes too long', async () => {
    const delay = { distribution: 'constant', valueMs: 60_000 } as const;
    const { report } = await contractTrial({
      client,
      load: openLoad({ ratePerSecond: 100, durationMs: 50 }),
      strategy: { ...tls, ...(isHttp2 ? keeping(client, 5) : {}), timeouts: { responseMs: 100 } },
      server: { response: { delay } },
    });
    const { connections, errors } = report;
    expect(report.measure).toMatchObject({ scheduled: 5, completed: 0, failed: 5, abandoned: 0 });
    // One entry for each age of a connection.
    expect([...new Set(errors.map(({ phase, code }) => `${phase} ${code}`))]).toEqual(['firstByte RESPONSE_TIMEOUT']);
    expect(report.wholeTrial.sent).toBe(5);
    // A stream is given up alone; elsewhere its connection goes with it, for which some clients open another.
    expect(connections.closesByReason.timeout).toBe(isHttp2 ? 0 : 5);
  });

  it('settles what is under way when the trial is stopped, once', async () => {
    const { report, server } = await contractTrial({
      client,
      load: openLoad({ ratePerSecond: 100, durationMs: 50 }),
      strategy: { ...tls, ...(isHttp2 ? keeping(client, 5) : {}), timeouts: { responseMs: 60_000 } },
      server: { response: { delay: { distribution: 'constant', valueMs: 60_000 } } },
      stopAfter: 5,
    });
    expect(report.measure).toMatchObject({ scheduled: 5, started: 5, completed: 0, failed: 0, abandoned: 5 });
    expect(report.wholeTrial).toMatchObject({ sent: 5, answered: 0 });
    expect(report.connections.opened).toBe(5);
    expect(server).toMatchObject({ accepted: 5, executed: 5, open: 0, requestsPerConnection: { 1: 5 } });
  });
});

/**
 * Each side's count of its own first closes is an upper bound: it may have overlooked a FIN that was on its way. So none is ascribed to the
 * other side by both. What one side calls reset the other may call by the FIN before it.
 */
function expectFirstClosers({ connections }: Report, { firstCloser }: ServerReport): void {
  const { client, server, reset } = connections.firstCloser;
  expect(client + connections.teardown + reset).toBeGreaterThanOrEqual(firstCloser.client);
  expect(firstCloser.server + firstCloser.reset).toBeGreaterThanOrEqual(server);
}

type Handshakes = { readonly full: number; readonly resumed: number } | undefined;

function expectHandshakes(client: Handshakes, server: Handshakes, opened: number): void {
  if (client === undefined || server === undefined) {
    expect([client, server]).toEqual([undefined, undefined]);
    return;
  }
  expect(client.full + client.resumed).toBe(opened);
  expect([server.full, server.resumed]).toEqual([client.full, client.resumed]);
}
