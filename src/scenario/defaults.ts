/** The default of every knob, as text in the form of the file, and the filling of a configuration with them. */
import type { ClientTable, LoadTable } from './clients/table.ts';
import { clientTables } from './clients/tables.ts';
import { clientDetails, fillClient, fillStrategy, ownDefault, type FilledClient } from './fill-strategy.ts';
import type { ShapeMap } from './load-schema.ts';
import type { ConfigPatch, DelayMap } from './schema.ts';
import type { FaultItem } from './server-schema.ts';
import { fillPolicies, type FilledPolicies, type PolicyKey } from './server-policies.ts';
import { fillAttacker, type FilledAttacker } from './attackers-schema.ts';
import { fillHop, type FilledHop } from './via.ts';

type Filled<Value> = Value extends readonly unknown[]
  ? Value
  : Value extends object
    ? { readonly [Key in keyof Value]-?: Filled<Value[Key]> }
    : Value;
type Part<Key extends keyof ConfigPatch> = Required<ConfigPatch>[Key];

type ServerPart = Required<Part<'server'>>;
type CommandKey = 'command' | 'cwd' | 'env' | 'port' | 'readyPath' | 'readyTimeout';
type StrategyPart = Required<Part<'strategy'>>;
type NeutralOfPool = 'maxLifetimeJitter' | 'validate';
type NeutralOfTcp = 'userTimeout' | 'sourceAddresses';
type Maybe<Map, Keys extends keyof Map> = Readonly<Required<Omit<Map, Keys>>> & { readonly [Key in Keys]?: Map[Key] };
export interface FilledTls {
  readonly version: '1.2' | '1.3';
  readonly resumption: 'none' | 'session' | 'early-data';
}
/** Knobs that came later are left out where they ask for nothing. */
export type FilledStrategy = Readonly<Omit<StrategyPart, 'pool' | 'tls' | 'tcp' | 'timeouts'>> & {
  readonly pool: Maybe<StrategyPart['pool'], NeutralOfPool>;
  readonly tls: 'off' | FilledTls;
  readonly tcp: Maybe<StrategyPart['tcp'], NeutralOfTcp>;
  readonly timeouts: Filled<StrategyPart['timeouts']>;
};
type DetailKey = 'faults' | 'tls' | 'http2' | PolicyKey;
export type FilledBundledServer = Filled<
  Omit<ServerPart, CommandKey | DetailKey | 'ca' | 'url' | 'kind' | 'response'>
> & {
  readonly kind: 'node' | 'reference';
  readonly response: Filled<Omit<ServerPart['response'], 'delay'>> & { readonly delay: string | DelayMap };
  /** Where there are any. */
  readonly faults?: readonly FaultItem[];
  /** Where the strategy has tls. */
  readonly tls?: Filled<ServerPart['tls']>;
  /** Where the protocol is h2. */
  readonly http2?: Filled<ServerPart['http2']>;
} & FilledPolicies;
/** File of certificates; absent: those of the system. */
interface WithCa {
  readonly ca?: string;
}
export type FilledCommandServer = { readonly kind: 'command' } & Filled<Pick<ServerPart, CommandKey>> & WithCa;
type FilledExternalServer = { readonly kind: 'external' } & Pick<ServerPart, 'url'> & WithCa;
export type FilledServer = FilledBundledServer | FilledCommandServer | FilledExternalServer;
export type FilledNetwork = Filled<Part<'network'>>;

type LoadPart = Required<Part<'load'>>;
/** Where warm-up does not wait until the load is steady, the key is left out. */
type LoadTimes = Readonly<Pick<LoadPart, 'warmUp' | 'duration' | 'workers'>> & {
  readonly steady?: string;
  /** Where nothing leaks, the key is left out. */
  readonly leak?: FilledLeak;
};
interface FilledLeak {
  readonly share: string;
  readonly collect: string;
}
type RequestPart = LoadPart['request'];
/** Body and fields stand where they are given. */
export type FilledRequest = Readonly<
  Required<Pick<RequestPart, 'method' | 'path'>> & Pick<RequestPart, 'body' | 'headers'>
>;
export type FilledAlternative = { readonly weight: number } & FilledRequest;
type FilledRequests = { readonly request: FilledRequest } | { readonly requests: readonly FilledAlternative[] };
/** The hash is there once the file was read. */
interface FilledTrace {
  readonly file: string;
  readonly sha256?: string;
}
/** A shape that is steady is left out. */
type FilledArrivals =
  (Readonly<Pick<LoadPart, 'rate' | 'arrivals'>> & { readonly shape?: ShapeMap }) | { readonly trace: FilledTrace };
export type FilledOpenLoad = { readonly model: 'open' } & FilledArrivals & LoadTimes & FilledRequests;
export type FilledClosedLoad = { readonly model: 'closed' } & Readonly<Pick<LoadPart, 'users' | 'thinkTime'>> & {
    readonly page?: { readonly assets: number };
  } & LoadTimes &
  FilledRequests;
export type FilledLoad = FilledOpenLoad | FilledClosedLoad;

/** A configuration with every knob given, in the form of the file: it could be pasted back under `base`. */
export type FilledConfig = Readonly<{
  client: FilledClient;
  strategy: FilledStrategy;
  /** Where there are any. */
  via?: readonly FilledHop[];
  server: FilledServer;
  network: FilledNetwork;
  load: FilledLoad;
  /** Where there are any. */
  attackers?: readonly FilledAttacker[];
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

/** Where there is encryption: what most clients do. */
export const defaultTls: FilledTls = { version: '1.3', resumption: 'session' };

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

export const defaultServerTls = { sessionTickets: true, earlyData: 'off', certificate: 'ecdsa' } as const;
export const defaultServerHttp2 = { maxConcurrentStreams: 100 } as const;
/** Of the knobs that are left out of a filled strategy. */
export const neutralStrategy = {
  pool: { maxLifetimeJitter: '0%', validate: false },
  tcp: { userTimeout: 'default', sourceAddresses: 1 },
} as const;

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

export const defaultSteady = 'off';
const defaultTimes: LoadTimes = { warmUp: '2s', duration: '10s', workers: 1 };
const defaultRequest = { method: 'GET', path: '/' } as const;
const defaultWeight = 1;
/** Where there is a middlebox: what Azure's load balancer does unless told otherwise. */
const defaultMiddlebox = { idleTimeout: '4m', then: 'drop' } as const;
export const defaultOpenLoad = {
  model: 'open',
  rate: '500/s',
  arrivals: 'poisson',
  ...defaultTimes,
  request: defaultRequest,
} as const;
export const defaultClosedLoad = {
  model: 'closed',
  users: 50,
  thinkTime: '0s',
  ...defaultTimes,
  request: defaultRequest,
} as const;

export const defaultClient = 'reference';
export const defaultBlocks = 1;

/** Fills in every default. Keys of the other load model are left out: whether they may stand is a rule's business. */
export function fillDefaults(patch: ConfigPatch): FilledConfig {
  const client = fillClient(patch.client);
  const load = fillLoad(patch.load ?? {}, clientTables[clientDetails(client).name]);
  const strategy = fillStrategy(patch.strategy ?? {}, client, load);
  return {
    client,
    strategy,
    ...(patch.via === undefined || patch.via.length === 0 ? {} : { via: patch.via.map(fillHop) }),
    server: fillServer(patch.server ?? {}, strategy),
    network: fillNetwork(patch.network ?? {}),
    load,
    ...(patch.attackers === undefined || patch.attackers.length === 0
      ? {}
      : { attackers: patch.attackers.map(fillAttacker) }),
  };
}

function fillServer(patch: Part<'server'>, strategy: FilledStrategy): FilledServer {
  const { kind = defaultServer.kind, command, cwd, env, port, readyPath, readyTimeout, url, ca, ...bundled } = patch;
  const trusted = ca === undefined ? {} : { ca };
  // A command or url that is missing breaks a rule.
  if (kind === 'external') return { kind, url: url ?? '', ...trusted };
  if (kind === 'command') {
    return {
      kind,
      command: command ?? [],
      cwd: cwd ?? defaultCommand.cwd,
      env: env ?? defaultCommand.env,
      port: port ?? defaultCommand.port,
      readyPath: readyPath ?? defaultCommand.readyPath,
      readyTimeout: readyTimeout ?? defaultCommand.readyTimeout,
      ...trusted,
    };
  }
  const {
    tls,
    http2,
    faults = [],
    shed,
    evictIdle,
    acceptPause,
    nofile,
    drain,
    connectionsCheckingInterval,
    ...knobs
  } = bundled;
  return {
    ...defaultServer,
    ...knobs,
    kind,
    response: { ...defaultServer.response, ...knobs.response },
    ...(faults.length === 0 ? {} : { faults }),
    ...fillPolicies({ shed, evictIdle, acceptPause, nofile, drain, connectionsCheckingInterval }),
    ...(strategy.tls === 'off' ? {} : { tls: { ...defaultServerTls, ...tls } }),
    ...(strategy.protocol === 'h2' ? { http2: { ...defaultServerHttp2, ...http2 } } : {}),
  };
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

function fillLoad(patch: Part<'load'>, { load: table }: ClientTable): FilledLoad {
  const { model = 'open', warmUp, steady = defaultSteady, duration, workers, users, thinkTime, page } = patch;
  const rest = {
    warmUp: warmUp ?? defaultTimes.warmUp,
    ...(steady === defaultSteady ? {} : { steady }),
    duration: duration ?? defaultTimes.duration,
    workers: workers ?? defaultTimes.workers,
    ...fillLeak(patch.leak),
    ...fillRequests(patch),
  };
  if (model === 'open')
    return { model, ...fillArrivals({ ...patch, arrivals: patch.arrivals ?? arrivalsOf(table) }), ...rest };
  return {
    model,
    users: users ?? defaultClosedLoad.users,
    thinkTime: thinkTime ?? defaultClosedLoad.thinkTime,
    // A page without its assets breaks a rule.
    ...(page === undefined ? {} : { page: { assets: page.assets ?? 0 } }),
    ...rest,
  };
}

/** A leak without its share breaks a rule; one of nothing is none, so that its results compare with those of a load without it. */
function fillLeak(leak: LoadPart['leak'] | undefined): { readonly leak?: FilledLeak } {
  const { share = 'missing', collect = 'never' } = leak ?? {};
  return leak === undefined || share === '0%' ? {} : { leak: { share, collect } };
}

/** How requests are spaced where the file does not say. */
function arrivalsOf(table: LoadTable): 'constant' | 'poisson' {
  return ownDefault(table.arrivals) === 'constant' ? 'constant' : defaultOpenLoad.arrivals;
}

function fillArrivals({ rate, arrivals, shape, trace }: Part<'load'>): FilledArrivals {
  // A trace without its file breaks a rule.
  if (trace !== undefined) return { trace: typeof trace === 'string' ? { file: trace } : { file: '', ...trace } };
  return {
    rate: rate ?? defaultOpenLoad.rate,
    arrivals: arrivals ?? defaultOpenLoad.arrivals,
    ...(shape === undefined || shape === 'steady' ? {} : { shape }),
  };
}

function fillRequests({ request, requests }: Part<'load'>): FilledRequests {
  if (requests === undefined) return { request: { ...defaultRequest, ...request } };
  return { requests: requests.map((one) => ({ weight: defaultWeight, ...defaultRequest, ...one })) };
}
