/** Trials with programs on the way, with the real processes, in host mode and in a lab: every count agrees with the next program's. */
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { HopError } from '../../src/hops/hop-handle.ts';
import type { TrialRecord } from '../../src/results/record.ts';
import type { TrialConfig } from '../../src/scenario/config.ts';
import type { HopConfig } from '../../src/scenario/hop-config.ts';
import type { TrialDependencies } from '../../src/trial/dependencies.ts';
import { realProcesses } from '../../src/trial/processes.ts';
import { proxyConfig } from '../hops/hop-config.ts';
import { hasLab } from '../lab/users.ts';
import { config } from './fixtures.ts';
import { closedLoad, configWith, wholeTrial } from './whole-trial.ts';

const hasNginx = existsSync('/usr/sbin/nginx');
const hasHaproxy = existsSync('/usr/sbin/haproxy');
const nginx: HopConfig = { ...proxyConfig(), kind: 'nginx' };

async function trial(
  via: readonly HopConfig[],
  mode: 'host' | 'lab',
  changes: Partial<Pick<TrialConfig, 'strategy' | 'server' | 'clientSetup'>> = {},
  dependencies: TrialDependencies = realProcesses,
): Promise<TrialRecord> {
  const load = closedLoad(4, 700, 2, 100);
  return wholeTrial(configWith({ ...changes, via, load }), { mode, dependencies });
}

/** What a busy machine makes of a sound trial. */
const ofTheMachine: readonly string[] = ['link-late', 'generator-limited', 'machine-busy'];

/** Everything agrees; `unknown` are the rows in which somebody does not tell. */
function expectReconciled(record: TrialRecord, unknown: readonly string[] = []): void {
  expect(record.invalidReasons.filter(({ code }) => !ofTheMachine.includes(code))).toEqual([]);
  expect(record.reconciliation.filter(({ ok, name }) => ok !== true && !unknown.includes(name))).toEqual([]);
  expect(record.reconciliation.filter(({ ok }) => ok === null).map(({ name }) => name)).toEqual(unknown);
}

const modes = (await hasLab()) ? (['host', 'lab'] as const) : (['host'] as const);

test.each(modes)('a reverse proxy in %s mode', async (mode) => {
  const record = await trial([proxyConfig()], mode);
  expectReconciled(record);
  const [hop] = record.hops!;
  const sent = record.requests!.wholeTrial!.sent;
  expect(sent).toBeGreaterThan(0);
  expect(hop).toMatchObject({
    kind: 'reverse-proxy',
    missing: null,
    accepted: record.connections!.opened,
    requests: { received: sent, sent, answered: sent, refused: 0, ignored: 0, abandoned: 0, retries: 0 },
    failed: { 502: 0, 504: 0 },
  });
  expect(record.server).toMatchObject({ accepted: hop!.upstream!.opened, executed: sent });
  expect(hop!.fds.peak).toBeGreaterThan(hop!.fds.start!);
  // Where the hosts share a namespace, its sockets in TIME_WAIT are those of its ports.
  if (mode === 'host') expect(hop!.timeWait.end).toBe(hop!.timeWaitEntered);
  else expect(hop!.timeWait.end).toBeNull();
});

test.each(modes)('a chain of two in %s mode, one of which opens a connection per request', async (mode) => {
  const close = proxyConfig({ upstream: { connection: 'close' } });
  const via = mode === 'lab' ? [{ ...close, host: 'client' as const }, proxyConfig()] : [close, proxyConfig()];
  const record = await trial(via, mode);
  expectReconciled(record);
  const [first, second] = record.hops!;
  const sent = record.requests!.wholeTrial!.sent;
  expect(first!.upstream!.opened).toBe(sent);
  expect(second!.accepted).toBe(sent);
  expect(second!.upstream!.opened).toBeLessThan(sent);
  if (mode === 'lab') expect(record.link!.flows).toBe(sent); // The link is between the two.
});

test.runIf(hasNginx).each(modes)('nginx before a reverse proxy in %s mode', async (mode) => {
  const record = await trial([nginx, proxyConfig()], mode);
  const kernel = mode === 'lab' ? ['opens.server'] : [];
  expectReconciled(record, ['connections.hop2', ...kernel]);
  // What a program does not tell is not taken for somebody else's.
  if (mode === 'lab') expect(record.warnings.map(({ code }) => code)).not.toContain('kernel-noise');
  const [first, second] = record.hops!;
  const sent = record.requests!.wholeTrial!.sent;
  expect(first).toMatchObject({
    kind: 'nginx',
    missing: expect.stringContaining('nginx') as string,
    accepted: record.connections!.opened,
    upstream: null,
    requests: { received: sent, sent, answered: null },
    failed: { 502: 0, 504: 0 },
  });
  expect(second!.requests.received).toBe(sent);
});

test('a server that closes reused connections: the proxy sends again, and every count says so', async () => {
  const server = {
    ...config.server,
    faults: [{ fault: 'reset-before', probability: 0.05 }],
  } as TrialConfig['server'];
  const record = await trial([proxyConfig({ upstream: { retry: 'always-once' } })], 'host', { server });
  expectReconciled(record);
  const [hop] = record.hops!;
  expect(hop!.requests.retries).toBeGreaterThan(0);
  expect(hop!.requests.sent).toBe(hop!.requests.received! + hop!.requests.retries!);
});

test('without retries the client gets 502 for them', async () => {
  const server = {
    ...config.server,
    faults: [{ fault: 'reset-before', probability: 0.05 }],
  } as TrialConfig['server'];
  const record = await trial([proxyConfig()], 'host', { server });
  expectReconciled(record);
  const [hop] = record.hops!;
  expect(hop!.failed![502]).toBeGreaterThan(0);
  expect(record.statuses['502']).toBeGreaterThan(0);
});

test('a blind relay answers one request of a connection, and the next hangs until the server closes', async () => {
  const server = { ...config.server, kind: 'reference', keepAliveTimeoutMs: 50 } as TrialConfig['server'];
  // The server's hint would say that nothing of such a connection can be used again.
  const strategy = { ...config.strategy, honourHint: false };
  const record = await trial([{ kind: 'blind-relay', host: 'server' }], 'host', { server, strategy });
  expectReconciled(record);
  const { requests, downstream } = record.hops![0]!;
  expect(requests.ignored).toBeGreaterThan(0);
  expect(requests.received).toBe(requests.sent! + requests.ignored!);
  expect(record.server.executed).toBe(requests.sent);
  expect(Object.keys(downstream!.requestsPerConnection.histogram)).toContain('2');
});

test.each([
  // The relay keeps the connection of whoever says Proxy-Connection, and the server knows only Connection.
  ['proxy-aware-relay', (sent: number, users: number) => [users, sent - users] as const],
  ['blind-relay', (sent: number) => [sent, 0] as const],
] as const)('the reference client can say Proxy-Connection: %s', async (kind, expected) => {
  const strategy = {
    ...config.strategy,
    protocol: 'http/1.0',
    connection: 'keep-alive',
    honourHint: false,
    // A connection for each user, without an end of its own.
    pool: { ...config.strategy.pool, scope: 'session', size: 1, maxRequests: Infinity, idleTimeoutMs: Infinity },
  } as const;
  const record = await trial([{ kind, host: 'server' }], 'host', {
    strategy,
    // Node gives no length to a response of HTTP/1.0, so that nothing of its server's persists.
    server: { ...config.server, kind: 'reference' } as TrialConfig['server'],
    clientSetup: { options: { connectionField: 'Proxy-Connection' } },
  });
  expectReconciled(record);
  const sent = record.requests!.wholeTrial!.sent;
  const [opened, sentOnReuse] = expected(sent, 4);
  expect(record.server.accepted).toBe(opened);
  expect(record.hops![0]!.requests.sentOnReuse).toBe(sentOnReuse);
});

test('kill -9 of a program on the way ends the trial, which is invalid and says so', async () => {
  const record = await trial(
    [proxyConfig()],
    'host',
    {},
    {
      ...realProcesses,
      startSampler: async (request) => {
        const sampler = await realProcesses.startSampler(request);
        process.kill(request.hops![0]!.pid, 'SIGKILL');
        return sampler;
      },
    },
  );
  expect(record.invalidReasons[0]).toMatchObject({
    code: 'hop-died',
    message: 'the process of reverse-proxy ended by SIGKILL',
  });
  expect(record.hops![0]).toMatchObject({ accepted: null, missing: 'the program ended in the middle of the trial' });
});

test.runIf(hasHaproxy).each(modes)('haproxy in %s mode', async (mode) => {
  const record = await trial([{ ...proxyConfig(), kind: 'haproxy' }], mode);
  const [hop] = record.hops!;
  const sent = record.requests!.wholeTrial!.sent;
  expect(record.invalidReasons.filter(({ code }) => !ofTheMachine.includes(code))).toEqual([]);
  expect(record.reconciliation.filter(({ ok }) => ok === false)).toEqual([]);
  expect(hop).toMatchObject({
    kind: 'haproxy',
    missing: expect.stringContaining('HAProxy') as string,
    accepted: record.connections!.opened,
    requests: { received: sent, sent, retries: 0 },
  });
  expect(record.server.executed).toBe(sent);
});

test('a program that is not installed makes the trial invalid and says so', async () => {
  const startHop = (): Promise<never> => Promise.reject(new HopError('ENOTINSTALLED', 'haproxy is not installed'));
  const record = await trial([{ ...proxyConfig(), kind: 'haproxy' }], 'host', {}, { ...realProcesses, startHop });
  expect(record.invalidReasons[0]).toMatchObject({
    code: 'hop-failed',
    message: expect.stringContaining('haproxy is not installed') as string,
  });
  expect(record.hops).toEqual([]);
});
