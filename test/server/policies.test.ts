/** What the policies of the servers do, and what they count, on real sockets. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { startServer, type ServerHandle } from '../../src/server/child.ts';
import type { BundledServerConfig } from '../../src/scenario/config.ts';
import { RawClient, request } from './raw-client.ts';
import { reportWhen } from './report-when.ts';
import { kinds, serverConfig, type ServerConfigChanges } from './server-config.ts';

const running: ServerHandle[] = [];
const clients: RawClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.destroy();
  await Promise.all(running.splice(0).map((server) => server.kill()));
});

async function start(kind: BundledServerConfig['kind'], changes: ServerConfigChanges): Promise<ServerHandle> {
  const server = await startServer(serverConfig(kind, changes), { seed: 1, deadlineMs: 10_000 });
  running.push(server);
  return server;
}

async function open({ port }: ServerHandle): Promise<RawClient> {
  const client = await RawClient.open(port);
  clients.push(client);
  return client;
}

/** The head of the answer to one more request. */
async function ask(client: RawClient): Promise<string> {
  client.send(request());
  return (await client.response()).head;
}

const none = { shedResponses: 0, shed: 0, evicted: 0, acceptPauses: 0, acceptErrors: 0 };

describe.each(kinds)('%s: shed', (kind) => {
  test('close: responses above the number end their connection, those at it do not', async () => {
    const server = await start(kind, { shed: { above: 1, of: 'connections', then: 'close' } });
    const first = await open(server);
    expect(await ask(first)).toMatch(/^connection: keep-alive$/im);
    const second = await open(server);
    expect(await ask(second)).toMatch(/^connection: close$/im);
    expect(await second.ended).toBe('fin');
    second.socket.end();
    await reportWhen(server, (report) => report.open === 1);
    expect(await ask(first)).toMatch(/^connection: keep-alive$/im);
    await first.close();
    expect(await server.stop(10_000)).toMatchObject({
      accepted: 2,
      executed: 3,
      closesByReason: { shed: 1, clientFin: 1, connectionClose: 0 },
      firstCloser: { client: 1, server: 1, reset: 0 },
      policies: { ...none, shedResponses: 1, shed: 1 },
    });
  });

  test('close: a response that ends its connection anyway is not shed', async () => {
    const server = await start(kind, { shed: { above: 1, of: 'fds', then: 'close' } });
    const client = await open(server);
    client.send(request({ headers: ['Connection: close'] }));
    expect((await client.response()).head).toMatch(/^connection: close$/im);
    expect(await client.ended).toBe('fin');
    client.socket.end();
    expect(await server.stop(10_000)).toMatchObject({
      closesByReason: { shed: 0, connectionClose: 1 },
      policies: none,
    });
  });

  test('of fds: descriptors of the process count, which has some of its own', async () => {
    const crowded = await start(kind, { shed: { above: 2, of: 'fds', then: 'close' } });
    expect(await ask(await open(crowded))).toMatch(/^connection: close$/im);
    const roomy = await start(kind, { shed: { above: 100_000, of: 'fds', then: 'close' } });
    expect(await ask(await open(roomy))).toMatch(/^connection: keep-alive$/im);
  });

  test('keepAliveTimeout: connections that become idle above the number are told of, and get, the shorter time', async () => {
    const server = await start(kind, { shed: { above: 1, of: 'connections', then: { keepAliveTimeoutMs: 1000 } } });
    const first = await open(server);
    expect(await ask(first)).not.toMatch(/^keep-alive:/im);
    const spared = await open(server);
    expect(await ask(spared)).toMatch(/^keep-alive: timeout=1$/im);
    await first.close();
    await reportWhen(server, (report) => report.open === 1);
    expect(await ask(spared)).not.toMatch(/^keep-alive:/im);
    // Its time begins after that of `spared` did: had that one kept its shorter time, it would be over before.
    const shed = await open(server);
    const head = await ask(shed);
    expect(head).toMatch(/^connection: keep-alive$/im);
    expect(head).toMatch(/^keep-alive: timeout=1$/im);
    expect(await shed.ended).toBe('fin');
    shed.socket.end();
    await reportWhen(server, (report) => report.open === 1);
    await ask(spared);
    await spared.close();
    expect(await server.stop(10_000)).toMatchObject({
      closesByReason: { shed: 1, idleTimeout: 0, clientFin: 2 },
      firstCloser: { client: 2, server: 1, reset: 0 },
      requestsPerConnection: { 1: 2, 3: 1 },
      policies: { ...none, shedResponses: 2, shed: 1 },
    });
  });
});

describe.each(kinds)('%s: evictIdle', (kind) => {
  test('the connection that is idle for longest makes room', async () => {
    const server = await start(kind, { evictIdle: { above: 2 } });
    const [first, second] = [await open(server), await open(server)];
    for (const client of [first, second, first]) expect(await ask(client)).toMatch(/^HTTP\/1\.1 200/);
    const third = await open(server);
    await ask(third);
    expect(await second.ended).toBe('fin');
    second.socket.end();
    await ask(first);
    await first.close();
    await third.close();
    expect(await server.stop(10_000)).toMatchObject({
      accepted: 3,
      executed: 5,
      closesByReason: { evicted: 1, clientFin: 2 },
      firstCloser: { client: 2, server: 1, reset: 0 },
      requestsPerConnection: { 1: 2, 3: 1 },
      policies: { ...none, evicted: 1 },
    });
  });

  test('a connection with a request under way stays', async () => {
    const delay = { distribution: 'constant', valueMs: 200 } as const;
    const server = await start(kind, { evictIdle: { above: 1 }, response: { delay } });
    const busy = await open(server);
    busy.send(request());
    await reportWhen(server, ({ executed }) => executed === 1);
    const other = await open(server);
    expect(await ask(other)).toMatch(/^HTTP\/1\.1 200/);
    expect((await busy.response()).status).toBe(200);
    expect(await server.snapshot()).toMatchObject({ accepted: 2, open: 2, policies: none });
  });
});

test('reference: acceptPause leaves further connections in the backlog until one is gone', async () => {
  const server = await start('reference', { acceptPause: { above: 1 } });
  const first = await open(server);
  await ask(first);
  const second = await open(server); // The kernel completes the handshake by itself.
  second.send(request());
  await ask(first);
  expect(await server.snapshot()).toMatchObject({ accepted: 1, policies: { ...none, acceptPauses: 1 } });
  await first.close();
  expect((await second.response()).status).toBe(200);
  await second.close();
  // One pause for each of them.
  expect(await server.stop(10_000)).toMatchObject({ accepted: 2, open: 0, policies: { ...none, acceptPauses: 2 } });
});

test('reference: acceptPause does not keep the stop from serving what waits', async () => {
  const server = await start('reference', { acceptPause: { above: 1 } });
  const first = await open(server);
  await ask(first);
  const second = await open(server);
  second.socket.end(request());
  const stopped = server.stop(10_000);
  expect((await second.response()).status).toBe(200);
  await first.close();
  expect(await stopped).toMatchObject({ accepted: 2, executed: 2, open: 0, closesByReason: { clientFin: 2 } });
});

test('reference: nofile limits the process, which counts what it cannot accept and goes on', async () => {
  const most = 64;
  const server = await start('reference', { nofile: most });
  expect(server.settings.nofile).toBe(most);
  expect(readFileSync(`/proc/${server.pid}/limits`, 'utf8')).toMatch(/^Max open files +64 /m);
  const all: RawClient[] = [];
  while (all.length < most) all.push(await open(server));
  const starved = await reportWhen(server, ({ acceptErrors = 0 }) => acceptErrors > 0);
  expect(starved.accepted).toBeLessThan(most);
  expect(starved.policies).toEqual({ ...none, acceptErrors: starved.acceptErrors });
  expect(await ask(all[0]!)).toMatch(/^HTTP\/1\.1 200/);
  await Promise.all(all.map((client) => client.close()));
  const report = await server.stop(10_000);
  expect(report).toMatchObject({ accepted: most, open: 0, closesByReason: { clientFin: most } });
});

test.each([
  ['reference', { nofile: 3 }, 'ENOFILE'],
  ['node', { nofile: 64 }, 'ENODEPOLICY'],
  ['node', { acceptPause: { above: 1 } }, 'ENODEPOLICY'],
  ['node', { http2: { maxConcurrentStreams: 1 }, evictIdle: { above: 1 } }, 'ENODEHTTP2'],
  ['node', { http2: { maxConcurrentStreams: 1 }, shed: { above: 1, of: 'fds', then: 'close' } }, 'ENODEHTTP2'],
] as const)('%s: refuses %j', async (kind, changes, code) => {
  await expect(start(kind, changes)).rejects.toMatchObject({ code });
});
