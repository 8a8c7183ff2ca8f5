/**
 * The look at an idle connection before it is reused (`pool.validate`). The server's FIN may lie in the kernel unread when a request is due:
 * epoll tells of it at the next wait, and the request would be written to a connection that is over.
 */
import type { Pool } from '../../strategy/pool.ts';
import type { ConnectionCloser } from './closing.ts';
import { WAITING, type ConnectionTable } from './connections.ts';
import type { ConnectionLedger } from './ledger.ts';
import { LOOK_NOTIFIED, type ReferenceTransport } from './transport.ts';

export interface ValidationSetup {
  readonly connections: ConnectionTable;
  readonly pool: Pool;
  readonly closer: ConnectionCloser;
  readonly ledger: ConnectionLedger;
}

/** Hot: one system call for each reuse, and no allocation. */
export class Validation {
  readonly #connections: ConnectionTable;
  readonly #pool: Pool;
  readonly #closer: ConnectionCloser;
  readonly #ledger: ConnectionLedger;
  transport!: ReferenceTransport;

  constructor({ connections, pool, closer, ledger }: ValidationSetup) {
    this.#connections = connections;
    this.#pool = pool;
    this.#closer = closer;
    this.#ledger = ledger;
    ledger.foundDead = 0;
  }

  /** Whether a connection that the pool gives for reuse is of use. One that is not has left the pool and is closed: ask the pool again. */
  passes(slot: number, nowNs: number): boolean {
    // On one that is not idle the transport tells what comes.
    if (this.#connections.state[slot] !== WAITING) return true;
    const found = this.transport.look(slot);
    if (found < 0 && !this.transport.isDead(found)) return true;
    this.#ledger.foundDead!++;
    this.#pool.leave(slot);
    if (found < 0) {
      this.#closer.closeBroken(slot, this.transport.errorName(found));
    } else if (found === 0) {
      this.#connections.finSeen[slot] = 1;
      this.#closer.close(slot, 'serverFin');
    } else if (found === LOOK_NOTIFIED) {
      this.#connections.endAnnounced[slot] = 1;
      this.#closer.closeOrLinger(slot, 'serverFin', nowNs);
    } else {
      this.#closer.close(slot, 'badResponse'); // Bytes that nobody asked for.
    }
    return false;
  }
}
