/** Counts attackers into a reconciliation: server, kernel and wire do not tell their connections from those of the load. Pure. */
import type { ReconciliationRecord } from '../results/record.ts';
import type { AttackerTotals, ReconcileInput } from './comparison.ts';

/**
 * The same trial with the connections of the attackers among those of the client. Requests stay those of the load, so that what is compared
 * with the server's counts of requests needs bounds (`strangeRequests`).
 */
export function withAttackers(input: ReconcileInput): ReconcileInput {
  const { attackers } = input;
  if (attackers === undefined) return input;
  const { connections } = input.generator;
  const { firstCloser } = connections;
  return {
    ...input,
    generator: {
      ...input.generator,
      connections: {
        ...connections,
        attempted: connections.attempted + attackers.attempted,
        opened: connections.opened + attackers.opened,
        connectFailed: connections.connectFailed + attackers.connectFailed,
        firstCloser: {
          client: firstCloser.client + attackers.firstCloser.client,
          server: firstCloser.server + attackers.firstCloser.server,
          reset: firstCloser.reset + attackers.firstCloser.reset,
        },
      },
    },
  };
}

/**
 * How many requests the server may have executed or refused that were no requests of the load: one for each connection, since none sends a
 * second one, and one that is refused ends.
 */
export function strangeRequests(attackers: AttackerTotals | undefined): number {
  return attackers?.opened ?? 0;
}

const why =
  "the server's count has the attackers' requests in it, which its answers do not tell from those of the client";

/** A row that compares counts of requests of a client that is a program says nothing beside attackers. */
export function undecided(row: ReconciliationRecord): ReconciliationRecord {
  return { ...row, ok: null, note: why };
}
