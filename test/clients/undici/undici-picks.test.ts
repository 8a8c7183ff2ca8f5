/** Which connection undici picks, and what its versions have: the client driven by hand, without a load. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLiveCounts } from '../../../src/clients/live.ts';
import type { Attempt, NodeClient } from '../../../src/clients/node/node-client.ts';
import type { NodeConnection } from '../../../src/clients/node/node-connection.ts';
import { SocketLedger } from '../../../src/clients/node/socket-ledger.ts';
import { createUndiciClient } from '../../../src/clients/undici.ts';
import { loadUndici } from '../../../src/clients/undici-package.ts';
import type { ClientSetup } from '../../../src/scenario/config.ts';
import { openLoad, type StrategyChanges, trialConfig } from '../trial-config.ts';
import { startCountingServer, type CountingServer } from './counting-server.ts';

const npm = join(dirname(process.execPath), '../lib/node_modules/npm');
const hasOlder = existsSync(join(npm, 'node_modules/undici'));

let server: CountingServer;
let ledger: SocketLedger;
let client: NodeClient | undefined;

beforeEach(async () => {
  server = await startCountingServer();
  ledger = new SocketLedger({ live: createLiveCounts(), tls: false, onEstablished: () => undefined });
});

afterEach(async () => {
  ledger.beginTearDown();
  await client?.close();
  await ledger.tearDown();
  client = undefined;
  await server.stop();
});

function make(changes: StrategyChanges, clientSetup: ClientSetup = {}): NodeClient {
  const load = openLoad();
  const pool = { idleTimeoutMs: 4000, ...changes.pool };
  const config = { ...trialConfig(load, { ...changes, pool }), client: 'undici', clientSetup } as const;
  const task = { config, host: '127.0.0.1', port: server.port, seed: 1, worker: 0, workers: 1, startNs: 0 };
  const setup = { requests: [load.request], connections: pool.size ?? Infinity, owners: 1, ledger };
  return (client = createUndiciClient({ task: { ...task, live: createLiveCounts() }, ...setup }));
}

/** Sends a request; resolves with the number of the connection that carried it. */
function send(by: NodeClient): Promise<number> {
  return new Promise((resolve, reject) => {
    let carrier: NodeConnection | null = null;
    const attempt: Attempt = {
      alternative: 0,
      number: null,
      owner: 0,
      leaks: false,
      get connection() {
        return carrier;
      },
      onConnection: (connection) => {
        carrier = connection;
      },
      written: () => undefined,
      firstByte: () => undefined,
      again: () => undefined,
      leaked: () => undefined,
      released: () => undefined,
      answered: () => {
        resolve(carrier!.id);
      },
      failed: (code) => {
        reject(new Error(code));
      },
    };
    by.start(attempt);
  });
}

/** One after the other, each when undici has had a turn of the event loop to take the connection back. */
async function inTurn(by: NodeClient, count: number): Promise<readonly number[]> {
  const ids: number[] = [];
  for (let sent = 0; sent < count; sent++) {
    ids.push(await send(by));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return ids;
}

describe('the pick of undici', () => {
  it('is the first connection that is free, with lifo', async () => {
    const pool = make({ pool: { size: 3, order: 'lifo' } });
    await Promise.all([send(pool), send(pool), send(pool)]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await inTurn(pool, 4)).toEqual([0, 0, 0, 0]);
  });

  it('is each in turn, with fifo', async () => {
    const pool = make({ pool: { size: 3, order: 'fifo' } });
    await Promise.all([send(pool), send(pool), send(pool)]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const ids = await inTurn(pool, 6);
    expect(ids.slice(0, 3).toSorted()).toEqual([0, 1, 2]);
    expect(ids.slice(3)).toEqual(ids.slice(0, 3));
  });

  it('does not fall on a connection above its clientTtl', async () => {
    const pool = make({ pool: { size: 2, maxLifetimeMs: 1 } });
    expect(new Set(await inTurn(pool, 3)).size).toBe(3);
  });
});

describe('the package undici', () => {
  it('shows the options that are in force', () => {
    const { facts } = make({ pool: { size: 7 } }, { options: { keepAliveTimeoutThreshold: 123 } });
    expect(facts.settings).toMatchObject({
      connections: 7,
      keepAliveTimeout: 4000,
      keepAliveMaxTimeout: 600_000,
      keepAliveTimeoutThreshold: 123,
      headersTimeout: 300_000,
      bodyTimeout: 300_000,
    });
  });

  it('is refused in a version that was not asked for, and where there is none', () => {
    const { version } = loadUndici();
    expect(loadUndici({ version }).version).toBe(version);
    expect(() => loadUndici({ version: '1.2.3' })).toThrow(`undici 1.2.3 was asked for, and connbench has ${version}.`);
    const folder = mkdtempSync(join(tmpdir(), 'connbench-test-'));
    expect(() => loadUndici({ modules: folder })).toThrow(
      `There is no package undici to be found in ${folder}/node_modules.`,
    );
    rmSync(folder, { recursive: true });
  });

  it.runIf(hasOlder)('is refused where its version has no such thing', () => {
    const { version } = loadUndici({ modules: npm });
    const older = { modules: npm };
    for (const [pool, what] of [
      [{ order: 'fifo' }, 'RoundRobinPool'],
      [{ maxLifetimeMs: 1000 }, 'clientTtl'],
    ] as const) {
      expect(() => make({ pool }, older)).toThrow(`undici ${version} has no ${what}`);
    }
  });
});
