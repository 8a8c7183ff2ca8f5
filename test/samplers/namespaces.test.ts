/** TIME_WAIT and sockstat of two hosts in namespaces of their own, read from outside, against what `ss` says inside. */
import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { Collector } from '../../src/samplers/collector.ts';
import { kernelDelta, readKernelCounters } from '../../src/samplers/kernel-counters.ts';
import type { SamplerRequest } from '../../src/samplers/messages.ts';
import { openNamespaceTimeWait } from '../../src/samplers/time-wait.ts';
import { startNamespaceChild, type NamespaceChild } from './namespace-child.ts';

const hosts: NamespaceChild[] = [];

async function startHosts(skip: (condition: boolean, note: string) => void): Promise<[NamespaceChild, NamespaceChild]> {
  for (let started = 0; started < 2; started++) {
    const host = await startNamespaceChild();
    skip(host === null, 'network namespaces are not allowed here');
    hosts.push(host!);
  }
  return [hosts[0]!, hosts[1]!];
}

afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.kill()));
});

function requestOf(client: NamespaceChild, server: NamespaceChild): SamplerRequest {
  return {
    namespaces: { clientPid: client.pid, serverPid: server.pid },
    serverTree: false,
    clientPid: client.pid,
    serverPid: server.pid,
    serverPort: 1,
    intervalMs: 100,
  };
}

describe.skipIf(process.platform !== 'linux')('two namespaces (Linux)', () => {
  it('exact samples count what ss counts in each; the others FIN_WAIT2 as well', async ({ skip }) => {
    const [client, server] = await startHosts(skip);
    const open = readdirSync('/proc/self/fd').length;
    const collector = new Collector(requestOf(client, server));
    expect(collector.sample(false)).toMatchObject({ client: { timeWait: 0 }, server: { timeWait: 0 } });
    expect(await client.make({ timeWait: 7, finWait2: 3 })).toEqual({ timeWait: 7, finWait2: 3 });
    expect(await server.make({ timeWait: 2, finWait2: 0 })).toEqual({ timeWait: 2, finWait2: 0 });

    const cheap = collector.sample(false);
    // Three connections wait for their server, and both hosts listen.
    expect(cheap.client).toMatchObject({ timeWait: 10, sockets: { inUse: 4, timeWait: 10 } });
    expect(cheap.server).toMatchObject({ timeWait: 2, sockets: { inUse: 1, timeWait: 2 } });
    expect(cheap.sockstat).toMatchObject({ inUse: 5, timeWait: 12 });
    expect(cheap.sockstat.orphan).not.toBeNull();
    const exact = collector.sample(true);
    expect(exact.client).toMatchObject({ timeWait: 7, sockets: { timeWait: 10 } });
    expect(exact.server).toMatchObject({ timeWait: 2, sockets: { timeWait: 2 } });
    collector.close();
    expect(collector.summary()).toMatchObject({ missing: {}, timeWaitMethod: 'sockstat' });
    expect(readdirSync('/proc/self/fd')).toHaveLength(open);
  });

  it('has the kernel counters of each', async ({ skip }) => {
    const [client, server] = await startHosts(skip);
    const read = (): readonly ReturnType<typeof readKernelCounters>[] => [
      readKernelCounters(client.pid),
      readKernelCounters(server.pid),
    ];
    const before = read();
    await client.make({ timeWait: 4, finWait2: 2 });
    const deltas = read().map((after, index) => {
      const first = before[index]!;
      if ('missing' in after || 'missing' in first) throw new Error('no counters on Linux');
      return kernelDelta(first, after);
    });
    expect(deltas[0]).toMatchObject({ ActiveOpens: 6, PassiveOpens: 6, CurrEstab: 2 });
    expect(deltas[1]).toMatchObject({ ActiveOpens: 0, PassiveOpens: 0, TW: 0 });
  });

  it('says why there is nothing to count', async ({ skip }) => {
    const [client] = await startHosts(skip);
    const gone = 2 ** 22 + 1;
    const source = openNamespaceTimeWait({ client: client.pid, server: gone });
    expect(source.method).toBeNull();
    expect(source.count(false)).toMatchObject({ client: null, server: null });
    expect(source.count(false).reason).toContain(`/proc/${gone}/net/sockstat`);
    source.close();
    const collector = new Collector({
      ...requestOf(client, client),
      namespaces: { clientPid: client.pid, serverPid: gone },
    });
    const sample = collector.sample(true);
    expect(sample.server).toMatchObject({ timeWait: null, sockets: { inUse: null, timeWait: null } });
    expect(sample.sockstat).toMatchObject({ inUse: null, timeWait: null });
    expect(collector.summary().missing).toMatchObject({
      'sockstat.inUse': `/proc/${gone}/net/sockstat cannot be opened`,
    });
    collector.close();
  });
});
