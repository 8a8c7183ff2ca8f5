/** Configurations of hops, and what must be true of the counts of any of them. */
import { expect } from 'vitest';
import type { HopReport } from '../../src/hops/messages.ts';
import type { HopUpstreamConfig, ProxyHopConfig } from '../../src/scenario/hop-config.ts';

interface Changes extends Partial<Omit<ProxyHopConfig, 'upstream' | 'kind'>> {
  readonly kind?: ProxyHopConfig['kind'];
  readonly upstream?: Partial<Omit<HopUpstreamConfig, 'pool' | 'timeouts'>> & {
    readonly pool?: Partial<HopUpstreamConfig['pool']>;
    readonly timeouts?: Partial<HopUpstreamConfig['timeouts']>;
  };
}

/** A reverse proxy with a pool and no retries. */
export function proxyConfig({ upstream = {}, ...changes }: Changes = {}): ProxyHopConfig & { kind: 'reverse-proxy' } {
  return {
    host: 'server',
    keepAliveTimeoutMs: 60_000,
    maxRequests: Infinity,
    ...changes,
    kind: 'reverse-proxy',
    upstream: {
      connection: 'keep-alive',
      retry: 'none',
      ...upstream,
      pool: { size: 32, idleTimeoutMs: 60_000, maxRequests: Infinity, ...upstream.pool },
      timeouts: { connectMs: 5_000, responseMs: 5_000, ...upstream.timeouts },
    },
  };
}

const sum = (counts: object): number =>
  Object.values(counts as Readonly<Record<string, number>>).reduce((total, count) => total + count, 0);

/** The books of a hop that has ended. */
export function expectBalance({ downstream, upstream, requests }: HopReport): void {
  expect(downstream.open + upstream.open).toBe(0);
  expect(downstream.opened).toBe(sum(downstream.closedBy));
  expect(upstream.opened).toBe(sum(upstream.closedBy));
  expect(upstream.attempted).toBe(upstream.opened + upstream.connectFailed);
  expect(requests.received).toBe(
    requests.refused + requests.ignored + requests.answered + requests.abandoned + sum(requests.failures),
  );
  const onConnections = Object.entries(upstream.requestsPerConnection).map(([count, times]) => Number(count) * times);
  expect(onConnections.reduce((total, count) => total + count, 0)).toBe(requests.sent);
}
