/** The TLS session that new connections to an origin offer: the one of the latest ticket. */
import { requireOpenSsl } from '../../kernel/openssl.ts';

export class TlsSession {
  readonly #openssl = requireOpenSsl();
  /** Address of an SSL_SESSION that is ours to free; 0: none. */
  #session = 0;

  /** Takes over what `ssl` has now where it can be resumed. False where it cannot, or is the one at hand. */
  keep(ssl: number): boolean {
    const openssl = this.#openssl;
    const session = openssl.SSL_get_session(ssl);
    if (session === 0 || session === this.#session || openssl.SSL_SESSION_is_resumable(session) !== 1) return false;
    openssl.SSL_get1_session(ssl);
    this.#drop();
    this.#session = session;
    return true;
  }

  /** Makes `ssl` offer it. Gives how many bytes of early data it allows; -1 where there is no session. */
  offer(ssl: number): number {
    if (this.#session === 0) return -1;
    const openssl = this.#openssl;
    if (openssl.SSL_SESSION_is_resumable(this.#session) !== 1) {
      this.#drop();
      return -1;
    }
    openssl.SSL_set_session(ssl, this.#session);
    return openssl.SSL_SESSION_get_max_early_data(this.#session);
  }

  #drop(): void {
    if (this.#session !== 0) this.#openssl.SSL_SESSION_free(this.#session);
    this.#session = 0;
  }
}
