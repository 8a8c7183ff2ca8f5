/** The generator process end to end, against a node:http server: loads, exact split over workers, stop, and every way to die. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { GeneratorError, type GeneratorHandle, startGenerator } from '../../src/generator/child.ts';
import type { FromGenerator } from '../../src/generator/messages.ts';
import type { LoadConfig, TrialConfig } from '../../src/scenario/config.ts';
import { expectConsistent } from '../clients/consistency.ts';
import { closedLoad, openLoad, type StrategyChanges, trialConfig } from '../clients/trial-config.ts';
import { ownReport } from './own-report.ts';

const deadlineMs = 20_000;
let server: Server;
let port: number;
const seen = { requests: 0, connections: 0 };
const handles: GeneratorHandle[] = [];

beforeAll(async () => {
  server = createServer((_request, response) => {
    seen.requests++;
    response.end('hello');
  });
  server.keepAliveTimeout = 60_000;
  server.on('connection', () => seen.connections++);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});

afterAll(() => {
  server.close();
});

afterEach(() => {
  for (const handle of handles.splice(0)) handle.kill();
  vi.unstubAllEnvs();
});

async function generator(): Promise<GeneratorHandle> {
  const handle = await startGenerator({ deadlineMs });
  handles.push(handle);
  return handle;
}

function config(load: LoadConfig, strategy: StrategyChanges = { pool: { size: 8 } }): TrialConfig {
  return trialConfig(load, strategy);
}

/** The next live figures. */
function live(handle: GeneratorHandle): Promise<Omit<Extract<FromGenerator, { type: 'live' }>, 'type'>> {
  return new Promise((resolve) => {
    handle.onLive(resolve);
  });
}

async function isGone(pid: number): Promise<boolean> {
  const untilMs = Date.now() + deadlineMs;
  while (existsSync(`/proc/${pid}`) && !isZombie(pid)) {
    if (Date.now() > untilMs) return false;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return true;
}

/** Dead, and its new parent has not yet taken note. */
function isZombie(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return true;
  }
}

describe('a whole trial', () => {
  it.each([
    ['epoll', 1],
    ['epoll', 2],
    ['net', 2],
  ] as const)('open model over %s with %d workers: exact counts', async (transport, workers) => {
    vi.stubEnv('CONNBENCH_NO_FFI', transport === 'net' ? '1' : '0');
    const before = { ...seen };
    const handle = await generator();
    expect([handle.transport, handle.transportReason === null]).toEqual([transport, transport === 'epoll']);
    const started = new Promise<{ startNs: number; measureStartNs: number; measureEndNs: number }>((resolve) => {
      handle.onStarted(({ startNs, measureStartNs, measureEndNs }) => {
        resolve({ startNs, measureStartNs, measureEndNs });
      });
    });
    const load = openLoad({ ratePerSecond: 201, warmUpMs: 100, durationMs: 300, workers });
    handle.start({ config: config(load), host: '127.0.0.1', port, seed: 5 });
    const times = await started;
    const report = ownReport(await handle.done);
    expectConsistent(report);
    // 201/s: round(20.1) in warm-up, round(60.3) in measure.
    expect(report.wholeTrial).toMatchObject({ scheduled: 80, completed: 80, sent: 80, answered: 80 });
    expect(report.measure).toEqual({ scheduled: 60, started: 60, completed: 60, failed: 0, dropped: 0, abandoned: 0 });
    expect(report).toMatchObject({
      ...times,
      workers,
      stopped: false,
      statuses: { 200: 60 },
      errors: [],
      warmUpErrors: [],
    });
    expect(times.measureStartNs).toBe(times.startNs + 1e8);
    expect(times.measureEndNs).toBe(times.measureStartNs + 3e8);
    // The last arrival is due 59 / 201 s into measure.
    expect(report.drainedNs).toBeGreaterThanOrEqual(report.measureStartNs + 293e6);
    expect(seen.requests - before.requests).toBe(80);
    expect(seen.connections - before.connections).toBe(report.connections.opened);
    // Request bytes are the same each time.
    expect(report.bytes.sent % 80).toBe(0);
    expect(report.cpu.userUs).toBeGreaterThan(0);
    expect(await isGone(handle.pid)).toBe(true);
  });

  it.each([1, 2])('closed model with %d workers: users are split, sessions keep their connections', async (workers) => {
    const before = { ...seen };
    const handle = await generator();
    const load = closedLoad({ users: 5, thinkTimeMs: 20, durationMs: 300, workers });
    handle.start({ config: config(load, { pool: { size: 1, scope: 'session' } }), host: '127.0.0.1', port, seed: 5 });
    const report = ownReport(await handle.done);
    expectConsistent(report);
    // Each of the 5 users first sends within 20 ms, so all of them do.
    expect(report.connections).toMatchObject({ attempted: 5, opened: 5, peakOpen: 5, teardown: 5 });
    expect(report.measure.completed).toBe(report.measure.scheduled);
    expect(seen.requests - before.requests).toBe(report.wholeTrial.completed);
    expect(seen.connections - before.connections).toBe(5);
  });

  it('pool size and queue limit are split over the workers without loss', async () => {
    const handle = await generator();
    const load = openLoad({ ratePerSecond: 400, durationMs: 200, workers: 2 });
    const strategy = { pool: { size: 3, prefetch: true } };
    handle.start({ config: config(load, strategy), host: '127.0.0.1', port, seed: 5 });
    expect((await handle.done).connections).toMatchObject({ opened: 3, peakOpen: 3 });
  });

  it('live figures grow towards the report', async () => {
    const handle = await generator();
    const figures: { completed: number; phase: string }[] = [];
    handle.onLive(({ completed, phase }) => figures.push({ completed, phase }));
    const load = openLoad({ ratePerSecond: 100, warmUpMs: 500, durationMs: 1000 });
    handle.start({ config: config(load), host: '127.0.0.1', port, seed: 5 });
    const report = ownReport(await handle.done);
    const counts = figures.map(({ completed }) => completed);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(counts.at(-1)).toBeLessThanOrEqual(report.wholeTrial.completed);
    expect(counts.at(-1)).toBeGreaterThan(0);
    expect(figures.map(({ phase }) => phase)).toEqual(expect.arrayContaining(['warm-up', 'measure']));
  });
});

describe('stop', () => {
  it.each(['epoll', 'net'] as const)(
    'over %s: ends a long trial at once, and everything is accounted for',
    async (transport) => {
      vi.stubEnv('CONNBENCH_NO_FFI', transport === 'net' ? '1' : '0');
      const handle = await generator();
      const load = openLoad({ ratePerSecond: 100, durationMs: 600_000, workers: 2 });
      handle.start({ config: config(load), host: '127.0.0.1', port, seed: 5 });
      while ((await live(handle)).completed === 0);
      handle.stop();
      const report = ownReport(await handle.done);
      expectConsistent(report);
      expect(report.stopped).toBe(true);
      expect(report.measure).toMatchObject({ scheduled: 60_000, failed: 0, dropped: 0 });
      expect(report.measure.abandoned).toBeGreaterThan(30_000);
    },
  );

  it('wakes a worker that waits for nothing in particular', async () => {
    const handle = await generator();
    // The one user thinks for an hour after its first answer, and begins somewhere in that hour.
    const load = closedLoad({ users: 1, thinkTimeMs: 3_600_000, durationMs: 3_600_000 });
    handle.start({ config: config(load), host: '127.0.0.1', port, seed: 5 });
    await live(handle);
    handle.stop();
    expect((await handle.done).stopped).toBe(true);
  });

  it('before the first arrival: nothing was started', async () => {
    const handle = await generator();
    const load = openLoad({ ratePerSecond: 10, durationMs: 60_000 });
    handle.start({ config: config(load), host: '127.0.0.1', port, seed: 5 });
    handle.stop();
    const report = ownReport(await handle.done);
    expect([report.stopped, report.measure.scheduled, report.measure.abandoned + report.measure.completed]).toEqual([
      true,
      600,
      600,
    ]);
  });
});

describe('trouble', () => {
  it('a generator that is killed: done rejects with GENERATOR_DIED', async () => {
    const handle = await generator();
    handle.start({ config: config(openLoad({ durationMs: 60_000 })), host: '127.0.0.1', port, seed: 5 });
    await live(handle);
    process.kill(handle.pid, 'SIGKILL');
    await expect(handle.done).rejects.toMatchObject({
      name: 'GeneratorError',
      code: 'GENERATOR_DIED',
      message: `The generator process ${handle.pid} was ended by SIGKILL.`,
    });
    handle.stop();
    handle.kill();
  });

  it('one that is killed before it has anything to do', async () => {
    const handle = await generator();
    handle.kill();
    await expect(handle.done).rejects.toMatchObject({ code: 'GENERATOR_DIED' });
    expect(await isGone(handle.pid)).toBe(true);
  });

  it('an error in a worker thread: done rejects with what was thrown, and no process is left', async () => {
    const handle = await generator();
    const load = openLoad({ request: { method: 'GET', path: '/a b' }, workers: 2 });
    handle.start({ config: config(load), host: '127.0.0.1', port, seed: 5 });
    const error: unknown = await handle.done.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(GeneratorError);
    expect(error).toMatchObject({ code: 'GENERATOR_FAILED', message: expect.stringContaining('not a path') as string });
    expect(await isGone(handle.pid)).toBe(true);
  });

  it('one that is not ready in time is killed', async () => {
    const before = children();
    await expect(startGenerator({ deadlineMs: 1 })).rejects.toMatchObject({ code: 'GENERATOR_DEADLINE' });
    // A child of an earlier test may have ended meanwhile; a new one must not be there.
    expect(children().filter((pid) => !before.includes(pid))).toEqual([]);
  });

  it.each([
    ['epoll', 'before the load'],
    ['epoll', 'under load'],
    ['net', 'before the load'],
    ['net', 'under load'],
  ] as const)('over %s: a parent that is killed %s leaves no generator behind', async (transport, when) => {
    const entry = new URL('../../dist/generator/child.js', import.meta.url).href;
    const load = openLoad({ ratePerSecond: 1000, durationMs: 60_000, workers: 2 });
    const program = `
      import { startGenerator } from '${entry}';
      process.on('message', async ({ config, port, load }) => {
        const handle = await startGenerator({ deadlineMs: ${deadlineMs} });
        const tell = () => process.send(handle.pid);
        if (!load) return tell();
        handle.onLive(({ completed }) => { if (completed > 0) tell(); });
        handle.start({ config, host: '127.0.0.1', port, seed: 1 });
      });
    `;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      serialization: 'advanced',
      env: { ...process.env, CONNBENCH_NO_FFI: transport === 'net' ? '1' : '0' },
    });
    try {
      parent.send({ config: config(load), port, load: when === 'under load' });
      const [pid] = (await once(parent, 'message')) as [number];
      expect(existsSync(`/proc/${pid}`)).toBe(true);
      parent.kill('SIGKILL');
      expect(await isGone(pid)).toBe(true);
    } finally {
      parent.kill('SIGKILL');
    }
  });
});

function children(): string[] {
  return readdirSync('/proc/self/task').flatMap((thread) =>
    readFileSync(`/proc/self/task/${thread}/children`, 'utf8').split(' ').filter(Boolean),
  );
}
