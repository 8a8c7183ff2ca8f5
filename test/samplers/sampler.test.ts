import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { startSampler } from '../../src/samplers/sampler.ts';
import { loadNative } from '../../src/kernel/native.ts';
import { makeClosedConnections } from './closed-connections.ts';
import { startFileOpeningChild, type FileOpeningChild } from './child.ts';

const oneHost = { namespaces: null, serverTree: false };
const children: FileOpeningChild[] = [];
async function startChild(): Promise<FileOpeningChild> {
  const child = await startFileOpeningChild();
  children.push(child);
  return child;
}
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.kill()));
});

describe.skipIf(process.platform !== 'linux')('startSampler (Linux)', () => {
  it('sees files and TIME_WAIT between its first and its last sample', async () => {
    const [client, server] = [await startChild(), await startChild()];
    const connections = await makeClosedConnections(3, 0);
    const request = {
      clientPid: client.pid,
      serverPid: server.pid,
      serverPort: connections.port,
      intervalMs: 10,
      ...oneHost,
    };
    const sampler = await startSampler(request);
    const first = sampler.latest();
    expect(first).toMatchObject({ client: { timeWait: 3 }, server: { timeWait: 0 } });
    await server.open(50);
    await client.open(7);
    const report = await sampler.stop();
    await connections.stop();

    expect(report.samples[0]).toEqual(first);
    const last = report.samples.at(-1)!;
    expect(last.client.fds).toBe(first.client.fds! + 7);
    expect(last.server.fds).toBe(first.server.fds! + 50);
    expect(last).toMatchObject({ client: { timeWait: 3 }, server: { timeWait: 0 } });
    expect(last.atNs).toBeGreaterThan(first.atNs);
    expect(sampler.latest()).toEqual(last);
    expect(report.missing).toEqual({});
    expect(report.timeWaitMethod).toBe(loadNative().ok ? 'sock_diag' : 'proc-net-tcp');
    expect(report.costUs.max).toBeGreaterThanOrEqual(report.costUs.median);
    expect(report.timeWaitIntervalMs?.max).toBeGreaterThan(0);
  });

  it('takes a sample when asked, between those of its schedule', async () => {
    const [client, server] = [await startChild(), await startChild()];
    // The schedule alone would take its next sample after a minute.
    const request = { clientPid: client.pid, serverPid: server.pid, serverPort: 1, intervalMs: 60_000, ...oneHost };
    const sampler = await startSampler(request);
    await server.open(5);
    await sampler.sample();
    const asked = sampler.latest();
    const { samples } = await sampler.stop();
    expect(samples).toHaveLength(3);
    expect(samples[1]).toEqual(asked);
    expect(asked.server.fds).toBe(samples[0]!.server.fds! + 5);
  });

  it('goes on when a process dies under it', async () => {
    const [client, server] = [await startChild(), await startChild()];
    const request = { clientPid: client.pid, serverPid: server.pid, serverPort: 1, intervalMs: 5, ...oneHost };
    const sampler = await startSampler(request);
    await client.kill();
    while (sampler.latest().client.fds !== null) await new Promise(setImmediate);
    const report = await sampler.stop();
    expect(report.samples[0]!.client.fds).toBeGreaterThan(0);
    expect(report.samples.at(-1)!.client).toEqual({
      fds: null,
      rssBytes: null,
      cpuUs: null,
      timeWait: 0,
      sockets: null,
    });
    expect(report.samples.at(-1)!.server.fds).toBe(report.samples[0]!.server.fds);
    expect(report.missing['client.fds']).toBe(`process ${client.pid} ended`);
    expect(report.missing['server.fds']).toBeUndefined();
  });

  it('counts through /proc/net/tcp where FFI is switched off', async () => {
    const connections = await makeClosedConnections(2, 5);
    process.env['CONNBENCH_NO_FFI'] = '1';
    const sampler = await startSampler({
      clientPid: process.pid,
      serverPid: process.pid,
      serverPort: connections.port,
      intervalMs: 100,
      ...oneHost,
    }).finally(() => {
      delete process.env['CONNBENCH_NO_FFI'];
    });
    const report = await sampler.stop();
    await connections.stop();
    expect(report.timeWaitMethod).toBe('proc-net-tcp');
    expect(report.samples[0]).toMatchObject({ client: { timeWait: 2 }, server: { timeWait: 5 } });
  });

  it('leaves no descriptor behind, and stopping again gives the same report', async () => {
    const request = { clientPid: process.pid, serverPid: process.pid, serverPort: 1, intervalMs: 100, ...oneHost };
    // The first worker thread of a process opens descriptors that stay for the next ones.
    await (await startSampler(request)).stop();
    const open = readdirSync('/proc/self/fd').length;
    const sampler = await startSampler(request);
    const report = await sampler.stop();
    expect(await sampler.stop()).toBe(report);
    expect(readdirSync('/proc/self/fd')).toHaveLength(open);
  });
});

it('refuses an interval that is no time', async () => {
  const request = { clientPid: 1, serverPid: 1, serverPort: 1, intervalMs: 0, ...oneHost };
  await expect(startSampler(request)).rejects.toThrow(RangeError);
});
