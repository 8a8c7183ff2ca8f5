/** Undici's dispatcher for a strategy: Pool, Agent or RoundRobinPool with the options that say the same as the scenario's knobs. */
import type { Dispatcher } from 'undici';
import type { ClientOption, StrategyConfig } from '../scenario/config.ts';
import { UserError } from '../scenario/user-error.ts';
import type { BuiltConnector, UndiciPackage } from './undici-package.ts';

/** The longest time that a timer of Node's takes. */
const longestTimerMs = 2 ** 31 - 1;

export type UndiciOptions = Readonly<Record<string, ClientOption>>;

/** What is passed on to undici by its own names; null: its default stands. */
export type UndiciSettings = Readonly<Record<string, string | number | boolean | null>>;

/** Options that this project reads itself; every other one is passed on. */
const ownOptions = ['dispatcher', 'maxRetries', 'minTimeout'];

/** Which of undici's dispatchers: one that takes connections in turn, or the one that the options name. */
export function dispatcherKind({ pool }: StrategyConfig, options: UndiciOptions): string {
  if (pool.order === 'fifo') return 'RoundRobinPool';
  return String(options['dispatcher'] ?? 'Pool');
}

/** What a RetryAgent is told; null: there is none. */
export function retrySettings(options: UndiciOptions): UndiciSettings | null {
  const { maxRetries = null, minTimeout = null } = options;
  return maxRetries === null ? null : { maxRetries, minTimeout };
}

/**
 * The options of the pool by their names in undici. `connections`: most of one pool, Infinity for no limit. Undici retires a connection with
 * the request after the one whose number is `maxRequestsPerClient` (lib/dispatcher/client-h1.js, writeH1), so it is told one less.
 */
export function poolSettings(strategy: StrategyConfig, connections: number, options: UndiciOptions): UndiciSettings {
  const { pool, connection, pipelining = 1 } = strategy;
  const settings: Record<string, string | number | boolean | null> = {
    connections: connections === Infinity ? null : connections,
    pipelining: connection === 'close' ? 0 : pipelining,
    keepAliveTimeout: Math.min(pool.idleTimeoutMs, longestTimerMs),
    maxRequestsPerClient: pool.maxRequests === Infinity ? null : pool.maxRequests - 1,
    clientTtl: pool.maxLifetimeMs === Infinity ? null : pool.maxLifetimeMs,
  };
  for (const [name, value] of Object.entries(options)) {
    if (!ownOptions.includes(name)) settings[name] = value;
  }
  return settings;
}

/** The options of its connections by their names in undici, but for the certificates. */
export function connectSettings({ tcp, tls, timeouts }: StrategyConfig): UndiciSettings {
  return {
    timeout: timeouts.connectMs === Infinity ? 0 : timeouts.connectMs,
    keepAlive: tcp.keepAliveMs !== null,
    ...(tcp.keepAliveMs === null ? {} : { keepAliveInitialDelay: tcp.keepAliveMs }),
    allowH2: false,
    ...(tls === undefined
      ? {}
      : {
          minVersion: `TLSv${tls.version}`,
          maxVersion: `TLSv${tls.version}`,
          maxCachedSessions: tls.resumption === 'none' ? 0 : null,
        }),
  };
}

export interface DispatcherSetup {
  readonly undici: UndiciPackage;
  readonly origin: string;
  readonly kind: string;
  readonly settings: UndiciSettings;
  readonly connect: BuiltConnector;
}

/** Throws a UserError where this version of undici has not what is asked for. */
export function assertSupported(
  undici: UndiciPackage,
  kind: string,
  { clientTtl }: UndiciSettings,
  retries: UndiciSettings | null,
): void {
  if (retries !== null && undici.RetryAgent === undefined) throw tooOld(undici, 'RetryAgent (maxRetries)', '6.7.0');
  if (clientTtl !== null && !isAtLeast(undici, 7, 10)) throw tooOld(undici, 'clientTtl (pool.maxLifetime)', '7.10.0');
  if (kind === 'RoundRobinPool' && undici.RoundRobinPool === undefined) {
    throw tooOld(undici, 'RoundRobinPool (pool.order fifo)', '7.17.0');
  }
}

/** Makes a dispatcher of what is supported. */
export function createDispatcher({ undici, origin, kind, settings, connect }: DispatcherSetup): Dispatcher {
  const options = { ...withoutNulls(settings), connect };
  const { Pool, Agent, RoundRobinPool } = undici;
  if (kind === 'Pool') return new Pool(origin, options);
  if (kind === 'Agent') return new Agent(options);
  if (kind === 'RoundRobinPool' && RoundRobinPool !== undefined) return new RoundRobinPool(origin, options);
  throw new Error(`no dispatcher of undici ${undici.version} is called ${kind}`);
}

/** Null stands for undici's default, which some of its options take for a value. */
export function withoutNulls(settings: UndiciSettings): Readonly<Record<string, string | number | boolean>> {
  const given: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(settings)) {
    if (value !== null) given[name] = value;
  }
  return given;
}

function isAtLeast({ major, minor }: UndiciPackage, wantedMajor: number, wantedMinor: number): boolean {
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function tooOld({ version }: UndiciPackage, what: string, since: string): UserError {
  return new UserError('CLIENT_VERSION', `undici ${version} has no ${what}: it came with ${since}.`);
}
