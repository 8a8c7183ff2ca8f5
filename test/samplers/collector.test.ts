import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { expect, it, describe } from 'vitest';
import { Collector } from '../../src/samplers/collector.ts';
import { startFileOpeningChild } from './child.ts';

const fields = ['client', 'server'].flatMap((side) =>
  ['fds', 'rssBytes', 'cpuUs', 'timeWait'].map((name) => `${side}.${name}`),
);
const sockstatFields = ['inUse', 'orphan', 'timeWait', 'memPages'].map((name) => `sockstat.${name}`);
const oneHost = { namespaces: null, serverTree: false };
const request = { clientPid: process.pid, serverPid: process.pid, serverPort: 1, intervalMs: 100, ...oneHost };

it('on another system every gauge is null with its reason, never 0', () => {
  const collector = new Collector(request, 'darwin');
  const host = { fds: null, rssBytes: null, cpuUs: null, timeWait: null, sockets: null };
  const { atNs, ...gauges } = collector.sample(true);
  expect(atNs).toBeGreaterThan(0);
  expect(gauges).toEqual({
    client: host,
    server: host,
    sockstat: { inUse: null, orphan: null, timeWait: null, memPages: null },
  });
  const summary = collector.summary();
  expect(summary.missing).toEqual(
    Object.fromEntries([...fields, ...sockstatFields].map((field) => [field, 'needs Linux; this is darwin'])),
  );
  expect(summary).toMatchObject({ timeWaitMethod: null, timeWaitIntervalMs: null });
  collector.close();
});

describe.skipIf(process.platform !== 'linux')('Collector (Linux)', () => {
  it('has every gauge of a living process, and closes what it opened', () => {
    const open = readdirSync('/proc/self/fd').length;
    const collector = new Collector(request);
    const sample = collector.sample(true);
    collector.close();
    expect(readdirSync('/proc/self/fd')).toHaveLength(open);
    expect(Object.values({ ...sample.client, sockets: 0 })).not.toContain(null);
    expect(sample.client.fds).toBeGreaterThan(open);
    expect(sample.client.timeWait).toBe(0);
    expect(Object.values(sample.sockstat)).not.toContain(null);
    expect(collector.summary().missing).toEqual({});
  });

  it('looks at the client while it lives, and keeps what it had used at its last sample', async () => {
    const text = "process.stdout.write('.'); const end = Date.now() + 30_000; while (Date.now() < end);";
    const child = spawn(process.execPath, ['-e', text], { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(child.stdout, 'data');
    const collector = new Collector({ ...request, clientPid: child.pid! });
    setPriority(child.pid!, 7);
    const before = collector.sample(false, true);
    // Used by the child, whoever else is on the machine.
    const used = (): number => collector.sample(false, false).client.cpuUs! - before.client.cpuUs!;
    while (used() < 400_000) await new Promise((resolve) => setTimeout(resolve, 20));
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    const after = collector.sample(false, true);
    collector.close();
    expect(after.client.cpuUs).toBeNull();
    expect([before, after].map(({ machine }) => machine!.clientNice)).toEqual([7, null]);
    expect(after.machine!.trialCpuUs! - before.machine!.trialCpuUs!).toBeGreaterThanOrEqual(400_000);
  });

  it('says which process ended and goes on with the other', async () => {
    const child = await startFileOpeningChild();
    const collector = new Collector({ ...request, clientPid: child.pid });
    expect(collector.sample(false).client.fds).toBeGreaterThan(0);
    await child.kill();
    const { client, server } = collector.sample(false);
    // TIME_WAIT is the kernel's, and still countable.
    expect(client).toEqual({ fds: null, rssBytes: null, cpuUs: null, timeWait: 0, sockets: null });
    expect(Object.values({ ...server, sockets: 0 })).not.toContain(null);
    const ended = `process ${child.pid} ended`;
    expect(collector.summary().missing).toEqual({
      'client.fds': ended,
      'client.rssBytes': ended,
      'client.cpuUs': ended,
    });
    collector.close();
  });

  it('does not count TIME_WAIT of a process in another network namespace', async ({ skip }) => {
    const child = spawn('unshare', ['-Urn', 'sh', '-c', 'echo in; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = once(child, 'close').catch(() => undefined);
    const [line] = (await Promise.race([once(child.stdout, 'data'), ended.then(() => [null])])) as [Buffer | null];
    skip(line === null, 'unshare -Urn is not allowed or not installed here');
    expect(readlinkSync(`/proc/${child.pid!}/ns/net`)).not.toBe(readlinkSync('/proc/self/ns/net'));
    const collector = new Collector({ ...request, serverPid: child.pid! });
    const { client, server } = collector.sample(false);
    expect(client.timeWait).toBe(0);
    expect(server.timeWait).toBeNull();
    expect(server.fds).toBeGreaterThan(0);
    expect(collector.summary().missing).toEqual({
      'server.timeWait': `process ${child.pid!} is in another network namespace`,
    });
    collector.close();
    child.kill('SIGKILL');
    await ended;
  });
});
