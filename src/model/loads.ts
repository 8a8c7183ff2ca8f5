/** What of a trial's load the formulae need: who shares a connection with whom, how arrivals come, how long a request holds its connection. */
import type { ClosedLoadConfig, TrialConfig } from '../scenario/config.ts';
import type { TrialRecord } from '../results/record.ts';
import { pauseOf, type Pause } from './pauses.ts';
import { assumption, type Assumption } from './prediction.ts';
import { meanMs } from './trial-facts.ts';

/** Several requests may be under way on one connection. */
export function isMultiplexed({ strategy }: TrialConfig): boolean {
  return strategy.protocol === 'h2' || (strategy.pipelining ?? 1) > 1;
}

export interface LonelyUser {
  readonly load: ClosedLoadConfig;
  readonly pause: Pause;
}

/** Users of a closed load each of whom has one connection, so that the user's pause is the connection's. */
export function lonelyUser({ strategy, load }: TrialConfig): LonelyUser | null {
  if (load.model !== 'closed' || load.page !== undefined) return null;
  const { scope, size } = strategy.pool;
  return scope === 'session' && size === 1 ? { load, pause: pauseOf(load) } : null;
}

interface PoissonPool {
  readonly ratePerSecond: number;
  /** From the moment a request has a connection, or one is being opened for it, to its last byte: the mean, measured. */
  readonly holdingMs: number;
}

/** An open load of a steady rate and random arrivals on one shared pool; null for every other. */
export function poissonPool({ load, strategy }: TrialConfig, record: TrialRecord): PoissonPool | null {
  if (load.model !== 'open' || load.arrivals !== 'poisson' || load.trace !== undefined) return null;
  if ((load.shape !== undefined && load.shape.kind !== 'steady') || strategy.pool.scope !== 'shared') return null;
  const holdingMs = holdingTimeMs(record);
  return holdingMs === null ? null : { ratePerSecond: load.ratePerSecond, holdingMs };
}

/** The mean time for which a request holds a connection. */
export function holdingTimeMs({ latency }: TrialRecord): number | null {
  const service = meanMs(latency.service);
  return service === null ? null : service - (meanMs(latency.connectionWait) ?? 0);
}

/** Standard errors, as shares of the figure: up to the first a ratio tells of the formula, beyond the second of chance. */
const errors = { small: 0.05, large: 0.15 } as const;

export function enoughDraws(error: number, of: string): Assumption {
  const because = `a standard error of ${percent(error)} with ${of}`;
  const holds = error <= errors.small ? true : error <= errors.large ? null : false;
  return assumption('chance moves the figure by less than 5 %', holds, because);
}

export function percent(share: number): string {
  const value = share * 100;
  return `${Number(value.toPrecision(2))} %`;
}

/** Whether connections are wanted at the same rate all the time; null where the answers decide. */
export function steadyDemand({ load }: TrialConfig): boolean | null {
  if (load.model === 'closed') return null;
  return load.trace === undefined && (load.shape === undefined || load.shape.kind === 'steady');
}
