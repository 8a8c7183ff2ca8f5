/** nginx as a hop: its configuration from the knobs of a reverse proxy, and the knobs read back from what nginx itself prints. Pure. */
import type { ProxyHopConfig } from '../scenario/hop-config.ts';
import type { Endpoint, LiveHopSettings } from './messages.ts';

/** nginx counts requests and time up to a bound: these stand for unlimited and never. */
const manyRequests = 1_000_000_000;
const longTime = '365d';

/** What of nginx differs from build to build. */
export interface NginxBuild {
  /** E.g. `1.22.1`. */
  readonly version: string;
  /** Whether it counts accepted connections (`--with-http_stub_status_module`). */
  readonly hasStatus: boolean;
}

/** From the output of `nginx -V`. */
export function readNginxBuild(text: string): NginxBuild {
  return { version: /nginx\/(\S+)/.exec(text)?.[1] ?? 'unknown', hasStatus: text.includes('http_stub_status_module') };
}

export interface NginxPlaces extends Endpoint {
  readonly upstream: Endpoint;
  /** A folder of its own, absolute, for everything that nginx writes. */
  readonly folder: string;
}

/** The one line of the access log per request, and what of it is read: see `nginx-log.ts`. */
const logFormat = '$connection $status [$upstream_status] [$upstream_header_time]';

/**
 * One process in the foreground, as the user who starts it. Bodies are streamed both ways. `retry: reused-once` is nginx's own way: with
 * `proxy_next_upstream error` a request whose cached connection failed goes to the next one, until a new one was opened, and a request that
 * is not idempotent does not; a new connection to the only server is not tried again.
 */
export function nginxConfig(config: ProxyHopConfig, places: NginxPlaces, build: NginxBuild): string {
  const { host, port, folder } = places;
  const { upstream } = config;
  const responseTime = time(upstream.timeouts.responseMs);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return [
    'daemon off;',
    'master_process off;',
    `pid ${folder}/nginx.pid;`,
    'error_log stderr crit;',
    'events { worker_connections 16384; }',
    'http {',
    `  log_format hop '${logFormat}';`,
    `  access_log ${folder}/access.log hop;`,
    ...temporary.map((name) => `  ${name}_temp_path ${folder}/${name};`),
    '  server_tokens off;',
    ...upstreamBlock(config, places, build),
    '  server {',
    `    listen ${host}:${port} backlog=4096;`,
    `    keepalive_timeout ${time(config.keepAliveTimeoutMs)};`,
    `    keepalive_requests ${requests(config.maxRequests)};`,
    `    keepalive_time ${longTime};`,
    '    client_max_body_size 0;',
    '    proxy_buffering off;',
    '    proxy_request_buffering off;',
    '    proxy_http_version 1.1;',
    '    proxy_set_header Host $http_host;',
    `    proxy_set_header Connection ${upstream.connection === 'close' ? 'close' : '""'};`,
    `    proxy_next_upstream ${upstream.retry === 'none' ? 'off' : 'error'};`,
    `    proxy_connect_timeout ${time(upstream.timeouts.connectMs)};`,
    `    proxy_send_timeout ${responseTime};`,
    `    proxy_read_timeout ${responseTime};`,
    '    location / { proxy_pass http://next; }',
    '  }',
    ...(build.hasStatus
      ? [`  server { listen unix:${folder}/status.sock; access_log off; location / { stub_status; } }`]
      : []),
    '}',
    '',
  ].join('\n');
}

function upstreamBlock(
  { upstream }: ProxyHopConfig,
  { upstream: next }: NginxPlaces,
  { version }: NginxBuild,
): readonly string[] {
  const { pool } = upstream;
  const size = upstream.connection === 'close' ? 0 : pool.size;
  // Since 1.29.7 a pool is the default, and 0 turns it off; before, 0 is not a possible value.
  const none = isSince(version, [1, 29, 7]) ? ['    keepalive 0;'] : [];
  return [
    '  upstream next {',
    `    server ${next.host}:${next.port} max_fails=0;`,
    ...(size === 0
      ? none
      : [
          `    keepalive ${size};`,
          `    keepalive_timeout ${time(pool.idleTimeoutMs)};`,
          `    keepalive_requests ${requests(pool.maxRequests)};`,
          `    keepalive_time ${longTime};`,
        ]),
    '  }',
  ];
}

function isSince(version: string, wanted: readonly number[]): boolean {
  const parts = version.split('.').map(Number);
  for (const [index, least] of wanted.entries()) {
    const part = parts[index] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}

function time(ms: number): string {
  return ms === Infinity ? longTime : `${Math.ceil(ms)}ms`;
}

function requests(limit: number): string {
  return String(Math.min(limit, manyRequests));
}

/** The settings in the text that `nginx -T` prints. */
export function readNginxSettings(text: string, version: string): LiveHopSettings {
  const [, inUpstream = ''] = /upstream next \{([^}]*)\}/.exec(text) ?? [];
  const outside = text.replace(/upstream next \{[^}]*\}/, '');
  const poolSize = readCount(inUpstream, 'keepalive');
  return {
    runtime: `nginx/${version}`,
    keepAliveTimeoutMs: readTime(outside, 'keepalive_timeout'),
    maxRequests: readCount(outside, 'keepalive_requests'),
    upstream: {
      poolSize: poolSize ?? 0,
      idleTimeoutMs: readTime(inUpstream, 'keepalive_timeout'),
      maxRequests: poolSize === null ? 1 : readCount(inUpstream, 'keepalive_requests'),
      connectTimeoutMs: readTime(outside, 'proxy_connect_timeout'),
      responseTimeoutMs: readTime(outside, 'proxy_read_timeout'),
    },
    text: outside === '' ? null : text,
  };
}

function directive(text: string, name: string): string | null {
  return new RegExp(`^\\s*${name} ([^;]*);`, 'm').exec(text)?.[1] ?? null;
}

function readTime(text: string, name: string): number | null {
  const value = directive(text, name);
  if (value === longTime) return Infinity;
  const ms = /^(\d+)ms$/.exec(value ?? '')?.[1];
  return ms === undefined ? null : Number(ms);
}

function readCount(text: string, name: string): number | null {
  const value = directive(text, name);
  if (value === null) return null;
  return Number(value) >= manyRequests ? Infinity : Number(value);
}
