/** One small trial of a client against a bundled server in a process of its own, and what both of them counted. */
import { readdirSync, readlinkSync } from 'node:fs';
import { expect, vi } from 'vitest';
import type { Client } from '../../src/clients/client.ts';
import { createLiveCounts, OPEN_CONNECTIONS } from '../../src/clients/live.ts';
import type { WorkerReport } from '../../src/clients/observations.ts';
import { nowNs } from '../../src/kernel/clock.ts';
import { createCertificates } from '../../src/lab/certificates.ts';
import type { ClientSetup, LoadConfig } from '../../src/scenario/config.ts';
import { startServer } from '../../src/server/child.ts';
import type { ServerReport } from '../../src/server/messages.ts';
import { serverConfig, type ServerConfigChanges } from '../server/server-config.ts';
import { expectConsistent } from './consistency.ts';
import { type StrategyChanges, trialConfig } from './trial-config.ts';

export interface ContractTrial {
  readonly client: Client;
  readonly clientSetup?: ClientSetup;
  readonly load: LoadConfig;
  readonly strategy?: StrategyChanges;
  readonly server?: ServerConfigChanges;
  /** Of a load with a trace. */
  readonly traceNs?: readonly number[];
}

export interface ContractOutcome {
  readonly report: WorkerReport;
  /** After its last connection. */
  readonly server: ServerReport;
}

const tlsOfServer = { sessionTickets: true, earlyDataBytes: 0, certificate: 'ecdsa' } as const;

/** Runs it and checks what must hold of every one: books balance, phases add up, and no socket is left. */
export async function contractTrial(trial: ContractTrial): Promise<ContractOutcome> {
  const { client, clientSetup, load, strategy = {}, traceNs } = trial;
  const { tls } = strategy;
  const certificates = tls === undefined ? null : await createCertificates('ecdsa');
  const served = serverConfig('node', {
    ...trial.server,
    ...(tls === undefined ? {} : { tls: tlsOfServer }),
    ...(strategy.protocol === 'h2' ? { http2: { maxConcurrentStreams: 100 } } : {}),
  });
  const server = await startServer(served, {
    seed: 1,
    deadlineMs: 10_000,
    ...(certificates === null || tls === undefined ? {} : { tls: { ...certificates, version: tls.version } }),
  });
  vi.stubEnv('CONNBENCH_CHECK_PHASES', '1');
  try {
    const live = createLiveCounts();
    const before = openSockets();
    const share = await client.prepare({
      config: {
        ...trialConfig(load, strategy),
        client: client.name,
        server: served,
        ...(clientSetup === undefined ? {} : { clientSetup }),
      },
      host: server.host,
      port: server.port,
      seed: 1,
      worker: 0,
      workers: 1,
      live,
      ...(certificates === null ? {} : { caPem: certificates.caPem }),
      ...(traceNs === undefined ? {} : { traceNs: Float64Array.from(traceNs) }),
    });
    const report = await share.run(nowNs() + 5e6);
    expect([live[OPEN_CONNECTIONS], openSockets() - before]).toEqual([0, 0]);
    expectConsistent(report);
    expect(report.phaseFaults).toEqual({ checked: report.measure.completed, faults: 0, first: null });
    return { report, server: await server.stop(5000) };
  } finally {
    vi.unstubAllEnvs();
    await server.kill();
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
