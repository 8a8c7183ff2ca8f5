/** What a server that leaves does with its connections, style by style, on real sockets. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { nowNs } from '../../src/kernel/clock.ts';
import type { DrainConfig } from '../../src/scenario/drain.ts';
import { startServer, type ServerHandle } from '../../src/server/child.ts';
import type { BundledServerConfig } from '../../src/scenario/config.ts';
import type { ServerDrainCounts, ServerReport } from '../../src/server/messages.ts';
import { RawClient, request } from './raw-client.ts';
import { reportWhen } from './report-when.ts';
import { openSecure, plainTls, startSecure } from './secure-server.ts';
import { kinds, serverConfig } from './server-config.ts';

const running: ServerHandle[] = [];
const clients: RawClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.destroy();
  await Promise.all(running.splice(0).map((server) => server.kill()));
});

const never = 3_600_000;

async function start(
  kind: BundledServerConfig['kind'],
  drain: Partial<DrainConfig>,
  delayMs = 0,
): Promise<ServerHandle> {
  const delay = { distribution: 'constant', valueMs: delayMs } as const;
  const whole = { atMs: 0, style: 'close-idle', deadlineMs: never, ...drain } as const;
  const config = serverConfig(kind, { drain: whole, response: { delay } });
  const server = await startServer(config, { seed: 1, deadlineMs: 10_000 });
  running.push(server);
  return server;
}

async function open({ port }: ServerHandle): Promise<RawClient> {
  const client = await RawClient.open(port);
  clients.push(client);
  return client;
}

async function ask(client: RawClient): Promise<string> {
  client.send(request());
  return (await client.response()).head;
}

/** Measure begins now, which makes the server leave. Gives its first report after that. */
async function leave(server: ServerHandle, measureMs = never): Promise<ServerReport> {
  const now = nowNs();
  server.measure({ measureStartNs: now, measureEndNs: now + measureMs * 1e6 });
  return reportWhen(server, ({ policies }) => (policies?.drain ?? null) !== null);
}

const body = 'what a request ends with';

/**
 * One connection that waits for a request, one with a request under way, and one that had none yet. The server has read all but the body of
 * the one under way: its head came together with a request that is answered.
 */
async function three(server: ServerHandle): Promise<Record<'idle' | 'busy' | 'fresh', RawClient>> {
  const [idle, busy, fresh] = [await open(server), await open(server), await open(server)];
  await ask(idle);
  busy.send(request() + request({ method: 'POST', headers: [`Content-Length: ${body.length}`] }));
  await busy.response();
  await reportWhen(server, ({ accepted, executed }) => accepted === 3 && executed === 2);
  return { idle, busy, fresh };
}

/** The head of the answer to the request under way. */
async function finish(busy: RawClient): Promise<string> {
  busy.send(body);
  return (await busy.response()).head;
}

const leftOver = (server: ServerHandle, left: number): Promise<ServerReport> =>
  reportWhen(server, ({ policies }) => policies?.drain?.left === left);

/** The server's FIN, answered. */
async function closes(client: RawClient): Promise<void> {
  expect(await client.ended).toBe('fin');
  client.socket.end();
}

const persists = /^connection: keep-alive$/im;
const ends = /^connection: close$/im;

/** Of three connections. */
const drained = (counts: Partial<ServerDrainCounts>): ServerDrainCounts => ({
  connections: 3,
  closedIdle: 0,
  closedAnswered: 0,
  aborted: 0,
  left: 0,
  durationNs: expect.any(Number) as number,
  ...counts,
});

describe.each(kinds)('%s', (kind) => {
  test('stop-accepting: every connection goes on until the client ends it', async () => {
    const server = await start(kind, { style: 'stop-accepting' });
    const { idle, busy, fresh } = await three(server);
    await leave(server);
    expect(await finish(busy)).toMatch(persists);
    for (const client of [idle, busy, fresh]) expect(await ask(client)).toMatch(persists);
    const { policies } = await server.snapshot();
    expect(policies!.drain).toEqual(drained({ left: 3, durationNs: null }));
    for (const client of [idle, busy, fresh]) await client.close();
    const report = await server.stop(10_000);
    expect(report.policies!.drain).toEqual(drained({}));
    expect(report).toMatchObject({ accepted: 3, executed: 6, closesByReason: { clientFin: 3 } });
  });

  test('close: the idle one is closed at once, the others go on', async () => {
    const server = await start(kind, { style: 'close' });
    const { idle, busy, fresh } = await three(server);
    await leave(server);
    await closes(idle);
    expect(await finish(busy)).toMatch(persists);
    expect(await ask(busy)).toMatch(persists);
    expect(await ask(fresh)).toMatch(persists);
    const { policies } = await leftOver(server, 2);
    expect(policies!.drain).toEqual(drained({ closedIdle: 1, left: 2, durationNs: null }));
    await busy.close();
    await fresh.close();
    const report = await server.stop(10_000);
    expect(report.policies!.drain).toEqual(drained({ closedIdle: 1 }));
    expect(report).toMatchObject({
      executed: 5,
      closesByReason: { drainIdle: 1, clientFin: 2 },
      firstCloser: { client: 2, server: 1, reset: 0 },
    });
  });

  test('close-idle: the idle one is closed at once, the others after their answer', async () => {
    const server = await start(kind, { style: 'close-idle' });
    const { idle, busy, fresh } = await three(server);
    await leave(server);
    await closes(idle);
    expect(await finish(busy)).toMatch(ends);
    await closes(busy);
    expect(await ask(fresh)).toMatch(ends);
    await closes(fresh);
    const report = await server.stop(10_000);
    expect(report.policies!.drain).toEqual(drained({ closedIdle: 1, closedAnswered: 2 }));
    // The answer to the request under way was still due.
    expect(report.policies!.drain!.durationNs).toBeGreaterThan(0);
    expect(report).toMatchObject({
      executed: 4,
      closesByReason: { drainIdle: 1, drainAnswered: 2, connectionClose: 0 },
      firstCloser: { client: 0, server: 3, reset: 0 },
    });
  });

  test('connection-close: each is closed after its next answer', async () => {
    const server = await start(kind, { style: 'connection-close' });
    const { idle, busy, fresh } = await three(server);
    await leave(server);
    expect(await finish(busy)).toMatch(ends);
    await closes(busy);
    expect(await ask(idle)).toMatch(ends);
    await closes(idle);
    expect((await leftOver(server, 1)).policies!.drain).toEqual(
      drained({ closedAnswered: 2, left: 1, durationNs: null }),
    );
    expect(await ask(fresh)).toMatch(ends);
    await closes(fresh);
    const report = await server.stop(10_000);
    expect(report.policies!.drain).toEqual(drained({ closedAnswered: 3 }));
    expect(report).toMatchObject({ executed: 5, closesByReason: { drainAnswered: 3 } });
  });

  test('close-all: all are closed at once, in the middle of a request, too', async () => {
    const server = await start(kind, { style: 'close-all' });
    const all = await three(server);
    await leave(server);
    for (const client of Object.values(all)) await closes(client);
    expect(all.busy.rest).toBe('');
    const report = await server.stop(10_000);
    expect(report.policies!.drain).toEqual(drained({ closedIdle: 2, aborted: 1 }));
    expect(report).toMatchObject({
      executed: 2,
      closesByReason: { drainIdle: 2, drainAborted: 1 },
      firstCloser: { client: 0, server: 3, reset: 0 },
    });
  });

  test('at the deadline all that are left are closed', async () => {
    const deadlineMs = 100;
    const server = await start(kind, { style: 'connection-close', deadlineMs }, never);
    const [busy, fresh] = [await open(server), await open(server)];
    busy.send(request());
    await reportWhen(server, ({ accepted, executed }) => accepted === 2 && executed === 1);
    await leave(server);
    await closes(busy);
    await closes(fresh);
    const { policies } = await server.stop(10_000);
    expect(policies!.drain).toEqual(drained({ connections: 2, closedIdle: 1, aborted: 1 }));
    // Timers of Node's count whole milliseconds.
    expect(policies!.drain!.durationNs).toBeGreaterThan((deadlineMs - 1) * 1e6);
  });

  test('the successor accepts from the first moment, and its connections are left alone', async () => {
    const server = await start(kind, { style: 'close-idle' });
    const old = await open(server);
    await ask(old);
    await leave(server);
    const young = await open(server);
    expect(await ask(young)).toMatch(persists);
    await closes(old);
    expect(await ask(young)).toMatch(persists);
    await young.close();
    expect(await server.stop(10_000)).toMatchObject({
      accepted: 2,
      closesByReason: { drainIdle: 1, clientFin: 1 },
      policies: { drain: { connections: 1, closedIdle: 1, left: 0 } },
    });
  });

  test('of pipelined requests all are answered, and the last answer says that it is the last', async () => {
    const server = await start(kind, { style: 'close-idle' }, 700);
    const client = await open(server);
    client.send(request() + request());
    await reportWhen(server, ({ executed }) => executed > 0);
    await leave(server);
    expect((await client.response()).head).toMatch(persists);
    expect((await client.response()).head).toMatch(ends);
    await closes(client);
    expect(await server.stop(10_000)).toMatchObject({ executed: 2, closesByReason: { drainAnswered: 1 } });
  });

  test('what ends after measure is left, and not timed', async () => {
    const server = await start(kind, { style: 'close-idle' });
    const { busy, fresh, idle } = await three(server);
    // Measure is over before the drain begins: nothing of it ends in time.
    await leave(server, 0);
    await finish(busy);
    for (const client of [idle, busy]) await closes(client);
    await fresh.close();
    const report = await server.stop(10_000);
    expect(report.policies!.drain).toEqual(drained({ closedIdle: 1, closedAnswered: 1, left: 3, durationNs: null }));
  });

  test('without measure there is no drain', async () => {
    const server = await start(kind, { style: 'close-all' });
    const client = await open(server);
    await ask(client);
    await client.close();
    expect(await server.stop(10_000)).toMatchObject({ closesByReason: { clientFin: 1 }, policies: { drain: null } });
  });
});

test.each(kinds)('%s: over TLS as in clear text', async (kind) => {
  const drain = { atMs: 0, style: 'close-idle', deadlineMs: never } as const;
  const server = await startSecure(serverConfig(kind, { drain, tls: plainTls }));
  running.push(server);
  const [idle, fresh] = [await openSecure(server.port), await openSecure(server.port)];
  clients.push(idle, fresh);
  await ask(idle);
  await leave(server);
  await closes(idle);
  expect(await ask(fresh)).toMatch(ends);
  await closes(fresh);
  expect(await server.stop(10_000)).toMatchObject({
    closesByReason: { drainIdle: 1, drainAnswered: 1 },
    firstCloser: { client: 0, server: 2, reset: 0 },
    policies: { drain: { connections: 2, closedIdle: 1, closedAnswered: 1, left: 0 } },
  });
});

test('close is what server.close() of this Node does: idle ones end at once, a busy and a fresh one live on', async () => {
  let requests = 0;
  const server = createServer((message, answer) => {
    requests++;
    message.resume().on('end', () => {
      answer.end('x');
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const [idle, busy, fresh] = [await RawClient.open(port), await RawClient.open(port), await RawClient.open(port)];
  clients.push(idle, busy, fresh);
  await ask(idle);
  busy.send(request() + request({ method: 'POST', headers: [`Content-Length: ${body.length}`] }));
  await busy.response();
  // Connections are accepted in their order, so that the last one is known of when a later one is answered.
  const last = await RawClient.open(port);
  clients.push(last);
  await ask(last);
  expect(requests).toBe(4);
  server.close();
  await closes(idle);
  await closes(last);
  expect(await finish(busy)).toMatch(persists);
  for (const client of [busy, fresh]) expect(await ask(client)).toMatch(persists);
});

test('node: refuses it over HTTP/2', async () => {
  const drain = { atMs: 0, style: 'close', deadlineMs: 1 } as const;
  const config = serverConfig('node', { drain, http2: { maxConcurrentStreams: 1 } });
  await expect(startServer(config, { seed: 1, deadlineMs: 10_000 })).rejects.toMatchObject({ code: 'ENODEHTTP2' });
});
