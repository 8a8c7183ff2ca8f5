/** Trial configurations for tests: plain keep-alive without limits, with what a test changes. */
import type {
  ClosedLoadConfig,
  LoadConfig,
  NetworkConfig,
  OpenLoadConfig,
  PoolConfig,
  StrategyConfig,
  TcpConfig,
  TrialConfig,
} from '../../src/scenario/config.ts';

export type StrategyChanges = Partial<Omit<StrategyConfig, 'pool' | 'tcp' | 'timeouts'>> & {
  readonly pool?: Partial<PoolConfig>;
  readonly tcp?: Partial<TcpConfig>;
  readonly timeouts?: Partial<StrategyConfig['timeouts']>;
};

export function strategyConfig({ pool, tcp, timeouts, ...changes }: StrategyChanges = {}): StrategyConfig {
  return {
    protocol: 'http/1.1',
    connection: 'keep-alive',
    honourHint: true,
    closeWith: 'fin',
    ...changes,
    pool: {
      size: Infinity,
      scope: 'shared',
      order: 'lifo',
      idleTimeoutMs: Infinity,
      maxRequests: Infinity,
      maxLifetimeMs: Infinity,
      prefetch: false,
      queueLimit: Infinity,
      queueTimeoutMs: 30_000,
      ...pool,
    },
    tcp: { noDelay: true, keepAliveMs: null, fastOpen: false, ...tcp },
    timeouts: { connectMs: 10_000, responseMs: 10_000, ...timeouts },
  };
}

/** No lab, and a link without delay or faults. */
export const hostNetwork: NetworkConfig = {
  mode: 'host',
  link: {
    rttMs: 0,
    jitterMs: 0,
    bandwidthBitsPerSecond: Infinity,
    queueBytes: 256_000,
    loss: 0,
    reorder: 0,
    duplicate: 0,
    middlebox: null,
  },
  congestionControl: 'cubic',
  sysctls: { client: {}, server: {} },
};

const shape = { warmUpMs: 0, durationMs: 1000, workers: 1, request: { method: 'GET', path: '/' } } as const;

export function openLoad(changes: Partial<OpenLoadConfig> = {}): OpenLoadConfig {
  return { ...shape, model: 'open', ratePerSecond: 10, arrivals: 'constant', ...changes };
}

export function closedLoad(changes: Partial<ClosedLoadConfig> = {}): ClosedLoadConfig {
  return { ...shape, model: 'closed', users: 1, thinkTimeMs: 0, ...changes };
}

export function trialConfig(load: LoadConfig, changes: StrategyChanges = {}): TrialConfig {
  return {
    client: 'reference',
    strategy: strategyConfig(changes),
    server: {
      kind: 'node',
      keepAliveTimeoutMs: null,
      maxRequestsPerSocket: Infinity,
      headersTimeoutMs: null,
      requestTimeoutMs: null,
      maxConnections: Infinity,
      backlog: null,
      response: { sizeBytes: 0, framing: 'length', delay: { distribution: 'constant', valueMs: 0 } },
      firstCloser: 'server',
    },
    network: hostNetwork,
    load,
  };
}
