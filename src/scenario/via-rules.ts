/** Rules of the programs on the way: which knobs each kind can honour, and what none of them speaks. */
import type { BrokenRule } from './broken-rule.ts';
import type { FilledConfig } from './defaults.ts';
import type { ConfigPatch } from './schema.ts';
import { isProxyKind, type FilledHop, type FilledProxy } from './via.ts';
import type { HopPatch } from './via-schema.ts';

/** The rules of `via` that a variant breaks. */
export function viaRules(
  patch: ConfigPatch,
  { via = [], strategy, network, server }: FilledConfig,
): readonly BrokenRule[] {
  if (via.length === 0) return [];
  const broken: BrokenRule[] = [];
  if (strategy.tls !== 'off') {
    const message =
      'does not go with strategy.tls: the programs on the way read and write clear text, and encrypt to no one';
    broken.push({ rule: 'via-tls', paths: ['via', 'strategy.tls'], message });
  }
  if (strategy.protocol === 'h2') {
    const message = 'does not go with strategy.protocol h2: the programs on the way speak HTTP/1 on both sides';
    broken.push({ rule: 'via-h2', paths: ['via', 'strategy.protocol'], message });
  }
  for (const [index, hop] of via.entries()) {
    broken.push(...relayRules(patch.via?.[index], index), ...kindRules(hop, index));
    if (hop.name !== undefined && via.slice(0, index).some(({ name }) => name === hop.name)) {
      const message = 'is the name of an earlier program on the way, too: metrics could not tell them apart';
      broken.push({ rule: `via-name-${index}`, paths: [`via[${index}].name`], message });
    }
    if (hop.host === 'client' && via.slice(0, index).some(({ host }) => host === 'server')) {
      const message = 'client comes after a program on the host of the server, so that the way would lead back';
      broken.push({ rule: `via-order-${index}`, paths: [`via[${index}].host`], message });
    }
    const isExternal = server.kind === 'external';
    if (hop.host === 'client' && (isExternal || network.mode === 'host')) {
      const culprit = isExternal ? 'server.kind' : 'network.mode';
      const message = `client needs a lab, but ${isExternal ? 'server.kind external runs in host mode' : 'network.mode is host'}`;
      broken.push({ rule: `via-host-${index}`, paths: [`via[${index}].host`, culprit], message });
    }
  }
  return broken;
}

/** Relays of old have no knobs. */
function relayRules(hop: HopPatch | undefined, index: number): readonly BrokenRule[] {
  if (hop === undefined || isProxyKind(hop.kind)) return [];
  const given = (['keepAliveTimeout', 'maxRequests', 'upstream'] as const).filter((key) => hop[key] !== undefined);
  return given.map((key) => ({
    rule: `via-${key}-${index}`,
    paths: [`via[${index}].${key}`],
    message: `is for kind reverse-proxy, nginx and haproxy, but the kind is ${hop.kind}, which has no such knob`,
  }));
}

function kindRules(hop: FilledHop, index: number): readonly BrokenRule[] {
  if (!('upstream' in hop)) return [];
  return limits.flatMap(({ kind, path, isBroken, because }) =>
    hop.kind !== kind || !isBroken(hop)
      ? []
      : [
          {
            rule: `via-${path}-${index}`,
            paths: [`via[${index}].${path}`],
            message: `is not possible with kind ${kind}: ${because}`,
          },
        ],
  );
}

interface Limit {
  readonly kind: FilledProxy['kind'];
  readonly path: string;
  readonly isBroken: (hop: FilledProxy) => boolean;
  readonly because: string;
}

const limits: readonly Limit[] = [
  {
    kind: 'nginx',
    path: 'upstream.retry',
    isBroken: ({ upstream }) => upstream.retry === 'always-once',
    because: 'it does not try its only server again after a failure of a new connection (none and reused-once are)',
  },
  {
    kind: 'haproxy',
    path: 'upstream.retry',
    isBroken: ({ upstream }) => upstream.retry === 'reused-once',
    because: 'its retries do not ask whether a connection was reused (none and always-once are)',
  },
  {
    kind: 'haproxy',
    path: 'maxRequests',
    isBroken: ({ maxRequests }) => maxRequests !== 'unlimited',
    because: 'it has no limit of requests for the connections of clients; unlimited is',
  },
  {
    kind: 'haproxy',
    path: 'upstream.pool.idleTimeout',
    isBroken: ({ upstream }) => upstream.connection === 'keep-alive' && upstream.pool.idleTimeout !== 'unlimited',
    because:
      'it closes half of its unused connections at a time (pool-purge-delay), none after its own time; unlimited is',
  },
];
