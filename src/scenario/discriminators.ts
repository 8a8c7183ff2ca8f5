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
];

export const discriminators = {
  load: { path: 'load', key: 'model', own: { open: ['rate', 'arrivals'], closed: ['users', 'thinkTime'] } },
  server: {
    path: 'server',
    key: 'kind',
    own: {
      node: bundledServer,
      reference: bundledServer,
      command: ['command', 'cwd', 'env', 'port', 'readyPath', 'readyTimeout'],
      external: ['url'],
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
