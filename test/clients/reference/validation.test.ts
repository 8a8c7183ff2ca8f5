/**
 * The look before a reuse: what it finds in every state of an idle connection, in virtual time; and on real sockets, where the server's end
 * has arrived in the kernel, and no event has told of it, when the next request is due.
 */
import { readFileSync } from 'node:fs';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createLiveCounts } from '../../../src/clients/live.ts';
import type { WorkerReport } from '../../../src/clients/observations.ts';
import { referenceClient } from '../../../src/clients/reference.ts';
import type * as workloads from '../../../src/clients/workload.ts';
import { nowNs } from '../../../src/kernel/clock.ts';
import { loadNative } from '../../../src/kernel/native.ts';
import { type Certificates, createCertificates } from '../../../src/lab/certificates.ts';
import { expectConsistent } from '../consistency.ts';
import { closedLoad, type StrategyChanges, trialConfig } from '../trial-config.ts';
import { response } from './fake-network.ts';
import { type Fault, type FaultyServer, startFaultyServer } from './faulty-server.ts';
import { arrivals, expectPath, ms, onlyFirst, type Path, reply, run } from './worlds.ts';

const validate = { pool: { validate: true } } as const;

const rows: readonly Path[] = [
  {
    name: 'a FIN that nobody has told of: another connection is opened, and no request fails',
    requests: 3,
    strategy: validate,
    server: { answer: () => reply(response(), { afterNs: 0.5 * ms, queued: 'fin' }) },
    completed: 3,
    opened: 3,
    reasons: { serverFin: 2, teardown: 1 }, // The trial is over before the last one's FIN.
    first: { server: 2 },
    perConnection: { 1: 3 },
  },
  {
    name: 'a reset',
    requests: 2,
    strategy: validate,
    server: { answer: onlyFirst(reply(response(), { afterNs: 0.5 * ms, queued: 'reset' })) },
    completed: 2,
    opened: 2,
    reasons: { serverReset: 1, teardown: 1 },
    first: { reset: 1 },
    perConnection: { 1: 2 },
    resets: { received: 1 },
  },
  {
    name: 'bytes that nobody asked for',
    requests: 2,
    strategy: validate,
    server: { answer: onlyFirst(reply(response(), { afterNs: 0.5 * ms, queued: 'bytes' })) },
    completed: 2,
    opened: 2,
    reasons: { badResponse: 1, teardown: 1 },
    first: { reset: 1 },
    perConnection: { 1: 2 },
    resets: { sent: 1 },
  },
  {
    name: 'close_notify, whose FIN follows',
    requests: 3,
    strategy: validate,
    server: {
      answer: onlyFirst(reply(response(), { afterNs: 0.5 * ms, queued: 'notify' }, { afterNs: 1.5 * ms, do: 'fin' })),
    },
    completed: 3,
    opened: 2,
    reasons: { serverFin: 1, teardown: 1 },
    first: { server: 1 },
    perConnection: { 1: 1, 2: 1 },
  },
  {
    name: 'nothing: the connection is used again',
    requests: 3,
    strategy: validate,
    server: { answer: () => reply(response()) },
    completed: 3,
    opened: 1,
    reasons: { teardown: 1 },
    first: {},
    perConnection: { 3: 1 },
  },
  {
    name: 'a connection at the limit of the pool: its place goes to the new one',
    requests: 2,
    strategy: { pool: { validate: true, size: 1 } },
    server: { answer: () => reply(response(), { afterNs: 0.5 * ms, queued: 'fin' }) },
    completed: 2,
    opened: 2,
    reasons: { serverFin: 1, teardown: 1 },
    first: { server: 1 },
    perConnection: { 1: 2 },
  },
];

describe('before an idle connection is used again', () => {
  it.each(rows)('$name', (row) => {
    expectPath(row);
  });

  it('every dead one is closed until one is alive, and each is counted', () => {
    // Connections 0, 1 and 2 of the prefetched four have ended; order fifo takes them in turn.
    const { connections, report } = run({
      load: { ...arrivals(2), warmUpMs: 5 },
      strategy: { pool: { validate: true, size: 4, prefetch: true, order: 'fifo' } },
      server: {
        accepted: (connection) => (connection < 3 ? [{ afterNs: 0, queued: 'fin' }] : []),
        answer: () => reply(response()),
      },
    });
    expect([report.wholeTrial.completed, report.wholeTrial.failed]).toEqual([7, 0]);
    expect([connections.opened, connections.foundDead]).toEqual([4, 3]);
    expect(connections.closesByReason).toMatchObject({ serverFin: 3, teardown: 1 });
  });

  it('nothing is counted where nobody looks', () => {
    const { connections } = run({ load: arrivals(1), server: { answer: () => reply(response()) } });
    expect(connections.foundDead).toBeUndefined();
  });
});

/** Called before each request of a workload is taken. */
const beforeTake = vi.hoisted(() => ({ call: (): void => undefined }));

vi.mock('../../../src/clients/workload.ts', async (importOriginal) => {
  const original = await importOriginal<typeof workloads>();
  const createWorkload: typeof original.createWorkload = (load, share) => {
    const workload = original.createWorkload(load, share);
    const take = workload.take.bind(workload);
    workload.take = () => {
      beforeTake.call();
      take();
    };
    return workload;
  };
  return { ...original, createWorkload };
});

/** Holds the thread until no connection to `port` is established any more, by the kernel's own table. */
function waitForEnd(port: number): void {
  const established = `:${port.toString(16).toUpperCase().padStart(4, '0')} 01 `;
  const untilNs = nowNs() + 10e9;
  while (readFileSync('/proc/self/net/tcp', 'latin1').includes(`0100007F${established}`)) {
    if (nowNs() > untilNs) throw new Error('the server does not end the connection');
  }
}

let certificates: Certificates;
let server: FaultyServer | undefined;

beforeAll(async () => {
  certificates = await createCertificates('ecdsa');
});
afterEach(async () => {
  beforeTake.call = () => undefined;
  await server?.stop();
  server = undefined;
});

/** One user without pauses: its next request is due in the very step in which the last answer was read. */
async function trial(fault: Fault, isTls: boolean, strategy: StrategyChanges, waits = true): Promise<WorkerReport> {
  const { certPem: cert, keyPem: key, caPem } = certificates;
  server = await startFaultyServer(fault, isTls ? { cert, key } : undefined);
  const { port } = server;
  if (waits) {
    beforeTake.call = () => {
      waitForEnd(port);
    };
  }
  const tls = isTls ? ({ tls: { version: '1.3', resumption: 'none' } } as const) : {};
  const config = trialConfig(closedLoad({ durationMs: 200 }), { ...strategy, ...tls });
  const live = createLiveCounts();
  const task = { config, host: '127.0.0.1', port, seed: 1, worker: 0, workers: 1, caPem, live };
  const report = await (await referenceClient.prepare(task)).run(nowNs());
  expectConsistent(report);
  return report;
}

describe.skipIf(!loadNative().ok)('on real sockets, where the end has arrived and no event has told of it', () => {
  it.each([
    ['finAfterAnswer', false, 'serverFin'],
    ['resetAfterAnswer', false, 'serverReset'],
    ['finAfterAnswer', true, 'serverFin'],
    ['resetAfterAnswer', true, 'serverReset'],
  ] as const)('%s, over TLS: %s: no request fails', async (fault, isTls, reason) => {
    const { wholeTrial, connections } = await trial(fault, isTls, validate);
    expect(wholeTrial.failed).toBe(0);
    expect(wholeTrial.completed).toBeGreaterThan(1);
    expect(connections.opened).toBe(wholeTrial.completed);
    // Where the FIN came before its answer was read, the connection never was idle: at the start, while this program is still slow.
    expect(connections.foundDead).toBeGreaterThan(0);
    expect(connections.closesByReason[reason]).toBeGreaterThanOrEqual(connections.opened - 1);
    expect(await server?.counts()).toMatchObject({ accepted: connections.opened, requests: wholeTrial.completed });
  });

  it.each([false, true])('a server that keeps its connections, over TLS: %s: none is found dead', async (isTls) => {
    // Over TLS 1.3 each of the prefetched ones has tickets to read.
    const pool = { validate: true, size: 4, prefetch: true, order: 'fifo' } as const;
    const { wholeTrial, connections } = await trial('none', isTls, { pool }, false);
    expect(wholeTrial.failed).toBe(0);
    expect(connections).toMatchObject({ opened: 4, foundDead: 0, closesByReason: { teardown: 4 } });
  });

  it('without the look the request goes to the dead connection and fails', async () => {
    const { wholeTrial, errors } = await trial('finAfterAnswer', false, {});
    expect(wholeTrial.failed).toBeGreaterThan(0);
    expect(errors.filter(({ reused }) => !reused)).toEqual([]);
  });
});
