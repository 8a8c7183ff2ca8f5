/** Contexts of TLS: whom a client believes, and what a server shows. Each lives as long as its thread. */
import { allocateNative, freeNative } from './memory.ts';
import { requireOpenSsl, type OpenSsl } from './openssl.ts';

type TlsVersion = '1.2' | '1.3';

// include/openssl/ssl.h and tls1.h
const SSL_CTRL_MODE = 33;
const SSL_CTRL_SET_READ_AHEAD = 41;
const SSL_CTRL_SET_SESS_CACHE_MODE = 44;
const SSL_CTRL_CHAIN_CERT = 89;
const SSL_CTRL_SET_MIN_PROTO_VERSION = 123;
const SSL_CTRL_SET_MAX_PROTO_VERSION = 124;
const SSL_MODE_ENABLE_PARTIAL_WRITE = 1;
const SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER = 2;
const SSL_VERIFY_PEER = 1;
const SSL_SESS_CACHE_OFF = 0;
const SSL_OP_IGNORE_UNEXPECTED_EOF = 2 ** 7;
const SSL_OP_NO_TICKET = 2 ** 14;
const SSL_OP_NO_ANTI_REPLAY = 2 ** 24;
const versions: Readonly<Record<TlsVersion, number>> = { '1.2': 0x0303, '1.3': 0x0304 };

export interface ClientContextSetup {
  readonly version: TlsVersion;
  /** Authorities that are believed, PEM, one or more. */
  readonly caPem: string;
  /** The address that the certificate must be for, dotted IPv4. */
  readonly host: string;
}

/** Gives the address of an SSL_CTX. Throws an Error where the PEM holds no certificate. */
export function createClientContext({ version, caPem, host }: ClientContextSetup): number {
  const openssl = requireOpenSsl();
  const context = newContext(openssl, openssl.TLS_client_method(), version, version);
  const store = openssl.SSL_CTX_get_cert_store(context);
  for (const certificate of readCertificates(openssl, caPem)) {
    openssl.X509_STORE_add_cert(store, certificate);
    openssl.X509_free(certificate);
  }
  openssl.SSL_CTX_set_verify(context, SSL_VERIFY_PEER, 0);
  const accepted = openssl.X509_VERIFY_PARAM_set1_ip_asc(openssl.SSL_CTX_get0_param(context), host);
  if (accepted !== 1) throw new Error(`not an IP address to verify a certificate for: ${host}`);
  return context;
}

export interface ServerContextSetup {
  /** The leaf first, then what leads to the authority. */
  readonly certPem: string;
  readonly keyPem: string;
  /** The only version; absent: 1.2 and 1.3. */
  readonly version?: TlsVersion;
  readonly sessionTickets: boolean;
  /** Most bytes of early data; 0: none is taken. */
  readonly earlyDataBytes: number;
}

/**
 * Gives the address of an SSL_CTX. Without tickets no session can be resumed: there is no cache either. Throws an Error for PEM that is
 * none, and for a key that is another certificate's.
 *
 * Early data is taken without the protection against its replay, which would let each ticket be used only once (SSL_OP_NO_ANTI_REPLAY):
 * connections that open at the same time offer the same ticket, and a repeated request does no harm to a server of bodies made of `x`.
 */
export function createServerContext(setup: ServerContextSetup): number {
  const openssl = requireOpenSsl();
  const { certPem, keyPem, version, sessionTickets, earlyDataBytes } = setup;
  const context = newContext(openssl, openssl.TLS_server_method(), version ?? '1.2', version ?? '1.3');
  const [leaf, ...chain] = readCertificates(openssl, certPem);
  openssl.SSL_CTX_use_certificate(context, leaf!);
  for (const certificate of chain) openssl.SSL_CTX_ctrl(context, SSL_CTRL_CHAIN_CERT, 1, certificate);
  for (const certificate of [leaf!, ...chain]) openssl.X509_free(certificate);
  const key = withPem(openssl, keyPem, (bio) => openssl.PEM_read_bio_PrivateKey(bio, 0, 0, 0));
  const fits = key !== 0 && openssl.SSL_CTX_use_PrivateKey(context, key) === 1;
  if (key !== 0) openssl.EVP_PKEY_free(key);
  const isWhole = fits && openssl.SSL_CTX_check_private_key(context) === 1;
  openssl.ERR_clear_error();
  if (!isWhole) throw new Error("the PEM holds no private key, or not the certificate's");
  openssl.SSL_CTX_set_options(context, SSL_OP_NO_ANTI_REPLAY + (sessionTickets ? 0 : SSL_OP_NO_TICKET));
  if (!sessionTickets) openssl.SSL_CTX_set_num_tickets(context, 0);
  openssl.SSL_CTX_set_max_early_data(context, earlyDataBytes);
  openssl.SSL_CTX_set_recv_max_early_data(context, earlyDataBytes);
  return context;
}

/**
 * What both sides have in common. Read-ahead: one read(2) takes whole records with their heads. A FIN without close_notify is an end like
 * any other (`TlsStream` tells them apart): OpenSSL would call the session bad for it.
 */
function newContext(openssl: OpenSsl, method: number, least: TlsVersion, most: TlsVersion): number {
  const context = openssl.SSL_CTX_new(method);
  if (context === 0) throw new Error('OpenSSL has no memory for a context');
  openssl.SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, versions[least], 0);
  openssl.SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, versions[most], 0);
  const mode = SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER;
  openssl.SSL_CTX_ctrl(context, SSL_CTRL_MODE, mode, 0);
  openssl.SSL_CTX_ctrl(context, SSL_CTRL_SET_READ_AHEAD, 1, 0);
  openssl.SSL_CTX_ctrl(context, SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, 0);
  openssl.SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
  return context;
}

/** Every certificate of a PEM text. Throws an Error where there is none. */
function readCertificates(openssl: OpenSsl, pem: string): readonly number[] {
  const found = withPem(openssl, pem, (bio) => {
    const all: number[] = [];
    for (let next = read(bio); next !== 0; next = read(bio)) all.push(next);
    return all;
  });
  openssl.ERR_clear_error(); // The end of the text is an error of its own.
  if (found.length === 0) throw new Error('the PEM holds no certificate');
  return found;

  function read(bio: number): number {
    return openssl.PEM_read_bio_X509(bio, 0, 0, 0);
  }
}

function withPem<T>(openssl: OpenSsl, pem: string, use: (bio: number) => T): T {
  const text = Buffer.from(pem, 'latin1');
  const memory = allocateNative(text.length + 1);
  memory.bytes.set(text);
  const bio = openssl.BIO_new_mem_buf(memory.address, text.length);
  try {
    return use(bio);
  } finally {
    openssl.BIO_free(bio);
    freeNative(memory);
  }
}
