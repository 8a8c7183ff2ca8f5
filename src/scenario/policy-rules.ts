/** Rules of the server's policies: what they cannot do without, and which server or protocol cannot follow them. */
import type { BrokenRule } from './broken-rule.ts';
import type { FilledBundledServer, FilledConfig } from './defaults.ts';
import { drainRules } from './drain.ts';
import { parseDuration } from './units.ts';

/** The rules of policies that a variant breaks. */
export function policyRules({ server, strategy, load }: FilledConfig): readonly BrokenRule[] {
  if (server.kind === 'command' || server.kind === 'external') return [];
  return [
    ...missingRules(server),
    ...kindRules(server),
    ...limitRules(server),
    ...drainRules(server.drain, load.duration),
    ...(strategy.protocol === 'h2' ? http2Rules(server) : []),
  ];
}

function missingRules({ shed, evictIdle, acceptPause }: FilledBundledServer): readonly BrokenRule[] {
  const broken = Object.entries({ shed, evictIdle, acceptPause }).flatMap(([key, policy]): readonly BrokenRule[] =>
    policy?.above === 0
      ? [
          {
            rule: `${key}-above`,
            paths: [`server.${key}`],
            message: 'needs the number above which it acts, such as above: 500',
          },
        ]
      : [],
  );
  if (shed === undefined || shed.then === 'close' || shed.then.keepAliveTimeout !== '0s') return broken;
  const message = 'needs keepAliveTimeout, such as { keepAliveTimeout: 1s }, or is close';
  return [...broken, { rule: 'shed-then', paths: ['server.shed.then'], message }];
}

/** What one of the two servers gives no means for. */
function kindRules(server: FilledBundledServer): readonly BrokenRule[] {
  return server.kind === 'node' ? nodeRules(server) : referenceRules(server);
}

function referenceRules({ connectionsCheckingInterval }: FilledBundledServer): readonly BrokenRule[] {
  if (connectionsCheckingInterval === undefined) return [];
  const message =
    'is not possible with server.kind reference: it cuts at the moment that a timeout is over; use kind node';
  const paths = ['server.connectionsCheckingInterval', 'server.kind'];
  return [{ rule: 'checking-interval-reference', paths, message }];
}

function nodeRules({ acceptPause, nofile }: FilledBundledServer): readonly BrokenRule[] {
  const broken: BrokenRule[] = [];
  if (acceptPause !== undefined) {
    const message =
      "is not possible with server.kind node: Node's servers accept as long as they listen; use kind reference";
    broken.push({ rule: 'accept-pause-node', paths: ['server.acceptPause', 'server.kind'], message });
  }
  if (nofile !== undefined) {
    const message =
      'is not possible with server.kind node: without a descriptor libuv closes what it accepts and tells nobody, so that it could not be counted; use kind reference';
    broken.push({ rule: 'nofile-node', paths: ['server.nofile', 'server.kind'], message });
  }
  return broken;
}

/** Policies that act from a number on which another limit keeps the server from reaching, or only give what there is without them. */
function limitRules(server: FilledBundledServer): readonly BrokenRule[] {
  const { shed, evictIdle, acceptPause, maxConnections, nofile } = server;
  const thresholds = { evictIdle, acceptPause, ...(shed?.of === 'connections' ? { shed } : {}) };
  const broken = Object.entries(thresholds).flatMap(([key, policy]): readonly BrokenRule[] => {
    if (policy === undefined) return [];
    const { above } = policy;
    const acts = key === 'shed' ? `acts above ${above} connections` : `acts from ${above} connections on`;
    if (maxConnections !== 'unlimited' && above >= maxConnections) {
      const message = `${acts}, but with ${maxConnections} the server turns further ones away`;
      return [{ rule: `${key}-limit`, paths: [`server.${key}`, 'server.maxConnections'], message }];
    }
    if (nofile === undefined || above < nofile) return [];
    const message = `${acts}, but with ${nofile} descriptors (server.nofile) the server never has so many`;
    return [{ rule: `${key}-nofile`, paths: [`server.${key}`, 'server.nofile'], message }];
  });
  return [...broken, ...pausedEvictionRules(server), ...shedTimeoutRules(server)];
}

function pausedEvictionRules({ evictIdle, acceptPause }: FilledBundledServer): readonly BrokenRule[] {
  if (evictIdle === undefined || acceptPause === undefined || acceptPause.above > evictIdle.above) return [];
  const message = `acts when connection ${evictIdle.above + 1} comes, but server.acceptPause accepts none above ${acceptPause.above}`;
  return [{ rule: 'evictIdle-pause', paths: ['server.evictIdle', 'server.acceptPause'], message }];
}

function shedTimeoutRules({ shed, keepAliveTimeout }: FilledBundledServer): readonly BrokenRule[] {
  if (shed === undefined || shed.then === 'close') return [];
  const short = parseDuration(shed.then.keepAliveTimeout);
  const own = parseDuration(keepAliveTimeout);
  // What `default` is only the runtime knows, and `never` is longer than any time.
  if (!short.ok || !own.ok || short.value < own.value) return [];
  const message = `${shed.then.keepAliveTimeout} is not shorter than server.keepAliveTimeout ${keepAliveTimeout}: it would relieve nothing`;
  return [
    { rule: 'shed-then-longer', paths: ['server.shed.then.keepAliveTimeout', 'server.keepAliveTimeout'], message },
  ];
}

function http2Rules({
  shed,
  evictIdle,
  drain,
  connectionsCheckingInterval,
}: FilledBundledServer): readonly BrokenRule[] {
  return Object.entries({ shed, evictIdle, drain, connectionsCheckingInterval }).flatMap(([key, policy]) => {
    if (policy === undefined) return [];
    const message = 'is for HTTP/1: with strategy.protocol h2 the server does not follow it';
    return [{ rule: `${key}-h2`, paths: [`server.${key}`, 'strategy.protocol'], message }];
  });
}
