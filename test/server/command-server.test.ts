/** Users' programs as servers, with real processes: ready, counted by nobody, stopped, died, and never left behind. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { entryFile } from '../../src/kernel/entry.ts';
import { listenersOn } from '../../src/kernel/proc-listen.ts';
import { tallyProcNetTcp } from '../../src/kernel/proc-net.ts';
import { ProcessTreeReader, processTree } from '../../src/kernel/proc-tree.ts';
import { readKernelCounters } from '../../src/samplers/kernel-counters.ts';
import type { CommandServerConfig } from '../../src/scenario/config.ts';
import { ServerProcessError } from '../../src/server/child.ts';
import {
  startCommandServer,
  type CommandServerHandle,
  type CommandServerOptions,
} from '../../src/server/command-server.ts';
import { startAnyServer } from '../../src/server/start-server.ts';
import { commandConfig } from './command-programs.ts';
import { startNamespaceChild } from '../samplers/namespace-child.ts';
import { serverConfig } from './server-config.ts';

const host = '127.0.0.1';
const options = { host, deadlineMs: 10_000 };
/** Every process of a test has it in its environment, so that any that stays is found. */
const mark = `CONNBENCH_TEST_MARK=${process.pid}-${Date.now()}`;

let port = 0;
const started: CommandServerHandle[] = [];

beforeEach(async () => {
  const probe = createServer().listen(0, host);
  await once(probe, 'listening');
  ({ port } = probe.address() as AddressInfo);
  probe.close();
  await once(probe, 'close');
});

afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.kill()));
  expect(await untilMarked(0)).toEqual([]);
});

function marked(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/environ`, 'latin1').split('\0').includes(mark);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** The marked processes, once there are so many of them or a bound is reached. */
async function untilMarked(count: number): Promise<readonly number[]> {
  for (let tries = 0; tries < 500 && marked().length !== count; tries++) await new Promise(setImmediate);
  return marked();
}

function withMark(config: CommandServerConfig): CommandServerConfig {
  const [name = '', value = ''] = mark.split('=');
  return { ...config, env: { ...config.env, [name]: value } };
}

async function start(
  config: CommandServerConfig,
  changes: Partial<CommandServerOptions> = {},
): Promise<CommandServerHandle> {
  const server = await startCommandServer(withMark(config), { ...options, ...changes });
  started.push(server);
  return server;
}

const programOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0')[0] ?? '';

async function failure(promise: Promise<unknown>): Promise<ServerProcessError> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ServerProcessError);
  return error as ServerProcessError;
}

const textOf = async (path = '/'): Promise<string> => {
  const response = await fetch(`http://${host}:${port}${path}`, { headers: { connection: 'close' } });
  return response.text();
};

/** As root the tree is held by a PID namespace; an ordinary user has a group and a guard. Both are tried where this is root. */
const containments = process.getuid?.() === 0 ? (['namespace', 'group'] as const) : (['group'] as const);

describe.skipIf(process.platform !== 'linux').each(containments)('command server in a %s (Linux)', (containment) => {
  let folder = '';
  beforeEach(() => {
    if (containment !== 'group') return;
    // Without privileges `unshare` fails; so does this one.
    folder = mkdtempSync(join(tmpdir(), 'connbench-'));
    writeFileSync(join(folder, 'unshare'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    vi.stubEnv('PATH', `${folder}:${process.env['PATH'] ?? ''}`);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    if (folder !== '') rmSync(folder, { recursive: true });
    folder = '';
  });

  it('runs a plain script with its address, environment and folder, and stops it in order', async () => {
    const config = commandConfig('plain', port, { cwd: tmpdir(), env: { GREETING: 'hello', PORT: '1' } });
    const server = await start({ ...config, command: [...config.command, 'at={host}:{port}', '$HOME;*'] });
    expect(server).toMatchObject({ host, port, whyNoReport: 'a command server does not report its counts' });
    expect(await textOf()).toBe(`${host} ${port} hello ${tmpdir()} at=${host}:${port} $HOME;*`);
    expect(programOf(server.pid)).toBe(process.execPath);
    expect(server.settings.runtime).toContain(process.execPath);
    expect(server.settings.backlog).toBeNull();
    expect(await server.snapshot()).toBeNull();
    const stopping = server.stop(5_000);
    expect(server.stop(0)).toBe(stopping);
    expect(await stopping).toBeNull();
    expect(server.output()).toBe('asked to end');
    expect(await Promise.race([server.died, Promise.resolve('not died')])).toBe('not died');
  });

  it('has a whole cluster as its tree', async () => {
    const server = await start(commandConfig('cluster', port));
    const workers = new Set<string>();
    while (workers.size < 2) workers.add(await textOf());
    expect(processTree([server.pid])).toHaveLength(3);
    // The connections of the requests end in their own time.
    const files = (): number =>
      processTree([server.pid]).reduce((total, pid) => total + readdirSync(`/proc/${pid}/fd`).length, 0);
    const tree = new ProcessTreeReader(server.pid);
    const difference = (): number => {
      const reading = tree.read();
      return reading.ended ? NaN : Number(reading.openFiles) - files();
    };
    await expect.poll(difference, { timeout: 10_000, interval: 1 }).toBe(0);
    await server.stop(5_000);
  });

  it('tells what a program that ended early had written', async () => {
    const error = await failure(start(commandConfig('endsSoon', port)));
    expect(error).toMatchObject({ code: 'EEXITED', end: { code: 3, signal: null }, lastReport: null });
    expect(error.message).toMatch(/exited with code 3 before it was ready\. The last it wrote:\n/);
    expect(error.message).toContain('starting');
    expect(error.message).toContain('no database');
  });

  it('notices the death of a program that was ready', async () => {
    const server = await start(commandConfig('listensThenEnds', port));
    expect(await server.died).toEqual({ code: 7, signal: null });
    for (const attempt of [server.snapshot(), server.stop(0)]) {
      const error = await failure(attempt);
      expect(error).toMatchObject({ code: 'EEXITED', end: { code: 7, signal: null } });
      expect(error.message).toMatch(/exited with code 7\. The last it wrote:\nout of luck$/);
    }
  });

  it('notices that a program was killed', async () => {
    const server = await start(commandConfig('plain', port));
    process.kill(server.pid, 'SIGKILL');
    expect(await server.died).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('gives up on a program that never listens', async () => {
    const error = await failure(start(commandConfig('neverListens', port, { readyTimeoutMs: 500 })));
    expect(error).toMatchObject({ code: 'EDEADLINE' });
    expect(error.message).toMatch(
      `was not ready within 500 ms: it did not listen on ${host}:${port}. The last it wrote:\nthinking`,
    );
  });

  it('says where else a program listens, and who else does', async () => {
    const elsewhere = await failure(start(commandConfig('listensElsewhere', port, { readyTimeoutMs: 500 })));
    expect(elsewhere.message).toContain(`it did not listen on ${host}:${port}, but on 127.0.0.9 (HOST`);
    const taken = createServer().listen(port, host);
    await once(taken, 'listening');
    const late = await failure(start(commandConfig('neverListens', port, { readyTimeoutMs: 500 })));
    expect(late.message).toContain(`it did not listen on ${host}:${port}: another program does.`);
    const refused = await failure(start(commandConfig('plain', port)));
    expect(refused.code).toBe('EEXITED');
    expect(refused.message).toContain('EADDRINUSE');
    taken.close();
  });

  it('waits for a path to answer, and leaves no TIME_WAIT by asking', async () => {
    const server = await start(commandConfig('warmsUp', port, { readyPath: '/health' }));
    expect(tallyProcNetTcp(port).in('timeWait')).toMatchObject({ client: 0, server: 0 });
    expect(await textOf()).toBe('4');
    await server.stop(0);
    const broken = commandConfig('warmsUp', port, { readyPath: '/broken', readyTimeoutMs: 1_500 });
    const error = await failure(start(broken));
    expect(error.code).toBe('EDEADLINE');
    expect(error.message).toContain(`GET /broken on ${host}:${port} got status 503. It wrote nothing.`);
  });

  it('kills a program that ignores SIGTERM', async () => {
    const server = await start(commandConfig('ignoresTerm', port), { deadlineMs: 300 });
    await server.stop(0);
    expect(server.output()).toBe('not yet');
  });

  it('says that there is no such program or folder', async () => {
    const noProgram = await failure(start({ ...commandConfig('plain', port), command: ['./no-such-program'] }));
    expect(noProgram.code).toBe('EEXITED');
    expect(noProgram.message).toContain('./no-such-program: No such file or directory');
    const noFolder = await failure(start(commandConfig('plain', port, { cwd: '/no/such/folder' })));
    expect(noFolder).toMatchObject({ code: 'ECWD', end: null });
  });

  it('leaves nothing of its tree when the controller is killed', async () => {
    const module = pathToFileURL(entryFile(import.meta.url.replace('/test/', '/src/'), './command-server')).href;
    const script = `
      import { startCommandServer } from ${JSON.stringify(module)};
      await startCommandServer(${JSON.stringify(withMark(commandConfig('cluster', port)))}, ${JSON.stringify(options)});
      console.log('up');
      setInterval(() => {}, 1000);`;
    const controller = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await Promise.race([once(controller.stdout, 'data'), once(controller, 'exit')]);
    expect(controller.exitCode).toBeNull();
    while ((await textOf()) === (await textOf()));
    // Three of the cluster, and in a namespace the two before them.
    expect(marked()).toHaveLength(containment === 'namespace' ? 5 : 3);
    const ended = once(controller, 'exit');
    controller.kill('SIGKILL');
    await ended;
    expect(await untilMarked(0)).toEqual([]);
  });

  it('ends daemons as well where it can', async () => {
    const server = await start(commandConfig('daemonising', port));
    expect(processTree([server.pid])).toHaveLength(1);
    const daemon = marked().find((pid) => pid !== server.pid && programOf(pid) === process.execPath)!;
    expect(daemon).toBeGreaterThan(0);
    await server.stop(5_000);
    const left = await untilMarked(containment === 'namespace' ? 0 : 1);
    // The documented limit of a group: who leaves it and its parents.
    expect(left).toEqual(containment === 'namespace' ? [] : [daemon]);
    for (const pid of left) process.kill(pid, 'SIGKILL');
  });

  it('runs nginx with its master and its worker', async ({ skip }) => {
    const isInstalled = spawnSync('nginx', ['-v']).status === 0;
    if (!isInstalled && process.env['CI'] !== undefined) throw new Error('no nginx under CI');
    skip(!isInstalled, 'nginx is not installed here');
    const files = mkdtempSync(join(tmpdir(), 'connbench-nginx-'));
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${files}/${name};`,
    );
    writeFileSync(
      join(files, 'nginx.conf'),
      `daemon off; worker_processes 1; pid ${files}/pid; error_log stderr; env CONNBENCH_TEST_MARK; events {}
      http { access_log off; ${paths.join(' ')} server { listen ${host}:${port}; location / { return 200 "from nginx"; } } }`,
    );
    const command = ['nginx', '-e', 'stderr', '-c', join(files, 'nginx.conf')];
    const server = await start({ ...commandConfig('plain', port), command, readyPath: '/' });
    expect(await textOf()).toBe('from nginx');
    expect(processTree([server.pid])).toHaveLength(2);
    await server.stop(5_000);
    rmSync(files, { recursive: true });
  });
});

describe.skipIf(process.platform !== 'linux')('command server behind a launcher (Linux)', () => {
  it('runs in the namespaces of another host, and dies with them', async ({ skip }) => {
    const namespace = await startNamespaceChild();
    skip(namespace === null, 'network namespaces are not allowed here');
    const { pid } = namespace!;
    const user = process.getuid?.() === 0 ? [] : ['-U', '--preserve-credentials'];
    const launcher = ['nsenter', '-t', String(pid), '-n', ...user];
    const server = await start(commandConfig('warmsUp', port, { readyPath: '/' }), { launcher });
    const outside = readlinkSync('/proc/self/ns/net');
    const hosts = [pid, server.pid].map((host) => readlinkSync(`/proc/${host}/ns/net`));
    expect(hosts[1]).toBe(hosts[0]);
    expect(hosts[1]).not.toBe(outside);
    expect(listenersOn(port)).toEqual([]);
    expect(listenersOn(port, server.pid)).toMatchObject([{ address: host }]);
    expect(readlinkSync(`/proc/${server.pid}/ns/pid`)).not.toBe(readlinkSync('/proc/self/ns/pid'));
    // Three tries to be ready are three connections that the kernel counted and none that is left.
    const counters = readKernelCounters(server.pid);
    if ('missing' in counters) throw new Error('no counters on Linux');
    expect(counters.counters).toMatchObject({ PassiveOpens: 3, TW: 0, CurrEstab: 0 });
    await server.stop(0);
    expect(server.output()).toBe('');
    await namespace!.kill();
  });

  it('says what the launcher said', async () => {
    const error = await failure(start(commandConfig('plain', port), { launcher: ['nsenter', '-t', '4194305', '-n'] }));
    expect(error.code).toBe('EEXITED');
    expect(error.message).toContain('nsenter: cannot open /proc/4194305/ns/net: No such file or directory');
  });
});

describe('startAnyServer', () => {
  it('hands an external server through without touching it', async () => {
    const server = await startAnyServer({ kind: 'external', host: '127.0.0.1', port: 9 }, { seed: 1, deadlineMs: 1 });
    expect(server).toMatchObject({ pid: null, host: '127.0.0.1', port: 9 });
    expect(server.settings.runtime).toBe('external server at 127.0.0.1:9');
    expect(await server.snapshot()).toBeNull();
    expect(await server.stop(0)).toBeNull();
    expect(server.whyNoReport).toBe('an external server does not report its counts');
  });

  it('starts a bundled one, which reports', async () => {
    const server = await startAnyServer(serverConfig('node'), { seed: 1, deadlineMs: 10_000 });
    expect(await server.snapshot()).toMatchObject({ accepted: 0 });
    expect(server.whyNoReport).toBeUndefined();
    await server.stop(0);
  });

  it.skipIf(process.platform !== 'linux')('starts a command', async () => {
    const server = await startAnyServer(withMark(commandConfig('plain', port)), { seed: 1, deadlineMs: 10_000 });
    expect(await textOf()).toContain(`${host} ${port}`);
    await server.stop(5_000);
  });
});
