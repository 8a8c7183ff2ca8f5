// A resolved trial configuration for benchmarks that drive the generator directly.

/** The default strategy and load, with some parts replaced. */
export function trialConfig({ strategy = {}, pool = {}, load }) {
  return {
    client: 'reference',
    strategy: {
      protocol: 'http/1.1',
      connection: 'keep-alive',
      honourHint: true,
      closeWith: 'fin',
      tcp: { noDelay: true, keepAliveMs: null, fastOpen: false },
      timeouts: { connectMs: 10_000, responseMs: 30_000 },
      ...strategy,
      pool: {
        size: 32,
        scope: 'shared',
        order: 'lifo',
        idleTimeoutMs: 60_000,
        maxRequests: Infinity,
        maxLifetimeMs: Infinity,
        prefetch: false,
        queueLimit: Infinity,
        queueTimeoutMs: 30_000,
        ...pool,
      },
    },
    server: serverConfig(),
    network: { mode: 'host' },
    load: { workers: 1, request: { method: 'GET', path: '/' }, ...load },
  };
}

/** The reference server with a small body. */
export function serverConfig() {
  return {
    kind: 'reference',
    keepAliveTimeoutMs: Infinity,
    maxRequestsPerSocket: Infinity,
    headersTimeoutMs: null,
    requestTimeoutMs: null,
    maxConnections: Infinity,
    backlog: 4096,
    firstCloser: 'server',
    response: { sizeBytes: 97, framing: 'length', delay: { distribution: 'constant', valueMs: 0 } },
  };
}
