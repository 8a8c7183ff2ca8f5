/** One small trial of a client against a bundled server in a process of its own, and what both of them counted. */
import { readdirSync, readlinkSync } from 'node:fs';
import { expect, vi } from 'vitest';
import type { Client, ClientTask } from '../../src/clients/client.ts';
import { createLiveCounts, OPEN_CONNECTIONS } from '../../src/clients/live.ts';
import { nowNs } from '../../src/kernel/clock.ts';
import { createCertificates } from '../../src/lab/certificates.ts';
import type { ClientSetup, LoadConfig } from '../../src/scenario/config.ts';
import { startServer, type ServerHandle } from '../../src/server/child.ts';
import type { ServerReport } from '../../src/server/messages.ts';
import { startGenerator } from '../../src/generator/child.ts';
import { reportWhen } from '../server/report-when.ts';
import { serverConfig, type ServerConfigChanges } from '../server/server-config.ts';
import { expectConsistent, type Report } from './consistency.ts';
import { type StrategyChanges, trialConfig } from './trial-config.ts';

export interface ContractTrial {
  readonly client: Client;
  readonly clientSetup?: ClientSetup;
  readonly load: LoadConfig;
  readonly strategy?: StrategyChanges;
  readonly server?: ServerConfigChanges;
  /** Of a load with a trace. */
  readonly traceNs?: readonly number[];
  /** Ends it early, once the server has begun to answer so many requests. */
  readonly stopAfter?: number;
}

export interface ContractOutcome {
  readonly report: Report;
  /** After its last connection. */
  readonly server: ServerReport;
}

type Share = Omit<ClientTask, 'live' | 'worker' | 'workers'>;

const tlsOfServer = { sessionTickets: true, earlyDataBytes: 0, certificate: 'ecdsa' } as const;
const deadlineMs = 10_000;

/** Runs it and checks what must hold of every one: books balance, phases add up, and no socket is left. */
export async function contractTrial(trial: ContractTrial): Promise<ContractOutcome> {
  const { client, clientSetup, load, strategy = {}, traceNs, stopAfter } = trial;
  const { tls } = strategy;
  const certificates = tls === undefined ? null : await createCertificates('ecdsa');
  const served = serverConfig('node', {
    ...trial.server,
    ...(tls === undefined ? {} : { tls: tlsOfServer }),
    ...(strategy.protocol === 'h2' ? { http2: { maxConcurrentStreams: 100 } } : {}),
  });
  const server = await startServer(served, {
    seed: 1,
    deadlineMs,
    ...(certificates === null || tls === undefined ? {} : { tls: { ...certificates, version: tls.version } }),
  });
  vi.stubEnv('CONNBENCH_CHECK_PHASES', '1');
  try {
    const share = {
      config: {
        ...trialConfig(load, strategy),
        client: client.name,
        server: served,
        ...(clientSetup === undefined ? {} : { clientSetup }),
      },
      host: server.host,
      port: server.port,
      seed: 1,
      ...(certificates === null ? {} : { caPem: certificates.caPem }),
      ...(traceNs === undefined ? {} : { traceNs: Float64Array.from(traceNs) }),
    };
    // What a process has to be started with for TLS this one was not; and a client that blocks its thread can be stopped from outside only.
    const needsProcess = stopAfter !== undefined || (tls !== undefined && client.environment !== undefined);
    const report = needsProcess
      ? await inGenerator(client, share, server, stopAfter)
      : await inThisProcess(client, share);
    expectConsistent(report);
    expect(report.phaseFaults).toEqual({ checked: report.measure.completed, faults: 0, first: null });
    return { report, server: await server.stop(5000) };
  } finally {
    vi.unstubAllEnvs();
    await server.kill();
  }
}

async function inThisProcess(client: Client, share: Share): Promise<Report> {
  const live = createLiveCounts();
  const before = openSockets();
  const prepared = await client.prepare({ ...share, worker: 0, workers: 1, live });
  const report = await prepared.run(nowNs() + 5e6);
  expect([live[OPEN_CONNECTIONS], openSockets() - before]).toEqual([0, 0]);
  return report;
}

async function inGenerator(client: Client, share: Share, server: ServerHandle, stopAfter?: number): Promise<Report> {
  const { caPem } = share;
  const generator = await startGenerator({
    deadlineMs,
    client: client.name,
    ...(caPem === undefined ? {} : { caPem }),
  });
  try {
    generator.start(share);
    if (stopAfter !== undefined) {
      const began = reportWhen(server, ({ executed }) => executed >= stopAfter);
      await Promise.race([began, generator.done.then(() => Promise.reject(new Error('it ended by itself')))]);
      generator.stop();
    }
    const report = await generator.done;
    if (report.connections === null) throw new Error('nobody counted its connections');
    return report;
  } finally {
    generator.kill();
  }
}

/** Sockets of this process. */
function openSockets(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
    } catch {
      return false; // Closed since the directory was read.
    }
  }).length;
}
