/** The counts of a load that a program sent: each row with equal counts, with what it allows, and with one event too many or too few. */
import { describe, expect, test } from 'vitest';
import type { OutsideGeneratorReport } from '../../src/generator/messages.ts';
import type { ReconciliationRecord } from '../../src/results/record.ts';
import type { OutsideInput } from '../../src/trial/comparison.ts';
import { reconcileOutside } from '../../src/trial/reconcile-outside.ts';
import { consistent, generator, kernelGrowth, link, server } from './fixtures.ts';

/** 100 requests on 10 connections; 98 were answered when it ended them, with 2 under way. */
const program: OutsideGeneratorReport = {
  ...generator,
  connections: null,
  bytes: null,
  wholeTrial: { ...generator.wholeTrial, completed: 98, abandoned: 2, answered: 98 },
  outside: {
    measureStartNs: 1e9,
    measureEndNs: 2e9,
    underWayAtMost: 2,
    countedInAdvance: 0,
    figures: { response: null, counts: {} },
  },
};
const input: OutsideInput = { ...consistent, generator: program };
const lab = { link, kernelClient: kernelGrowth, kernelServer: kernelGrowth, unsettled: null };

function rowsOf(changes: Partial<OutsideInput> = {}): Readonly<Record<string, ReconciliationRecord>> {
  return Object.fromEntries(reconcileOutside({ ...input, ...changes }).map((row) => [row.name, row]));
}

function withCounts(
  changes: Partial<OutsideGeneratorReport['wholeTrial']>,
  countedInAdvance = 0,
): OutsideGeneratorReport {
  const { outside, wholeTrial } = program;
  return { ...program, wholeTrial: { ...wholeTrial, ...changes }, outside: { ...outside, countedInAdvance } };
}

test('in host mode every count that there is agrees, and the client has none of connections', () => {
  const rows = rowsOf();
  expect(
    Object.entries(rows).map(([name, { client, server: ofServer, kernel, ok }]) => [
      name,
      client,
      ofServer,
      kernel,
      ok,
    ]),
  ).toEqual([
    ['connections', null, 10, 10, true],
    ['connects', null, 10, 10, true],
    ['requests', 98, 100, null, true],
    ['requestsSent', 100, 100, null, true],
    ['closes', null, 10, null, true],
    ['timeWait', null, 10, 10, true],
  ]);
});

test('in a lab the wire is a witness, too', () => {
  // 7 of 10 flows ended by the client first: so many entries into TIME_WAIT in its kernel, and 3 in the server's.
  const entries = {
    ...lab,
    kernelClient: { ...kernelGrowth, TW: 7 },
    kernelServer: { ...kernelGrowth, TW: 3 },
  };
  const rows = rowsOf({ lab: entries });
  expect(Object.entries(rows).map(([name, { client, kernel, wire, ok }]) => [name, client, kernel, wire, ok])).toEqual([
    ['connections', null, 10, 10, true],
    ['connects', null, 10, 10, true],
    ['requests', 98, null, null, true],
    ['requestsSent', 100, null, null, true],
    ['closes', null, null, null, true],
    ['timeWait.client', null, 7, 7, true],
    ['timeWait.server', null, 3, 3, true],
  ]);
  const oneLess = { ...entries, kernelClient: { ...kernelGrowth, TW: 6 } };
  expect(rowsOf({ lab: oneLess })['timeWait.client']).toMatchObject({ ok: false });
});

describe('answers against executions', () => {
  test.each([
    ['as many', 100, true],
    ['fewer by what was under way', 98, true],
    ['one fewer than that', 97, false],
    ['more than were executed', 101, false],
  ])('%s', (_what, answered, ok) => {
    expect(rowsOf({ generator: withCounts({ answered }) })['requests']).toMatchObject({
      client: answered,
      server: 100,
      ok,
    });
  });
});

describe('what it says it sent against executions', () => {
  test.each([
    ['as many', 100, 0, 100, true],
    ['more by what was under way', 102, 0, 102, true],
    ['one more than that', 103, 0, 103, false],
    ['fewer', 99, 0, 99, false],
    // What has to be taken off first is no agreement.
    ['as many but for those counted in advance', 100, 18, 118, null],
    ['twice as many', 200, 18, 218, false],
  ])('%s', (_what, sent, inAdvance, shown, ok) => {
    expect(rowsOf({ generator: withCounts({ sent }, inAdvance) })['requestsSent']).toMatchObject({
      client: shown,
      server: 100,
      ok,
    });
  });
});

test('a connection that one witness missed', () => {
  const oneLess = { ...kernelGrowth, PassiveOpens: 9, ActiveOpens: 9 };
  expect(rowsOf({ kernel: oneLess })).toMatchObject({ connections: { ok: false }, connects: { ok: false } });
  expect(rowsOf({ lab: { ...lab, kernelServer: oneLess } })['connections']).toMatchObject({ ok: false });
  expect(rowsOf({ lab: { ...lab, kernelClient: oneLess } })['connects']).toMatchObject({ ok: false });
  // Of those that were opened as it ended the server may never hear: 2 at most.
  const late = { ...lab, link: { ...link, flows: 13 } };
  expect(rowsOf({ lab: late })['connections']).toMatchObject({ ok: false });
  expect(rowsOf({ lab: { ...lab, link: { ...link, flows: 12 } } })['connections']).toMatchObject({ ok: true });
});

test('a connection whose end the server did not see', () => {
  expect(rowsOf({ server: { ...server, firstCloser: { client: 6, server: 3, reset: 0 } } })['closes']).toMatchObject({
    server: 9,
    ok: false,
  });
});

test('of a server that reports nothing the kernels and the wire are left', () => {
  expect(Object.keys(rowsOf({ server: null }))).toEqual(['connections', 'connects']);
  expect(rowsOf({ server: null, lab })).toMatchObject({ connections: { ok: true }, connects: { ok: true } });
});
