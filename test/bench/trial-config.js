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
    network: hostNetwork(),
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

/** No lab, and a link without delay or faults. */
function hostNetwork() {
  return {
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
}
