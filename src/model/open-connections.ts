/** How many connections a trial has open on average: Little's law, and how long a connection idles in a pause. */
import type { TrialConfig } from '../scenario/config.ts';
import type { TrialRecord } from '../results/record.ts';
import { derivedMetrics } from '../scenario/metrics.ts';
import { idleLimit, requestLimit, type IdleLimit } from './endings.ts';
import {
  enoughDraws,
  holdingTimeMs,
  isMultiplexed,
  lonelyUser,
  percent,
  poissonPool,
  steadyDemand,
  type LonelyUser,
} from './loads.ts';
import { knownEnd } from './opening.ts';
import { meanIdleMs, meanPauseMs, type Pause } from './pauses.ts';
import { assumption, type Theory } from './prediction.ts';
import { meanMs, nothingFailed } from './trial-facts.ts';

interface Trial {
  readonly config: TrialConfig;
  readonly record: TrialRecord;
}

const littlesLaw = "Little's law (Little, Operations Research 9, 1961)";

/** How many connections are open on average over measure; null where there is nothing to say. */
export function openConnections(config: TrialConfig, record: TrialRecord): Theory | null {
  if (isMultiplexed(config) || record.throughput === null) return null;
  const holdingMs = holdingTimeMs(record);
  if (holdingMs === null) return null;
  const user = lonelyUser(config);
  if (requestLimit(config)?.requests === 1) return openWhileServed(config, record, holdingMs);
  const idle = idleLimit(config, record);
  const isLimited = requestLimit(config) !== null || config.strategy.pool.maxLifetimeMs < Infinity;
  if (user !== null) return isLimited ? null : openOfUsers({ config, record }, user, idle, holdingMs);
  return config.load.model === 'open' && idle.limitMs < Infinity
    ? openOfPool({ config, record }, idle, holdingMs)
    : null;
}

function openWhileServed(config: TrialConfig, record: TrialRecord, holdingMs: number): Theory {
  const perSecond = record.throughput?.achievedPerSecond ?? 0;
  // The server has the connection from the end of the handshake until its response is out: a round trip less than the request takes.
  const rttMs = record.mode === 'lab' ? config.network.link.rttMs : 0;
  // Who closes over TLS says so first (close_notify), and the client's word comes a round trip later.
  const isGoneAtOnce = requestLimit(config)?.closer === 'server' && config.strategy.tls === undefined;
  // The answer to early data is out a round trip before the handshake is over, and with it what can be closed.
  const waitsForClient = isGoneAtOnce ? 0 : rttMs * (1 + earlyShare(record));
  const servedMs = Math.max(0, holdingMs - (meanMs(record.latency.connect) ?? 0) - rttMs + waitsForClient);
  const open = (perSecond * servedMs) / 1000;
  return {
    name: 'open connections, mean',
    metric: derivedMetrics.meanOpen,
    predicted: open,
    formula: `L = lambda W: requests per second x time from the accept to the close: the request less connect${isGoneAtOnce ? ' and the round trip' : ', as the server waits for the end of the client'} (measured)`,
    source: littlesLaw,
    assumptions: [
      nothingFailed(config, record),
      assumption(
        'there are enough for the samples to see them',
        open >= 5,
        `${open.toPrecision(3)} at a time; descriptors are counted ten times a second`,
      ),
      assumption(
        'requests come at a steady rate, so that the samples see the mean',
        steadyDemand(config) !== false,
        `load.model is ${config.load.model}`,
      ),
    ],
  };
}

/** Of the handshakes: those whose early data the server took. */
function earlyShare({ connections }: TrialRecord): number {
  const counts = connections?.tls ?? null;
  const done = counts === null ? 0 : counts.full + counts.resumed;
  return counts === null || done === 0 ? 0 : counts.earlyData / done;
}

function openOfUsers(
  { config, record }: Trial,
  { load, pause }: LonelyUser,
  idle: IdleLimit,
  holdingMs: number,
): Theory {
  const cycleMs = meanPauseMs(pause) + holdingMs;
  const share = cycleMs === 0 ? 1 : (holdingMs + meanIdleMs(pause, idle.limitMs)) / cycleMs;
  const cycles = load.durationMs / cycleMs;
  const error = Math.sqrt((1 - share) / (share * load.users * (1 + cycles / 2)));
  const random = pause.distribution !== 'constant';
  const late = notBegunShare(pause, record.steady?.warmUpMs ?? load.warmUpMs, load.durationMs);
  return {
    name: 'open connections, mean',
    metric: derivedMetrics.meanOpen,
    predicted: load.users * share,
    formula: 'users x (service + E[min(pause, idle limit)]) / (service + E[pause]), the service measured',
    source: littlesLaw,
    assumptions: [
      nothingFailed(config, record),
      assumption(
        'every user has begun before measure',
        late < 0.02,
        `${percent(late)} of the users' time in measure is before their first request`,
      ),
      knownEnd(idle),
      ...(random ? [enoughDraws(error, `${load.users} users`)] : []),
    ],
  };
}

/** Share of measure before a user's first request, over all users: their first pauses are what is left of one under way. */
function notBegunShare(pause: Pause, warmUpMs: number, durationMs: number): number {
  const meanPause = meanPauseMs(pause);
  if (meanPause === 0) return 0;
  // P(first pause > t): of a constant one uniform; of the others about exponential.
  const steps = 200;
  let sum = 0;
  for (let step = 0; step < steps; step++) {
    const atMs = warmUpMs + ((step + 0.5) / steps) * durationMs;
    sum += pause.distribution === 'constant' ? Math.max(0, 1 - atMs / meanPause) : Math.exp(-atMs / meanPause);
  }
  return sum / steps;
}

function openOfPool({ config, record }: Trial, idle: IdleLimit, holdingMs: number): Theory | null {
  const theory = { name: 'open connections, mean', metric: derivedMetrics.meanOpen };
  const pool = poissonPool(config, record);
  const utilisation = pool === null ? 1 : (pool.ratePerSecond * holdingMs) / 1000;
  if (pool !== null && config.strategy.pool.size === 1 && utilisation < 1) {
    return {
      ...theory,
      predicted: utilisation + (1 - utilisation) * (1 - Math.exp((-pool.ratePerSecond * idle.limitMs) / 1000)),
      formula: 'u + (1 - u)(1 - exp(-rate x idle limit)): busy, or idle for less than the limit',
      source:
        'M/G/1: idle periods are exponential with the rate of arrivals (Kleinrock, Queueing Systems 1, 1975, 5.9)',
      assumptions: [nothingFailed(config, record), knownEnd(idle)],
    };
  }
  const of =
    config.strategy.pool.order === 'lifo'
      ? 'last in, first out: as many are open as were busy at once at some moment within the idle limit, a maximum of a random process'
      : `${config.strategy.pool.order}: every connection is used in turn, so that the pool keeps what its last peak has opened`;
  return {
    ...theory,
    predicted: null,
    formula: 'none',
    source: 'M/G/infinity has a closed form for the busy connections, not for the idle ones',
    assumptions: [assumption('a closed form is known', false, of)],
  };
}
