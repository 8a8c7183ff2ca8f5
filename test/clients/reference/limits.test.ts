/** The reference client where the system runs out of something: file descriptors, local ports. */
import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { expectConsistent } from '../consistency.ts';
import { openLoad, trialConfig } from '../trial-config.ts';
import { runClientProcess } from './client-process.ts';
import { type FaultyServer, startFaultyServer } from './faulty-server.ts';

let server: FaultyServer | undefined;

afterEach(async () => {
  await server?.stop();
  server = undefined;
});

const isolated = ['unshare', '-Urn'];
const probe = spawnSync(isolated[0]!, [...isolated.slice(1), 'ip', 'link', 'set', 'lo', 'up'], { encoding: 'utf8' });
const noNamespace =
  probe.status === 0 ? '' : ` (skipped: no network namespace here: ${probe.error?.message ?? probe.stderr.trim()})`;

describe.each(['epoll', 'net'] as const)('reference client over %s', (transport) => {
  it('EMFILE: requests beyond the descriptors fail, the others are answered, and it all adds up', async () => {
    server = await startFaultyServer('drip');
    // Node takes some twenty descriptors of the 64 itself. 300 requests in 30 ms, each of which takes 40 ms or more.
    const report = await runClientProcess({
      config: trialConfig(openLoad({ ratePerSecond: 10_000, durationMs: 30 })),
      port: server.port,
      transport,
      before: 'ulimit -n 64;',
    });
    expectConsistent(report);
    const { measure, connections } = report;
    expect([...new Set(report.errors.map(({ phase, code }) => `${phase} ${code}`))]).toEqual(['connect EMFILE']);
    expect(measure.failed).toBeGreaterThan(100);
    expect(measure.completed).toBeGreaterThan(10);
    expect(connections.peakOpen).toBeLessThan(64);
    expect((await server.counts()).accepted).toBe(connections.opened);
  });

  it.skipIf(noNamespace !== '')(`EADDRNOTAVAIL: 20 local ports serve 20 connections${noNamespace}`, async () => {
    // Every connection is closed by the client first, so its port stays in TIME_WAIT. The server listens outside the range.
    const report = await runClientProcess({
      config: trialConfig(openLoad({ ratePerSecond: 200, durationMs: 200 }), { pool: { maxRequests: 1 } }),
      port: 50_000,
      serveInside: true,
      transport,
      wrapper: isolated,
      before:
        'ip link set lo up; cd /proc/sys/net/ipv4; echo 40000 40019 > ip_local_port_range; echo 0 > tcp_tw_reuse; cd /;',
    });
    expectConsistent(report);
    expect(report.measure).toMatchObject({ scheduled: 40, completed: 20, failed: 20 });
    expect([...new Set(report.errors.map(({ phase, code }) => `${phase} ${code}`))]).toEqual(['connect EADDRNOTAVAIL']);
    expect(report.connections).toMatchObject({
      opened: 20,
      firstCloser: { client: 20, server: 0, reset: 0 },
      closesByReason: { maxRequests: 20 },
      requestsPerConnection: { 1: 20 },
    });
  });

  it.skipIf(noNamespace !== '')(
    `20 local ports at each of 2 addresses serve 40 connections${noNamespace}`,
    async () => {
      const report = await runClientProcess({
        config: trialConfig(openLoad({ ratePerSecond: 250, durationMs: 200 }), {
          pool: { maxRequests: 1 },
          tcp: { sourceAddresses: 2 },
        }),
        port: 50_000,
        serveInside: true,
        transport,
        wrapper: isolated,
        before:
          'ip link set lo up; cd /proc/sys/net/ipv4; echo 40000 40019 > ip_local_port_range; echo 0 > tcp_tw_reuse; cd /;',
      });
      expectConsistent(report);
      expect(report.measure).toMatchObject({ scheduled: 50, completed: 40, failed: 10 });
      // Node takes the port when it binds, and bind(2) says that in a word of its own.
      const refusal = transport === 'net' ? 'connect EADDRINUSE' : 'connect EADDRNOTAVAIL';
      expect([...new Set(report.errors.map(({ phase, code }) => `${phase} ${code}`))]).toEqual([refusal]);
      expect(report.connections).toMatchObject({ opened: 40, firstCloser: { client: 40 } });
    },
  );
});
