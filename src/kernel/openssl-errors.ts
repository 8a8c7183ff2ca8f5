/** Stable codes for what TLS refuses: `CERT_IP_ADDRESS_MISMATCH`, `TLS_WRONG_VERSION_NUMBER`. */
import { requireOpenSsl } from './openssl.ts';

/** The low 23 bits of an error are its reason (include/openssl/err.h). */
const reasonMask = 0x7fffff;

/**
 * The first error of this thread's queue as a code, and empties the queue. Codes are made of OpenSSL's own words (crypto/x509/x509_txt.c,
 * ssl/ssl_err.c): of a refused certificate `CERT_` and why, of anything else `TLS_` and the reason, an alert without its version.
 */
export function takeTlsError(ssl: number): string {
  const openssl = requireOpenSsl();
  const error = openssl.ERR_peek_error();
  openssl.ERR_clear_error();
  if (error === 0) return 'TLS_ERROR';
  // Of a signature by another authority of the same name, the first error is that of the arithmetic.
  const result = openssl.SSL_get_verify_result(ssl);
  // 0 is X509_V_OK: then no certificate was refused, or the other side did it.
  if (result !== 0) return certificateCode(openssl.X509_verify_cert_error_string(result));
  return tlsCode(openssl.ERR_reason_error_string(error) ?? `error ${error & reasonMask}`);
}

/** `certificate has expired` -> `CERT_HAS_EXPIRED`. */
export function certificateCode(words: string): string {
  return `CERT_${constant(words.replace(/^certificate /i, ''))}`;
}

/** `tlsv1 alert protocol version` -> `TLS_ALERT_PROTOCOL_VERSION`. */
export function tlsCode(words: string): string {
  return `TLS_${constant(words.replace(/^(sslv3|tlsv1|tlsv13) alert/i, 'alert'))}`;
}

function constant(words: string): string {
  return words
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]+/g, '_')
    .replaceAll(/^_|_$/g, '');
}
