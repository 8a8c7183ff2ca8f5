/** TCP_USER_TIMEOUT and source addresses of the reference client: by what the kernel and the server see, in host mode and in a lab. */
import { afterEach, describe, expect, it, test, vi } from 'vitest';
import { createLiveCounts } from '../../../src/clients/live.ts';
import type { WorkerReport } from '../../../src/clients/observations.ts';
import { startGenerator } from '../../../src/generator/child.ts';
import type { GeneratorReport } from '../../../src/generator/messages.ts';
import { nowNs } from '../../../src/kernel/clock.ts';
import { loadNative } from '../../../src/kernel/native.ts';
import { openLab } from '../../../src/lab/lab.ts';
import type { LinkReport } from '../../../src/lab/messages.ts';
import type { LinkConfig, Sysctls, TrialConfig } from '../../../src/scenario/config.ts';
import { startServer } from '../../../src/server/child.ts';
import { ownReport } from '../../generator/own-report.ts';
import { hasLab } from '../../lab/users.ts';
import { serverConfig } from '../../server/server-config.ts';
import { expectConsistent } from '../consistency.ts';
import { hostNetwork, openLoad, type StrategyChanges, trialConfig } from '../trial-config.ts';
import { type FaultyServer, startFaultyServer } from './faulty-server.ts';

const deadlineMs = 20_000;
let server: FaultyServer | undefined;

afterEach(async () => {
  vi.unstubAllEnvs();
  await server?.stop();
  server = undefined;
});

const tenRequests = (changes: StrategyChanges): TrialConfig =>
  trialConfig(openLoad({ ratePerSecond: 50, durationMs: 200 }), changes);

/** Modules are loaded anew, because what moves the bytes is chosen once. */
async function trial(config: TrialConfig, worker = 0): Promise<WorkerReport> {
  vi.resetModules();
  const { referenceClient } = await import('../../../src/clients/reference.ts');
  const { port } = server!;
  const task = { config, host: '127.0.0.1', port, seed: 1, worker, workers: worker + 1, live: createLiveCounts() };
  const report = await (await referenceClient.prepare(task)).run(nowNs() + 5e6);
  expectConsistent(report);
  return report;
}

describe.each(['epoll', 'net'] as const)('connections over %s', (transport) => {
  const start = async (): Promise<void> => {
    vi.stubEnv('CONNBENCH_NO_FFI', transport === 'net' ? '1' : '0');
    server = await startFaultyServer('none');
  };

  it.skipIf(transport === 'epoll' && !loadNative().ok)('start from each of the addresses in turn', async () => {
    await start();
    const report = await trial(tenRequests({ connection: 'close', tcp: { sourceAddresses: 3 } }));
    expect(report.measure.completed).toBe(10);
    // 10 in turn of 3.
    expect((await server!.counts()).remotes).toEqual({ '127.0.0.1': 4, '127.0.0.2': 3, '127.0.0.3': 3 });
    expect(report.client?.settings['tcp.sourceAddresses']).toBe('127.0.0.1 127.0.0.2 127.0.0.3');
  });

  it.skipIf(transport === 'epoll' && !loadNative().ok)('of a second worker begin with the second address', async () => {
    await start();
    await trial(tenRequests({ pool: { size: 2 }, tcp: { sourceAddresses: 3 } }), 1);
    expect((await server!.counts()).remotes).toEqual({ '127.0.0.2': 1 });
  });
});

describe('what node:net cannot do', () => {
  it.each([
    [{ tcp: { userTimeoutMs: 1000 } }, 'tcp.userTimeout'],
    [{ tcp: { fastOpen: true } }, 'tcp.fastOpen'],
    [{ pool: { validate: true } }, 'pool.validate'],
  ] as const)('%o is refused by name', async (changes, knob) => {
    vi.stubEnv('CONNBENCH_NO_FFI', '1');
    server = await startFaultyServer('none');
    await expect(trial(tenRequests(changes))).rejects.toMatchObject({
      name: 'UserError',
      code: 'NO_SOCKET_CALLS',
      message: `Client reference cannot honour strategy.${knob} here: FFI is switched off by CONNBENCH_NO_FFI=1.`,
    });
  });
});

it.skipIf(!loadNative().ok)('the user timeout is recorded as the kernel has it', async () => {
  server = await startFaultyServer('none');
  const report = await trial(tenRequests({ tcp: { userTimeoutMs: 4321 } }));
  expect(report.client).toEqual({ settings: { 'tcp.userTimeoutMs': 4321 } });
  expect((await trial(tenRequests({}))).client).toBeUndefined();
});

interface LabTrial {
  readonly config: TrialConfig;
  readonly addresses?: number;
  readonly link?: Partial<LinkConfig>;
  readonly sysctls?: Sysctls;
}

interface LabOutcome {
  readonly report: GeneratorReport;
  readonly accepted: number;
  readonly link: LinkReport;
}

/** A trial between the hosts of a lab of its own, with the reference server. */
async function labTrial({ config, addresses = 1, link = {}, sysctls = {} }: LabTrial): Promise<LabOutcome> {
  const network = { ...hostNetwork, mode: 'lab', link: { ...hostNetwork.link, ...link } } as const;
  const lab = await openLab({
    network: { ...network, sysctls: { client: sysctls, server: {} } },
    clientAddresses: addresses,
    seed: 1,
    pcapPath: null,
    deadlineMs,
  });
  try {
    const options = { seed: 1, host: lab.serverAddress, launcher: lab.serverLauncher, deadlineMs };
    const running = await startServer(serverConfig('reference'), options);
    const generator = await startGenerator({ launcher: lab.clientLauncher, deadlineMs });
    generator.start({ config, host: running.host, port: running.port, seed: 1 });
    const report = ownReport(await generator.done);
    const { accepted } = await running.stop(1000);
    const last = await lab.close();
    return { report, accepted, link: last! };
  } finally {
    await lab.close();
  }
}

describe.skipIf(!(await hasLab()))('in a lab', () => {
  test.each([
    [undefined, 20],
    [2, 40],
  ])('20 ports and %s addresses allow %i connections', async (sourceAddresses, most) => {
    // The pool opens ahead until the system refuses; no connection ends meanwhile.
    const pool = { size: 60, prefetch: true };
    const tcp = sourceAddresses === undefined ? {} : { sourceAddresses };
    const { report, accepted, link } = await labTrial({
      config: tenRequests({ pool, tcp }),
      addresses: sourceAddresses ?? 1,
      sysctls: { 'net.ipv4.ip_local_port_range': '40000 40019', 'net.ipv4.tcp_tw_reuse': '0' },
    });
    expect(report.wholeTrial).toMatchObject({ completed: 10, failed: 0 });
    expect(report.connections).toMatchObject({ attempted: most, opened: most, peakOpen: most, notAttempted: 1 });
    // Two flows at a time have the same ports.
    expect([accepted, link.flows, link.firstFin.client]).toEqual([most, most, most]);
  });

  test('a connection on which everything is lost dies with ETIMEDOUT, not by the timeout of the response', async () => {
    // The middlebox forgets the flow between the two requests, and drops what comes on it.
    const { report } = await labTrial({
      config: trialConfig(openLoad({ ratePerSecond: 1, durationMs: 2000 }), { tcp: { userTimeoutMs: 500 } }),
      link: { rttMs: 2, middlebox: { idleTimeoutMs: 200, then: 'drop' } },
    });
    expect(report.wholeTrial).toMatchObject({ completed: 1, failed: 1 });
    expect(report.errors).toMatchObject([{ phase: 'firstByte', code: 'ETIMEDOUT', reused: true, count: 1 }]);
    expect(report.client).toEqual({ settings: { 'tcp.userTimeoutMs': 500 } });
  });
});
