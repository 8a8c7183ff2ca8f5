/** The settings of a `node:http` server: from the configuration to its options, and read back from the running server. */
import { readFileSync } from 'node:fs';
import type { Server, ServerOptions as HttpOptions } from 'node:http';
import type { BundledServerConfig } from '../scenario/config.ts';
import type { LiveServerSettings } from './messages.ts';
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
 * many times over. Where a shorter timeout is configured the interval becomes a quarter of it: the overrun is at most 25 %.
 */
function checkingInterval({ headersTimeoutMs, requestTimeoutMs }: BundledServerConfig): number {
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

/** Settings that the server object holds, some since a later version only, without a type for it. */
interface UnnamedSettings {
  readonly keepAliveTimeoutBuffer?: number;
  readonly connectionsCheckingInterval?: number;
  readonly noDelay?: boolean;
  readonly maxConnections?: number;
}

/** The settings as the running server holds them; "never" and "unlimited" are Infinity. */
export function liveSettings(server: Server, backlog: number | null): LiveServerSettings {
  const unnamed: UnnamedSettings = server;
  return {
    runtime: `node ${process.version}`,
    keepAliveTimeoutMs: unlimitedIfZero(server.keepAliveTimeout),
    keepAliveTimeoutBufferMs: unnamed.keepAliveTimeoutBuffer ?? fixedKeepAliveBufferMs,
    maxRequestsPerSocket: unlimitedIfZero(server.maxRequestsPerSocket),
    headersTimeoutMs: unlimitedIfZero(server.headersTimeout),
    requestTimeoutMs: unlimitedIfZero(server.requestTimeout),
    connectionsCheckingIntervalMs: unnamed.connectionsCheckingInterval ?? null,
    maxConnections: unnamed.maxConnections ?? Infinity,
    backlog: effectiveBacklog(backlog ?? defaultBacklog),
    noDelay: unnamed.noDelay ?? null,
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
