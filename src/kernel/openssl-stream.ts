/** Non-blocking input and output of TLS connections, each the address of an `SSL` on a socket. Hot: nothing is allocated but for failures. */
import { errnoName } from './errno.ts';
import { requireNative } from './native.ts';
import { takeTlsError } from './openssl-errors.ts';
import {
  requireOpenSsl,
  SSL_ERROR_SYSCALL,
  SSL_ERROR_WANT_READ,
  SSL_ERROR_WANT_WRITE,
  SSL_ERROR_ZERO_RETURN,
  SSL_SHUT,
} from './openssl.ts';

/** Not now: the socket's next event may change that. */
export const TLS_AGAIN = 0;
/** The other side's close_notify: no data will come any more. Its FIN may still be on its way. */
const TLS_NOTIFIED = -1;
/** The other side's FIN came without close_notify before it. */
export const TLS_ENDED = -2;
/** The connection is of no use any more; `code` says why. */
export const TLS_BROKEN = -3;

/** BIO_CTRL_EOF (include/openssl/bio.h): whether a read of the socket has met its end. */
const BIO_CTRL_EOF = 2;

/** More than a record has beside its plain text: head, tag and, of TLS 1.2, the explicit nonce (RFC 8446 section 5.2). */
export const recordBytes = 256;

/**
 * So many bytes of records, read in a row until OpenSSL had none left, came by reads that did not fill its buffer of one largest record
 * (16 KiB): the last of them emptied the socket.
 */
const surelyShortBytes = 8192;

export class TlsStreams {
  /** Why the last result was below 0: an errno name, a code of `openssl-errors.ts`, or TLS_CLOSED for an end. */
  code = '';
  readonly #openssl = requireOpenSsl();
  readonly #errno = requireNative().errno;

  /** An `SSL` on a socket that is connected. Of its handshake nothing is sent yet. */
  open(context: number, fd: number, side: 'client' | 'server'): number {
    const openssl = this.#openssl;
    const ssl = openssl.SSL_new(context);
    if (ssl === 0 || openssl.SSL_set_fd(ssl, fd) !== 1) throw new Error('OpenSSL has no memory for a connection');
    if (side === 'client') openssl.SSL_set_connect_state(ssl);
    else openssl.SSL_set_accept_state(ssl);
    return ssl;
  }

  /** Goes on with the handshake: 1 once it is complete, or one of the results above. */
  handshake(ssl: number): number {
    const result = this.#openssl.SSL_do_handshake(ssl);
    return result === 1 ? 1 : this.explain(ssl, result);
  }

  /** Bytes of plain text, of at most one record, or one of the results above. */
  read(ssl: number, address: number, most: number): number {
    const result = this.#openssl.SSL_read(ssl, address, most);
    return result > 0 ? result : this.explain(ssl, result);
  }

  /** Bytes taken, of at most one record, or one of the results above. After TLS_AGAIN the same bytes must come again. */
  write(ssl: number, address: number, length: number): number {
    const result = this.#openssl.SSL_write(ssl, address, length);
    return result > 0 ? result : this.explain(ssl, result);
  }

  /** As `write`, as many records as the socket takes. */
  writeAll(ssl: number, address: number, length: number): number {
    let taken = this.write(ssl, address, length);
    if (taken <= 0) return taken;
    while (taken < length) {
      const more = this.write(ssl, address + taken, length - taken);
      if (more <= 0) return taken; // What broke it is said again by the next call.
      taken += more;
    }
    return taken;
  }

  /**
   * Whether the socket was emptied by reads in a row, the last result being above 0. `bytes`: the sum of the results, and `recordBytes` for
   * each. Not to be asked where OpenSSL held a part of a record before them: it reads the rest of that to the byte, and stops there.
   */
  isEmptied(ssl: number, bytes: number): boolean {
    return bytes <= surelyShortBytes && this.#openssl.SSL_has_pending(ssl) === 0;
  }

  hasPending(ssl: number): boolean {
    return this.#openssl.SSL_has_pending(ssl) === 1;
  }

  /** Frees it; the socket stays open. `notify`: says close_notify before, as far as the socket takes it, and waits for nothing. */
  end(ssl: number, notify: boolean): void {
    const openssl = this.#openssl;
    if (notify) {
      if (openssl.SSL_shutdown(ssl) < 0) openssl.ERR_clear_error();
    }
    openssl.SSL_set_shutdown(ssl, SSL_SHUT);
    openssl.SSL_free(ssl);
  }

  /** What a result that is no success means, and empties the thread's error queue. Right after the call. */
  explain(ssl: number, result: number): number {
    const errno = this.#errno();
    const openssl = this.#openssl;
    switch (openssl.SSL_get_error(ssl, result)) {
      case SSL_ERROR_WANT_READ:
      case SSL_ERROR_WANT_WRITE:
        return TLS_AGAIN;
      case SSL_ERROR_ZERO_RETURN:
        this.code = 'TLS_CLOSED';
        return openssl.BIO_ctrl(openssl.SSL_get_rbio(ssl), BIO_CTRL_EOF, 0, 0) === 1 ? TLS_ENDED : TLS_NOTIFIED;
      case SSL_ERROR_SYSCALL:
        openssl.ERR_clear_error();
        this.code = errno === 0 ? 'TLS_CLOSED' : errnoName(errno);
        return errno === 0 ? TLS_ENDED : TLS_BROKEN;
      default:
        this.code = takeTlsError(ssl);
        return TLS_BROKEN;
    }
  }
}
