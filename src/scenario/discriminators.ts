/** Maps of the format with a key that says which of the others they may hold. */

export interface Discriminator {
  /** Dotted path of the map. */
  readonly path: string;
  /** The key that says the kind. */
  readonly key: string;
  /** Kind -> the keys that it takes; keys that no kind names are for all. */
  readonly own: Readonly<Record<string, readonly string[]>>;
}

const bundledServer = [
  'keepAliveTimeout',
  'maxRequestsPerSocket',
  'headersTimeout',
  'requestTimeout',
  'maxConnections',
  'backlog',
  'firstCloser',
  'response',
  'faults',
  'tls',
  'http2',
  'shed',
  'evictIdle',
  'acceptPause',
  'nofile',
  'drain',
  'connectionsCheckingInterval',
];

/** Clients that are a package, of which there are versions. */
const ofPackage = ['version', 'modules'];

export const discriminators = {
  client: {
    path: 'client',
    key: 'name',
    own: { undici: ofPackage, agentkeepalive: ofPackage, autocannon: ofPackage },
  },
  load: {
    path: 'load',
    key: 'model',
    own: { open: ['rate', 'arrivals', 'shape', 'trace'], closed: ['users', 'thinkTime', 'page'] },
  },
  thinkTime: {
    path: 'load.thinkTime',
    key: 'distribution',
    own: { exponential: ['mean'], lognormal: ['median', 'sigma'] },
  },
  server: {
    path: 'server',
    key: 'kind',
    own: {
      node: bundledServer,
      reference: bundledServer,
      command: ['command', 'cwd', 'env', 'port', 'readyPath', 'readyTimeout', 'ca'],
      external: ['url', 'ca'],
    },
  },
  delay: {
    path: 'server.response.delay',
    key: 'distribution',
    own: {
      constant: ['value'],
      uniform: ['min', 'max'],
      exponential: ['mean'],
      lognormal: ['median', 'sigma'],
      percentiles: ['points'],
    },
  },
} as const satisfies Readonly<Record<string, Discriminator>>;

/** Keys of a map that say the same thing in ways that do not go together. */
export interface Rivals {
  /** Dotted path of the map. */
  readonly path: string;
  readonly groups: readonly (readonly string[])[];
  /** Why only one of the groups can stand. */
  readonly because: string;
}

export const rivals: readonly Rivals[] = [
  { path: 'load', groups: [['trace'], ['rate', 'arrivals', 'shape']], because: 'both say when requests arrive' },
  { path: 'load', groups: [['requests'], ['request']], because: 'both say what requests ask' },
  { path: 'load.shape', groups: [['ramp'], ['steps'], ['bursts']], because: 'a rate has one shape' },
];

/** Those of the keys of the map at a path that do not go with one of `beside`. */
export function rivalKeys(path: string, keys: readonly string[], beside: readonly string[]): readonly string[] {
  const groups = rivals.filter((rival) => rival.path === path).map((rival) => rival.groups);
  return keys.filter((key) =>
    groups.some((all) => {
      const own = all.find((group) => group.includes(key));
      return own !== undefined && all.some((group) => group !== own && group.some((other) => beside.includes(other)));
    }),
  );
}

/** Those of the keys that are for other kinds only, and which kinds they are for. */
export function foreignKeys(
  { own }: Discriminator,
  kind: unknown,
  keys: readonly string[],
): readonly { readonly key: string; readonly kinds: readonly string[] }[] {
  return keys.flatMap((key) => {
    const kinds = Object.keys(own).filter((name) => own[name]?.includes(key) === true);
    return kinds.length === 0 || kinds.some((name) => name === kind) ? [] : [{ key, kinds }];
  });
}
