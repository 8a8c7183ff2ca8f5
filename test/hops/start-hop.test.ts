/** Hops as processes: started, asked, stopped and killed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { HopHandle } from '../../src/hops/hop-handle.ts';
import { findInstalled } from '../../src/hops/installed-program.ts';
import { startHop } from '../../src/hops/start-hop.ts';
import { entryFile } from '../../src/kernel/entry.ts';
import type { HopConfig } from '../../src/scenario/hop-config.ts';
import { RawClient, request } from '../server/raw-client.ts';
import { expectBalance, proxyConfig } from './hop-config.ts';
import { freePort, ok, Origin, type SeenRequest } from './origin.ts';

const hops: HopHandle[] = [];
const origins: Origin[] = [];

afterEach(async () => {
  for (const hop of hops.splice(0)) await hop.kill();
  for (const origin of origins.splice(0)) await origin.close();
});

const sayOk = ({ socket }: SeenRequest): void => {
  socket.write(ok());
};

async function serve(
  config: HopConfig,
  answer: (request: SeenRequest) => void = sayOk,
): Promise<{ hop: HopHandle; origin: Origin; client: RawClient }> {
  const origin = await Origin.start(answer);
  origins.push(origin);
  const hop = await startHop(config, { upstream: origin.endpoint, host: '127.0.0.1', deadlineMs: 10_000 });
  hops.push(hop);
  return { hop, origin, client: await RawClient.open(hop.port) };
}

/** Resolves once the process has ended. An orphan may stay in the table as a zombie, where nobody collects it. */
async function processGone(pid: number): Promise<void> {
  for (let tries = 0; tries < 100_000; tries++) {
    try {
      if (readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.startsWith('Z') === true) return;
    } catch {
      return;
    }
    await new Promise(setImmediate);
  }
  throw new Error(`process ${pid} still lives`);
}

const resetOnReuse = ({ isFirst, socket }: SeenRequest): void => {
  if (isFirst) socket.write(ok());
  else socket.resetAndDestroy();
};

const own: readonly HopConfig[] = [
  proxyConfig(),
  { kind: 'blind-relay', host: 'server' },
  { kind: 'proxy-aware-relay', host: 'server' },
];
const hasNginx = existsSync('/usr/sbin/nginx');
const hasHaproxy = existsSync('/usr/sbin/haproxy');
const nginx = (changes: Parameters<typeof proxyConfig>[0] = {}): HopConfig => ({
  ...proxyConfig(changes),
  kind: 'nginx',
});

describe.each(own.map((config) => [config.kind, config] as const))('a process of kind %s', (_, config) => {
  it('counts, and tells its counts at the end', async () => {
    const { hop, client } = await serve(config);
    client.send(request());
    expect((await client.response()).status).toBe(200);
    const now = await hop.snapshot();
    expect(now).toMatchObject({ downstream: { opened: 1 }, requests: { received: 1, sent: 1 } });
    await client.close();
    const last = await hop.stop(1_000);
    if (last === null || !('downstream' in last)) throw new Error('a hop of its own has counts');
    expectBalance(last);
    expect(last).toMatchObject({ downstream: { opened: 1 }, upstream: { opened: 1 }, requests: { answered: 1 } });
    await processGone(hop.pid);
  });

  it('dies with word of it', async () => {
    const { hop } = await serve(config);
    process.kill(hop.pid, 'SIGKILL');
    expect(await hop.died).toEqual({ code: null, signal: 'SIGKILL' });
    await expect(hop.snapshot()).rejects.toMatchObject({ code: 'EEXITED' });
    await expect(hop.stop(0)).rejects.toMatchObject({ code: 'EEXITED' });
  });
});

it('says why it cannot listen', async () => {
  const { hop } = await serve(proxyConfig());
  const upstream = { host: '127.0.0.1', port: 1 };
  const again = startHop(proxyConfig(), { upstream, host: '127.0.0.1', port: hop.port, deadlineMs: 10_000 });
  await expect(again).rejects.toMatchObject({
    code: 'EADDRINUSE',
    message: `The hop cannot listen on 127.0.0.1:${hop.port}: the system answered EADDRINUSE.`,
  });
});

it.runIf(hasNginx && hasHaproxy).each(['reverse-proxy', 'nginx', 'haproxy'])(
  '%s does not outlive a killed controller',
  async (kind) => {
    const built = entryFile(import.meta.url.replace('/test/', '/src/'), './start-hop');
    const config = JSON.stringify({
      ...proxyConfig({ maxRequests: 100, upstream: { pool: { maxRequests: 100 } } }),
      kind,
    });
    const script = `
    import { startHop } from ${JSON.stringify(pathToFileURL(built).href)};
    const upstream = { host: '127.0.0.1', port: 1 };
    const hop = await startHop(${config}, { upstream, host: '127.0.0.1', deadlineMs: 10000 });
    console.log(hop.pid);
    setInterval(() => {}, 1000);`;
    const controller = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(controller.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    process.kill(pid, 0);
    controller.kill('SIGKILL');
    await processGone(pid);
  },
);

it('says that a program is not installed', () => {
  expect(() => findInstalled('connbench-no-such-program')).toThrow(
    expect.objectContaining({
      code: 'ENOTINSTALLED',
      message: expect.stringContaining('connbench-no-such-program is not installed') as string,
    }),
  );
});

describe.runIf(hasNginx)('nginx', () => {
  it('keeps its upstream connections, counts at its end, and leaves nothing behind', async () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('connbench-nginx-'));
    const { hop, origin, client } = await serve(nginx());
    const other = await RawClient.open(hop.port);
    for (const each of [client, other, client]) {
      each.send(request());
      expect((await each.response()).status).toBe(200);
    }
    expect(origin.requests.map(({ text, connection }) => [connection, text])).toEqual(
      Array.from({ length: 3 }, () => [0, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n']),
    );
    expect(hop.settings).toMatchObject({
      runtime: expect.stringMatching(/^nginx\/\d/) as string,
      keepAliveTimeoutMs: 60_000,
      maxRequests: Infinity,
      upstream: { poolSize: 32, idleTimeoutMs: 60_000, connectTimeoutMs: 5_000, responseTimeoutMs: 5_000 },
    });
    await client.close();
    await other.close();
    expect(await hop.stop(1_000)).toMatchObject({
      accepted: 2,
      received: 3,
      tried: 3,
      retries: 0,
      statuses: { 200: 3 },
      failed: { 502: 0, 504: 0 },
    });
    await processGone(hop.pid);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('connbench-nginx-'))).toEqual(before);
  });

  it.each([
    ['none', 502, { tried: 2, retries: 0, statuses: { 200: 1, 502: 1 }, failed: { 502: 1, 504: 0 } }],
    ['reused-once', 200, { tried: 3, retries: 1, statuses: { 200: 2 }, failed: { 502: 0, 504: 0 } }],
  ] as const)('with retry %s a GET whose reused connection is reset gets %i', async (retry, status, counts) => {
    const { hop, client } = await serve(nginx({ upstream: { retry } }), resetOnReuse);
    client.send(request());
    await client.response();
    client.send(request());
    expect((await client.response()).status).toBe(status);
    await client.close();
    expect(await hop.stop(1_000)).toMatchObject({ accepted: 1, received: 2, ...counts });
  });

  it('says 504 where the server is silent, and tells a 502 of the server from its own', async () => {
    const silent = await serve(nginx({ upstream: { timeouts: { responseMs: 50 } } }), () => undefined);
    silent.client.send(request());
    expect((await silent.client.response()).status).toBe(504);
    await silent.client.close();
    expect(await silent.hop.stop(1_000)).toMatchObject({ statuses: { 504: 1 }, failed: { 502: 0, 504: 1 } });
    const loud = await serve(nginx(), ({ socket }) => {
      socket.write('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n');
    });
    loud.client.send(request());
    expect((await loud.client.response()).status).toBe(502);
    await loud.client.close();
    expect(await loud.hop.stop(1_000)).toMatchObject({ statuses: { 502: 1 }, failed: { 502: 0, 504: 0 } });
  });

  it('closes idle connections on both sides after their times', async () => {
    const config = nginx({ keepAliveTimeoutMs: 50, upstream: { pool: { idleTimeoutMs: 50 } } });
    const { origin, client } = await serve(config);
    client.send(request());
    await client.response();
    expect(await client.ended).toBe('fin');
    client.socket.end();
    await origin.until(() => origin.accepted === 1 && origin.open === 0);
  });

  it('says why it does not start', async () => {
    const { hop } = await serve(proxyConfig());
    const upstream = { host: '127.0.0.1', port: await freePort() };
    const taken = startHop(nginx(), { upstream, host: '127.0.0.1', port: hop.port, deadlineMs: 10_000 });
    await expect(taken).rejects.toMatchObject({
      code: 'EEXITED',
      message: expect.stringContaining('bind()') as string,
    });
  });
});

describe.runIf(hasHaproxy)('haproxy', () => {
  const haproxy = (changes: Parameters<typeof proxyConfig>[0] = {}): HopConfig => ({
    ...proxyConfig(changes),
    kind: 'haproxy',
  });

  it('keeps its upstream connections, counts, and leaves nothing behind', async () => {
    const folders = (): readonly string[] =>
      readdirSync(tmpdir()).filter((name) => name.startsWith('connbench-haproxy-'));
    const before = folders();
    const { hop, origin, client } = await serve(haproxy());
    const other = await RawClient.open(hop.port);
    for (const each of [client, other, client]) {
      each.send(request());
      expect((await each.response()).status).toBe(200);
    }
    expect(origin.requests.map(({ connection }) => connection)).toEqual([0, 0, 0]);
    expect(hop.settings).toMatchObject({
      runtime: expect.stringContaining('HAProxy version') as string,
      keepAliveTimeoutMs: 60_000,
      upstream: { poolSize: 32, connectTimeoutMs: 5_000, responseTimeoutMs: 5_000 },
    });
    expect(await hop.snapshot()).toMatchObject({ accepted: 2, received: 3, retries: 0 });
    await client.close();
    await other.close();
    expect(await hop.stop(1_000)).toMatchObject({ accepted: 2, received: 3, retries: 0, statuses: null, failed: null });
    await processGone(hop.pid);
    expect(folders()).toEqual(before);
  });

  it('with a retry a GET whose reused connection is reset gets its answer', async () => {
    const { hop, client } = await serve(haproxy({ upstream: { retry: 'always-once' } }), resetOnReuse);
    for (let count = 0; count < 3; count++) {
      client.send(request());
      expect((await client.response()).status).toBe(200);
    }
    await client.close();
    expect(await hop.stop(1_000)).toMatchObject({ accepted: 1, received: 3, tried: 5, retries: 2 });
  });

  it('without one it closes, and leaves it to the client to try again', async () => {
    const { hop, client } = await serve(haproxy(), resetOnReuse);
    client.send(request());
    await client.response();
    client.send(request());
    expect(await client.ended).toBe('fin');
    client.socket.end();
    expect(await hop.stop(1_000)).toMatchObject({ accepted: 1, received: 2, tried: 2, retries: 0 });
  });

  it('counts what it tried where nobody listens, and says 503', async () => {
    const upstream = { host: '127.0.0.1', port: await freePort() };
    const config = haproxy({ upstream: { retry: 'always-once' } });
    const hop = await startHop(config, { upstream, host: '127.0.0.1', deadlineMs: 10_000 });
    hops.push(hop);
    const client = await RawClient.open(hop.port);
    client.send(request());
    expect((await client.response()).status).toBe(503);
    expect(await hop.snapshot()).toMatchObject({ accepted: 1, received: 1, tried: 2, retries: 1 });
    await client.close();
  });

  it('opens a connection for each request where it is to close them', async () => {
    const { origin, client } = await serve(haproxy({ upstream: { connection: 'close' } }));
    for (let count = 0; count < 3; count++) {
      client.send(request());
      await client.response();
    }
    expect(origin.requests.map(({ connection }) => connection)).toEqual([0, 1, 2]);
  });

  it('closes idle connections of clients after their time', async () => {
    const { client } = await serve(haproxy({ keepAliveTimeoutMs: 50 }));
    client.send(request());
    await client.response();
    expect(await client.ended).toBe('fin');
    client.socket.end();
  });

  it('says why it does not start', async () => {
    const { hop } = await serve(proxyConfig());
    const upstream = { host: '127.0.0.1', port: await freePort() };
    const taken = startHop(haproxy(), { upstream, host: '127.0.0.1', port: hop.port, deadlineMs: 10_000 });
    await expect(taken).rejects.toMatchObject({ message: expect.stringContaining('cannot bind socket') as string });
  });
});
