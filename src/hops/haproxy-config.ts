/** HAProxy as a hop: its configuration from the knobs of a reverse proxy. Pure. */
import type { ProxyHopConfig } from '../scenario/hop-config.ts';
import type { Endpoint, LiveHopSettings } from './messages.ts';

/** HAProxy's timers count milliseconds in 31 bits: about 24.8 days stand for never. */
const longTime = '24d';

/** It starts only where it may have two descriptors for each client, and some of its own. */
const mostClients = 16_384;
const ownFiles = 200;

export interface HaproxyPlaces extends Endpoint {
  readonly upstream: Endpoint;
  /** Where it can be asked for its counts: the path of a Unix socket. */
  readonly statsSocket: string;
  /** Descriptors that it may have; null where that is not known: then it decides by itself how many clients it takes. */
  readonly files: number | null;
}

/**
 * In the foreground, with one thread, so that its pool is one. Unused connections are closed by halves each `pool-purge-delay`, which is why
 * an idle timeout cannot be asked for; a pool of no connections is `http-server-close`.
 */
export function haproxyConfig(config: ProxyHopConfig, places: HaproxyPlaces): string {
  const { host, port, upstream: next, statsSocket, files } = places;
  const { upstream } = config;
  const { pool, timeouts } = upstream;
  const keeps = upstream.connection === 'keep-alive' && pool.size > 0;
  const reuse = pool.maxRequests === Infinity ? '' : ` max-reuse ${pool.maxRequests - 1}`;
  return [
    'global',
    '  nbthread 1',
    ...(files === null ? [] : [`  maxconn ${clientsWith(files)}`]),
    `  stats socket ${statsSocket} mode 600 level user`,
    'defaults',
    '  mode http',
    `  option ${keeps ? 'http-keep-alive' : 'http-server-close'}`,
    `  http-reuse ${keeps ? 'always' : 'never'}`,
    `  timeout connect ${time(timeouts.connectMs)}`,
    `  timeout server ${time(timeouts.responseMs)}`,
    `  timeout client ${longTime}`,
    '  timeout http-request 60000ms',
    `  timeout http-keep-alive ${time(config.keepAliveTimeoutMs)}`,
    ...(upstream.retry === 'none'
      ? ['  retries 0']
      : ['  retries 1', '  retry-on conn-failure empty-response response-timeout']),
    'frontend clients',
    `  bind ${host}:${port} backlog 4096`,
    '  default_backend next',
    'backend next',
    `  server next ${next.host}:${next.port}${keeps ? ` pool-max-conn ${pool.size} pool-purge-delay ${longTime}${reuse}` : ''}`,
    '',
  ].join('\n');
}

function clientsWith(files: number): number {
  return Math.max(1, Math.min(mostClients, Math.floor((files - ownFiles) / 2)));
}

/** HAProxy does not print what it runs with: these are the settings that it was given, and took. */
export function haproxySettings(config: ProxyHopConfig, runtime: string, text: string): LiveHopSettings {
  const { upstream } = config;
  const keeps = upstream.connection === 'keep-alive' && upstream.pool.size > 0;
  return {
    runtime,
    keepAliveTimeoutMs: config.keepAliveTimeoutMs,
    maxRequests: null,
    upstream: {
      poolSize: keeps ? upstream.pool.size : 0,
      idleTimeoutMs: null,
      maxRequests: keeps ? upstream.pool.maxRequests : 1,
      connectTimeoutMs: upstream.timeouts.connectMs,
      responseTimeoutMs: upstream.timeouts.responseMs,
    },
    text,
  };
}

function time(ms: number): string {
  return ms === Infinity ? longTime : `${Math.ceil(ms)}ms`;
}
