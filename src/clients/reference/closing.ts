/** How the reference client ends a connection: finds out whose FIN was first, closes, counts, and gives the number back. */
import type { Deadlines } from '../../strategy/deadlines.ts';
import { type Pool, RETIRE_AGE, RETIRE_HINT, RETIRE_REQUESTS } from '../../strategy/pool.ts';
import type { ClientCloseReason } from '../observations.ts';
import { CLOSED, CONNECTING, LINGERING, NO_REQUEST, type ConnectionTable } from './connections.ts';
import type { ConnectionLedger, Ending } from './ledger.ts';
import type { ReferenceTransport } from './transport.ts';

/**
 * How long the server may take to send the FIN it announced. Long enough for a busy event loop, so that who closes first is not a race
 * between two processes; short enough that servers that announce a close and leave it to the client pile up little.
 */
const closeGraceNs = 100e6;

/** After so many announced closes in a row that never came, the client closes at once: this server leaves it to the client. */
const graceTries = 8;

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
  /** Announced closes in a row that the server did not carry out. */
  #closesOwed = 0;
  transport!: ReferenceTransport;

  constructor({ connections, pool, deadlines, ledger, reset }: ClosingSetup) {
    this.#connections = connections;
    this.#pool = pool;
    this.#deadlines = deadlines;
    this.#ledger = ledger;
    this.#reset = reset;
  }

  /** Closes a connection that has left the pool, or waits for the FIN that the server announced. */
  closeOrLinger(slot: number, reason: ClientCloseReason, nowNs: number): void {
    const isAnnounced = reason === 'connectionClose' || this.#connections.endAnnounced[slot] === 1;
    const finIsOwed = isAnnounced && this.#connections.finSeen[slot] === 0 && !this.#reset;
    if (!finIsOwed || this.#closesOwed >= graceTries) {
      this.close(slot, reason);
      return;
    }
    this.#connections.state[slot] = LINGERING;
    this.#connections.request[slot] = NO_REQUEST;
    this.#deadlines.set(slot, nowNs + closeGraceNs);
  }

  /** The FIN that a connection waited for is there. */
  finCame(slot: number): void {
    this.#closesOwed = 0;
    this.close(slot, this.#lingerReason(slot));
  }

  /** The FIN that a connection waited for did not come in time. */
  finStayedAway(slot: number): void {
    this.#closesOwed++;
    this.close(slot, this.#lingerReason(slot));
  }

  /** The server said that it closes: by its answer, or by close_notify. */
  #lingerReason(slot: number): ClientCloseReason {
    return this.#connections.endAnnounced[slot] === 1 ? 'serverFin' : 'connectionClose';
  }

  /** Closes a connection that the pool does not take back, by what the pool said. */
  retire(slot: number, answer: number): void {
    this.close(slot, retireReason(answer));
  }

  /** Closes what is left of a connection at the end of the trial, whatever it is doing. */
  tearDown(slot: number): void {
    const state = this.#connections.state[slot]!;
    if (state === CLOSED) return;
    if (state === CONNECTING) {
      this.#abort(slot);
    } else {
      this.#pool.leave(slot);
      this.close(slot, state === LINGERING ? this.#lingerReason(slot) : 'teardown');
    }
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
  #abort(slot: number): void {
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

function retireReason(answer: number): ClientCloseReason {
  switch (answer) {
    case RETIRE_REQUESTS:
      return 'maxRequests';
    case RETIRE_AGE:
      return 'maxLifetime';
    case RETIRE_HINT:
      return 'idleTimeout';
    default:
      throw new Error(`not a reason to retire: ${answer}`);
  }
}
