/** One connection of a Node client, from the making of its socket until that is closed. Times are CLOCK_MONOTONIC ns. */
import type { Socket } from 'node:net';
import type { ClientCloseReason } from '../observations.ts';
import type { Ending } from '../reference/ledger.ts';

export class NodeConnection {
  /** From 0, in the order in which they were made. */
  readonly id: number;
  readonly socket: Socket;
  /** When its opening began. */
  readonly openingNs: number;
  /** When TCP was established; null before. */
  establishedNs: number | null = null;
  /** When the first request can be written: established, and encrypted where it is to be; null before. */
  readyNs: number | null = null;
  /** Attempts that it was given. */
  given = 0;
  /** Requests answered on it. */
  answered = 0;
  /** When the last request on it ended; null before the first one did. */
  freedNs: number | null = null;
  /** The request whose response holds it although nobody reads that; told when the connection is gone. Null: none. */
  holder: { released(): void } | null = null;
  /** A SYN went out, or was about to: `SocketLedger` only. */
  attempted = false;
  /** In the very step in which connect(2) is called: `SocketLedger` only. */
  attempting = false;
  /** The program has read the server's FIN, or its close_notify. */
  endSeen = false;
  /** Whose FIN came first, as far as it is known. */
  ending: Ending | null = null;
  /** The server was told that the client ends it (GOAWAY): it may send the first FIN, and yet the end is the client's. */
  isAnnounced = false;
  #reason: ClientCloseReason | null = null;

  constructor(id: number, socket: Socket, openingNs: number) {
    this.id = id;
    this.socket = socket;
    this.openingNs = openingNs;
  }

  /** Says why the client ends it, or will: what was said first stands. Where nothing was said the ledger goes by what it sees. */
  endsFor(reason: ClientCloseReason): void {
    this.#reason ??= reason;
  }

  get reason(): ClientCloseReason | null {
    return this.#reason;
  }

  /** Its descriptor; -1 without one. */
  get fd(): number {
    const { _handle: handle } = this.socket as Socket & { readonly _handle?: { readonly fd?: number } | null };
    return handle?.fd ?? -1;
  }
}
