/** The reference client on real sockets, by both transports, against every fault that a server can commit. */
import { readdirSync, readlinkSync } from 'node:fs';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Client } from '../../../src/clients/client.ts';
import { createLiveCounts, OPEN_CONNECTIONS, STOP } from '../../../src/clients/live.ts';
import type { ClientCloseReason, FailurePhase, WorkerReport } from '../../../src/clients/observations.ts';
import { nowNs } from '../../../src/kernel/clock.ts';
import { type Certificates, createCertificates } from '../../../src/lab/certificates.ts';
import type { TrialConfig } from '../../../src/scenario/config.ts';
import { countOf, expectConsistent, sum } from '../consistency.ts';
import { closedLoad, openLoad, type StrategyChanges, trialConfig } from '../trial-config.ts';
import { type Fault, type FaultyServer, startFaultyServer } from './faulty-server.ts';

const transports = ['epoll', 'net', 'epoll over TLS'] as const;

let certificates: Certificates;
beforeAll(async () => {
  certificates = await createCertificates('ecdsa');
});

/** The client with the transport wanted: modules are loaded anew, because the choice is made once. */
async function clientWith(kind: (typeof transports)[number]): Promise<Client> {
  vi.stubEnv('CONNBENCH_NO_FFI', kind === 'net' ? '1' : '0');
  vi.stubEnv('CONNBENCH_CHECK_PHASES', '1');
  vi.resetModules();
  const { referenceClient } = await import('../../../src/clients/reference.ts');
  expect(referenceClient.transport().kind).toBe(kind === 'net' ? 'net' : 'epoll');
  return referenceClient;
}

let server: FaultyServer | undefined;

async function serve(kind: (typeof transports)[number], fault: Fault): Promise<FaultyServer> {
  const { certPem: cert, keyPem: key } = certificates;
  server = await startFaultyServer(fault, kind === 'epoll over TLS' ? { cert, key } : undefined);
  return server;
}

afterEach(async () => {
  vi.unstubAllEnvs();
  await server?.stop();
  server = undefined;
});

function openSockets(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return /^(socket|anon_inode:\[event)/.test(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      return false; // Closed since the directory was read.
    }
  }).length;
}

interface Outcome {
  readonly report: WorkerReport;
  readonly live: ReturnType<typeof createLiveCounts>;
}

async function trial(kind: (typeof transports)[number], plain: TrialConfig, stopEarly = false): Promise<Outcome> {
  const tls = { version: '1.3', resumption: 'none' } as const;
  const config = kind === 'epoll over TLS' ? { ...plain, strategy: { ...plain.strategy, tls } } : plain;
  const { caPem } = certificates;
  const client = await clientWith(kind);
  const live = createLiveCounts();
  if (stopEarly) live[STOP] = 1;
  const before = openSockets();
  const startNs = nowNs() + 5e6;
  const { port } = server!;
  const share = await client.prepare({ config, host: '127.0.0.1', port, seed: 1, worker: 0, workers: 1, caPem, live });
  const report = await share.run(startNs);
  expectConsistent(report);
  expect(report.phaseFaults).toEqual({ checked: report.measure.completed, faults: 0, first: null });
  expect([live[OPEN_CONNECTIONS], openSockets()]).toEqual([0, before]);
  return { report, live };
}

interface Row {
  readonly fault: Fault;
  readonly strategy?: StrategyChanges;
  /** Of 10 requests. */
  readonly completed: 0 | 10;
  readonly failures?: { readonly phases: readonly FailurePhase[]; readonly codes: readonly string[] };
  /** Reasons that may occur, and the one that must. */
  readonly reason: ClientCloseReason;
  readonly alsoReasons?: readonly ClientCloseReason[];
  readonly opened?: number;
}

const oneConnection = { pool: { size: 1 } };
const races = ['NO_RESPONSE', 'ECONNRESET', 'EPIPE'];

const rows: readonly Row[] = [
  { fault: 'none', strategy: oneConnection, completed: 10, reason: 'teardown', opened: 1 },
  { fault: 'none', strategy: { ...oneConnection, pipelining: 4 }, completed: 10, reason: 'teardown', opened: 1 },
  // Each but the first finds the connection of the one before it, loses it, and is the first of another one.
  {
    fault: 'finInsteadOfSecond',
    strategy: { ...oneConnection, retry: 'reused-once' },
    completed: 10,
    reason: 'serverFin',
    alsoReasons: ['teardown'],
    opened: 10,
  },
  { fault: 'continueFirst', strategy: oneConnection, completed: 10, reason: 'teardown', opened: 1 },
  { fault: 'chunked', strategy: oneConnection, completed: 10, reason: 'teardown', opened: 1 },
  { fault: 'megabyte', completed: 10, reason: 'teardown' },
  { fault: 'drip', completed: 10, reason: 'teardown' },
  { fault: 'untilClose', completed: 10, reason: 'connectionClose', opened: 10 },
  { fault: 'closeAnnounced', completed: 10, reason: 'connectionClose', opened: 10 },
  { fault: 'closeLeftToClient', completed: 10, reason: 'connectionClose', opened: 10 },
  { fault: 'lengthTooShort', completed: 10, reason: 'badResponse', opened: 10 },
  {
    fault: 'finOnAccept',
    completed: 0,
    failures: { phases: ['firstByte', 'send', 'tls'], codes: [...races, 'TLS_CLOSED'] },
    reason: 'serverFin',
    alsoReasons: ['serverReset'],
    opened: 10,
  },
  {
    fault: 'finInsteadOfAnswer',
    completed: 0,
    failures: { phases: ['firstByte'], codes: ['NO_RESPONSE'] },
    reason: 'serverFin',
    opened: 10,
  },
  {
    fault: 'resetInsteadOfAnswer',
    completed: 0,
    failures: { phases: ['firstByte'], codes: ['ECONNRESET'] },
    reason: 'serverReset',
    opened: 10,
  },
  {
    fault: 'resetInBody',
    completed: 0,
    failures: { phases: ['download'], codes: ['ECONNRESET'] },
    reason: 'serverReset',
    opened: 10,
  },
  {
    fault: 'truncatedHead',
    completed: 0,
    failures: { phases: ['download'], codes: ['TRUNCATED_HEAD'] },
    reason: 'serverFin',
    opened: 10,
  },
  {
    fault: 'truncatedBody',
    completed: 0,
    failures: { phases: ['download'], codes: ['TRUNCATED_BODY'] },
    reason: 'serverFin',
    opened: 10,
  },
  {
    fault: 'garbage',
    completed: 0,
    failures: { phases: ['download'], codes: ['BAD_STATUS_LINE'] },
    reason: 'badResponse',
    opened: 10,
  },
  {
    fault: 'badChunk',
    completed: 0,
    failures: { phases: ['download'], codes: ['BAD_CHUNK'] },
    reason: 'badResponse',
    opened: 10,
  },
  {
    fault: 'lengthTooLong',
    strategy: { timeouts: { responseMs: 100 } },
    completed: 0,
    failures: { phases: ['download'], codes: ['RESPONSE_TIMEOUT'] },
    reason: 'timeout',
    opened: 10,
  },
  {
    fault: 'silence',
    strategy: { timeouts: { responseMs: 100 } },
    completed: 0,
    failures: { phases: ['firstByte'], codes: ['RESPONSE_TIMEOUT'] },
    reason: 'timeout',
    opened: 10,
  },
];

describe.each(transports)('reference client over %s', (kind) => {
  it.each(rows)('$fault', async (row) => {
    server = await serve(kind, row.fault);
    const config = trialConfig(openLoad({ ratePerSecond: 50, durationMs: 200 }), row.strategy);
    const { report } = await trial(kind, config);
    expect(report.measure).toEqual({
      scheduled: 10,
      started: 10,
      completed: row.completed,
      failed: 10 - row.completed,
      dropped: 0,
      abandoned: 0,
    });
    for (const { phase, code } of report.errors) {
      expect([row.failures?.phases, row.failures?.codes]).toEqual([
        expect.arrayContaining([phase]),
        expect.arrayContaining([code]),
      ]);
    }
    const { connections } = report;
    if (row.opened !== undefined) expect(connections.opened).toBe(row.opened);
    const reasons = Object.entries(connections.closesByReason).filter(([, count]) => count > 0);
    const allowed = [row.reason, ...(row.alsoReasons ?? [])] as string[];
    expect(reasons.map(([reason]) => reason).filter((reason) => !allowed.includes(reason))).toEqual([]);
    expect(sum(reasons.map(([, count]) => count))).toBe(connections.opened);
    const { accepted, requests } = await server.counts();
    expect(accepted).toBe(connections.opened);
    if (row.fault !== 'finOnAccept') expect(requests).toBe(report.wholeTrial.sent);
  });

  it.each([
    ['finAfterAnswer', ['serverFin', 'serverReset', 'teardown']],
    // Where an answer and a reset come together, libuv says end of file (POLLHUP after a partial read): over net it looks like a FIN.
    ['resetAfterAnswer', kind === 'net' ? ['serverReset', 'serverFin', 'teardown'] : ['serverReset', 'teardown']],
  ] as const)(
    '%s: an idle connection ends without notice; a request that meets the end fails',
    async (fault, allowed) => {
      server = await serve(kind, fault);
      const { report } = await trial(kind, trialConfig(openLoad({ ratePerSecond: 50, durationMs: 200 })));
      expect(report.measure.completed + report.measure.failed).toBe(10);
      // On a busy machine a request may meet the end of its connection.
      expect(report.errors.filter(({ code, reused }) => !reused || !races.includes(code))).toEqual([]);
      expect(report.connections.opened).toBeGreaterThan(1);
      const reasons = Object.entries(report.connections.closesByReason).filter(([, count]) => count > 0);
      expect(
        reasons.map(([reason]) => reason).filter((reason) => !(allowed as readonly string[]).includes(reason)),
      ).toEqual([]);
      expect((await server.counts()).accepted).toBe(report.connections.opened);
    },
  );

  it('connection refused: every request fails in the connect phase, nothing was opened', async () => {
    server = await serve(kind, 'closed');
    const { report } = await trial(kind, trialConfig(openLoad({ ratePerSecond: 50, durationMs: 200 })));
    expect(report.errors).toEqual([
      { phase: 'connect', code: 'ECONNREFUSED', reused: false, socketAgeMs: null, count: 10 },
    ]);
    expect(report.connections).toMatchObject({ attempted: 10, connectFailed: 10, opened: 0, notAttempted: 0 });
  });

  it('connection refused in the closed model: a user tries about every 10 ms, not as fast as it can', async () => {
    server = await serve(kind, 'closed');
    const { report } = await trial(kind, trialConfig(closedLoad({ users: 3, durationMs: 200 })));
    // 3 users, at most one try per 10 ms each in 200 ms.
    expect(report.measure.failed).toBeGreaterThanOrEqual(3);
    expect(report.measure.failed).toBeLessThanOrEqual(60);
  });

  it('many resets at once: numbers of connections are used again, events of the old ones do not reach the new ones', async () => {
    server = await serve(kind, 'resetOnAccept');
    const config = trialConfig(openLoad({ ratePerSecond: 4000, durationMs: 250 }), { pool: { size: 8 } });
    const { report } = await trial(kind, config);
    expect(report.measure).toMatchObject({ scheduled: 1000, completed: 0, failed: 1000 });
    expect(report.errors.map(({ code }) => code).filter((code) => !races.includes(code))).toEqual([]);
    const { accepted } = await server.counts();
    expect(accepted).toBe(report.connections.attempted);
  });

  it('closed by the server after every answer, with requests in line', async () => {
    server = await serve(kind, 'finAfterAnswer');
    const config = trialConfig(closedLoad({ users: 20, durationMs: 250 }), { pool: { size: 4 } });
    const { report } = await trial(kind, config);
    expect(report.errors.map(({ code }) => code).filter((code) => !races.includes(code))).toEqual([]);
    expect(report.connections.peakOpen).toBeLessThanOrEqual(4);
    expect((await server.counts()).accepted).toBe(report.connections.opened);
  });

  it('closeWith reset: the server sees no FIN of ours', async () => {
    server = await serve(kind, 'none');
    const config = trialConfig(openLoad({ ratePerSecond: 50, durationMs: 200 }), {
      closeWith: 'reset',
      pool: { size: 1, maxRequests: 5 },
    });
    const { report } = await trial(kind, config);
    expect(report.connections).toMatchObject({
      opened: 2,
      resetsSent: 2,
      closesByReason: { maxRequests: 2 },
      firstCloser: { client: 0, server: 0, reset: 2 },
    });
  });

  it('stopped before it starts: everything is abandoned', async () => {
    server = await serve(kind, 'none');
    const { report } = await trial(kind, trialConfig(openLoad({ ratePerSecond: 100, durationMs: 60_000 })), true);
    expect([report.stopped, report.measure.started, report.measure.abandoned]).toEqual([true, 0, 6000]);
    expect(report.connections).toMatchObject({ attempted: 0, opened: 0 });
  });

  it('prefetch: 20 connections are open before the first request', async () => {
    server = await serve(kind, 'none');
    const config = trialConfig(openLoad({ ratePerSecond: 100, durationMs: 200 }), {
      pool: { size: 20, prefetch: true, order: 'fifo' },
    });
    const { report } = await trial(kind, config);
    expect(report.connections).toMatchObject({ opened: 20, peakOpen: 20 });
    expect([countOf(report.latency.response.new), countOf(report.latency.response.reused)]).toEqual([0, 20]);
    expect((await server.counts()).accepted).toBe(20);
  });
});
