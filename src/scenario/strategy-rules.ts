/** Rules between the knobs of a strategy, and between them, the server and the load. */
import type { BrokenRule } from './broken-rule.ts';
import { defaultServer, type FilledConfig } from './defaults.ts';
import { isLoopback, parseServerUrl } from './server-url.ts';

/** The rules of the strategy that a variant breaks, whatever its client. */
export function strategyRules(filled: FilledConfig): readonly BrokenRule[] {
  return [
    ...poolRules(filled),
    ...http10Rules(filled),
    ...pipeliningRules(filled),
    ...http2Rules(filled),
    ...addressRules(filled),
  ];
}

function poolRules({ strategy, server, load }: FilledConfig): readonly BrokenRule[] {
  const broken: BrokenRule[] = [];
  const { pool } = strategy;
  if (pool.scope === 'session' && load.model === 'open') {
    broken.push({
      rule: 'session-open',
      paths: ['strategy.pool.scope', 'load.model'],
      message:
        'session does not run with load.model open, which has no users to own the connections; use scope shared, or load.model closed',
    });
  }
  if (server.kind === 'node' && server.firstCloser === 'client') {
    broken.push({
      rule: 'first-closer-node',
      paths: ['server.firstCloser', 'server.kind'],
      message: 'client does not run with server.kind node, which closes by itself; use server.kind reference',
    });
  }
  if (pool.prefetch && pool.size === 'unlimited') {
    broken.push({
      rule: 'prefetch-unlimited',
      paths: ['strategy.pool.prefetch', 'strategy.pool.size'],
      message: 'opens the whole pool, so strategy.pool.size needs to be a number',
    });
  }
  return [...broken, ...rangeRules(pool.maxRequests)];
}

function rangeRules(range: FilledConfig['strategy']['pool']['maxRequests']): readonly BrokenRule[] {
  if (typeof range !== 'object') return [];
  const path = 'strategy.pool.maxRequests';
  const { min, max } = range;
  if (min === undefined || max === undefined) {
    const message = `needs ${min === undefined ? 'min' : 'max'}, too, such as { min: 80, max: 120 }`;
    return [{ rule: 'max-requests-range', paths: [path], message }];
  }
  if (min <= max) return [];
  return [
    {
      rule: 'max-requests-range',
      paths: [`${path}.min`, `${path}.max`, path],
      message: `min ${min} is above max ${max}`,
    },
  ];
}

function http10Rules({ strategy, server }: FilledConfig): readonly BrokenRule[] {
  if (strategy.protocol !== 'http/1.0' || !('response' in server) || server.response.framing !== 'chunked') return [];
  return [
    {
      rule: 'http10-chunked',
      paths: ['server.response.framing', 'strategy.protocol'],
      message: 'chunked does not exist in HTTP/1.0 (RFC 9112, 6.1); use framing length, or protocol http/1.1',
    },
  ];
}

function pipeliningRules({ strategy }: FilledConfig): readonly BrokenRule[] {
  const { pipelining, protocol, connection } = strategy;
  if (pipelining === 1) return [];
  const path = 'strategy.pipelining';
  if (protocol === 'http/1.0') {
    const message = `${pipelining} does not exist in HTTP/1.0: pipelining came with HTTP/1.1 (RFC 9112, 9.3.2)`;
    return [{ rule: 'http10-pipelining', paths: [path, 'strategy.protocol'], message }];
  }
  if (connection === 'keep-alive') return [];
  const message = `${pipelining} does not go with strategy.connection close, where a connection carries one request`;
  return [{ rule: 'close-pipelining', paths: [path, 'strategy.connection'], message }];
}

/** Settings of a server that only HTTP/1 has. */
const http1Settings = ['maxRequestsPerSocket', 'headersTimeout', 'requestTimeout'] as const;

function http2Rules({ strategy, server }: FilledConfig): readonly BrokenRule[] {
  if (strategy.protocol !== 'h2') return [];
  if (server.kind === 'reference') {
    const message = 'reference speaks HTTP/1 only, but strategy.protocol is h2; use kind node';
    return [{ rule: 'h2-reference', paths: ['server.kind', 'strategy.protocol'], message }];
  }
  if (server.kind !== 'node') return [];
  const broken: BrokenRule[] = http1Settings
    .filter((key) => server[key] !== defaultServer[key])
    .map((key) => ({
      rule: `h2-${key}`,
      paths: [`server.${key}`, 'strategy.protocol'],
      message: 'is a setting of HTTP/1, which a server for strategy.protocol h2 does not have',
    }));
  if (server.response.framing === 'chunked') {
    const message = 'chunked does not exist in HTTP/2 (RFC 9113, 8.1); use framing length';
    broken.push({ rule: 'h2-chunked', paths: ['server.response.framing', 'strategy.protocol'], message });
  }
  return broken;
}

function addressRules({ strategy, server }: FilledConfig): readonly BrokenRule[] {
  const { sourceAddresses = 1 } = strategy.tcp;
  if (sourceAddresses === 1 || server.kind !== 'external') return [];
  const parsed = parseServerUrl(server.url);
  if (!parsed.ok || isLoopback(parsed.value.host)) return [];
  const message = `${sourceAddresses} local addresses are those of loopback, from which ${parsed.value.host} cannot be reached`;
  return [{ rule: 'addresses-external', paths: ['strategy.tcp.sourceAddresses', 'server.url'], message }];
}
