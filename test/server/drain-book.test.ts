/** What the book of a drain says for every order of ends, against the same counted by hand. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConnectionLedger } from '../../src/server/connection-ledger.ts';
import { DrainBook } from '../../src/server/drain-book.ts';
import { closeReasons, type CloseReason } from '../../src/server/messages.ts';

const closes = (changes: Partial<Record<CloseReason, number>>): Record<CloseReason, number> => ({
  ...(Object.fromEntries(closeReasons.map((reason) => [reason, 0])) as Record<CloseReason, number>),
  ...changes,
});

test('nothing is known before it has begun', () => {
  const book = new DrainBook();
  book.expect({ measureStartNs: 0, measureEndNs: 10 });
  expect(book.counts(closes({}))).toBeNull();
});

test('a server without connections has drained at once', () => {
  const book = new DrainBook();
  book.begin(0, 5);
  expect(book.counts(closes({}))).toMatchObject({ connections: 0, left: 0, durationNs: 0 });
});

test('what ends by the end of measure is in time; the last of it says how long it took, where nothing is left', () => {
  const ends = fc.array(fc.integer({ min: 100, max: 300 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(ends, fc.integer({ min: 100, max: 300 }), fc.nat(5), (times, measureEndNs, open) => {
      const book = new DrainBook();
      book.expect({ measureStartNs: 0, measureEndNs });
      book.begin(times.length + open, 100);
      for (const time of times.toSorted((a, b) => a - b)) book.end(time);
      const late = times.filter((time) => time > measureEndNs).length;
      const counts = book.counts(closes({ drainIdle: 1, drainAnswered: 2, drainAborted: 3 }));
      expect(counts).toEqual({
        connections: times.length + open,
        closedIdle: 1,
        closedAnswered: 2,
        aborted: 3,
        left: late + open,
        durationNs: late + open > 0 ? null : Math.max(...times) - 100,
      });
    }),
  );
});

test('the ledger tells the book of old connections only', () => {
  const ledger = new ConnectionLedger({ drain: { atMs: 0, style: 'close', deadlineMs: 1 } });
  for (let opened = 0; opened < 3; opened++) ledger.accept();
  expect(ledger.counts().policies).toMatchObject({ drain: null });
  ledger.drain!.begin(2, 0);
  ledger.end('clientFin', 'client', 1);
  expect(ledger.counts().policies!.drain).toMatchObject({ connections: 2, left: 2 });
  ledger.end('drainIdle', 'server', 1, true);
  expect(ledger.counts().policies!.drain).toMatchObject({ closedIdle: 1, left: 1, durationNs: null });
});
