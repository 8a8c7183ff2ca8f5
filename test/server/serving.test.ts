/** What both kinds of server answer, and that they count it exactly, on real sockets. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { startServer, type ServerHandle } from '../../src/server/child.ts';
import type { BundledServerConfig } from '../../src/scenario/config.ts';
import { RawClient, request } from './raw-client.ts';
import { reportWhen } from './report-when.ts';
import { kinds, serverConfig, type ServerConfigChanges } from './server-config.ts';

const running: ServerHandle[] = [];
const clients: RawClient[] = [];

async function start(kind: BundledServerConfig['kind'], changes: ServerConfigChanges = {}): Promise<ServerHandle> {
  const server = await startServer(serverConfig(kind, changes), { seed: 7, deadlineMs: 10_000 });
  running.push(server);
  return server;
}

async function open(server: ServerHandle): Promise<RawClient> {
  const client = await RawClient.open(server.port);
  clients.push(client);
  return client;
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.destroy();
  for (const server of running.splice(0)) await server.kill();
});

const someDelay = { distribution: 'uniform', minMs: 0, maxMs: 3 } as const;

describe.each(kinds)('server kind %s', (kind) => {
  const responses = [
    { name: 'an empty body', response: { sizeBytes: 0 } },
    { name: 'an empty body in chunks', response: { sizeBytes: 0, framing: 'chunked' } },
    { name: 'a length', response: { sizeBytes: 1000 } },
    { name: 'chunks', response: { sizeBytes: 1000, framing: 'chunked' } },
    { name: 'a delay', response: { sizeBytes: 10, delay: { distribution: 'constant', valueMs: 5 } } },
  ] as const;
  test.each(responses)('answers with $name', async ({ response }) => {
    const client = await open(await start(kind, { response }));
    for (const method of ['GET', 'DELETE', 'POST']) {
      client.send(request({ method, headers: ['Content-Length: 4'], body: 'body' }));
      expect(await client.response()).toMatchObject({ status: 200, body: 'x'.repeat(response.sizeBytes) });
    }
    client.send(request({ method: 'HEAD' }) + request());
    expect(await client.response(true)).toMatchObject({ status: 200 });
    expect(await client.response()).toMatchObject({ body: 'x'.repeat(response.sizeBytes) });
    expect(client.rest).toBe('');
  });

  test('answers pipelined requests in order, however they are cut', async () => {
    const server = await start(kind, { maxRequestsPerSocket: Infinity, response: { delay: someDelay } });
    let executed = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('GET', 'HEAD', 'POST'), { minLength: 1, maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 10 }),
        async (methods, cuts) => {
          const client = await RawClient.open(server.port);
          const text = methods.map((method) =>
            method === 'POST' ? request({ method, headers: ['Content-Length: 4'], body: 'body' }) : request({ method }),
          );
          let rest = text.join('');
          for (const cut of cuts) {
            client.send(rest.slice(0, cut));
            rest = rest.slice(cut);
            await new Promise(setImmediate);
          }
          client.send(rest);
          for (const method of methods) {
            const response = await client.response(method === 'HEAD');
            expect(response).toMatchObject({ status: 200, body: method === 'HEAD' ? '' : 'xxxxx' });
          }
          expect(client.rest).toBe('');
          await client.close();
          executed += methods.length;
        },
      ),
      { numRuns: 25 },
    );
    expect(await server.stop(10_000)).toMatchObject({
      executed,
      refused: 0,
      open: 0,
      firstCloser: { server: 0, reset: 0 },
    });
  });

  test('sends a large body to a slow reader', async () => {
    const sizeBytes = 8_000_000; // More than both socket buffers hold.
    const server = await start(kind, { response: { sizeBytes } });
    const client = await open(server);
    client.socket.pause();
    client.send(request() + request({ headers: ['Connection: close'] }));
    await reportWhen(server, ({ executed }) => executed > 0);
    client.socket.resume();
    expect((await client.response()).body.length).toBe(sizeBytes);
    expect((await client.response()).body.length).toBe(sizeBytes);
    expect(await client.ended).toBe('fin');
  });

  test('counts many connections exactly', async () => {
    const server = await start(kind, { maxRequestsPerSocket: 4 });
    // 200 connections make the reference server's 64 first slots grow twice.
    const all = await Promise.all(Array.from({ length: 200 }, () => open(server)));
    await Promise.all(
      all.map(async (client, index) => {
        const requests = (index % 4) + 1;
        for (let sent = 0; sent < requests; sent++) {
          client.send(request());
          expect((await client.response()).status).toBe(200);
        }
      }),
    );
    const during = await reportWhen(server, ({ executed }) => executed === 500);
    expect(during.accepted).toBe(200);
    for (const client of all) client.socket.end();
    const report = await server.stop(10_000);
    expect(report).toMatchObject({ accepted: 200, executed: 500, refused: 0, open: 0 });
    expect(report.requestsPerConnection).toEqual({ 1: 50, 2: 50, 3: 50, 4: 50 });
    expect(report.closesByReason).toMatchObject({ clientFin: 150, maxRequests: 50 });
    // After the last request the reference server closes by itself, Node's waits for the client.
    expect(report.firstCloser.client).toBe(kind === 'node' ? 200 : 150);
    expect(report.cpu.userUs).toBeGreaterThan(0);
    expect(report.rssBytes).toBeGreaterThan(1e6);
  });

  test('reads its settings back', async () => {
    const changes = {
      keepAliveTimeoutMs: 7000,
      maxRequestsPerSocket: 9,
      headersTimeoutMs: 2000,
      requestTimeoutMs: 8000,
      maxConnections: 11,
      backlog: 5,
    };
    const { settings } = await start(kind, changes);
    const { keepAliveTimeoutBufferMs, connectionsCheckingIntervalMs, runtime, ...plain } = settings;
    expect(plain).toEqual({ ...changes, noDelay: true });
    expect(keepAliveTimeoutBufferMs).toBe(kind === 'node' ? 1000 : 0);
    expect(connectionsCheckingIntervalMs).toBe(kind === 'node' ? 500 : null);
    expect(runtime).toMatch(kind === 'node' ? /^node v\d+/ : /^connbench reference server$/);
  });

  test('has the defaults of the runtime, and never means Infinity', async () => {
    const { settings } = await start(kind, { keepAliveTimeoutMs: null });
    expect(settings).toMatchObject({ headersTimeoutMs: 60_000, requestTimeoutMs: 300_000, maxConnections: Infinity });
    expect(settings.keepAliveTimeoutMs).toBeGreaterThanOrEqual(5000);
    expect(settings.maxRequestsPerSocket).toBe(Infinity);
    const never = await start(kind, {
      keepAliveTimeoutMs: Infinity,
      headersTimeoutMs: Infinity,
      requestTimeoutMs: Infinity,
    });
    expect(never.settings).toMatchObject({
      keepAliveTimeoutMs: Infinity,
      headersTimeoutMs: Infinity,
      requestTimeoutMs: Infinity,
    });
  });

  test('announces the keep-alive timeout in whole seconds, and none where there is none', async () => {
    const announcing = await open(await start(kind, { keepAliveTimeoutMs: 2900 }));
    announcing.send(request());
    expect((await announcing.response()).head).toMatch(/^keep-alive: timeout=2$/im);
    const silent = await open(await start(kind, { keepAliveTimeoutMs: Infinity }));
    silent.send(request());
    expect((await silent.response()).head).not.toMatch(/^keep-alive:/im);
  });

  test('reports the event loop delay where there is an event loop', async () => {
    const server = await start(kind);
    if (kind === 'reference') {
      expect((await server.snapshot()).eventLoopDelay).toBeNull();
    } else {
      const { eventLoopDelay } = await reportWhen(server, (report) => (report.eventLoopDelay?.count ?? 0) > 0);
      expect(eventLoopDelay!.maxNs).toBeGreaterThanOrEqual(eventLoopDelay!.p50Ns);
    }
  });
});

test('reference: a half-closed client still gets its delayed answers', async () => {
  const server = await start('reference', { response: { delay: { distribution: 'constant', valueMs: 20 } } });
  const client = await open(server);
  client.socket.end(request() + request());
  expect((await client.response()).status).toBe(200);
  expect((await client.response()).status).toBe(200);
  expect(await client.ended).toBe('fin');
  const report = await server.stop(10_000);
  expect(report).toMatchObject({ executed: 2, closesByReason: { clientFin: 1 }, firstCloser: { client: 1 } });
});

const prlimit = ['/usr/bin/prlimit', '/bin/prlimit'].find((path) => existsSync(path));
test.skipIf(prlimit === undefined)(
  'reference: waits for descriptors where accept runs out of them (needs prlimit)',
  async () => {
    const server = await start('reference');
    const first = await open(server);
    first.send(request());
    await first.response();
    execFileSync(prlimit!, ['--pid', `${server.pid}`, '--nofile=3:']); // Fewer than it holds: every further accept fails.
    const second = await open(server); // The kernel completes the handshake by itself.
    second.send(request());
    const starved = await reportWhen(server, ({ acceptErrors = 0 }) => acceptErrors >= 2);
    expect(starved).toMatchObject({ accepted: 1, open: 1 });
    first.send(request());
    expect((await first.response()).status).toBe(200);
    execFileSync(prlimit!, ['--pid', `${server.pid}`, '--nofile=1024:']);
    expect((await second.response()).status).toBe(200);
  },
);
