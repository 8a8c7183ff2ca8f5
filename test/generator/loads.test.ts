/** Loads of every kind through the real generator process, as the server sees them: mixes with bodies and fields, traces, sessions. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type GeneratorHandle, startGenerator } from '../../src/generator/child.ts';
import type { GeneratorReport } from '../../src/generator/messages.ts';
import { RequestMix } from '../../src/load/request-mix.ts';
import type { LoadConfig, OpenLoadConfig, WeightedRequestConfig } from '../../src/scenario/config.ts';
import { closedLoad, openLoad, type StrategyChanges, trialConfig } from '../clients/trial-config.ts';
import { ownReport } from './own-report.ts';

interface Seen {
  /** `POST /b 2000 html`: method, path, length of the body, the field X-Kind. */
  readonly requests: string[];
  readonly connections: Set<Socket>;
}

const seed = 5;
let server: Server;
let port: number;
let folder: string;
let seen: Seen;
const handles: GeneratorHandle[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'connbench-loads-'));
  server = createServer((request, response) => {
    let bodyBytes = 0;
    request.on('data', (part: Buffer) => (bodyBytes += part.length));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      seen.requests.push(`${method} ${url} ${bodyBytes} ${String(headers['x-kind'] ?? '')}`.trim());
      seen.connections.add(request.socket);
      response.end('hello');
    });
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
beforeEach(() => {
  seen = { requests: [], connections: new Set() };
});
afterEach(() => {
  for (const handle of handles.splice(0)) handle.kill();
  vi.unstubAllEnvs();
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

async function run(load: LoadConfig, strategy: StrategyChanges = { pool: { size: 8 } }): Promise<GeneratorReport> {
  const handle = await startGenerator({ deadlineMs: 20_000 });
  handles.push(handle);
  handle.start({ config: trialConfig(load, strategy), host: '127.0.0.1', port, seed });
  return ownReport(await handle.done);
}

const counted = (items: readonly string[]): Readonly<Record<string, number>> =>
  Object.fromEntries([...new Set(items)].sort().map((item) => [item, items.filter((other) => other === item).length]));

const requests: readonly WeightedRequestConfig[] = [
  { weight: 3, method: 'GET', path: '/a' },
  { weight: 1, method: 'POST', path: '/b', bodyBytes: 200_000, headers: { 'X-Kind': 'html' } },
  { weight: 1, method: 'HEAD', path: '/c' },
];
const names = ['GET /a 0', 'POST /b 200000 html', 'HEAD /c 0'];

describe('a mix of requests', () => {
  it.each([
    ['epoll', 1],
    ['epoll', 2],
    ['net', 1],
  ] as const)(
    'over %s with %d workers: every body arrives whole, and the choice is the plan',
    async (transport, workers) => {
      vi.stubEnv('CONNBENCH_NO_FFI', transport === 'net' ? '1' : '0');
      const load = openLoad({ ratePerSecond: 250, warmUpMs: 100, durationMs: 300, workers, requests });
      const report = await run(load);
      expect(report.wholeTrial).toMatchObject({ scheduled: 100, completed: 100, sent: 100 });
      const mix = new RequestMix(load, seed);
      expect(counted(seen.requests)).toEqual(
        counted(Array.from({ length: 100 }, (_, index) => names[mix.draw(0, index)]!)),
      );
    },
  );
});

describe('a trace', () => {
  const text = '0\n0.010\n0.010\n0.2\n{"t": 0.25}\n0.3\n';
  const trace = (content: string): OpenLoadConfig => {
    const path = join(folder, 'trace.txt');
    writeFileSync(path, content);
    const sha256 = createHash('sha256').update(text).digest('hex');
    return openLoad({ warmUpMs: 100, durationMs: 300, workers: 2, trace: { path, sha256, arrivals: 5 } });
  };

  it('is offered by all workers together, in measure only', async () => {
    const report = await run(trace(text));
    // The sixth is due when measure is over.
    expect(report.measure).toMatchObject({ scheduled: 5, completed: 5 });
    expect(report.wholeTrial.scheduled).toBe(5);
    expect(seen.requests).toHaveLength(5);
  });

  it.each([
    ['has changed', '0\n', 'is not what it was when the run was planned'],
    ['is broken', 'x\n', '"x" is not a time in seconds'],
  ])('that %s since the run was planned is refused', async (_name, content, message) => {
    const handle = await startGenerator({ deadlineMs: 20_000 });
    handles.push(handle);
    handle.start({ config: trialConfig(trace(content)), host: '127.0.0.1', port, seed });
    await expect(handle.done).rejects.toMatchObject({
      code: 'TRACE_CHANGED',
      message: expect.stringContaining(message) as string,
    });
    expect(seen.requests).toEqual([]);
  });
});

describe('sessions', () => {
  it('each user has its own connections, a page is followed by all its assets', async () => {
    const load = closedLoad({
      users: 10,
      durationMs: 400,
      thinkTimeMs: 50,
      thinkTime: { distribution: 'exponential', meanMs: 50 },
      page: { assets: 4 },
      workers: 2,
    });
    const report = await run(load, { pool: { size: 3, scope: 'session' } });
    expect(report.measure).toMatchObject({ failed: 0, dropped: 0, abandoned: 0 });
    expect(report.measure.completed).toBe(seen.requests.length);
    // Every user comes at least once in 400 ms but with a chance of e^-8; a visit needs all three connections.
    expect(seen.connections.size).toBe(30);
    expect(report.connections.opened).toBe(30);
    // Only a page that was there when measure ended is not followed by its four.
    expect(report.measure.completed).toBeGreaterThan(100);
  });
});
