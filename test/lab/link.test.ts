/** The link between real hosts: what their kernels and tshark see must be what it reports. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DirectionCounts, LinkReport } from '../../src/lab/messages.ts';
import { Histogram } from '../../src/stats/histogram.ts';
import { withHosts } from './link-hosts.ts';
import { hasLab } from './users.ts';

/** Packets of a direction that are nowhere. */
function unaccounted(counts: DirectionCounts): number {
  const dropped =
    counts.droppedByLoss + counts.droppedByQueue + counts.droppedByMiddlebox + counts.droppedByDevice + counts.inFlight;
  return counts.sent.packets + counts.duplicated - counts.delivered.packets - dropped;
}

function expectAccounted(report: LinkReport): void {
  expect([unaccounted(report.fromClient), unaccounted(report.fromServer)]).toEqual([0, 0]);
}

describe.skipIf(!(await hasLab()))('the link', () => {
  it('lets a connection take one round trip', async () => {
    const report = await withHosts({ rttMs: 20 }, async ({ onClient }) => {
      const printed = await onClient(`
        const before = process.hrtime.bigint();
        const socket = net.connect(80, '198.18.0.2');
        await once(socket, 'connect');
        console.log(Number(process.hrtime.bigint() - before) / 1e6);
        socket.end();
      `);
      expect(Number(printed)).toBeGreaterThanOrEqual(20);
      expect(Number(printed)).toBeLessThan(200);
    });
    expectAccounted(report);
  });

  it('counts connections and who closed them first', async () => {
    const report = await withHosts({}, async ({ onClient, lab }) => {
      await onClient('for (let count = 0; count < 20; count++) await exchange(80);');
      await onClient('for (let count = 0; count < 30; count++) await exchange(81);');
      const { flows, firstFin } = await lab.linkSnapshot();
      expect({ flows, firstFin }).toEqual({ flows: 50, firstFin: { client: 20, server: 30 } });
    });
    const { fromClient, fromServer } = report;
    expect(report).toMatchObject({ flows: 50, firstFin: { client: 20, server: 30 }, resetFlows: 0 });
    expect(fromClient).toMatchObject({ syn: 50, synAck: 0, fin: 50, rst: 0, retransmitted: 0, inFlight: 0 });
    expect(fromServer).toMatchObject({ syn: 0, synAck: 50, fin: 50, rst: 0, retransmitted: 0, inFlight: 0 });
    expect(fromClient.delivered).toEqual(fromClient.sent);
    expect(fromServer.delivered).toEqual(fromServer.sent);
    const packets = fromClient.sent.packets + fromServer.sent.packets;
    expect(Histogram.fromSparse(report.lateness).count).toBe(packets);
  });

  it('carries data unharmed through loss, doubling, reordering and jitter, and counts what the kernels send again', async () => {
    const parts = { rttMs: 2, jitterMs: 1, loss: 0.02, duplicate: 0.02, reorder: 0.02 };
    const report = await withHosts(parts, async ({ onClient, tcpCounter, lab }) => {
      const digest = await onClient(`
        const socket = net.connect(82, '198.18.0.2');
        socket.end(Buffer.alloc(1_000_000, 'all that is gold does not glitter '));
        let digest = '';
        for await (const data of socket) digest += data;
        console.log(digest);
      `);
      const sent = Buffer.alloc(1_000_000, 'all that is gold does not glitter ');
      expect(digest).toBe(createHash('sha256').update(sent).digest('hex'));
      const { fromClient, fromServer } = await lab.linkSnapshot();
      expect(fromClient.retransmitted).toBe(tcpCounter('client', 'RetransSegs'));
      expect(fromServer.retransmitted).toBe(tcpCounter('server', 'RetransSegs'));
    });
    const { fromClient } = report;
    // 690 segments at 2 %: none at all of one kind has a chance of 1e-6.
    expect(Math.min(fromClient.droppedByLoss, fromClient.duplicated, fromClient.retransmitted)).toBeGreaterThan(0);
    expect(fromClient.reordered).toBeGreaterThan(0);
    expectAccounted(report);
  });

  it('drops at the queue of a narrow link, and the data still comes through', async () => {
    const parts = { rttMs: 10, bandwidthBitsPerSecond: 20e6, queueBytes: 15_000 };
    const report = await withHosts(parts, async ({ onClient }) => {
      await onClient(`
        const socket = net.connect(82, '198.18.0.2');
        socket.end(Buffer.alloc(500_000));
        let digest = '';
        for await (const data of socket) digest += data;
        if (digest.length !== 64) throw new Error('no digest');
      `);
    });
    expect(report.fromClient.droppedByQueue).toBeGreaterThan(0);
    expect(report.fromClient.peakQueueBytes).toBeLessThanOrEqual(15_000);
    // A full queue is not further from its limit than one packet.
    expect(report.fromClient.peakQueueBytes).toBeGreaterThan(13_500);
    expectAccounted(report);
  });

  /** One byte there and back, a pause longer than the middlebox remembers, another byte; prints how it went, then tries anew. */
  const afterIdling = `
    const socket = net.connect(80, '198.18.0.2');
    await once(socket, 'connect');
    socket.write('a');
    await once(socket, 'data');
    await new Promise((resolve) => setTimeout(resolve, 200));
    const fate = new Promise((resolve) => {
      socket.once('error', (error) => resolve(error.code));
      socket.once('data', () => resolve('data'));
      setTimeout(resolve, 700, 'silence');
    });
    socket.write('b');
    const first = await fate;
    socket.destroy();
    await exchange(80);
    console.log(first);
  `;

  it.each([
    ['drop', 'silence'],
    ['reset', 'ECONNRESET'],
    ['refuse', 'ECONNRESET'],
  ] as const)('has a middlebox that forgets: %s', async (then, fate) => {
    const middlebox = { idleTimeoutMs: 100, then };
    const report = await withHosts({ rttMs: 2, middlebox }, async ({ onClient }) => {
      expect(await onClient(afterIdling)).toBe(fate);
    });
    const { fromClient } = report;
    expect(report.flows).toBe(2);
    expect(fromClient.droppedByMiddlebox).toBeGreaterThan(0);
    if (then === 'drop') expect(fromClient.middleboxResets).toBe(0);
    else expect(fromClient.middleboxResets).toBe(1);
    // The hosts sent none: the client got its RST, or closed by a FIN that went nowhere.
    expect(fromClient.rst + report.fromServer.rst).toBe(0);
    expectAccounted(report);
  });

  it('goes on when the network of a host ends before it', async () => {
    const report = await withHosts({}, async ({ onClient, lab }) => {
      await onClient('await exchange(80)');
      process.kill(lab.serverNamespacePid, 'SIGKILL');
      await lab.died;
      // The server program holds the network for a moment longer; its end is the device's.
      expect((await lab.linkSnapshot()).flows).toBe(1);
    });
    expect(report.flows).toBe(1);
  });

  it.each([
    ['a capture in a folder that is not there', '/no/such/folder/file.pcap', 'EPCAP', 'no such file or directory'],
  ])('says why it cannot start: %s', async (_name, pcapPath, code, words) => {
    const failing = withHosts({}, () => Promise.resolve(), pcapPath);
    await expect(failing).rejects.toMatchObject({ code, message: expect.stringContaining(words) as unknown });
  });

  const hasTshark = spawnSync('tshark', ['--version'], { stdio: 'ignore' }).status === 0;
  if (!hasTshark) {
    if ((process.env['CI'] ?? '') !== '') throw new Error('no tshark under CI');
    process.stderr.write('SKIPPED: tshark is not installed, so no capture is compared with it\n');
  }
  it.skipIf(!hasTshark)('captures what tshark counts alike', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'connbench-pcap-'));
    try {
      const file = join(folder, 'trial.pcap');
      const parts = { rttMs: 1, duplicate: 0.1, middlebox: { idleTimeoutMs: 100, then: 'reset' } } as const;
      const report = await withHosts(
        parts,
        async ({ onClient }) => {
          await onClient('for (let count = 0; count < 20; count++) await exchange(80 + (count % 2));');
          await onClient('await exchange(83).catch((error) => { if (error.code !== "ECONNREFUSED") throw error; });');
          await onClient(afterIdling);
        },
        file,
      );
      const seen = tsharkCounts(file);
      const { fromClient, fromServer } = report;
      const sum = (count: (counts: DirectionCounts) => number): number => count(fromClient) + count(fromServer);
      expect(seen).toEqual({
        packets: sum((counts) => counts.sent.packets + counts.middleboxResets),
        bytes: sum((counts) => counts.sent.bytes + 40 * counts.middleboxResets),
        syn: sum((counts) => counts.syn),
        synAck: sum((counts) => counts.synAck),
        fin: sum((counts) => counts.fin),
        rst: sum((counts) => counts.rst + counts.middleboxResets),
      });
      expect(sum((counts) => counts.rst)).toBeGreaterThan(0);
      expect(sum((counts) => counts.middleboxResets)).toBeGreaterThan(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** Counts by tshark's own reading of the file, which must not have a word to say about it. */
function tsharkCounts(file: string): Record<string, number> {
  const fields = ['frame.len', 'tcp.flags.syn', 'tcp.flags.ack', 'tcp.flags.fin', 'tcp.flags.reset'];
  const args = ['-r', file, '-T', 'fields', ...fields.flatMap((field) => ['-e', field])];
  const { stdout, stderr, status } = spawnSync('tshark', args, { encoding: 'utf8' });
  expect(status).toBe(0);
  expect(stderr.replace(/^Running as user "root".*\n?/, '')).toBe('');
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => line.split('\t').map((cell) => (cell === 'True' ? 1 : cell === 'False' ? 0 : Number(cell))));
  const count = (matches: (row: readonly number[]) => boolean): number => rows.filter(matches).length;
  return {
    packets: rows.length,
    bytes: rows.reduce((sum, [length]) => sum + length!, 0),
    syn: count(([, syn, ack]) => syn === 1 && ack === 0),
    synAck: count(([, syn, ack]) => syn === 1 && ack === 1),
    fin: count(([, , , fin]) => fin === 1),
    rst: count(([, , , , rst]) => rst === 1),
  };
}
