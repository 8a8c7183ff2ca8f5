/** In a lab four witnesses must agree: one event dropped from any of their counts is found, and both figures are named. */
import { describe, expect, test } from 'vitest';
import type { LinkReport } from '../../src/lab/messages.ts';
import type { LabCounts, ReconcileInput } from '../../src/trial/comparison.ts';
import { reconcile } from '../../src/trial/reconcile.ts';
import { connections, consistent, generator, link, server } from './fixtures.ts';

const kernelClient = { ActiveOpens: 10, PassiveOpens: 0, TW: 7, TCPTimeWaitOverflow: 0 };
const kernelServer = { ActiveOpens: 0, PassiveOpens: 10, TW: 3, TCPTimeWaitOverflow: 0 };
const counts: LabCounts = { link, kernelClient, kernelServer, unsettled: { client: 0, server: 0 } };
const inLab: ReconcileInput = { ...consistent, lab: counts };

const withLab = (change: Partial<LabCounts>, input = inLab): ReconcileInput => ({
  ...input,
  lab: { ...counts, ...change },
});
const withLink = (change: Partial<LinkReport>, input = inLab): ReconcileInput =>
  withLab({ link: { ...link, ...change } }, input);
const withClient = (change: Partial<typeof connections>): ReconcileInput => ({
  ...inLab,
  generator: { ...generator, connections: { ...connections, ...change } },
});
const broken = (input: ReconcileInput): string[] =>
  reconcile(input).flatMap(({ name, ok }) => (ok === false ? [name] : []));
const found = (input: ReconcileInput, name: string): { ok: boolean | null; note: string | null } => {
  const { ok, note } = reconcile(input).find((row) => row.name === name)!;
  return { ok, note };
};

test('a consistent trial, with every witness', () => {
  const rows = reconcile(inLab).map((row) => [
    row.name,
    row.client,
    row.server,
    row.kernel,
    row.wire,
    row.ok,
    row.note,
  ]);
  expect(rows).toEqual([
    ['connections', 10, 10, 10, 10, true, null],
    ['connects', 10, null, 10, 10, true, null],
    ['requests', 100, 100, null, null, true, null],
    ['requestsOnConnections', 100, 100, null, null, true, null],
    ['closes', 10, 10, null, null, true, null],
    ['timeWait.client', 7, 7, 7, 7, true, null],
    ['timeWait.server', 3, 3, 3, 3, true, null],
    ['requests.measure', 80, null, null, null, true, null],
    ['requests.trial', 100, null, null, null, true, null],
  ]);
});

test('a server that reports nothing leaves client, wire and kernels', () => {
  const rows = reconcile({ ...inLab, server: null }).map((row) => [
    row.name,
    row.client,
    row.server,
    row.kernel,
    row.wire,
    row.ok,
  ]);
  expect(rows).toEqual([
    ['connections', 10, null, 10, 10, true],
    ['connects', 10, null, 10, 10, true],
    ['timeWait.client', 7, null, 7, 7, true],
    ['timeWait.server', 3, null, 3, 3, true],
    ['requests.measure', 80, null, null, null, true],
    ['requests.trial', 100, null, null, null, true],
  ]);
});

describe('one event more or less in one count', () => {
  test.each<[string, ReconcileInput, string]>([
    ['client: opened', withClient({ opened: 9 }), 'connections'],
    ['client: attempted', withClient({ attempted: 9 }), 'connects'],
    ['server: accepted', { ...inLab, server: { ...server, accepted: 9 } }, 'connections'],
    ['server: executed', { ...inLab, server: { ...server, executed: 99 } }, 'requests'],
    ['wire: a flow less', withLink({ flows: 9 }), 'connections'],
    ['wire: a flow more', withLink({ flows: 11 }), 'connects'],
    ['wire: first FINs of the client', withLink({ firstFin: { client: 8, server: 3 } }), 'timeWait.client'],
    ['wire: first FINs of the server', withLink({ firstFin: { client: 7, server: 4 } }), 'timeWait.server'],
    ['kernel: ActiveOpens less', withLab({ kernelClient: { ...kernelClient, ActiveOpens: 9 } }), 'connects'],
    ['kernel: ActiveOpens more', withLab({ kernelClient: { ...kernelClient, ActiveOpens: 11 } }), 'connects'],
    ['kernel: PassiveOpens less', withLab({ kernelServer: { ...kernelServer, PassiveOpens: 9 } }), 'connections'],
    ['kernel: PassiveOpens more', withLab({ kernelServer: { ...kernelServer, PassiveOpens: 11 } }), 'connections'],
    ['kernel: TW of the client less', withLab({ kernelClient: { ...kernelClient, TW: 6 } }), 'timeWait.client'],
    ['kernel: TW of the client more', withLab({ kernelClient: { ...kernelClient, TW: 8 } }), 'timeWait.client'],
    ['kernel: TW of the server less', withLab({ kernelServer: { ...kernelServer, TW: 2 } }), 'timeWait.server'],
    ['kernel: TW of the server more', withLab({ kernelServer: { ...kernelServer, TW: 4 } }), 'timeWait.server'],
  ])('%s', (_, input, row) => {
    expect(broken(input)).toContain(row);
  });

  test('the note names the figures', () => {
    expect(found(withLink({ flows: 11 }), 'connections').note).toBe(
      "the client opened 10 connections, the server accepted 10, the server's kernel counted 10 (PassiveOpens), the wire saw 11 flows",
    );
    expect(found(withLab({ kernelClient: { ...kernelClient, TW: 6 } }), 'timeWait.client').note).toBe(
      'the client sent the first FIN of 7 flows, its kernel entered TIME_WAIT 6 times; expected 7',
    );
  });
});

describe('what widens the bounds, and by how much', () => {
  test('a full table of TIME_WAIT: those that skipped it are counted apart', () => {
    const input = withLab({ kernelClient: { ...kernelClient, TW: 5, TCPTimeWaitOverflow: 2 } });
    expect(found(input, 'timeWait.client')).toEqual({
      ok: true,
      note: '2 of them skipped TIME_WAIT: tcp_max_tw_buckets was full (TCPTimeWaitOverflow)',
    });
  });

  test.each([
    [7, true],
    [8, true],
    [9, false],
  ])('FINs that crossed put both sides into TIME_WAIT: %i entries of the client are %s', (entries, ok) => {
    // The client closed 8 first by its own count; the server's FIN was on the wire before one of those.
    const input = withClient({ firstCloser: { client: 7, server: 2, reset: 0 } });
    const lab = { ...counts, kernelClient: { ...kernelClient, TW: entries } };
    expect(found({ ...input, lab }, 'timeWait.client').ok).toBe(ok);
  });

  test.each([
    [5, false],
    [6, true],
    [7, true],
    [8, false],
  ])('with one reset %i entries are %s', (entries, ok) => {
    const fromServer = { ...link.fromServer, rst: 1 };
    const lab = { link: { ...link, fromServer }, kernelClient: { ...kernelClient, TW: entries } };
    expect(found(withLab(lab), 'timeWait.client').ok).toBe(ok);
  });

  test('a socket that still waits for an answer has not entered yet', () => {
    const lab = { unsettled: { client: 1, server: 0 }, kernelClient: { ...kernelClient, TW: 6 } };
    expect(found(withLab(lab), 'timeWait.client')).toEqual({
      ok: true,
      note: '1 sockets of the client were still waiting for an answer at the end',
    });
    expect(broken(withLab({ ...lab, unsettled: { client: 0, server: 1 } }))).toEqual(['timeWait.client']);
  });

  test.each([
    [10, 10, 11, true],
    [11, 12, 12, true],
    [11, 10, 12, false], // the kernel's connections are the server's
    [9, 10, 12, false], // what the client knows to be open was accepted
  ])('with 10 opened of 12 attempted, %i accepted, %i PassiveOpens, %i flows: %s', (accepted, passive, flows, ok) => {
    const failure = { phase: 'connect', code: 'EADDRNOTAVAIL', reused: false, socketAgeMs: null, count: 2 } as const;
    const input: ReconcileInput = {
      ...inLab,
      generator: {
        ...generator,
        errors: [failure],
        connections: { ...connections, attempted: 12, connectFailed: 2 },
      },
      server: { ...server, accepted },
      lab: {
        ...counts,
        link: { ...link, flows },
        kernelServer: { ...kernelServer, PassiveOpens: passive },
        kernelClient: { ...kernelClient, ActiveOpens: flows },
      },
    };
    expect(found(input, 'connections').ok).toBe(ok);
    expect(found(input, 'connects').ok).toBe(true);
  });

  test('a kernel that counts TW at its end proves nothing', () => {
    expect(found({ ...inLab, timeWaitCounting: 'expiry' }, 'timeWait.server')).toEqual({
      ok: null,
      note: 'this kernel counts TW when TIME_WAIT ends, not at entry',
    });
  });
});
