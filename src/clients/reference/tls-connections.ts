/**
 * The TLS of the reference client's connections, by slot: handshakes, resumption, early data (0-RTT), and what of them is counted. Hot:
 * typed columns, no allocation per request; one native call writes a request, two read an answer.
 */
import { allocateNative } from '../../kernel/memory.ts';
import { createClientContext } from '../../kernel/openssl-context.ts';
import { TLS_AGAIN, TlsStreams } from '../../kernel/openssl-stream.ts';
import { EARLY_DATA_ACCEPTED, EARLY_DATA_REJECTED, requireOpenSsl } from '../../kernel/openssl.ts';
import type { TlsConfig } from '../../scenario/config.ts';
import { wider } from './columns.ts';
import type { HandshakeCounts } from './ledger.ts';
import { TlsSession } from './tls-sessions.ts';

/** What a slot's connection is doing. */
const NONE = 0;
/** The request may go with the first flight, and is not written yet. */
const EARLY = 1;
/** The handshake goes on after a request that went with the first flight. */
const EARLY_SENT = 2;
const HANDSHAKING = 3;
const OPEN = 4;

/** Reads of a connection after which a ticket is looked for: a server sends them with its first answer, or not at all. */
const ticketReads = 4;

export interface TlsRequest {
  readonly address: number;
  readonly length: number;
  /** Whether it may be sent as early data, which anybody can repeat: safe methods only (RFC 8470 section 4). */
  readonly isSafe: boolean;
}

export interface TlsConnectionsSetup {
  readonly tls: TlsConfig;
  readonly host: string;
  readonly caPem: string;
  /** By alternative of the load, in native memory. */
  readonly requests: readonly TlsRequest[];
  readonly counts: HandshakeCounts;
}

export class TlsConnections {
  readonly streams = new TlsStreams();
  readonly #openssl = requireOpenSsl();
  readonly #context: number;
  readonly #requests: readonly TlsRequest[];
  readonly #counts: HandshakeCounts;
  /** Null where none is resumed. */
  readonly #session: TlsSession | null;
  readonly #early: boolean;
  /** Sessions of TLS 1.3 come after the handshake, as tickets. */
  readonly #ticketsLater: boolean;
  readonly #written = allocateNative(8);
  #ssl = new Float64Array(16);
  #state = new Uint8Array(16);
  /** 1 while OpenSSL may hold a part of a record. */
  #partial = new Uint8Array(16);
  /** Reads during which a ticket is still looked for. */
  #looks = new Uint8Array(16);
  /** The session that was resumed, held so that its address is no other's: a ticket makes it another. 0: none was. */
  #before = new Float64Array(16);
  /** The request that went as early data, and how much of it went again after its refusal; -1: none to repeat. */
  #alternative = new Int32Array(16);
  #repeated = new Float64Array(16).fill(-1);

  constructor({ tls, host, caPem, requests, counts }: TlsConnectionsSetup) {
    this.#context = createClientContext({ version: tls.version, caPem, host });
    this.#requests = requests;
    this.#counts = counts;
    this.#session = tls.resumption === 'none' ? null : new TlsSession();
    this.#early = tls.resumption === 'early-data';
    this.#ticketsLater = tls.version === '1.3';
  }

  /** Why the last result was below 0. */
  get code(): string {
    return this.streams.code;
  }

  /** TCP is established. `alternative`: the request that the connection was opened for, or -1. Gives whether that may be written at once. */
  begin(slot: number, fd: number, alternative: number): boolean {
    if (slot >= this.#ssl.length) this.#grow(slot + 1);
    const ssl = this.streams.open(this.#context, fd, 'client');
    this.#ssl[slot] = ssl;
    this.#repeated[slot] = -1;
    this.#alternative[slot] = alternative;
    const earlyBytes = this.#session === null ? -1 : this.#session.offer(ssl);
    const request = this.#early && alternative >= 0 ? this.#requests[alternative]! : null;
    const isEarly = request?.isSafe === true && request.length <= earlyBytes;
    this.#state[slot] = isEarly ? EARLY : HANDSHAKING;
    return isEarly;
  }

  /** Whether the handshake is complete. */
  isOpen(slot: number): boolean {
    return this.#state[slot] === OPEN;
  }

  /** Whether the handshake has begun and is not complete. */
  isShaking(slot: number): boolean {
    const state = this.#state[slot];
    return state === HANDSHAKING || state === EARLY_SENT;
  }

  /** Whether the request is on its way although the handshake is not complete. */
  isEarly(slot: number): boolean {
    return this.#state[slot] === EARLY_SENT;
  }

  /** Whether there may be something to read that no event will tell of. */
  isPartial(slot: number): boolean {
    return this.#partial[slot] === 1;
  }

  /** Goes on with the handshake: 1 once it is complete, else as `TlsStreams.handshake`. */
  shake(slot: number): number {
    const ssl = this.#ssl[slot]!;
    const result = this.streams.handshake(ssl);
    if (result === 1) this.#complete(slot, ssl);
    return result;
  }

  #complete(slot: number, ssl: number): void {
    const openssl = this.#openssl;
    const isResumed = openssl.SSL_session_reused(ssl) === 1;
    if (isResumed) this.#counts.resumed++;
    else this.#counts.full++;
    if (this.#state[slot] === EARLY_SENT) {
      const status = openssl.SSL_get_early_data_status(ssl);
      if (status === EARLY_DATA_ACCEPTED) {
        this.#counts.earlyData++;
      } else if (status === EARLY_DATA_REJECTED) {
        this.#counts.earlyDataRejected++;
        this.#repeated[slot] = 0;
      }
    }
    this.#partial[slot] = this.#state[slot] === EARLY_SENT || this.streams.hasPending(ssl) ? 1 : 0;
    this.#state[slot] = OPEN;
    this.#looks[slot] = 0;
    if (this.#session === null) return;
    if (this.#ticketsLater) {
      this.#before[slot] = isResumed ? openssl.SSL_get1_session(ssl) : 0;
      this.#looks[slot] = ticketReads;
    } else {
      this.#session.keep(ssl);
    }
  }

  /** Whether a part of a request is to be written again. */
  mustRepeat(slot: number): boolean {
    return this.#repeated[slot]! >= 0;
  }

  /**
   * Writes again what is left of a request whose early data the server did not take: it was not processed (RFC 8446 section 4.2.10). Gives
   * false where the connection broke meanwhile.
   */
  repeat(slot: number): boolean {
    const from = this.#repeated[slot]!;
    if (from < 0) return true;
    const { address, length } = this.#requests[this.#alternative[slot]!]!;
    const result = this.streams.writeAll(this.#ssl[slot]!, address + from, length - from);
    if (result < 0) return false;
    this.#repeated[slot] = from + result < length ? from + result : -1;
    return true;
  }

  /** Bytes taken; 0: not now; TLS_BROKEN, and other results below 0 that end the connection. */
  write(slot: number, address: number, length: number): number {
    const ssl = this.#ssl[slot]!;
    const state = this.#state[slot]!;
    if (state === OPEN) return this.#repeated[slot]! >= 0 ? TLS_AGAIN : this.streams.writeAll(ssl, address, length);
    if (state !== EARLY) return TLS_AGAIN;
    const result = this.#openssl.SSL_write_early_data(ssl, address, length, this.#written.address);
    if (result !== 1) return this.streams.explain(ssl, result);
    this.#state[slot] = EARLY_SENT;
    return this.#written.view.getUint32(0, true);
  }

  /** As `TlsStreams.read`. */
  read(slot: number, address: number, most: number): number {
    const ssl = this.#ssl[slot]!;
    const result = this.streams.read(ssl, address, most);
    if (result <= 0) {
      if (result === TLS_AGAIN) this.#partial[slot] = this.streams.hasPending(ssl) ? 1 : 0;
      if (this.#looks[slot]! > 0) this.#look(slot, ssl);
    }
    return result;
  }

  /** Whether the socket is empty after reads in a row, as `TlsStreams.isEmptied`. */
  isEmptied(slot: number, bytes: number): boolean {
    if (this.#partial[slot] === 1 || !this.streams.isEmptied(this.#ssl[slot]!, bytes)) return false;
    if (this.#looks[slot]! > 0) this.#look(slot, this.#ssl[slot]!);
    return true;
  }

  /** Keeps the session of a ticket that came with what was read. */
  #look(slot: number, ssl: number): void {
    this.#looks[slot]!--;
    const isNew = this.#openssl.SSL_get_session(ssl) !== this.#before[slot];
    if (isNew && this.#session!.keep(ssl)) this.#looks[slot] = 0;
    if (this.#looks[slot] === 0) this.#stopLooking(slot);
  }

  #stopLooking(slot: number): void {
    this.#looks[slot] = 0;
    if (this.#before[slot] !== 0) this.#openssl.SSL_SESSION_free(this.#before[slot]!);
    this.#before[slot] = 0;
  }

  /** Lets go of it, before its socket is closed. Gives whether close_notify was said, so that the server will still have something to say. */
  end(slot: number, notify: boolean): boolean {
    const state = this.#state[slot]!;
    if (state === NONE) return false;
    const isOpen = state === OPEN;
    if (!isOpen) this.#counts.failed++;
    else if (this.#looks[slot]! > 0) this.#look(slot, this.#ssl[slot]!);
    this.#stopLooking(slot);
    this.#state[slot] = NONE;
    this.streams.end(this.#ssl[slot]!, notify && isOpen);
    this.#ssl[slot] = 0;
    return notify && isOpen;
  }

  #grow(atLeast: number): void {
    const capacity = Math.max(atLeast, this.#ssl.length * 2);
    this.#ssl = wider(this.#ssl, new Float64Array(capacity));
    this.#state = wider(this.#state, new Uint8Array(capacity));
    this.#partial = wider(this.#partial, new Uint8Array(capacity));
    this.#looks = wider(this.#looks, new Uint8Array(capacity));
    this.#before = wider(this.#before, new Float64Array(capacity));
    this.#alternative = wider(this.#alternative, new Int32Array(capacity));
    this.#repeated = wider(this.#repeated, new Float64Array(capacity).fill(-1));
  }
}
