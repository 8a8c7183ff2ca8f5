/** The ledger's books balance whatever happens, and it notices where they cannot. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConnectionLedger, type FirstCloser } from '../../src/server/connection-ledger.ts';
import { closeReasons } from '../../src/server/messages.ts';

test('counts every event once', () => {
  const ledger = new ConnectionLedger();
  ledger.accept();
  ledger.accept();
  ledger.turnAway();
  ledger.execute();
  ledger.refuse();
  ledger.failAccept();
  ledger.end('idleTimeout', 'server', 1);
  const counts = ledger.counts();
  expect(counts).toMatchObject({ accepted: 3, executed: 1, refused: 1, turnedAway: 1, acceptErrors: 1, open: 1 });
  expect(counts.closesByReason).toMatchObject({ idleTimeout: 1, maxConnections: 1, clientFin: 0 });
  expect(counts.firstCloser).toEqual({ client: 0, server: 2, reset: 0 });
  expect(counts.requestsPerConnection).toEqual({ 0: 1, 1: 1 });
});

test('counts handshakes, faults and duplicates where there may be any, and is silent where there are none', () => {
  const silent = new ConnectionLedger();
  silent.handshake(true);
  silent.fault('stall');
  silent.number(0, 1);
  for (const name of ['tls', 'faults', 'duplicates']) expect(silent.counts()).not.toHaveProperty(name);
  const tls = { sessionTickets: true, earlyDataBytes: 0, certificate: 'ecdsa' } as const;
  const faults = [
    { fault: 'stall', probability: 0.1 },
    { fault: 'reset-before', probability: 0.1 },
  ] as const;
  const ledger = new ConnectionLedger({ tls, faults }, true);
  ledger.handshake(false);
  ledger.handshake(true);
  ledger.handshake(true);
  ledger.takeEarlyData();
  ledger.failHandshake();
  ledger.fault('stall');
  ledger.number(0, 1);
  ledger.number(1, 1);
  ledger.number(0, 1);
  expect(ledger.counts()).toMatchObject({
    tls: { full: 1, resumed: 2, earlyData: 1, failed: 1 },
    faults: { stall: 1, 'reset-before': 0 },
    duplicates: 1,
  });
});

test('gives copies', () => {
  const ledger = new ConnectionLedger();
  const before = ledger.counts();
  ledger.turnAway();
  expect(before).toMatchObject({ accepted: 0, closesByReason: { maxConnections: 0 }, firstCloser: { server: 0 } });
});

test('throws where more connections ended than were accepted', () => {
  const ledger = new ConnectionLedger();
  ledger.end('error', 'reset', 0);
  expect(() => ledger.counts()).toThrow('does not balance');
});

test('accepted = open + ended, and the three tallies of ended connections agree, at any moment', () => {
  const end = fc.record({
    reason: fc.constantFrom(...closeReasons.filter((reason) => reason !== 'maxConnections')),
    first: fc.constantFrom<FirstCloser>('client', 'server', 'reset'),
    requests: fc.nat({ max: 5 }),
  });
  const step = fc.oneof(fc.constantFrom('accept' as const, 'turnAway' as const), end);
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const ledger = new ConnectionLedger();
      let accepted = 0;
      let ended = 0;
      for (const next of steps) {
        if (next === 'accept') ledger.accept();
        else if (next === 'turnAway') ledger.turnAway();
        else if (ledger.open > 0) ledger.end(next.reason, next.first, next.requests);
        else continue;
        if (typeof next === 'string') accepted++;
        if (next !== 'accept') ended++;
        const counts = ledger.counts();
        expect([counts.accepted, counts.open]).toEqual([accepted, accepted - ended]);
        for (const tally of [counts.closesByReason, counts.firstCloser, counts.requestsPerConnection]) {
          expect(Object.values<number>(tally).reduce((sum, count) => sum + count, 0)).toBe(ended);
        }
      }
    }),
  );
});
