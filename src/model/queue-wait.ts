/** How long requests wait for a connection of the pool: M/M/c and its kin, with the pool's size as c. */
import type { TrialConfig } from '../scenario/config.ts';
import type { TrialRecord } from '../results/record.ts';
import { delayMoments } from './delays.ts';
import { isBundled } from './endings.ts';
import { erlangC, exponentialWaitQuantile, generalWait, meanWaitError, type QueueLoad } from './erlang.ts';
import { enoughDraws, isMultiplexed, poissonPool } from './loads.ts';
import { assumption, type Assumption, type Theory } from './prediction.ts';
import { nothingFailed } from './trial-facts.ts';

const metric = 'latency.connectionWait.mean';
/** Where fewer have to wait, their wait is lost among the microseconds that every request takes to get its connection. */
const fewestWaiting = 0.02;
/** Service times this near to the variation of an exponential distribution are taken as such. */
const tolerance = 0.1;

/** Empty where the load is none of a steady Poisson process on a limited pool, or hardly any request would wait. */
export function queueWaits(config: TrialConfig, record: TrialRecord): readonly Theory[] {
  const { size } = config.strategy.pool;
  const open = poissonPool(config, record);
  if (open === null || size === Infinity || isMultiplexed(config)) return [];
  const servers = Math.max(1, Math.round(size / config.load.workers));
  const ratePerSecond = open.ratePerSecond / config.load.workers;
  const queue: QueueLoad = { servers, offered: (ratePerSecond * open.holdingMs) / 1000, serviceTime: open.holdingMs };
  const utilisation = queue.offered / servers;
  const busy = `${queue.offered.toPrecision(3)} of ${servers} connections are busy: ${ratePerSecond.toPrecision(3)}/s x ${open.holdingMs.toPrecision(3)} ms, measured`;
  if (utilisation >= 1) return [noSteadyState(busy)];
  if (erlangC(servers, queue.offered) < fewestWaiting) return [];
  const variation = variationOf(config, open.holdingMs);
  const isExponential = variation !== null && Math.abs(variation - 1) <= tolerance;
  const common = [
    assumption('the pool keeps up', true, busy),
    nothingFailed(config, record),
    assumption('arrivals are random (Poisson)', config.load.workers === 1 ? true : null, arrivalText(config)),
    serviceText(variation),
  ];
  const counted = record.latency.connectionWait?.count ?? 0;
  const error = meanWaitError(queue, variation ?? 1, Math.max(1, counted));
  const assumptions = [...common, enoughDraws(error, `${counted} requests, whose waits depend on each other`)];
  const mean: Theory = {
    name: 'wait for a connection, mean',
    metric,
    predicted: (isExponential ? generalWait(queue, 1) : generalWait(queue, variation ?? 1)) * 1e6,
    formula: formulaOf(variation, isExponential),
    source: isExponential
      ? 'M/M/c, Erlang 1917; Kleinrock, Queueing Systems 1, 1975, 3.5'
      : 'M/G/c: Tijms, Stochastic Models, 1994, 4.3; Cosmetatos 1975; Allen-Cunneen above a variation of 1',
    assumptions,
  };
  if (!isExponential) return [mean];
  const p99: Theory = {
    ...mean,
    name: 'wait for a connection, p99',
    metric: 'latency.connectionWait.p99',
    predicted: exponentialWaitQuantile(queue, 0.99) * 1e6,
    formula: 's / (c - a) ln(C / 0.01): P(W > t) = C exp(-(c - a) t / s)',
    assumptions: [
      ...common,
      enoughDraws(Math.max(error, 1 / Math.sqrt(Math.max(1, counted / 100))), `${counted} requests`),
    ],
  };
  return [mean, p99];
}

function noSteadyState(busy: string): Theory {
  return {
    name: 'wait for a connection, mean',
    metric,
    predicted: null,
    formula: 'none: the queue grows for as long as the load lasts',
    source: 'Kleinrock, Queueing Systems 1, 1975, 3.5',
    assumptions: [assumption('the pool keeps up: a steady state exists', false, busy)],
  };
}

function arrivalText({ load }: TrialConfig): string {
  return load.workers === 1
    ? 'load.arrivals is poisson'
    : `${load.workers} workers have a share of arrivals and pool each`;
}

/** Squared coefficient of variation of the time that a connection is held: only the server's delay varies. Null of an unknown server. */
function variationOf({ server }: TrialConfig, holdingMs: number): number | null {
  return isBundled(server) ? delayMoments(server.response.delay).variance / holdingMs ** 2 : null;
}

function serviceText(variation: number | null): Assumption {
  const text = 'only the delay of the server makes service times differ';
  if (variation === null) return assumption(text, null, 'a program of its own: taken as exponential');
  return assumption(text, true, `variance / mean squared is ${Number(variation.toPrecision(2))}`);
}

function formulaOf(variation: number | null, isExponential: boolean): string {
  if (isExponential || variation === null) return 'C(c, a) s / (c - a), a = rate x s';
  if (variation > 1)
    return '(1 + v) / 2 x C(c, a) s / (c - a), v the variation of the service time; usually within 10 %';
  return 'v W(M/M/c) + (1 - v) W(M/D/c), v the variation of the service time; within a few per cent';
}
