/** How the reference client's engine moves bytes, and what a transport tells the engine. Connections are slot numbers. */

/** Answer of `look`: the peer has said close_notify, and its FIN is still on its way. */
export const LOOK_NOTIFIED = 2;

export interface ReferenceTransport {
  /** The clock that the times of its events come from, ns. */
  clockNs(): number;
  /**
   * Begins to connect, for the load's request number `alternative` (-1: for none). 0 or more: under way. Negative errno: refused at once.
   * `opened` or `connectFailed` follows otherwise; over TLS `connected` before, and `handshakeFailed` may take the place of `opened`.
   */
  open(slot: number, alternative: number): number;
  /**
   * Writes the load's request number `alternative` from byte `from` on, numbered `number` within its worker where requests have numbers.
   * Bytes written (0: not now, `writable` follows), or a negative errno.
   */
  send(slot: number, from: number, alternative: number, number: number): number;
  /** 0: the peer's FIN waits; 1: bytes wait; -EAGAIN: nothing does; another negative errno: the connection is dead. */
  peek(slot: number): number;
  /**
   * As `peek`, of an idle connection whose request is due: over TLS what waits is taken in, so that tickets and the like count as nothing and
   * close_notify is known (LOOK_NOTIFIED).
   */
  look(slot: number): number;
  /** The errno name of a negative answer. */
  errorName(result: number): string;
  /** Whether a negative answer of `peek` or `look` means a dead connection rather than nothing to read. */
  isDead(result: number): boolean;
  /** Closes; with `reset` by RST. Nothing is told of the slot afterwards. */
  close(slot: number, reset: boolean): void;
}

export interface TransportEvents {
  /** TCP is established, and TLS begins. Without TLS `opened` says both. */
  connected(slot: number, nowNs: number): void;
  /** The connection can be written to. With early data (0-RTT) that is before the handshake is complete. */
  opened(slot: number, nowNs: number): void;
  /** TLS came to nothing after `connected`; with early data after `opened`. */
  handshakeFailed(slot: number, code: string, nowNs: number): void;
  connectFailed(slot: number, code: string, nowNs: number): void;
  /** The peer's FIN is known to have arrived; bytes before it may still be unread. */
  finSeen(slot: number): void;
  /** Bytes arrived. They may be overwritten after the call. */
  data(slot: number, bytes: Uint8Array, start: number, end: number, nowNs: number): void;
  /** The peer's close_notify has been read: it sends nothing more. Its FIN may still be on its way; `eof` follows when it is here. */
  notified(slot: number, nowNs: number): void;
  /** Everything up to the peer's FIN has been read. `cut`: over TLS, without its close_notify (RFC 9112 section 9.8). */
  eof(slot: number, nowNs: number, cut?: boolean): void;
  broken(slot: number, code: string, nowNs: number): void;
  writable(slot: number, nowNs: number): void;
  /** Whether the engine still reads this connection: false once it was closed in an event, or its response forgotten. */
  isOpen(slot: number): boolean;
}
