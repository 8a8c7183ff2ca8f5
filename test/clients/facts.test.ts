/** Every client says what it is, with the versions of its package and of Node, and which settings are in force, defaults included. */
import { expect, it } from 'vitest';
import { clientNamed } from '../../src/clients/registry.ts';
import { clientNames, type ClientName } from '../../src/scenario/config.ts';
import { contractTrial } from './contract-trial.ts';
import { openLoad, type StrategyChanges } from './trial-config.ts';
import type { ClientFacts } from '../../src/clients/observations.ts';

const load = openLoad({ ratePerSecond: 20, durationMs: 50 });
const node = `node ${process.version}`;

async function factsOf(name: ClientName, strategy: StrategyChanges = {}): Promise<ClientFacts> {
  const { report } = await contractTrial({ client: clientNamed(name), load, strategy });
  expect(report.client).toBeDefined();
  return report.client!;
}

it('node-http: its Agent', async () => {
  const { version, settings } = await factsOf('node-http', { pool: { size: 3 } });
  expect(version).toBe(node);
  // Defaults of node:http (doc/api/http.md, new Agent).
  expect(settings).toMatchObject({
    keepAlive: true,
    keepAliveMsecs: 1000,
    maxSockets: 3,
    maxTotalSockets: 'unlimited',
    maxFreeSockets: 3,
    scheduling: 'lifo',
    timeout: null,
  });
});

it('agentkeepalive: its Agent, with the timeouts of the package', async () => {
  const { version, settings } = await factsOf('agentkeepalive', { pool: { idleTimeoutMs: 700 } });
  expect(version).toMatch(new RegExp(`^agentkeepalive \\d+\\.\\d+\\.\\d+, ${node}$`));
  // The larger of 8 s and twice the timeout of free sockets.
  expect(settings).toMatchObject({ keepAlive: true, freeSocketTimeout: 700, timeout: 8000 });
});

it('fetch: the undici that Node brings, as it comes, loaded before the load begins', async () => {
  const { version, settings } = await factsOf('fetch');
  expect(version).toBe(`${node} (undici ${process.versions['undici']!})`);
  // Of undici 6 (docs/docs/api/Client.md, ClientOptions).
  expect(settings).toMatchObject({
    keepAliveTimeout: 4000,
    keepAliveMaxTimeout: 600_000,
    headersTimeout: 300_000,
    bodyTimeout: 300_000,
    pipelining: 1,
  });
  expect(settings).toHaveProperty('keepAliveTimeoutThreshold');
});

it('undici: its pool', async () => {
  const { version, settings } = await factsOf('undici', { pool: { size: 3, idleTimeoutMs: 900 } });
  expect(version).toMatch(new RegExp(`^undici \\d+\\.\\d+\\.\\d+, ${node}$`));
  expect(settings).toMatchObject({
    dispatcher: 'Pool',
    connections: 3,
    pipelining: 1,
    keepAliveTimeout: 900,
    keepAliveMaxTimeout: 600_000,
    keepAliveTimeoutThreshold: 2000,
  });
});

it('http2: its sessions', async () => {
  const { version, settings } = await factsOf('http2', { protocol: 'h2', pool: { size: 2 } });
  expect(version).toBe(`${node} (nghttp2 ${process.versions['nghttp2']!})`);
  // RFC 9113, section 6.5.2.
  expect(settings).toMatchObject({ sessions: 2, streams: 1, headerTableSize: 4096, initialWindowSize: 65_535 });
});

it('no client is left out', () => {
  expect(clientNames.filter((name) => clientNamed(name).isProgram !== true)).toEqual([
    'reference',
    'node-http',
    'fetch',
    'undici',
    'agentkeepalive',
    'http2',
  ]);
});
