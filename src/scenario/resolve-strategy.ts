/** The strategy of a filled configuration, in the text of the file -> the numbers that a trial runs on. */
import type { PoolConfig, StrategyConfig, TcpConfig } from './config.ts';
import type { FilledStrategy } from './defaults.ts';
import { durationMs, given, must } from './quantities.ts';
import { parsePercent } from './units.ts';

/** Converts what has passed the schema and the rules; what asks for nothing is left out. */
export function resolveStrategy(strategy: FilledStrategy): StrategyConfig {
  const { retry, pipelining, tls, timeouts } = strategy;
  return {
    protocol: strategy.protocol,
    connection: strategy.connection,
    pool: resolvePool(strategy.pool),
    honourHint: strategy.honourHint,
    closeWith: strategy.closeWith,
    ...(pipelining === 1 ? {} : { pipelining }),
    ...(retry === 'none' ? {} : { retry }),
    ...(tls === 'off' ? {} : { tls }),
    tcp: resolveTcp(strategy.tcp),
    timeouts: { connectMs: durationMs(timeouts.connect), responseMs: durationMs(timeouts.response) },
  };
}

/** `Infinity` for unlimited. */
export function countOf(value: number | 'unlimited'): number {
  return value === 'unlimited' ? Infinity : value;
}

function resolvePool(pool: FilledStrategy['pool']): PoolConfig {
  const jitter = must(parsePercent(pool.maxLifetimeJitter ?? '0%'));
  return {
    size: countOf(pool.size),
    scope: pool.scope,
    order: pool.order,
    idleTimeoutMs: durationMs(pool.idleTimeout),
    ...resolveMaxRequests(pool.maxRequests),
    maxLifetimeMs: durationMs(pool.maxLifetime),
    ...(jitter === 0 ? {} : { maxLifetimeJitter: jitter }),
    ...(pool.validate === true ? { validate: true } : {}),
    prefetch: pool.prefetch,
    queueLimit: countOf(pool.queueLimit),
    queueTimeoutMs: durationMs(pool.queueTimeout),
  };
}

function resolveMaxRequests(
  maxRequests: FilledStrategy['pool']['maxRequests'],
): Pick<PoolConfig, 'maxRequests' | 'maxRequestsRange'> {
  if (typeof maxRequests !== 'object') return { maxRequests: countOf(maxRequests) };
  const [min, max] = [given(maxRequests.min), given(maxRequests.max)];
  // Of equal ends nothing is drawn.
  return min === max ? { maxRequests: min } : { maxRequests: (min + max) / 2, maxRequestsRange: { min, max } };
}

function resolveTcp(tcp: FilledStrategy['tcp']): TcpConfig {
  const { userTimeout = 'default', sourceAddresses = 1 } = tcp;
  return {
    noDelay: tcp.noDelay,
    keepAliveMs: tcp.keepAlive === 'off' ? null : durationMs(tcp.keepAlive),
    fastOpen: tcp.fastOpen,
    ...(userTimeout === 'default' ? {} : { userTimeoutMs: durationMs(userTimeout) }),
    ...(sourceAddresses === 1 ? {} : { sourceAddresses }),
  };
}
