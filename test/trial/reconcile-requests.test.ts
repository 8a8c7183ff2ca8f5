/** Handshakes, duplicates and faults: equal where nothing failed, bounded where something did, and a miscount of one is found. */
import { describe, expect, test } from 'vitest';
import type { GeneratorReport } from '../../src/generator/messages.ts';
import type { ServerReport } from '../../src/server/messages.ts';
import { reconcile } from '../../src/trial/reconcile.ts';
import { consistent, generator, server } from './fixtures.ts';

type Input = typeof consistent;

function input(ofGenerator: Partial<GeneratorReport>, ofServer: Partial<ServerReport>): Input {
  return { ...consistent, generator: { ...generator, ...ofGenerator }, server: { ...server, ...ofServer } };
}

function found(of: Input, name: string): { ok: boolean | null; note: string | null; counts: (number | null)[] } {
  const row = reconcile(of).find((candidate) => candidate.name === name);
  if (row === undefined) throw new Error(`no row ${name}`);
  return { ok: row.ok, note: row.note, counts: [row.client, row.server] };
}

const failedTrial = { ...generator.wholeTrial, completed: 97, failed: 3, answered: 97 };

describe('handshakes', () => {
  const both = (client: [number, number, number], ofServer: [number, number, number], failed = false): Input =>
    input(
      {
        ...(failed ? { wholeTrial: failedTrial } : {}),
        connections: {
          ...generator.connections,
          ...(failed ? { resetsReceived: 1 } : {}),
          tls: { full: client[0], resumed: client[1], earlyData: client[2] },
        },
      },
      { tls: { full: ofServer[0], resumed: ofServer[1], earlyData: ofServer[2], failed: 0 } },
    );

  test('are the same on both sides', () => {
    const rows = reconcile(both([2, 8, 3], [2, 8, 3])).filter(({ name }) => name.startsWith('tls.'));
    expect(rows.map((row) => [row.name, row.client, row.server, row.ok, row.note])).toEqual([
      ['tls.handshakes', 10, 10, true, null],
      ['tls.resumed', 8, 8, true, null],
      ['tls.earlyData', 3, 3, true, null],
    ]);
  });

  test.each([
    ['tls.handshakes', both([2, 8, 3], [1, 8, 3])],
    ['tls.resumed', both([2, 8, 3], [3, 7, 3])],
    ['tls.earlyData', both([2, 8, 3], [2, 8, 2])],
  ] as const)('one that differs is found: %s', (name, of) => {
    expect(found(of, name).ok).toBe(false);
  });

  test('after a reset one may be complete for one side only, and no more', () => {
    expect(found(both([2, 8, 0], [1, 8, 0], true), 'tls.handshakes')).toMatchObject({ ok: true });
    expect(found(both([2, 8, 0], [1, 8, 0], true), 'tls.handshakes').note).toMatch(/10, the server 9: .*up to 1/);
    expect(found(both([2, 8, 0], [0, 8, 0], true), 'tls.handshakes').ok).toBe(false);
  });

  test('without TLS there are no rows', () => {
    expect(reconcile(consistent).some(({ name }) => name.startsWith('tls.'))).toBe(false);
  });
});

describe('retries', () => {
  const wholeTrial = { ...generator.wholeTrial, sent: 104 };
  const retrying = (retried: number, duplicates: number | null): Input =>
    input({ wholeTrial, retried: { measure: retried, wholeTrial: retried } }, { executed: 103, duplicates });

  test('may have been executed before, each once', () => {
    // 100 answered of 104 sent, 4 of them again; the server executed 103, and 3 of those again.
    const of = retrying(4, 3);
    expect(found(of, 'requests.duplicates')).toEqual({
      ok: true,
      note: 'the client sent 4 requests again, the server executed 3 again: the others had not been executed',
      counts: [4, 3],
    });
    expect(found(of, 'requests').ok).toBe(true);
    expect(found(retrying(4, 4), 'requests.duplicates').note).toBeNull();
  });

  test('more duplicates than retries are a miscount', () => {
    expect(found(retrying(2, 3), 'requests.duplicates').ok).toBe(false);
  });

  test('too many numbers leave it open', () => {
    expect(found(retrying(2, null), 'requests.duplicates').ok).toBeNull();
  });

  test('without a retry every sent request must be answered', () => {
    expect(found(retrying(0, 0), 'requests').ok).toBe(false);
  });
});

describe('faults', () => {
  const faulty = (failed: number, faults: ServerReport['faults'], retried = 0): Input =>
    input(
      {
        wholeTrial: { ...generator.wholeTrial, completed: 100 - failed, failed, answered: 100 - failed },
        ...(retried === 0 ? {} : { retried: { measure: retried, wholeTrial: retried } }),
      },
      faults === undefined ? {} : { faults },
    );

  test('that leave no whole response must have been noticed, others need not', () => {
    const of = faulty(2, { stall: 2, 'slow-drip': 5 });
    expect(found(of, 'faults')).toEqual({ ok: true, note: 'injected: 2 stall, 5 slow-drip', counts: [2, 2] });
    expect(found(of, 'requests').note).toMatch(/only bounds hold: .* \(7 faults were injected\)$/);
    expect(found(faulty(1, { stall: 2 }), 'faults').ok).toBe(false);
  });

  test('may have been answered by a retry', () => {
    expect(found(faulty(1, { 'reset-before': 2 }, 1), 'faults').ok).toBe(true);
  });

  test('that never came leave no note, and without any configured there is no row', () => {
    expect(found(faulty(0, { stall: 0 }), 'faults')).toEqual({ ok: true, note: null, counts: [0, 0] });
    expect(reconcile(consistent).some(({ name }) => name === 'faults')).toBe(false);
  });
});
