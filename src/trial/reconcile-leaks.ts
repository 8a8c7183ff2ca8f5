/** The part of the reconciliation about responses that nobody read: by the server's count of requests, and by that of connections. Pure. */
import type { ReconciliationRecord } from '../results/record.ts';
import { row, type ReportedInput } from './comparison.ts';
import { isFirstTry } from './reconcile-requests.ts';

/**
 * Rows of a load that leaks; none of any other. What the server answered and the client did not read to its end leaked, where nothing
 * failed. A connection is held by one response, and the server has accepted it.
 */
export function leakRows(input: ReportedInput): readonly ReconciliationRecord[] {
  const { generator, server, attackers } = input;
  const { leaked, answered } = generator.wholeTrial;
  const held = generator.connections.leaked;
  if (leaked === undefined || held === undefined) return [];
  const unread = server.executed + server.refused - answered;
  const isExact = isFirstTry(input) && attackers === undefined && server.refused === 0;
  const figures = `the client left ${leaked} responses unread, by the server's count it did not read ${unread} to their end`;
  const ok = isExact ? leaked === unread : leaked <= unread;
  const note = leaked === unread ? null : ok ? `${figures}: the others failed or were given up` : figures;
  const mostHeld = Math.min(leaked, server.accepted);
  const ofHeld = `${held} connections held by ${leaked} unread responses; the server accepted ${server.accepted}`;
  return [
    row('requests.leaked', { client: leaked, server: unread }, { ok, note }),
    row(
      'connections.leaked',
      { client: held, server: server.accepted },
      { ok: held <= mostHeld, note: held === leaked ? null : ofHeld },
    ),
  ];
}
