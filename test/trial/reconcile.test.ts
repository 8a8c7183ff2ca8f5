/** The reconciliation notices a miscount of one in any of the counts, and accepts what only looks like one. */
import { describe, expect, test } from 'vitest';
import type { GeneratorReport } from '../../src/generator/messages.ts';
import type { ServerReport } from '../../src/server/messages.ts';
import type { ReconcileInput } from '../../src/trial/comparison.ts';
import { reconcile } from '../../src/trial/reconcile.ts';
import { connections, consistent, generator, kernelGrowth, server } from './fixtures.ts';

type Reported = typeof consistent;
type Connections = GeneratorReport['connections'];

const withConnections = (change: Partial<Connections>, input = consistent): Reported => ({
  ...input,
  generator: { ...input.generator, connections: { ...input.generator.connections, ...change } },
});
const withTrial = (change: Partial<GeneratorReport['wholeTrial']>): Reported => ({
  ...consistent,
  generator: { ...generator, wholeTrial: { ...generator.wholeTrial, ...change } },
});
const withMeasure = (change: Partial<GeneratorReport['measure']>): Reported => ({
  ...consistent,
  generator: { ...generator, measure: { ...generator.measure, ...change } },
});
const withServer = (change: Partial<ServerReport>, input = consistent): Reported => ({
  ...input,
  server: { ...input.server, ...change },
});
const withKernel = (change: Record<string, number>, input = consistent): Reported => ({
  ...input,
  kernel: { ...kernelGrowth, ...change },
});
const withGauges = (client: number, ofServer: number): Reported => ({
  ...consistent,
  timeWaitGauges: { client: { start: 0, end: client }, server: { start: 0, end: ofServer } },
});

const broken = (input: ReconcileInput): string[] =>
  reconcile(input).flatMap(({ name, ok }) => (ok === false ? [name] : []));
const verdict = (input: ReconcileInput, name: string): { ok: boolean | null; note: string | null } => {
  const found = reconcile(input).find((row) => row.name === name);
  if (found === undefined) throw new Error(`no row ${name}`);
  return { ok: found.ok, note: found.note };
};

test('a consistent trial is reconciled in every row, with every figure shown', () => {
  const rows = reconcile(consistent).map(({ name, client, server: ofServer, kernel, ok, note }) => [
    name,
    client,
    ofServer,
    kernel,
    ok,
    note,
  ]);
  expect(rows).toEqual([
    ['connections', 10, 10, 10, true, null],
    ['connects', 10, null, 10, true, null],
    ['requests', 100, 100, null, true, null],
    ['requestsOnConnections', 100, 100, null, true, null],
    ['closes', 10, 10, null, true, null],
    ['timeWait', 10, 10, 10, true, null],
    ['timeWait.client', 7, 7, 7, true, null],
    ['timeWait.server', 3, 3, 3, true, null],
    ['requests.measure', 80, null, null, true, null],
    ['requests.trial', 100, null, null, true, null],
  ]);
});

describe('one event dropped from one count', () => {
  const { firstCloser } = connections;
  const table: [string, ReconcileInput, string][] = [
    ['client: opened', withConnections({ opened: 9 }), 'connections'],
    ['client: attempted', withConnections({ attempted: 9 }), 'connects'],
    ['client: closed first', withConnections({ firstCloser: { ...firstCloser, client: 5 } }), 'closes'],
    ['client: server closed first', withConnections({ firstCloser: { ...firstCloser, server: 2 } }), 'closes'],
    ['client: teardown', withConnections({ teardown: 0 }), 'closes'],
    [
      'client: requests per connection',
      withConnections({ requestsPerConnection: { 10: 9, 9: 1 } }),
      'requestsOnConnections',
    ],
    ['client: sent', withTrial({ sent: 99 }), 'requests'],
    ['client: answered', withTrial({ answered: 99 }), 'requests'],
    ['client: scheduled in the trial', withTrial({ scheduled: 99 }), 'requests.trial'],
    ['client: completed in the trial', withTrial({ completed: 99 }), 'requests.trial'],
    ['client: scheduled in measure', withMeasure({ scheduled: 79 }), 'requests.measure'],
    ['client: completed in measure', withMeasure({ completed: 79 }), 'requests.measure'],
    ['server: accepted', withServer({ accepted: 9 }), 'connections'],
    ['server: executed', withServer({ executed: 99 }), 'requests'],
    ['server: client closed first', withServer({ firstCloser: { client: 6, server: 3, reset: 0 } }), 'closes'],
    ['server: closed first', withServer({ firstCloser: { client: 7, server: 2, reset: 0 } }), 'closes'],
    ['server: requests per connection', withServer({ requestsPerConnection: { 10: 9 } }), 'requestsOnConnections'],
    ['kernel: ActiveOpens', withKernel({ ActiveOpens: 9 }), 'connects'],
    ['kernel: PassiveOpens', withKernel({ PassiveOpens: 9 }), 'connections'],
    ['kernel: TW', withKernel({ TW: 9 }), 'timeWait'],
    ['kernel: TIME_WAIT held by the client', withGauges(6, 3), 'timeWait.client'],
    ['kernel: one TIME_WAIT too many held by the server', withGauges(7, 4), 'timeWait.server'],
  ];
  test.each(table)('%s', (_, input, row) => {
    expect(broken(input)).toContain(row);
  });

  test('fewer TIME_WAIT at the server than closes decide nothing: the client may have used a port again', () => {
    expect(verdict(withGauges(7, 2), 'timeWait.server')).toMatchObject({
      ok: null,
      note: "2 sockets in TIME_WAIT on the side of the server at the end, expected 3; a client port used again replaces the server's socket of its last use",
    });
  });

  test('the note names both figures', () => {
    expect(verdict(withServer({ accepted: 9 }), 'connections').note).toBe(
      'the client opened 10 connections, the server accepted 9; expected 10',
    );
    expect(verdict(withKernel({ ActiveOpens: 9 }), 'connects').note).toBe(
      "the kernel's ActiveOpens grew by 9, expected at least 10",
    );
  });
});

describe('other programs on the same machine', () => {
  test.each([
    ['ActiveOpens', 'connects'],
    ['PassiveOpens', 'connections'],
    ['TW', 'timeWait'],
  ])('a higher %s proves nothing', (counter, row) => {
    const input = withKernel({ [counter]: 14 });
    expect(broken(input)).toEqual([]);
    expect(verdict(input, row)).toEqual({
      ok: null,
      note: `the kernel's ${counter} grew by 4 more: other programs share the counter`,
    });
  });

  test('noise does not hide a disagreement of the two processes', () => {
    expect(broken(withServer({ accepted: 9 }, withKernel({ PassiveOpens: 14 })))).toContain('connections');
  });
});

describe('trouble widens what is accepted, and no further', () => {
  const failed = withTrial({ completed: 95, failed: 5, answered: 95, sent: 98 });
  test.each([
    [94, false], // fewer executed than answered
    [95, true],
    [98, true],
    [99, false], // more executed than sent
  ])('with 95 answered of 98 sent, %i executed: %s', (executed, ok) => {
    expect(verdict(withServer({ executed }, failed), 'requests').ok).toBe(ok);
  });

  test.each([
    [9, false],
    [10, true],
    [12, true],
    [13, false],
  ])('with 10 opened and 2 failed connects, %i accepted: %s', (accepted, ok) => {
    const input = withConnections(
      { attempted: 12, connectFailed: 2 },
      withKernel({ ActiveOpens: 12, PassiveOpens: accepted }),
    );
    expect(verdict(withServer({ accepted }, input), 'connections').ok).toBe(ok);
  });

  test('a connect that failed before its SYN need not be in ActiveOpens', () => {
    const failure = { phase: 'connect', code: 'EADDRNOTAVAIL', reused: false, socketAgeMs: null, count: 2 } as const;
    const input = withConnections(
      { attempted: 12, connectFailed: 2 },
      { ...consistent, generator: { ...generator, errors: [failure] } },
    );
    expect(verdict(input, 'connects').ok).toBe(true);
    const refused = { ...failure, code: 'ECONNREFUSED' };
    const afterSyn = withConnections(
      { attempted: 12, connectFailed: 2 },
      { ...consistent, generator: { ...generator, errors: [refused] } },
    );
    expect(verdict(afterSyn, 'connects').ok).toBe(false);
  });

  test('a connect that failed for want of a descriptor was never attempted', () => {
    const failure = { phase: 'connect', code: 'EMFILE', reused: false, socketAgeMs: null, count: 500 } as const;
    const failing: Reported = { ...consistent, generator: { ...generator, errors: [failure] } };
    expect(verdict(withConnections({ connectFailed: 500 }, failing), 'connects').ok).toBe(true);
    expect(verdict(withConnections({ connectFailed: 500, attempted: 9 }, failing), 'connects').ok).toBe(false);
  });

  test('a 408 on a silent connection is a refusal without a request', () => {
    const silent = { ...server.closesByReason, headersTimeout: 1 };
    expect(broken(withServer({ refused: 1, closesByReason: silent }))).toEqual([]);
    expect(broken(withServer({ refused: 1 }))).toEqual(['requests']);
  });

  test('both sides closing at once may leave two TIME_WAIT sockets', () => {
    // Client: 8 of 10 by itself; server: 3 of 10 by itself. One connection is claimed by both.
    const both = withConnections({ firstCloser: { client: 7, server: 2, reset: 0 } }, withKernel({ TW: 11 }));
    expect(broken({ ...both, timeWaitGauges: { client: { start: 0, end: 8 }, server: { start: 0, end: 3 } } })).toEqual(
      [],
    );
    expect(verdict(both, 'timeWait')).toEqual({ ok: true, note: null });
  });

  test('a connection that each side ascribes to the other is a miscount', () => {
    const neither = withConnections({ firstCloser: { client: 5, server: 4, reset: 0 } });
    expect(broken(neither)).toEqual(['timeWait.client', 'timeWait.server']);
  });

  test('resets leave no TIME_WAIT to be counted', () => {
    const reset = { ...consistent, closeWith: 'reset' } as const;
    const input = withConnections({ firstCloser: { client: 0, server: 3, reset: 6 } }, withKernel({ TW: 3 }, reset));
    expect(broken(withServer({ firstCloser: { client: 0, server: 3, reset: 7 } }, input))).toEqual([]);
  });
});

describe('a close_notify that comes to a closed socket', () => {
  const tls = { full: 10, resumed: 0, earlyData: 0, failed: 0 };
  const overTls = { ...withConnections({ tls }), server: { ...server, tls } };
  /** Two of the seven TIME_WAIT sockets of the client were ended by resets that its kernel sent. */
  const twoGone = (OutRsts: number, input: Reported): ReconcileInput => ({
    ...withKernel({ TW: 8, OutRsts }, input),
    timeWaitGauges: { client: { start: 0, end: 5 }, server: { start: 0, end: 3 } },
  });

  test('ends TIME_WAIT by a reset, one for each that is missing at least', () => {
    const input = twoGone(2, overTls);
    expect(broken(input)).toEqual([]);
    const note =
      '2 ended by a reset after their FIN: a close_notify came to a socket that was closed (OutRsts grew by 2)';
    expect(verdict(input, 'timeWait')).toEqual({ ok: true, note });
    expect(verdict(input, 'timeWait.client')).toEqual({ ok: true, note });
    expect(verdict(input, 'timeWait.server')).toEqual({ ok: true, note: null });
  });

  test('explains no more of them than there were resets, and none without TLS', () => {
    expect(broken(twoGone(1, overTls))).toEqual(['timeWait', 'timeWait.client']);
    expect(broken(twoGone(2, consistent))).toEqual(['timeWait', 'timeWait.client']);
  });

  test('does not explain one TIME_WAIT too many', () => {
    const input = { ...twoGone(9, overTls), timeWaitGauges: withGauges(8, 3).timeWaitGauges };
    expect(broken(input)).toEqual(['timeWait.client']);
  });
});

describe('what cannot be judged is said to be so', () => {
  test('TW of a kernel that counts the end of TIME_WAIT', () => {
    const input: ReconcileInput = { ...withKernel({ TW: 0 }), timeWaitCounting: 'expiry' };
    expect(verdict(input, 'timeWait')).toEqual({
      ok: null,
      note: 'this kernel counts TW when TIME_WAIT ends, not at entry',
    });
  });

  test('no kernel counters, no gauges', () => {
    const input: ReconcileInput = { ...consistent, kernel: null, timeWaitGauges: null };
    expect(broken(input)).toEqual([]);
    expect(verdict(input, 'timeWait.client')).toEqual({ ok: null, note: 'TIME_WAIT cannot be split by side here' });
  });

  test.each([
    ['60 s', { ...withGauges(2, 1), observedSeconds: 60 }],
    ['TWRecycled', { ...withKernel({ TWRecycled: 1 }), timeWaitGauges: withGauges(6, 3).timeWaitGauges }],
    ['TCPTimeWaitOverflow', withKernel({ TW: 8, TCPTimeWaitOverflow: 2 }, withGauges(5, 3))],
  ])('sockets that left TIME_WAIT before the last sample: %s', (reason, input) => {
    expect(broken(input)).toEqual([]);
    const { ok, note } = verdict(input, 'timeWait.client');
    expect(ok).toBeNull();
    expect(note).toContain(reason);
  });
});
