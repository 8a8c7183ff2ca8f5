/** The programs on the way: their defaults, and from the text of the file to their configuration. */
import type { HopConfig, HopKind, HopUpstreamConfig } from './hop-config.ts';
import { durationMs } from './quantities.ts';
import type { HopPatch, UpstreamPatch } from './via-schema.ts';

type ProxyKind = Exclude<HopKind, RelayKind>;
type RelayKind = 'blind-relay' | 'proxy-aware-relay';

type Whole<Value> = { readonly [Key in keyof Value]-?: Value[Key] };
interface FilledUpstream extends Whole<Omit<UpstreamPatch, 'pool' | 'timeouts'>> {
  readonly pool: Whole<Required<UpstreamPatch>['pool']>;
  readonly timeouts: Whole<Required<UpstreamPatch>['timeouts']>;
}
interface FilledRelay {
  readonly name?: string;
  readonly kind: RelayKind;
  readonly host: 'client' | 'server';
}
export interface FilledProxy {
  readonly name?: string;
  readonly kind: ProxyKind;
  readonly host: 'client' | 'server';
  readonly keepAliveTimeout: string;
  readonly maxRequests: number | 'unlimited';
  readonly upstream: FilledUpstream;
}
export type FilledHop = FilledProxy | FilledRelay;

export function isProxyKind(kind: HopKind): kind is ProxyKind {
  return kind !== 'blind-relay' && kind !== 'proxy-aware-relay';
}

const defaultHost = 'server';
const defaultHop = {
  keepAliveTimeout: '1m',
  maxRequests: 'unlimited',
  upstream: {
    connection: 'keep-alive',
    pool: { size: 32, idleTimeout: '1m', maxRequests: 'unlimited' },
    retry: 'none',
    timeouts: { connect: '1s', response: '10s' },
  },
} as const;

/** A program with every knob given that its kind takes. */
export function fillHop({
  kind,
  name,
  host = defaultHost,
  keepAliveTimeout,
  maxRequests,
  upstream = {},
}: HopPatch): FilledHop {
  const named = name === undefined ? {} : { name };
  if (!isProxyKind(kind)) return { kind, ...named, host };
  const { pool, timeouts, ...own } = defaultHop.upstream;
  // The only one that HAProxy can honour.
  const idle = kind === 'haproxy' ? { idleTimeout: 'unlimited' } : {};
  return {
    kind,
    ...named,
    host,
    keepAliveTimeout: keepAliveTimeout ?? defaultHop.keepAliveTimeout,
    maxRequests: maxRequests ?? defaultHop.maxRequests,
    upstream: {
      ...own,
      ...upstream,
      pool: { ...pool, ...idle, ...upstream.pool },
      timeouts: { ...timeouts, ...upstream.timeouts },
    },
  };
}

/** Of a hop that has passed the schema and the rules. */
export function resolveHop(hop: FilledHop): HopConfig {
  if (!('upstream' in hop)) return hop;
  const { keepAliveTimeout, maxRequests, upstream, ...identity } = hop;
  return {
    ...identity,
    keepAliveTimeoutMs: durationMs(keepAliveTimeout),
    maxRequests: limitOf(maxRequests),
    upstream: resolveUpstream(upstream),
  };
}

function resolveUpstream({ connection, pool, retry, timeouts }: FilledUpstream): HopUpstreamConfig {
  return {
    connection,
    pool: {
      size: pool.size,
      idleTimeoutMs: durationMs(pool.idleTimeout),
      maxRequests: limitOf(pool.maxRequests),
    },
    retry,
    timeouts: { connectMs: durationMs(timeouts.connect), responseMs: durationMs(timeouts.response) },
  };
}

function limitOf(limit: number | 'unlimited'): number {
  return limit === 'unlimited' ? Infinity : limit;
}
