/** Trials with attackers beside the load, with the real processes, in host mode and in a lab: every count agrees with them counted in. */
import { describe, expect, test } from 'vitest';
import type { TrialRecord } from '../../src/results/record.ts';
import type { AttackerConfig, AttackerKind } from '../../src/scenario/attacker-config.ts';
import type { TrialConfig } from '../../src/scenario/config.ts';
import type { AttackerTotals, ReconcileInput } from '../../src/trial/comparison.ts';
import type { TrialDependencies } from '../../src/trial/dependencies.ts';
import { realProcesses } from '../../src/trial/processes.ts';
import { reconcile } from '../../src/trial/reconcile.ts';
import { freePort } from '../hops/origin.ts';
import { hasLab } from '../lab/users.ts';
import { commandConfig } from '../server/command-programs.ts';
import { config, consistent } from './fixtures.ts';
import { closedLoad, configWith, wholeTrial } from './whole-trial.ts';

const serverOf = (kind: 'node' | 'reference'): TrialConfig['server'] =>
  ({ ...config.server, kind, headersTimeoutMs: 200, requestTimeoutMs: 200 }) as TrialConfig['server'];

const group = (kind: AttackerKind): AttackerConfig => ({ kind, connections: 5, everyMs: 50, fromMs: 0 });

async function trial(
  attackers: readonly AttackerConfig[],
  mode: 'host' | 'lab',
  dependencies: TrialDependencies = realProcesses,
  server = serverOf('node'),
): Promise<TrialRecord> {
  const load = closedLoad(4, 900, 2, 100);
  return wholeTrial(configWith({ server, attackers, load }), { mode, dependencies });
}

const modes = (await hasLab()) ? (['host', 'lab'] as const) : (['host'] as const);

test.each(modes)('attackers of every kind in %s mode', async (mode) => {
  const kinds = ['slow-headers', 'slow-body', 'silent', 'slow-reader', 'unread-body'] as const;
  const record = await trial(kinds.map(group), mode);
  const ofCounts = record.invalidReasons.filter(({ code }) =>
    ['not-reconciled', 'not-conserved', 'attackers-died', 'deadline'].includes(code),
  );
  expect(ofCounts).toEqual([]);
  expect(record.reconciliation.length).toBeGreaterThan(0);
  expect(record.reconciliation.filter(({ ok }) => ok === false)).toEqual([]);
  expect(record.attackers!.map(({ kind }) => kind)).toEqual(kinds);
  const opened = record.attackers!.reduce((sum, attacker) => sum + attacker.opened, 0);
  expect(opened).toBeGreaterThanOrEqual(25);
  expect(record.server.accepted).toBe(record.connections!.opened + opened);
  for (const attacker of record.attackers!.slice(0, 3)) {
    expect(attacker.untilCut!.min).toBeGreaterThan(0.99 * 200e6);
    expect(attacker.statuses['408']).toBeGreaterThanOrEqual(5);
  }
  // The load is not theirs.
  expect(record.requests!.failed).toBe(0);
  expect(Object.keys(record.statuses)).toEqual(['200']);
});

test.each(modes)('of a reference server in %s mode the counts agree, too', async (mode) => {
  const kinds = ['slow-headers', 'slow-body', 'silent', 'slow-reader', 'unread-body'] as const;
  const record = await trial(kinds.map(group), mode, realProcesses, serverOf('reference'));
  expectAgreement(record);
  const opened = record.attackers!.reduce((sum, attacker) => sum + attacker.opened, 0);
  expect(record.server.accepted).toBe(record.connections!.opened + opened);
  // This server's timeouts are exact, so that what an attacker was late to see of its connect is missing from the time until it was cut.
  for (const attacker of record.attackers!.slice(0, 3)) {
    expect(attacker.untilCut!.max).toBeGreaterThan(100e6);
    expect(attacker.statuses['408']).toBeGreaterThanOrEqual(5);
  }
});

test.each(modes)('a program in %s mode tells nothing, and the others agree without it', async (mode) => {
  const record = await trial(
    [group('silent'), group('unread-body')],
    mode,
    realProcesses,
    commandConfig('plain', await freePort()),
  );
  expectAgreement(record);
  expect(record.server.accepted).toBeNull();
  const [silent, unread] = record.attackers!;
  expect(silent).toMatchObject({ opened: 5, stillOpen: 5, statuses: {}, untilCut: null });
  expect(unread!.requests).toBe(unread!.opened);
  if (mode === 'host') return;
  // The wire and both kernels count what the program does not.
  const connections = record.reconciliation.find(({ name }) => name === 'connections');
  const opened = record.connections!.opened + silent!.opened + unread!.opened;
  expect(connections).toMatchObject({ client: opened, kernel: opened, wire: opened, ok: true });
});

test('attackers that are to begin after the end of the trial never do', async () => {
  const late = { ...group('silent'), fromMs: 60_000 };
  const record = await trial([group('silent'), late], 'host');
  expectAgreement(record);
  const [early, after] = record.attackers!;
  expect(early!.opened).toBeGreaterThanOrEqual(5);
  expect(after).toMatchObject({ attempted: 0, opened: 0, stillOpen: 0, untilCut: null });
});

function expectAgreement(record: TrialRecord): void {
  const ofCounts = record.invalidReasons.filter(({ code }) =>
    ['not-reconciled', 'not-conserved', 'attackers-died', 'server-died', 'deadline'].includes(code),
  );
  expect(ofCounts).toEqual([]);
  expect(record.reconciliation.length).toBeGreaterThan(0);
  expect(record.reconciliation.filter(({ ok }) => ok === false)).toEqual([]);
  expect(record.requests!.failed).toBe(0);
}

test('attackers that die make the trial invalid, and nothing is reconciled without them', async () => {
  const record = await trial([group('silent')], 'host', {
    ...realProcesses,
    startAttackers: async (options) => {
      const handle = await realProcesses.startAttackers(options);
      return Object.assign(handle, {
        attack: () => {
          process.kill(handle.pid, 'SIGKILL');
        },
      });
    },
  });
  expect(record.invalidReasons).toContainEqual(
    expect.objectContaining({ code: 'attackers-died', message: 'the process of the attackers ended by SIGKILL' }),
  );
  expect(record.attackers).toEqual([]);
  expect(record.reconciliation).toEqual([]);
});

describe('the reconciliation', () => {
  const attackers: AttackerTotals = {
    attempted: 4,
    opened: 4,
    connectFailed: 0,
    requests: 0,
    firstCloser: { client: 1, server: 3, reset: 0 },
  };
  /** Four more connections in every count; the server refused three of them with 408. */
  const base: ReconcileInput = {
    ...consistent,
    attackers,
    server: {
      ...consistent.server,
      accepted: consistent.server.accepted + 4,
      refused: consistent.server.refused + 3,
      firstCloser: {
        ...consistent.server.firstCloser,
        client: consistent.server.firstCloser.client + 1,
        server: consistent.server.firstCloser.server + 3,
      },
    },
    kernel: Object.fromEntries(
      Object.entries(consistent.kernel!).map(([name, value]) => [
        name,
        ['ActiveOpens', 'PassiveOpens', 'TW'].includes(name) ? value + 4 : value,
      ]),
    ),
    timeWaitGauges: { client: { start: 0, end: 8 }, server: { start: 0, end: 6 } },
  };
  const broken = (input: ReconcileInput): readonly string[] =>
    reconcile(input).flatMap(({ name, ok }) => (ok === false ? [name] : []));

  test('counts the attackers in', () => {
    expect(broken(base)).toEqual([]);
    expect(reconcile(base).find(({ name }) => name === 'connections')).toMatchObject({
      client: 14,
      server: 14,
      kernel: 14,
      ok: true,
    });
  });

  test.each([
    ['a connection too few', { opened: 3 }, 'connections'],
    ['an attempt too few', { attempted: 3 }, 'connects'],
    ['an end too few', { firstCloser: { client: 1, server: 2, reset: 0 } }, 'closes'],
  ] as const)('notices %s', (_, change, name) => {
    expect(broken({ ...base, attackers: { ...attackers, ...change } })).toContain(name);
  });

  test('a byte of an attacker takes TIME_WAIT from connections that the server closed first, and from no other', () => {
    const missing = (count: number): ReconcileInput => ({
      ...base,
      kernel: { ...base.kernel, OutRsts: 1_000, TW: base.kernel!['TW']! - count },
    });
    expect(broken(missing(3))).not.toContain('timeWait');
    expect(broken(missing(4))).toContain('timeWait');
  });

  test('notices more requests than attackers can have sent', () => {
    const server = { ...base.server!, refused: base.server!.refused + 10 };
    expect(broken({ ...base, server })).toContain('requests');
    // One for each of the four connections, whole or refused: three were refused.
    const whole = (executed: number): ReconcileInput => ({
      ...base,
      attackers: { ...attackers, requests: 4 },
      server: { ...base.server!, executed: base.server!.executed + executed },
    });
    expect(broken(whole(1))).not.toContain('requests');
    expect(broken(whole(2))).toContain('requests');
  });
});
