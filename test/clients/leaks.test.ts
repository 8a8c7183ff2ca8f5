/** Responses that are never read, on real sockets: which are forgotten, and what each client makes of their connections. */
import { describe, expect, it } from 'vitest';
import { clients } from '../../src/clients/registry.ts';
import type { Client } from '../../src/clients/client.ts';
import { LeakDraw } from '../../src/load/leak-draw.ts';
import type { ClientName, LeakConfig, OpenLoadConfig } from '../../src/scenario/config.ts';
import { contractTrial, type ContractOutcome } from './contract-trial.ts';
import { openLoad, type StrategyChanges } from './trial-config.ts';

/** 40 requests, 5 ms apart. */
const requests = 40;
const share = 0.3;

function loadOf(leak: LeakConfig): OpenLoadConfig {
  return openLoad({ ratePerSecond: 200, durationMs: 200, leak });
}

/** By the rule itself: the requests of the only stream, 0 to 39, with the seed of `contractTrial`. */
const draw = new LeakDraw(loadOf({ share, collect: 'never' }), 1);
const expected = Array.from({ length: requests }, (_, index) => draw.draw(0, index)).filter((one) => one === 1).length;

function named(name: ClientName): Client {
  const found = clients.find((client) => client.name === name);
  if (found === undefined) throw new Error(`no client ${name}`);
  return found;
}

interface Leaking {
  readonly name: ClientName;
  readonly sizeBytes: number;
  readonly strategy?: StrategyChanges;
  readonly leak?: LeakConfig;
}

function leaking({
  name,
  sizeBytes,
  strategy = {},
  leak = { share, collect: 'never' },
}: Leaking): Promise<ContractOutcome> {
  return contractTrial({ client: named(name), load: loadOf(leak), strategy, server: { response: { sizeBytes } } });
}

describe('a response that nobody reads', () => {
  it('the draw makes leaks of some requests and not of all', () => {
    expect(expected).toBeGreaterThan(4);
    expect(expected).toBeLessThan(requests - 4);
  });

  // Held: by node:http whatever the size; by undici.request beyond its 64 KiB, by fetch beyond the 16 KiB of its stream.
  const rows: readonly (readonly [ClientName, sizeBytes: number, holds: boolean])[] = [
    ['reference', 1000, true],
    ['reference', 1_000_000, true],
    ['node-http', 0, true],
    ['node-http', 1000, true],
    ['node-http', 1_000_000, true],
    ['agentkeepalive', 1000, true],
    ['undici', 1000, false],
    ['undici', 1_000_000, true],
    ['fetch', 1000, false],
    ['fetch', 1_000_000, true],
  ];
  it.each(rows)('%s, %i bytes: its connection is held: %s', async (name, sizeBytes, holds) => {
    const { report, server } = await leaking({ name, sizeBytes });
    const { measure, wholeTrial, connections } = report;
    expect(measure).toMatchObject({ scheduled: requests, completed: requests - expected, failed: 0, leaked: expected });
    expect(connections.leaked).toBe(holds ? expected : 0);
    // The server answered what the client read, and what it left.
    expect(server).toMatchObject({ accepted: connections.opened, executed: wholeTrial.sent, open: 0 });
    expect(wholeTrial.sent - wholeTrial.answered).toBe(expected);
    // Each has a connection of its own to the end.
    if (holds) expect(connections.opened).toBeGreaterThanOrEqual(expected);
    if (holds) expect(connections.peakOpen).toBeGreaterThanOrEqual(expected);
  });

  it.each(['reference', 'node-http'] as const)('over TLS, by %s', async (name) => {
    const strategy = { tls: { version: '1.3', resumption: 'session' } } as const;
    const { report } = await leaking({ name, sizeBytes: 100_000, strategy });
    expect(report.measure).toMatchObject({ failed: 0, leaked: expected });
    expect(report.connections.leaked).toBe(expected);
  });

  it.each(['reference', 'node-http', 'undici'] as const)('takes the whole of a finite pool: %s', async (name) => {
    const leak = { share: 1, collect: 'never' } as const;
    const strategy = { pool: { size: 2, queueTimeoutMs: 100 } };
    const { report, server } = await leaking({ name, sizeBytes: 1_000_000, strategy, leak });
    // Two have the two connections for good, and everybody else waits until it is too late.
    expect(report.measure).toMatchObject({ completed: 0, leaked: 2, failed: requests - 2, abandoned: 0 });
    expect(report.errors.map(({ code }) => code)).toEqual(['QUEUE_TIMEOUT']);
    expect(report.connections).toMatchObject({ opened: 2, leaked: 2 });
    expect(server.executed).toBe(2);
  });

  it('a queue limit counts those who wait, whatever holds the connections', async () => {
    const leak = { share: 1, collect: 'never' } as const;
    const pool = { size: 2, queueTimeoutMs: 2000, queueLimit: 3 };
    for (const name of ['reference', 'node-http'] as const) {
      const { report } = await leaking({ name, sizeBytes: 1_000_000, strategy: { pool }, leak });
      expect(report.measure).toMatchObject({ leaked: 2, failed: 3, dropped: requests - 5 });
    }
  });

  it('fetch lets go of what the garbage collector finds, and the connection is lost with it', async () => {
    const leak = { share, collect: 'forced', everyMs: 10 } as const;
    const { report } = await leaking({ name: 'fetch', sizeBytes: 1_000_000, leak });
    const { leaked = 0, closesByReason } = report.connections;
    expect(report.measure).toMatchObject({ completed: requests - expected, failed: 0, leaked: expected });
    expect(closesByReason.collected).toBeGreaterThan(0);
    expect(closesByReason.collected + leaked).toBe(expected);
  });

  it('node:http keeps a socket whose response was collected', async () => {
    const leak = { share, collect: 'forced', everyMs: 10 } as const;
    const { report } = await leaking({ name: 'node-http', sizeBytes: 1_000_000, leak });
    expect(report.connections).toMatchObject({ leaked: expected, closesByReason: { collected: 0 } });
  });
});
