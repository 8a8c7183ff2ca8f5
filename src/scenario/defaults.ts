/** The default of every knob, as text in the form of the file, and the filling of a configuration with them. */
import type { ConfigPatch, DelayMap } from './schema.ts';

type Filled<Value> = Value extends readonly unknown[]
  ? Value
  : Value extends object
    ? { readonly [Key in keyof Value]-?: Filled<Value[Key]> }
    : Value;
type Part<Key extends keyof ConfigPatch> = Required<ConfigPatch>[Key];

type ServerPart = Required<Part<'server'>>;
type CommandKey = 'command' | 'cwd' | 'env' | 'port' | 'readyPath' | 'readyTimeout';
export type FilledStrategy = Filled<Part<'strategy'>>;
export type FilledBundledServer = Filled<Omit<ServerPart, CommandKey | 'url' | 'kind' | 'response'>> & {
  readonly kind: 'node' | 'reference';
  readonly response: Filled<Omit<ServerPart['response'], 'delay'>> & { readonly delay: string | DelayMap };
};
export type FilledCommandServer = { readonly kind: 'command' } & Filled<Pick<ServerPart, CommandKey>>;
export type FilledServer =
  FilledBundledServer | FilledCommandServer | ({ readonly kind: 'external' } & Pick<ServerPart, 'url'>);
export type FilledNetwork = Filled<Part<'network'>>;
type LoadPart = Filled<Part<'load'>>;
type LoadShape = Pick<LoadPart, 'warmUp' | 'duration' | 'workers' | 'request'>;
export type FilledLoad =
  | ({ readonly model: 'open' } & Pick<LoadPart, 'rate' | 'arrivals'> & LoadShape)
  | ({ readonly model: 'closed' } & Pick<LoadPart, 'users' | 'thinkTime'> & LoadShape);

/** A configuration with every knob given, in the form of the file: it could be pasted back under `base`. */
export type FilledConfig = Readonly<{
  client: Part<'client'>;
  strategy: FilledStrategy;
  server: FilledServer;
  network: FilledNetwork;
  load: FilledLoad;
}>;

export const defaultStrategy: FilledStrategy = {
  protocol: 'http/1.1',
  connection: 'keep-alive',
  pool: {
    size: 32,
    scope: 'shared',
    order: 'lifo',
    idleTimeout: '4s',
    maxRequests: 'unlimited',
    maxLifetime: 'unlimited',
    prefetch: false,
    queueLimit: 'unlimited',
    queueTimeout: '30s',
  },
  honourHint: true,
  retry: 'none',
  closeWith: 'fin',
  pipelining: 1,
  tls: 'off',
  tcp: { noDelay: true, keepAlive: 'off', fastOpen: false },
  timeouts: { connect: '10s', response: '30s' },
};

export const defaultServer: FilledBundledServer = {
  kind: 'node',
  keepAliveTimeout: 'default',
  maxRequestsPerSocket: 'unlimited',
  headersTimeout: 'default',
  requestTimeout: 'default',
  maxConnections: 'unlimited',
  backlog: 'default',
  firstCloser: 'server',
  response: { size: '1kB', framing: 'length', delay: '0s' },
};

/** Beside these a command has to be given. */
export const defaultCommand = { cwd: '.', env: {}, port: 8080, readyPath: 'none', readyTimeout: '10s' } as const;

export const defaultNetwork: FilledNetwork = {
  mode: 'auto',
  rtt: '0s',
  jitter: '0s',
  bandwidth: 'unlimited',
  queue: '256kB',
  loss: '0%',
  reorder: '0%',
  duplicate: '0%',
  congestionControl: 'cubic',
  middlebox: 'off',
  sysctls: { client: {}, server: {} },
};

const defaultShape: LoadShape = {
  warmUp: '2s',
  duration: '10s',
  workers: 1,
  request: { method: 'GET', path: '/' },
};
/** Where there is a middlebox: what Azure's load balancer does unless told otherwise. */
const defaultMiddlebox = { idleTimeout: '4m', then: 'drop' } as const;
export const defaultOpenLoad = { model: 'open', rate: '500/s', arrivals: 'poisson', ...defaultShape } as const;
export const defaultClosedLoad = { model: 'closed', users: 50, thinkTime: '0s', ...defaultShape } as const;

export const defaultClient: FilledConfig['client'] = 'reference';
export const defaultBlocks = 1;

/** Fills in every default. Keys of the other load model are left out: whether they may stand is a rule's business. */
export function fillDefaults(patch: ConfigPatch): FilledConfig {
  return {
    client: patch.client ?? defaultClient,
    strategy: fillStrategy(patch.strategy ?? {}),
    server: fillServer(patch.server ?? {}),
    network: fillNetwork(patch.network ?? {}),
    load: fillLoad(patch.load ?? {}),
  };
}

function fillStrategy(patch: Part<'strategy'>): FilledStrategy {
  return {
    ...defaultStrategy,
    ...patch,
    pool: { ...defaultStrategy.pool, ...patch.pool },
    tcp: { ...defaultStrategy.tcp, ...patch.tcp },
    timeouts: { ...defaultStrategy.timeouts, ...patch.timeouts },
  };
}

function fillServer(patch: Part<'server'>): FilledServer {
  const { kind = defaultServer.kind, command, cwd, env, port, readyPath, readyTimeout, url, ...bundled } = patch;
  // A command or url that is missing breaks a rule.
  if (kind === 'external') return { kind, url: url ?? '' };
  if (kind === 'command') {
    return {
      kind,
      command: command ?? [],
      cwd: cwd ?? defaultCommand.cwd,
      env: env ?? defaultCommand.env,
      port: port ?? defaultCommand.port,
      readyPath: readyPath ?? defaultCommand.readyPath,
      readyTimeout: readyTimeout ?? defaultCommand.readyTimeout,
    };
  }
  return { ...defaultServer, ...bundled, kind, response: { ...defaultServer.response, ...bundled.response } };
}

function fillNetwork(patch: Part<'network'>): FilledNetwork {
  const { middlebox = defaultNetwork.middlebox, sysctls, ...knobs } = patch;
  return {
    ...defaultNetwork,
    ...knobs,
    middlebox: middlebox === 'off' ? middlebox : { ...defaultMiddlebox, ...middlebox },
    sysctls: { ...defaultNetwork.sysctls, ...sysctls },
  };
}

function fillLoad(patch: Part<'load'>): FilledLoad {
  const { model = 'open', rate, arrivals, users, thinkTime, request, ...times } = patch;
  const shape = { ...defaultShape, ...times, request: { ...defaultShape.request, ...request } };
  if (model === 'open') {
    const { rate: defaultRate, arrivals: defaultArrivals } = defaultOpenLoad;
    return { model, rate: rate ?? defaultRate, arrivals: arrivals ?? defaultArrivals, ...shape };
  }
  const { users: defaultUsers, thinkTime: defaultThinkTime } = defaultClosedLoad;
  return { model, users: users ?? defaultUsers, thinkTime: thinkTime ?? defaultThinkTime, ...shape };
}
