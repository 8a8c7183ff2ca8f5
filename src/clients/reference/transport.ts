/** How the reference client's engine moves bytes, and what a transport tells the engine. Connections are slot numbers. */

export interface ReferenceTransport {
  /** The clock that the times of its events come from, ns. */
  clockNs(): number;
  /** Begins to connect. 0 or more: under way. Negative errno: refused at once. `opened` or `connectFailed` follows otherwise. */
  open(slot: number): number;
  /** Writes the load's request number `alternative` from byte `from` on. Bytes written (0: not now, `writable` follows), or a negative errno. */
  send(slot: number, from: number, alternative: number): number;
  /** 0: the peer's FIN waits; 1: bytes wait; -EAGAIN: nothing does; another negative errno: the connection is dead. */
  peek(slot: number): number;
  /** The errno name of a negative answer. */
  errorName(result: number): string;
  /** Whether a negative answer of `peek` means a dead connection rather than nothing to read. */
  isDead(result: number): boolean;
  /** Closes; with `reset` by RST. Nothing is told of the slot afterwards. */
  close(slot: number, reset: boolean): void;
}

export interface TransportEvents {
  opened(slot: number, nowNs: number): void;
  connectFailed(slot: number, code: string, nowNs: number): void;
  /** The peer's FIN is known to have arrived; bytes before it may still be unread. */
  finSeen(slot: number): void;
  /** Bytes arrived. They may be overwritten after the call. */
  data(slot: number, bytes: Uint8Array, start: number, end: number, nowNs: number): void;
  /** Everything up to the peer's FIN has been read. */
  eof(slot: number, nowNs: number): void;
  broken(slot: number, code: string, nowNs: number): void;
  writable(slot: number, nowNs: number): void;
  /** Whether the engine still has this connection open: false once it was closed in an event. */
  isOpen(slot: number): boolean;
}
