/** Attackers as a process against bundled servers: what each kind holds open, and when the server cuts it, is counted exactly. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { startAttackers, type AttackersHandle } from '../../src/attackers/child.ts';
import type { AttackerReport } from '../../src/attackers/messages.ts';
import { nowNs } from '../../src/kernel/clock.ts';
import { entryFile } from '../../src/kernel/entry.ts';
import type { AttackerConfig, AttackerKind } from '../../src/scenario/attacker-config.ts';
import { startServer, type ServerHandle } from '../../src/server/child.ts';
import type { ServerReport } from '../../src/server/messages.ts';
import { Histogram } from '../../src/stats/histogram.ts';
import { kinds, serverConfig, type ServerConfigChanges } from '../server/server-config.ts';

const deadlineMs = 10_000;
const handles: { kill(): Promise<void> }[] = [];

afterEach(async () => {
  for (const handle of handles.splice(0)) await handle.kill();
});

async function attack(
  config: Partial<AttackerConfig> & { readonly kind: AttackerKind },
  changes: ServerConfigChanges,
  serverKind: 'node' | 'reference' = 'node',
): Promise<{ attackers: AttackersHandle; server: ServerHandle }> {
  const server = await startServer(serverConfig(serverKind, changes), { seed: 1, deadlineMs });
  handles.push(server);
  const attackers = await startAttackers({ deadlineMs });
  handles.push(attackers);
  attackers.attack({
    attackers: [{ connections: 3, everyMs: 20, fromMs: 0, ...config }],
    target: { host: server.host, port: server.port, path: '/' },
    measureStartNs: 0,
  });
  return { attackers, server };
}

/** Asks until the condition holds; the limit of the test is the limit of time. */
async function reportWhen(attackers: AttackersHandle, isMet: (report: AttackerReport) => boolean): Promise<void> {
  for (;;) {
    const [report] = await attackers.snapshot();
    if (report !== undefined && isMet(report)) return;
  }
}

const cuts = ({ closedByServer: { fin, reset } }: AttackerReport): number => fin + reset;

async function stopBoth(
  attackers: AttackersHandle,
  server: ServerHandle,
): Promise<{ report: AttackerReport; ofServer: ServerReport }> {
  const [report] = await attackers.stop();
  const ofServer = await server.stop(1_000);
  expectBalance(report!);
  expect(ofServer.accepted).toBe(report!.opened);
  return { report: report!, ofServer };
}

function expectBalance(report: AttackerReport): void {
  const { client, server, reset } = report.firstCloser;
  expect(report.attempted).toBe(report.opened + report.connectFailed);
  expect(cuts(report) + report.stillOpen).toBe(report.opened);
  expect(client + server + reset).toBe(report.opened);
  expect(Histogram.fromSparse(report.untilCut).count).toBe(cuts(report));
}

const timeoutMs = 200;

describe.each(
  kinds.flatMap((serverKind) => [
    ['slow-headers', serverKind, { headersTimeoutMs: timeoutMs }, 'headersTimeout'] as const,
    ['silent', serverKind, { headersTimeoutMs: timeoutMs }, 'headersTimeout'] as const,
    ['slow-body', serverKind, { requestTimeoutMs: timeoutMs }, 'requestTimeout'] as const,
  ]),
)('%s against server kind %s', (kind, serverKind, changes, reason) => {
  it(`is cut with 408 by ${reason}, and opened again`, async () => {
    const { attackers, server } = await attack({ kind }, changes, serverKind);
    // Two rounds: each connection was opened again after its first cut.
    await reportWhen(attackers, (report) => cuts(report) >= 6);
    const { report, ofServer } = await stopBoth(attackers, server);
    expect(report.statuses).toEqual({ 408: report.closedByServer.fin + report.closedByServer.reset });
    expect(report.requests).toBe(0);
    expect(report.connectFailed).toBe(0);
    expect(ofServer.executed).toBe(0);
    expect(ofServer.closesByReason[reason]).toBeGreaterThanOrEqual(6);
    // What the server cut as the attack ended, the attackers count as open.
    expect(ofServer.closesByReason[reason]).toBeGreaterThanOrEqual(cuts(report));
    expect(ofServer.closesByReason[reason]).toBeLessThanOrEqual(report.opened);
    // Node looks a tick after the timeout, the reference server at it; what this process was late to see of its connects is missing.
    expect(Histogram.fromSparse(report.untilCut).max).toBeGreaterThan((timeoutMs / 2) * 1e6);
  });

  it('is held for as long as a server is patient', async () => {
    const { attackers, server } = await attack({ kind }, {}, serverKind);
    await reportWhen(attackers, ({ opened }) => opened === 3);
    const { report, ofServer } = await stopBoth(attackers, server);
    expect(report).toMatchObject({ attempted: 3, opened: 3, stillOpen: 3, statuses: {} });
    expect(report.firstCloser).toEqual({ client: 3, server: 0, reset: 0 });
    expect(ofServer.firstCloser).toEqual({ client: 3, server: 0, reset: 0 });
  });
});

describe.each(
  kinds.flatMap((serverKind) => [['slow-reader', serverKind] as const, ['unread-body', serverKind] as const]),
)('%s against server kind %s', (kind, serverKind) => {
  it('keeps a response unread, and resets at the end', async () => {
    const { attackers, server } = await attack({ kind }, { response: { sizeBytes: 20_000_000 } }, serverKind);
    await reportWhen(attackers, ({ requests }) => requests === 3);
    while ((await server.snapshot()).executed < 3);
    const { report, ofServer } = await stopBoth(attackers, server);
    expect(report).toMatchObject({ attempted: 3, opened: 3, requests: 3, stillOpen: 3, statuses: {} });
    expect(report.firstCloser).toEqual({ client: 0, server: 0, reset: 3 });
    expect(ofServer).toMatchObject({ executed: 3, firstCloser: { client: 0, server: 0, reset: 3 } });
  });

  it('is told by the kernel that an idle connection was closed, and opens it again', async () => {
    const { attackers, server } = await attack({ kind }, { keepAliveTimeoutMs: 50 }, serverKind);
    await reportWhen(attackers, (report) => cuts(report) >= 4);
    const { report, ofServer } = await stopBoth(attackers, server);
    expect(report.closedByServer.fin).toBe(cuts(report));
    expect(report.firstCloser.server).toBe(cuts(report));
    // A request may have been on its way when its connection was reset at the end.
    expect(ofServer.executed).toBeGreaterThanOrEqual(cuts(report));
    expect(ofServer.executed).toBeLessThanOrEqual(report.requests);
    expect(ofServer.closesByReason.idleTimeout).toBeGreaterThanOrEqual(cuts(report));
  });
});

it('tells failed connects from opened ones', async () => {
  const server = await startServer(serverConfig('node'), { seed: 1, deadlineMs });
  handles.push(server);
  await server.stop(0);
  const attackers = await startAttackers({ deadlineMs });
  handles.push(attackers);
  const group = { kind: 'silent', connections: 2, everyMs: 1_000, fromMs: 0 } as const;
  attackers.attack({
    attackers: [group],
    target: { host: server.host, port: server.port, path: '/' },
    measureStartNs: 0,
  });
  // Refused ones are tried again, too.
  await reportWhen(attackers, ({ connectFailed }) => connectFailed >= 4);
  const [report] = await attackers.stop();
  expectBalance(report!);
  expect(report).toMatchObject({ opened: 0, requests: 0, stillOpen: 0 });
});

it('begins as long after the start of measure as it was told', async () => {
  const server = await startServer(serverConfig('node'), { seed: 1, deadlineMs });
  handles.push(server);
  const attackers = await startAttackers({ deadlineMs });
  handles.push(attackers);
  // Measure begins in the future, as an order comes before it does.
  const measureStartNs = nowNs() + 100e6;
  const group = (fromMs: number): AttackerConfig => ({ kind: 'silent', connections: 2, everyMs: 1_000, fromMs });
  attackers.attack({
    attackers: [group(0), group(300)],
    target: { host: server.host, port: server.port, path: '/' },
    measureStartNs,
  });
  for (;;) {
    const [first, later] = await attackers.snapshot();
    // The reports are older than this moment; a timer of Node's may come up to a millisecond early.
    const sinceMs = (nowNs() - measureStartNs) / 1e6 + 1;
    if (sinceMs < 0) expect(first!.attempted).toBe(0);
    if (sinceMs < 300) expect(later!.attempted).toBe(0);
    if (later!.opened === 2) break;
  }
  const [first, later] = await attackers.stop();
  expect(first).toMatchObject({ attempted: 2, opened: 2, stillOpen: 2 });
  expect(later).toMatchObject({ attempted: 2, opened: 2, stillOpen: 2 });
});

it('gives no reports where no attack was ordered', async () => {
  const attackers = await startAttackers({ deadlineMs });
  handles.push(attackers);
  expect(await attackers.stop()).toEqual([]);
});

it('does not outlive a killed controller', async () => {
  const built = entryFile(import.meta.url.replace('/test/', '/src/'), './child');
  const script = `
    import { startAttackers } from ${JSON.stringify(pathToFileURL(built).href)};
    const attackers = await startAttackers({ deadlineMs: 10000 });
    console.log(attackers.pid);
    setInterval(() => {}, 1000);`;
  const controller = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(controller.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString());
  process.kill(pid, 0);
  controller.kill('SIGKILL');
  while (isAlive(pid)) await new Promise(setImmediate);
});

/** An orphan may stay in the table as a zombie, where nobody collects it. */
function isAlive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.startsWith('Z') !== true;
  } catch {
    return false;
  }
}
