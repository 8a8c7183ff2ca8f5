/** How the reference client ends a connection: finds out whose FIN was first, closes, counts, and gives the number back. */
import type { Deadlines } from '../../strategy/deadlines.ts';
import type { Pool } from '../../strategy/pool.ts';
import type { ClientCloseReason } from '../observations.ts';
import { CLOSED, NO_REQUEST, type ConnectionTable } from './connections.ts';
import type { ConnectionLedger, Ending } from './ledger.ts';
import type { ReferenceTransport } from './transport.ts';

export interface ClosingSetup {
  readonly connections: ConnectionTable;
  readonly pool: Pool;
  readonly deadlines: Deadlines;
  readonly ledger: ConnectionLedger;
  /** Close with RST instead of FIN. */
  readonly reset: boolean;
}

export class ConnectionCloser {
  readonly #connections: ConnectionTable;
  readonly #pool: Pool;
  readonly #deadlines: Deadlines;
  readonly #ledger: ConnectionLedger;
  readonly #reset: boolean;
  transport!: ReferenceTransport;

  constructor({ connections, pool, deadlines, ledger, reset }: ClosingSetup) {
    this.#connections = connections;
    this.#pool = pool;
    this.#deadlines = deadlines;
    this.#ledger = ledger;
    this.#reset = reset;
  }

  /** Whether the server's FIN is still to come and worth waiting for. */
  mayAwaitFin(slot: number): boolean {
    return this.#connections.finSeen[slot] === 0 && !this.#reset;
  }

  /** Closes an established connection. The reason becomes the server's where its FIN or RST turns out to have come first. */
  close(slot: number, reason: ClientCloseReason): void {
    let ending: Ending = reason === 'teardown' ? 'teardown' : 'client';
    let actual = reason;
    if (this.#connections.finSeen[slot] === 0) {
      const peeked = this.transport.peek(slot);
      if (peeked === 0) {
        this.#connections.finSeen[slot] = 1;
        if (reason === 'idleTimeout' || reason === 'teardown') actual = 'serverFin';
      } else if (peeked > 0) {
        ending = 'reset'; // closing with unread bytes makes the kernel send RST (RFC 2525 section 2.17)
        this.#ledger.resetsSent++;
      } else if (this.transport.isDead(peeked)) {
        ending = 'reset';
        actual = 'serverReset';
        this.#ledger.resetsReceived++;
      }
    }
    if (this.#connections.finSeen[slot] === 1) ending = 'server';
    if (this.#reset) {
      if (ending !== 'reset') this.#ledger.resetsSent++;
      if (ending !== 'teardown') ending = 'reset';
    }
    this.#finish(slot, actual, ending, this.#reset);
  }

  /** Closes a connection that the system called broken: no FIN will follow. */
  closeBroken(slot: number, code: string): void {
    const isReset = code === 'ECONNRESET' || code === 'EPIPE';
    if (isReset) this.#ledger.resetsReceived++;
    this.#finish(slot, isReset ? 'serverReset' : 'error', 'reset', true);
  }

  /** Gives up a connection that was never established. */
  abort(slot: number): void {
    this.transport.close(slot, false);
    this.connectFailed(slot);
  }

  /** A connection came to nothing; the transport has already let it go. */
  connectFailed(slot: number): void {
    this.#ledger.connectFailed++;
    this.#forget(slot);
  }

  /** The system refused before anything was sent. */
  refusedAtOnce(slot: number): void {
    this.#ledger.notAttempted++;
    this.#forget(slot);
  }

  #finish(slot: number, reason: ClientCloseReason, ending: Ending, reset: boolean): void {
    this.#ledger.closed(reason, ending, this.#connections.answered[slot]!);
    this.transport.close(slot, reset);
    this.#forget(slot);
  }

  #forget(slot: number): void {
    this.#connections.takeParserBack(slot);
    this.#connections.state[slot] = CLOSED;
    this.#connections.request[slot] = NO_REQUEST;
    this.#deadlines.cancel(slot);
    this.#pool.leave(slot);
    this.#pool.forget(slot);
  }
}
