/**
 * The OpenSSL that is linked into the node binary, whose functions it exports: every call of it is declared here. Addresses (`SSL *` and
 * the like) are plain numbers, so that a call costs no allocation. The error queue is a thread's own and must be empty before a call whose
 * result `SSL_get_error` is to explain.
 */
import { loadNative } from './native.ts';

/** C signatures by name, with `size_t` for addresses: koffi takes and gives numbers then. */
const signatures = {
  BIO_ctrl: 'int64_t BIO_ctrl(size_t, int, int64_t, size_t)',
  BIO_free: 'int BIO_free(size_t)',
  BIO_new_mem_buf: 'size_t BIO_new_mem_buf(size_t, int)',
  ERR_clear_error: 'void ERR_clear_error()',
  ERR_peek_error: 'uint64_t ERR_peek_error()',
  EVP_PKEY_free: 'void EVP_PKEY_free(size_t)',
  PEM_read_bio_PrivateKey: 'size_t PEM_read_bio_PrivateKey(size_t, size_t, size_t, size_t)',
  PEM_read_bio_X509: 'size_t PEM_read_bio_X509(size_t, size_t, size_t, size_t)',
  SSL_CTX_check_private_key: 'int SSL_CTX_check_private_key(size_t)',
  SSL_CTX_ctrl: 'int64_t SSL_CTX_ctrl(size_t, int, int64_t, size_t)',
  SSL_CTX_free: 'void SSL_CTX_free(size_t)',
  SSL_CTX_get0_param: 'size_t SSL_CTX_get0_param(size_t)',
  SSL_CTX_get_cert_store: 'size_t SSL_CTX_get_cert_store(size_t)',
  SSL_CTX_new: 'size_t SSL_CTX_new(size_t)',
  SSL_CTX_set_max_early_data: 'int SSL_CTX_set_max_early_data(size_t, uint32_t)',
  SSL_CTX_set_num_tickets: 'int SSL_CTX_set_num_tickets(size_t, size_t)',
  SSL_CTX_set_options: 'uint64_t SSL_CTX_set_options(size_t, uint64_t)',
  SSL_CTX_set_recv_max_early_data: 'int SSL_CTX_set_recv_max_early_data(size_t, uint32_t)',
  SSL_CTX_set_verify: 'void SSL_CTX_set_verify(size_t, int, size_t)',
  SSL_CTX_use_PrivateKey: 'int SSL_CTX_use_PrivateKey(size_t, size_t)',
  SSL_CTX_use_certificate: 'int SSL_CTX_use_certificate(size_t, size_t)',
  SSL_SESSION_free: 'void SSL_SESSION_free(size_t)',
  SSL_SESSION_get_max_early_data: 'uint32_t SSL_SESSION_get_max_early_data(size_t)',
  SSL_SESSION_is_resumable: 'int SSL_SESSION_is_resumable(size_t)',
  SSL_do_handshake: 'int SSL_do_handshake(size_t)',
  SSL_free: 'void SSL_free(size_t)',
  SSL_get1_session: 'size_t SSL_get1_session(size_t)',
  SSL_get_early_data_status: 'int SSL_get_early_data_status(size_t)',
  SSL_get_error: 'int SSL_get_error(size_t, int)',
  SSL_get_rbio: 'size_t SSL_get_rbio(size_t)',
  SSL_get_session: 'size_t SSL_get_session(size_t)',
  SSL_get_verify_result: 'int64_t SSL_get_verify_result(size_t)',
  SSL_has_pending: 'int SSL_has_pending(size_t)',
  SSL_is_init_finished: 'int SSL_is_init_finished(size_t)',
  SSL_new: 'size_t SSL_new(size_t)',
  SSL_read: 'int SSL_read(size_t, size_t, int)',
  SSL_read_early_data: 'int SSL_read_early_data(size_t, size_t, size_t, size_t)',
  SSL_session_reused: 'int SSL_session_reused(size_t)',
  SSL_set_accept_state: 'void SSL_set_accept_state(size_t)',
  SSL_set_connect_state: 'void SSL_set_connect_state(size_t)',
  SSL_set_fd: 'int SSL_set_fd(size_t, int)',
  SSL_set_session: 'int SSL_set_session(size_t, size_t)',
  SSL_set_shutdown: 'void SSL_set_shutdown(size_t, int)',
  SSL_shutdown: 'int SSL_shutdown(size_t)',
  SSL_write: 'int SSL_write(size_t, size_t, int)',
  SSL_write_early_data: 'int SSL_write_early_data(size_t, size_t, size_t, size_t)',
  TLS_client_method: 'size_t TLS_client_method()',
  TLS_server_method: 'size_t TLS_server_method()',
  X509_STORE_add_cert: 'int X509_STORE_add_cert(size_t, size_t)',
  X509_VERIFY_PARAM_set1_ip_asc: 'int X509_VERIFY_PARAM_set1_ip_asc(size_t, const char *)',
  X509_free: 'void X509_free(size_t)',
} as const;

type Numeric = Exclude<keyof typeof signatures, 'X509_VERIFY_PARAM_set1_ip_asc'>;

/** Functions without a result give undefined, which nobody looks at. */
export type OpenSsl = Readonly<Record<Numeric, (...args: number[]) => number>> & {
  readonly X509_VERIFY_PARAM_set1_ip_asc: (param: number, address: string) => number;
  readonly ERR_reason_error_string: (error: number) => string | null;
  readonly X509_verify_cert_error_string: (result: number) => string;
};

/** Results of SSL_get_error (include/openssl/ssl.h). */
export const SSL_ERROR_WANT_READ = 2;
export const SSL_ERROR_WANT_WRITE = 3;
export const SSL_ERROR_SYSCALL = 5;
export const SSL_ERROR_ZERO_RETURN = 6;
/** Both directions are shut: the session of a connection that is let go so stays good. */
export const SSL_SHUT = 3;
export const EARLY_DATA_REJECTED = 1;
export const EARLY_DATA_ACCEPTED = 2;

export type OpenSslResult =
  | { readonly ok: true; readonly openssl: OpenSsl }
  /** Why it cannot be used, in words that follow a colon. */
  | { readonly ok: false; readonly reason: string };

let loaded: OpenSslResult | undefined;

/** The OpenSSL of this process, or why there is none. Loaded at first use; the answer does not change afterwards. */
export function loadOpenSsl(): OpenSslResult {
  loaded ??= tryLoad();
  return loaded;
}

/** For code that runs only after `loadOpenSsl()` said ok. */
export function requireOpenSsl(): OpenSsl {
  const result = loadOpenSsl();
  if (!result.ok) throw new Error(result.reason);
  return result.openssl;
}

function tryLoad(): OpenSslResult {
  const native = loadNative();
  if (!native.ok) return native;
  const { declare } = native.native;
  try {
    const calls: Record<string, unknown> = {};
    for (const [name, signature] of Object.entries(signatures)) calls[name] = declare(signature);
    calls['ERR_reason_error_string'] = declare('const char *ERR_reason_error_string(uint64_t)');
    calls['X509_verify_cert_error_string'] = declare('const char *X509_verify_cert_error_string(int64_t)');
    return { ok: true, openssl: calls as unknown as OpenSsl };
  } catch (error) {
    return {
      ok: false,
      reason: `this Node (${process.version}) does not export OpenSSL 3: ${(error as Error).message}`,
    };
  }
}
