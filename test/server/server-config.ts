/** Server configurations for tests: defaults that never end a connection by themselves, with what a test changes. */
import type { ResponseConfig, BundledServerConfig } from '../../src/scenario/config.ts';

type Changes = Partial<Omit<BundledServerConfig, 'response'>> & { readonly response?: Partial<ResponseConfig> };

export function serverConfig(
  kind: BundledServerConfig['kind'],
  { response, ...changes }: Changes = {},
): BundledServerConfig {
  return {
    kind,
    keepAliveTimeoutMs: Infinity,
    maxRequestsPerSocket: Infinity,
    headersTimeoutMs: null,
    requestTimeoutMs: null,
    maxConnections: Infinity,
    backlog: null,
    firstCloser: 'server',
    ...changes,
    response: { sizeBytes: 5, framing: 'length', delay: { distribution: 'constant', valueMs: 0 }, ...response },
  };
}

export const kinds = ['node', 'reference'] as const;
export type { Changes as ServerConfigChanges };
