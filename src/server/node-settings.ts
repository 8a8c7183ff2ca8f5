/** The settings of a server of Node's: from the configuration to its options, and read back from the running server. */
import { constants } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ServerOptions as HttpOptions } from 'node:http';
import type { Server } from 'node:net';
import type { SecureVersion } from 'node:tls';
import type { BundledServerConfig } from '../scenario/config.ts';
import type { LiveServerSettings, LiveTlsSettings, ServerTlsIdentity } from './messages.ts';
import { ServerFailure } from './running-server.ts';

/** Where the runtime has no `keepAliveTimeoutBuffer` property, it adds this constant (lib/_http_server.js of Node 20). */
const fixedKeepAliveBufferMs = 1000;
/** Node's own default of `connectionsCheckingInterval`. */
const checkingIntervalMs = 30_000;
/** Node's own default of the backlog (net.Server.listen). */
const defaultBacklog = 511;

/** Options for `http.createServer`. Throws a ServerFailure for what `node:http` cannot do. */
export function httpOptions(config: BundledServerConfig): HttpOptions {
  if (config.firstCloser === 'client') {
    throw new ServerFailure(
      'ENODECLOSER',
      'firstCloser: client needs server kind reference; node:http closes by itself.',
    );
  }
  const options: HttpOptions = { connectionsCheckingInterval: checkingInterval(config), requireHostHeader: false };
  if (config.keepAliveTimeoutMs !== null)
    options.keepAliveTimeout = nodeTimeout('keepAliveTimeout', config.keepAliveTimeoutMs);
  if (config.headersTimeoutMs !== null) options.headersTimeout = nodeTimeout('headersTimeout', config.headersTimeoutMs);
  if (config.requestTimeoutMs !== null) options.requestTimeout = nodeTimeout('requestTimeout', config.requestTimeoutMs);
  return options;
}

/** Node spells "never" as 0, so a timeout of 0 ms cannot be asked for. */
function nodeTimeout(name: string, valueMs: number): number {
  if (valueMs === Infinity) return 0;
  if (valueMs > 0) return valueMs;
  throw new ServerFailure(
    'ENODETIMEOUT',
    `node:http reads ${name} 0 as "never": ask for unlimited, or for at least 1 ms.`,
  );
}

/**
 * Node looks for expired headers and requests only once per interval, 30 s by default, so a timeout below that would be exceeded
 * many times over. Where a shorter timeout is configured the interval becomes a quarter of it, unless another one is asked for: the overrun is at
 * most 25 %.
 */
function checkingInterval(config: BundledServerConfig): number {
  const { headersTimeoutMs, requestTimeoutMs, connectionsCheckingIntervalMs } = config;
  if (connectionsCheckingIntervalMs !== undefined) return Math.max(1, Math.round(connectionsCheckingIntervalMs));
  const shortestMs = Math.min(headersTimeoutMs ?? Infinity, requestTimeoutMs ?? Infinity);
  return shortestMs < checkingIntervalMs ? Math.max(1, Math.ceil(shortestMs / 4)) : checkingIntervalMs;
}

/** A count limit as Node spells it: 0 for unlimited. */
export function nodeLimit(limit: number): number {
  return limit === Infinity ? 0 : limit;
}

function unlimitedIfZero(value: number | null): number {
  return value === null || value === 0 ? Infinity : value;
}

/** What `tls.createServer` and its kin take. */
interface SecureOptions {
  readonly cert: string;
  readonly key: string;
  readonly minVersion: SecureVersion;
  readonly maxVersion: SecureVersion;
  readonly secureOptions?: number;
}

/**
 * Options for a server that speaks TLS. Throws a ServerFailure for what `node:tls` cannot do, and where the identity is missing.
 *
 * Without tickets nothing is resumed: Node leaves the cache behind session ids to listeners of 'newSession' and 'resumeSession', of which
 * there are none here (`SSL_SESS_CACHE_NO_INTERNAL` in src/crypto/crypto_context.cc), so that a TLS 1.2 session id finds nothing either.
 */
export function secureOptions(config: BundledServerConfig, identity: ServerTlsIdentity | undefined): SecureOptions {
  if (identity === undefined) throw new ServerFailure('ENOCERTIFICATE', 'A server with tls needs a certificate.');
  if (config.tls !== undefined && config.tls.earlyDataBytes > 0) {
    const sentence = 'server.tls.earlyData needs server kind reference: node:tls takes no early data.';
    throw new ServerFailure('ENODEEARLYDATA', sentence);
  }
  const { certPem, keyPem, version } = identity;
  return {
    cert: certPem,
    key: keyPem,
    minVersion: `TLSv${version ?? '1.2'}`,
    maxVersion: `TLSv${version ?? '1.3'}`,
    ...(config.tls?.sessionTickets === false ? { secureOptions: constants.SSL_OP_NO_TICKET } : {}),
  };
}

/** Settings that the server object holds, some of one kind of server or since a later version only, without a type for it. */
interface UnnamedSettings {
  readonly keepAliveTimeout?: number;
  readonly keepAliveTimeoutBuffer?: number;
  readonly maxRequestsPerSocket?: number | null;
  readonly headersTimeout?: number;
  readonly requestTimeout?: number;
  readonly connectionsCheckingInterval?: number;
  readonly noDelay?: boolean;
  readonly maxConnections?: number;
  readonly minVersion?: string;
  readonly maxVersion?: string;
  readonly secureOptions?: number;
}

/** The settings as the running `node:http` or `node:https` server holds them; "never" and "unlimited" are Infinity. */
export function liveSettings(server: Server, { backlog, tls }: BundledServerConfig): LiveServerSettings {
  const unnamed: UnnamedSettings = server;
  return {
    runtime: `node ${process.version}`,
    keepAliveTimeoutMs: readBack(unnamed.keepAliveTimeout),
    keepAliveTimeoutBufferMs: keepAliveBufferMs(server),
    maxRequestsPerSocket: unlimitedIfZero(unnamed.maxRequestsPerSocket ?? null),
    headersTimeoutMs: readBack(unnamed.headersTimeout),
    requestTimeoutMs: readBack(unnamed.requestTimeout),
    connectionsCheckingIntervalMs: unnamed.connectionsCheckingInterval ?? null,
    maxConnections: unnamed.maxConnections ?? Infinity,
    backlog: effectiveBacklog(backlog ?? defaultBacklog),
    noDelay: unnamed.noDelay ?? null,
    ...(tls === undefined ? {} : { tls: liveTls(unnamed) }),
  };
}

/** What the runtime adds to a keep-alive timeout before it really closes, ms. */
export function keepAliveBufferMs(server: Server): number {
  const { keepAliveTimeoutBuffer }: UnnamedSettings = server;
  return keepAliveTimeoutBuffer ?? fixedKeepAliveBufferMs;
}

function readBack(timeoutMs: number | undefined): number | null {
  return timeoutMs === undefined ? null : unlimitedIfZero(timeoutMs);
}

function liveTls({ minVersion, maxVersion, secureOptions: options }: UnnamedSettings): LiveTlsSettings {
  return {
    minVersion: minVersion ?? null,
    maxVersion: maxVersion ?? null,
    sessionTickets: ((options ?? 0) & constants.SSL_OP_NO_TICKET) === 0,
    earlyDataBytes: 0,
  };
}

/** The settings of a `node:http2` server. Node gives its sessions no timeouts but the one that is set on each; TCP_NODELAY is always on. */
export function liveHttp2Settings(
  server: Server,
  config: BundledServerConfig,
  maxConcurrentStreams: number | null,
): LiveServerSettings {
  return {
    ...liveSettings(server, config),
    keepAliveTimeoutMs: config.keepAliveTimeoutMs ?? Infinity,
    keepAliveTimeoutBufferMs: 0,
    noDelay: true,
    maxConcurrentStreams,
  };
}

/** What the kernel makes of a backlog: it cuts it to net.core.somaxconn without a word (listen(2)). */
export function effectiveBacklog(backlog: number): number {
  try {
    return Math.min(backlog, Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8')));
  } catch {
    return backlog;
  }
}
