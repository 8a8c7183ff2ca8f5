/** The server's process as the controller sees it: start, failure, death and stop, with real processes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ServerProcessError, startServer } from '../../src/server/child.ts';
import { serve } from '../../src/server/standalone.ts';
import { entryFile } from '../../src/kernel/entry.ts';
import { RawClient, request } from './raw-client.ts';
import { kinds, serverConfig } from './server-config.ts';

const options = { seed: 1, deadlineMs: 10_000 };

async function failure(promise: Promise<unknown>): Promise<ServerProcessError> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ServerProcessError);
  return error as ServerProcessError;
}

/** Resolves once the process has ended. An orphan may stay in the table as a zombie, where nobody collects it. */
async function processGone(pid: number): Promise<void> {
  for (let tries = 0; tries < 100_000; tries++) {
    try {
      const afterName = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1);
      if (afterName?.startsWith('Z') === true) return;
    } catch {
      return;
    }
    await new Promise(setImmediate);
  }
  throw new Error(`process ${pid} still lives`);
}

describe.each(kinds)('server process of kind %s', (kind) => {
  const config = serverConfig(kind);

  test('says why it cannot listen', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const error = await failure(startServer(config, { ...options, port }));
    expect(error.code).toBe('EADDRINUSE');
    expect(error.message).toBe(`The server cannot listen on 127.0.0.1:${port}: another program listens there already.`);
    expect(error.end).toEqual({ code: 1, signal: null });
    taken.close();
    const elsewhere = await failure(startServer(config, { ...options, host: '192.0.2.1' }));
    expect(elsewhere.code).toBe('EADDRNOTAVAIL');
  });

  test('dies with a report of its death', async () => {
    const server = await startServer(config, options);
    const last = await server.snapshot();
    process.kill(server.pid, 'SIGKILL');
    expect(await server.died).toEqual({ code: null, signal: 'SIGKILL' });
    for (const attempt of [server.snapshot(), server.stop(0)]) {
      const error = await failure(attempt);
      expect(error).toMatchObject({ code: 'EEXITED', end: { code: null, signal: 'SIGKILL' }, lastReport: last });
    }
  });

  test('stops once, whoever asks how often', async () => {
    const server = await startServer(config, options);
    const client = await RawClient.open(server.port);
    client.send(request());
    await client.response();
    const stopping = server.stop(60_000);
    expect(server.stop(0)).toBe(stopping);
    await client.close();
    expect(await stopping).toMatchObject({ accepted: 1, open: 0, closesByReason: { clientFin: 1, serverStop: 0 } });
    await processGone(server.pid);
    expect(await Promise.race([server.died, Promise.resolve('not died')])).toBe('not died');
  });

  test('leaves Ctrl-C to the controller and ends in order at SIGTERM', async () => {
    const server = await startServer(config, options);
    process.kill(server.pid, 'SIGINT');
    expect(await server.snapshot()).toMatchObject({ open: 0 });
    process.kill(server.pid, 'SIGTERM');
    expect(await server.died).toEqual({ code: 0, signal: null });
    expect((await failure(server.snapshot())).lastReport).toMatchObject({ accepted: 0 });
  });

  test('is killed where it does not answer', async () => {
    const server = await startServer(config, { ...options, deadlineMs: 500 });
    process.kill(server.pid, 'SIGSTOP');
    const error = await failure(server.stop(0));
    expect(error).toMatchObject({ code: 'EDEADLINE', end: null });
    await processGone(server.pid);
  });

  test('does not outlive a killed controller', async () => {
    const script = `
      import { startServer } from ${JSON.stringify(pathToFileURL(entryFile(import.meta.url.replace('/test/', '/src/'), './child')).href)};
      const server = await startServer(${JSON.stringify(config).replaceAll('null', '1e9')}, { seed: 1, deadlineMs: 10000 });
      console.log(server.pid);
      setInterval(() => {}, 1000);`;
    const controller = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(controller.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    expect(pid).toBeGreaterThan(0);
    process.kill(pid, 0);
    controller.kill('SIGKILL');
    await processGone(pid);
  });
});

test('node: refuses what node:http cannot do', async () => {
  const clientFirst = await failure(startServer(serverConfig('node', { firstCloser: 'client' }), options));
  expect(clientFirst).toMatchObject({ code: 'ENODECLOSER' });
  const zero = await failure(startServer(serverConfig('node', { keepAliveTimeoutMs: 0 }), options));
  expect(zero).toMatchObject({ code: 'ENODETIMEOUT' });
  // http.createServer itself refuses a headersTimeout beyond the requestTimeout.
  const order = await failure(
    startServer(serverConfig('node', { headersTimeoutMs: 200, requestTimeoutMs: 100 }), options),
  );
  expect(order.message).toContain('headersTimeout');
});

test('reference: says why it cannot start without native calls', async () => {
  process.env['CONNBENCH_NO_FFI'] = '1';
  try {
    const error = await failure(startServer(serverConfig('reference'), options));
    expect(error.code).toBe('ENOFFI');
    expect(error.message).toBe('Server kind reference needs native calls: FFI is switched off by CONNBENCH_NO_FFI=1.');
    const node = await startServer(serverConfig('node'), options);
    expect(await node.stop(0)).toMatchObject({ accepted: 0 });
  } finally {
    delete process.env['CONNBENCH_NO_FFI'];
  }
});

test('serve: reports while it runs and stops', async () => {
  let port = 0;
  let onStats: () => void = () => undefined;
  const hasStats = new Promise<void>((resolve) => {
    onStats = resolve;
  });
  const serving = await serve(serverConfig('node'), {
    host: '127.0.0.1',
    port: 0,
    onListening: (at) => {
      port = at.port;
    },
    onStats: ({ executed }) => {
      if (executed === 1) onStats();
    },
    statsEveryMs: 10,
  });
  const client = await RawClient.open(port);
  client.send(request());
  await client.response();
  await hasStats;
  await client.close();
  expect(await serving.stop()).toMatchObject({ accepted: 1, executed: 1 });
});
