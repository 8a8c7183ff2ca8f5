/**
 * TLS under the reference server: sockets whose connections are encrypted, and that are used like plain ones. Handshakes, early data and
 * close_notify happen below `recv`, `send` and `close`; what the loop sees is plain text, by file descriptor.
 */
import { nowNs } from '../kernel/clock.ts';
import { ClosingSockets, closingTag } from '../kernel/closing-sockets.ts';
import { EPOLLET, EPOLLIN, EPOLLRDHUP, type Epoll } from '../kernel/epoll.ts';
import { EAGAIN, EPIPE, EPROTO, ECONNRESET } from '../kernel/errno.ts';
import { allocateNative } from '../kernel/memory.ts';
import { createServerContext } from '../kernel/openssl-context.ts';
import { recordBytes, TLS_AGAIN, TLS_BROKEN, TlsStreams } from '../kernel/openssl-stream.ts';
import { EARLY_DATA_ACCEPTED, loadOpenSsl, requireOpenSsl } from '../kernel/openssl.ts';
import { Sockets } from '../kernel/sockets.ts';
import type { ServerTlsConfig } from '../scenario/config.ts';
import type { ConnectionLedger } from './connection-ledger.ts';
import type { LiveTlsSettings } from './messages.ts';
import { ServerFailure, type ServerOptions } from './running-server.ts';

/** What a descriptor's connection is doing. */
const NONE = 0;
/** Early data may come, or comes. */
const EARLY = 1;
const HANDSHAKING = 2;
const OPEN = 3;

/** Results of SSL_read_early_data (include/openssl/ssl.h). */
const READ_EARLY_SUCCESS = 1;
const READ_EARLY_FINISH = 2;

/** How long a connection whose last answer went before the end of its handshake may take for the rest of it. */
const finishingNs = 1e9;
const watched = (EPOLLIN | EPOLLRDHUP | EPOLLET) >>> 0;

/** Null where the configuration has no `tls`. Throws a ServerFailure where TLS is not to be had. */
export function openTls(
  { config, tls }: ServerOptions,
  ledger: ConnectionLedger,
  epoll: Epoll,
): TlsServerSockets | null {
  if (config.tls === undefined) return null;
  const found = loadOpenSsl();
  if (!found.ok) throw new ServerFailure('ENOTLS', `Server kind reference cannot speak TLS: ${found.reason}.`);
  if (tls === undefined)
    throw new ServerFailure('ENOCERT', 'A server that speaks TLS needs a certificate and its key.');
  const { sessionTickets, earlyDataBytes } = config.tls;
  try {
    const context = createServerContext({ ...tls, sessionTickets, earlyDataBytes });
    return new TlsServerSockets(context, earlyDataBytes > 0, ledger, epoll);
  } catch (error) {
    throw new ServerFailure('EBADCERT', `The certificate or its key is of no use: ${(error as Error).message}.`);
  }
}

export function liveTlsSettings(config: ServerTlsConfig, version: '1.2' | '1.3' | undefined): LiveTlsSettings {
  return {
    minVersion: `TLSv${version ?? '1.2'}`,
    maxVersion: `TLSv${version ?? '1.3'}`,
    sessionTickets: config.sessionTickets,
    earlyDataBytes: config.earlyDataBytes,
  };
}

export class TlsServerSockets extends Sockets {
  readonly #streams = new TlsStreams();
  readonly #openssl = requireOpenSsl();
  readonly #context: number;
  readonly #takesEarly: boolean;
  readonly #ledger: ConnectionLedger;
  readonly #epoll: Epoll;
  readonly #closing: ClosingSockets;
  readonly #count = allocateNative(8);
  /** For what nobody wants. */
  readonly #scratch = allocateNative(16_384);
  // By descriptor.
  #ssl = new Float64Array(256);
  #state = new Uint8Array(256);
  /** 1 while OpenSSL may hold a part of a record. */
  #partial = new Uint8Array(256);
  /** Connections that are over but for their handshake: when they are given up, ns. */
  readonly #finishing = new Map<number, number>();

  constructor(context: number, takesEarly: boolean, ledger: ConnectionLedger, epoll: Epoll) {
    super();
    this.#context = context;
    this.#takesEarly = takesEarly;
    this.#ledger = ledger;
    this.#epoll = epoll;
    this.#closing = new ClosingSockets(new Sockets(), epoll, this.#scratch);
  }

  override accept(listener: number): number {
    const fd = super.accept(listener);
    if (fd < 0) return fd;
    if (fd >= this.#ssl.length) this.#grow(fd + 1);
    this.#ssl[fd] = this.#streams.open(this.#context, fd, 'server');
    this.#state[fd] = this.#takesEarly ? EARLY : HANDSHAKING;
    this.#partial[fd] = 1;
    return fd;
  }

  /** Reads until the socket is empty or `length` is reached, so that a short result means what it does of a plain socket. */
  override recv(fd: number, address: number, length: number): number {
    const ssl = this.#ssl[fd] ?? 0;
    if (ssl === 0) return super.recv(fd, address, length);
    let total = 0;
    let charged = 0;
    while (total < length) {
      const count = this.#readSome(fd, ssl, address + total, length - total);
      if (count <= 0) {
        if (count === TLS_AGAIN) this.#partial[fd] = this.#streams.hasPending(ssl) ? 1 : 0;
        return total > 0 ? total : this.#endOf(fd, count);
      }
      total += count;
      charged += count + recordBytes;
      if (this.#partial[fd] === 0 && this.#streams.isEmptied(ssl, charged)) return total;
    }
    return total;
  }

  /** What a plain socket would answer. A close_notify is no end yet: whose FIN is first shows when the FIN is here. */
  #endOf(fd: number, result: number): number {
    if (result === TLS_AGAIN) return -EAGAIN;
    if (result === TLS_BROKEN) return -this.#errno();
    return super.peek(fd) === 0 ? 0 : -EAGAIN;
  }

  #errno(): number {
    const { code } = this.#streams;
    if (code === 'ECONNRESET') return ECONNRESET;
    return code === 'EPIPE' ? EPIPE : EPROTO;
  }

  #readSome(fd: number, ssl: number, address: number, length: number): number {
    if (this.#state[fd] === EARLY) {
      const result = this.#openssl.SSL_read_early_data(ssl, address, length, this.#count.address);
      if (result === READ_EARLY_SUCCESS) return this.#count.view.getUint32(0, true);
      if (result !== READ_EARLY_FINISH) return this.#streams.explain(ssl, result);
      this.#state[fd] = HANDSHAKING;
    }
    if (this.#state[fd] === HANDSHAKING) {
      const result = this.#shake(fd, ssl);
      if (result !== 1) return result;
    }
    return this.#streams.read(ssl, address, length);
  }

  #shake(fd: number, ssl: number): number {
    const result = this.#streams.handshake(ssl);
    if (result !== 1) return result;
    this.#state[fd] = OPEN;
    this.#ledger.handshake(this.#openssl.SSL_session_reused(ssl) === 1);
    if (this.#openssl.SSL_get_early_data_status(ssl) === EARLY_DATA_ACCEPTED) this.#ledger.takeEarlyData();
    return 1;
  }

  override send(fd: number, address: number, length: number): number {
    const ssl = this.#ssl[fd] ?? 0;
    if (ssl === 0) return super.send(fd, address, length);
    const count = this.#writeSome(fd, ssl, address, length);
    if (count > 0) return count;
    return count === TLS_AGAIN ? -EAGAIN : -this.#errno();
  }

  /** The answer to early data goes before the handshake is complete (RFC 8446 section 2.3). */
  #writeSome(fd: number, ssl: number, address: number, length: number): number {
    if (this.#state[fd] === EARLY) {
      const result = this.#openssl.SSL_write_early_data(ssl, address, length, this.#count.address);
      return result === 1 ? this.#count.view.getUint32(0, true) : this.#streams.explain(ssl, result);
    }
    if (this.#state[fd] === HANDSHAKING) {
      const result = this.#shake(fd, ssl);
      if (result !== 1) return result;
    }
    return this.#streams.write(ssl, address, length);
  }

  override shutdownWrite(fd: number): number {
    if (this.#state[fd] === OPEN) this.#notify(this.#ssl[fd]!);
    return super.shutdownWrite(fd);
  }

  #notify(ssl: number): void {
    if (this.#openssl.SSL_shutdown(ssl) < 0) this.#openssl.ERR_clear_error();
  }

  /**
   * Says close_notify, unless the client's FIN is here: nobody listens then. A client that sent early data is in the middle of its
   * handshake when it has its answer; the connection is closed when that is complete.
   */
  override close(fd: number): number {
    const ssl = this.#ssl[fd] ?? 0;
    if (ssl === 0) return super.close(fd);
    const hasFin = super.peek(fd) === 0;
    if (this.#state[fd] === EARLY && this.#openssl.SSL_get_early_data_status(ssl) === EARLY_DATA_ACCEPTED && !hasFin) {
      this.#finishing.set(fd, nowNs() + finishingNs);
      this.#epoll.modify(fd, watched, closingTag + fd);
      return 0;
    }
    if (!this.#forget(fd, !hasFin)) return super.close(fd);
    this.#closing.add(fd, nowNs());
    return 0;
  }

  override reset(fd: number): number {
    if ((this.#ssl[fd] ?? 0) !== 0) this.#forget(fd, false);
    return super.reset(fd);
  }

  /** Gives whether close_notify was said now. */
  #forget(fd: number, notify: boolean): boolean {
    const isOpen = this.#state[fd] === OPEN;
    if (!isOpen) this.#ledger.failHandshake();
    this.#state[fd] = NONE;
    this.#streams.end(this.#ssl[fd]!, notify && isOpen);
    this.#ssl[fd] = 0;
    return notify && isOpen;
  }

  /** Sockets that are closed for the server, and not yet for the kernel. */
  get closing(): number {
    return this.#closing.count + this.#finishing.size;
  }

  /** An event with the tag `closingTag` plus `fd`. */
  onClosingEvent(fd: number): void {
    if (this.#finishing.has(fd)) this.#finish(fd);
    else this.#closing.onEvent(fd);
  }

  #finish(fd: number): void {
    const { address, bytes } = this.#scratch;
    let result = 1;
    while (result > 0 && this.#state[fd] !== OPEN) result = this.#readSome(fd, this.#ssl[fd]!, address, bytes.length);
    if (this.#state[fd] === OPEN) {
      this.#finishing.delete(fd);
      this.close(fd);
    } else if (result < 0) {
      this.#giveUp(fd);
    }
  }

  /** Closes what has waited long enough. */
  expire(atNs: number): void {
    this.#closing.expire(atNs);
    for (const [fd, deadlineNs] of this.#finishing) {
      if (deadlineNs > atNs) return;
      this.#giveUp(fd);
    }
  }

  closeAll(): void {
    this.#closing.closeAll();
    for (const fd of this.#finishing.keys()) this.#giveUp(fd);
  }

  #giveUp(fd: number): void {
    this.#finishing.delete(fd);
    this.#forget(fd, false);
    super.close(fd);
  }

  #grow(atLeast: number): void {
    const capacity = Math.max(atLeast, this.#ssl.length * 2);
    const ssl = new Float64Array(capacity);
    ssl.set(this.#ssl);
    this.#ssl = ssl;
    const state = new Uint8Array(capacity);
    state.set(this.#state);
    this.#state = state;
    const partial = new Uint8Array(capacity);
    partial.set(this.#partial);
    this.#partial = partial;
  }
}
