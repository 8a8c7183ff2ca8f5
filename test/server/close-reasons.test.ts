/** What the server says of a connection's end, for every way a connection can end, on real sockets. */
import { describe, expect, test } from 'vitest';
import { startServer } from '../../src/server/child.ts';
import { closeReasons, type CloseReason, type ServerReport } from '../../src/server/messages.ts';
import { closeRows, exchange } from './close-reason-rows.ts';
import { RawClient, request } from './raw-client.ts';
import { kinds, serverConfig } from './server-config.ts';

const cases = closeRows.flatMap((row) => row.kinds.map((kind) => ({ ...row, kind, title: `${kind}: ${row.name}` })));

function closes(reason: CloseReason): ServerReport['closesByReason'] {
  const none = Object.fromEntries(closeReasons.map((name) => [name, 0])) as Record<CloseReason, number>;
  return { ...none, [reason]: 1 };
}

describe('why a connection ended', () => {
  test.each(cases)('$title', async ({ kind, config, act, reason, first, executed, refused = 0 }) => {
    const server = await startServer(serverConfig(kind, config), { seed: 1, deadlineMs: 10_000 });
    const client = await RawClient.open(server.port);
    try {
      await act(client, server);
      const report = await server.stop(10_000);
      expect(report).toMatchObject({ accepted: 1, executed, refused, turnedAway: 0, open: 0 });
      expect(report.closesByReason).toEqual(closes(reason));
      expect(report.firstCloser).toEqual({ client: 0, server: 0, reset: 0, [first]: 1 });
      expect(report.requestsPerConnection).toEqual({ [executed]: 1 });
    } finally {
      client.socket.destroy();
      await server.kill();
    }
  });

  test.each(kinds)('%s: still open at the stop', async (kind) => {
    const server = await startServer(serverConfig(kind), { seed: 1, deadlineMs: 10_000 });
    const idle = await RawClient.open(server.port);
    await exchange(idle, request());
    const silent = await RawClient.open(server.port);
    const report = await server.stop(0);
    expect(await idle.ended).toBe('fin');
    expect(report).toMatchObject({
      accepted: 2,
      executed: 1,
      open: 0,
      firstCloser: { client: 0, server: 2, reset: 0 },
    });
    expect(report.closesByReason.serverStop).toBe(2);
    expect(report.requestsPerConnection).toEqual({ 0: 1, 1: 1 });
    idle.socket.destroy();
    silent.socket.destroy();
  });

  test.each(kinds)('%s: turned away at maxConnections', async (kind) => {
    const server = await startServer(serverConfig(kind, { maxConnections: 1 }), { seed: 1, deadlineMs: 10_000 });
    const served = await RawClient.open(server.port);
    await exchange(served, request());
    const turnedAway = await RawClient.open(server.port);
    expect(await turnedAway.ended).toBe('fin');
    turnedAway.socket.end();
    await served.close();
    const report = await server.stop(10_000);
    expect(report).toMatchObject({
      accepted: 2,
      turnedAway: 1,
      open: 0,
      firstCloser: { client: 1, server: 1, reset: 0 },
    });
    expect(report.closesByReason).toMatchObject({ maxConnections: 1, clientFin: 1 });
    expect(report.requestsPerConnection).toEqual({ 0: 1, 1: 1 });
  });
});
