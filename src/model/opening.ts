/** How many connections a trial opens per request: by limits of requests and of age, and by idle limits. */
import type { TrialConfig } from '../scenario/config.ts';
import type { TrialRecord } from '../results/record.ts';
import { derivedMetrics } from '../scenario/metrics.ts';
import { idleLimit, requestLimit, type IdleLimit, type RequestLimit } from './endings.ts';
import { enoughDraws, isMultiplexed, lonelyUser, percent, poissonPool, type LonelyUser } from './loads.ts';
import { meanPauseMs, shareWithin, type Pause } from './pauses.ts';
import { assumption, type Assumption, type Theory } from './prediction.ts';
import { meanMs, nothingFailed, sentOf } from './trial-facts.ts';

/** Connections opened per request sent, and what ends them. */
export interface Opening {
  readonly perRequest: number;
  readonly ending: Pick<RequestLimit | IdleLimit, 'closer' | 'because'>;
  readonly theory: Theory;
}

const openedPerRequest = { name: 'connections opened per request', metric: derivedMetrics.openedPerRequest } as const;
const renewal =
  'Renewal theory: a connection is opened, used until its limit, and opened anew (Cox, Renewal Theory, 1962)';

/** Null where no closed form is known for these settings. */
export function openingOf(config: TrialConfig, record: TrialRecord): Opening | null {
  const sent = sentOf(record);
  if (sent === null || sent === 0 || record.connections === null || isMultiplexed(config)) return null;
  // HTTP/1.0 persists only where server and response allow it.
  if (config.strategy.protocol === 'http/1.0' && config.strategy.connection === 'keep-alive') return null;
  const limit = requestLimit(config);
  const idle = idleLimit(config, record);
  if (limit?.requests === 1) return everyRequest(config, record, limit);
  const parts = { config, record, sent };
  if (config.strategy.pool.maxLifetimeMs < Infinity) return limit === null ? byAge(parts, idle) : null;
  if (limit !== null) return byRequests(parts, limit, idle);
  if (idle.limitMs === Infinity) return null;
  const user = lonelyUser(config);
  if (user !== null) return byPauses(parts, user, idle);
  return onlyConnection(parts, idle);
}

interface Parts {
  readonly config: TrialConfig;
  readonly record: TrialRecord;
  readonly sent: number;
}

function everyRequest(config: TrialConfig, record: TrialRecord, ending: RequestLimit): Opening {
  return {
    perRequest: 1,
    ending,
    theory: {
      ...openedPerRequest,
      predicted: 1,
      formula: '1: none is used twice',
      source: 'RFC 9112 section 9.6',
      assumptions: [nothingFailed(config, record)],
    },
  };
}

/** Of `slots` connections at a time each has used up a uniform part of its limit at the end: sent / N + slots (N - 1) / 2N. */
function byRequests({ config, record, sent }: Parts, ending: RequestLimit, idle: IdleLimit): Opening {
  const { requests } = ending;
  const peakOpen = record.connections?.peakOpen ?? 1;
  // One that is closing counts as open beside the one that follows it.
  const slots = Math.min(peakOpen, lonelyUser(config)?.load.users ?? peakOpen);
  const perRequest = 1 / requests + (slots * (requests - 1)) / (2 * requests * sent);
  const uses = sent / slots;
  return {
    perRequest,
    ending,
    theory: {
      ...openedPerRequest,
      predicted: perRequest,
      formula:
        '1 / N + k (N - 1) / (2 N sent): limit N, and k connections at most (measured), each in the middle of its limit at the end',
      source: renewal,
      assumptions: [
        nothingFailed(config, record),
        assumption(
          'every connection reaches its limit several times',
          uses >= 5 * requests,
          `${Math.round(uses)} requests for each of ${slots} connections at a time, limit ${requests}`,
        ),
        notLostToIdling(config, record, idle, slots),
      ],
    },
  };
}

function notLostToIdling(config: TrialConfig, record: TrialRecord, idle: IdleLimit, slots: number): Assumption {
  const text = 'hardly any connection is closed for idling';
  if (idle.limitMs === Infinity) return assumption(text, true, idle.because);
  const user = lonelyUser(config);
  if (user !== null) {
    const lost = 1 - shareWithin(user.pause, idle.limitMs);
    return assumption(text, lost < 0.01, `${percent(lost)} of the pauses are longer than the limit: ${idle.because}`);
  }
  const perSecond = record.throughput?.achievedPerSecond ?? 0;
  const gapMs = perSecond === 0 ? Infinity : (slots * 1000) / perSecond;
  const because = `${Math.round(gapMs)} ms between two requests of a connection on average; ${idle.because}`;
  return assumption(text, gapMs < idle.limitMs / 5 ? true : null, because);
}

/* ---- users with a connection of their own ---- */

/**
 * A connection is retired at the first release after its age: the first one after `service`, then one for every pause and service. Of equal
 * pauses their number is exact, else that of renewal theory for long ages, x + cv^2 / 2 + 3 / 2.
 */
function byAge({ config, record, sent }: Parts, idle: IdleLimit): Opening | null {
  const user = lonelyUser(config);
  const serviceMs = meanMs(record.latencyByConnection.reused.service) ?? meanMs(record.latency.service);
  if (user === null || serviceMs === null || user.pause.distribution === 'lognormal') return null;
  const { maxLifetimeMs, maxLifetimeJitter = 0 } = config.strategy.pool;
  const cycleMs = meanPauseMs(user.pause) + serviceMs;
  const cycles = Math.max(0, maxLifetimeMs - serviceMs) / cycleMs;
  const isExact = user.pause.distribution === 'constant' && maxLifetimeJitter === 0;
  const variation = user.pause.distribution === 'constant' ? 0 : (meanPauseMs(user.pause) / cycleMs) ** 2;
  const uses = isExact ? 1 + Math.ceil(cycles) : 1.5 + cycles + variation / 2;
  const slots = Math.min(user.load.users, sent);
  const perRequest = 1 / uses + (slots * (uses - 1)) / (2 * uses * sent);
  const because = `the client retires it at the age of ${maxLifetimeMs / 1000} s`;
  const uncertain = `${(cycles % 1).toFixed(2)} of a cycle beyond the last whole one`;
  return {
    perRequest,
    ending: { closer: config.strategy.closeWith === 'reset' ? 'nobody' : 'client', because },
    theory: {
      ...openedPerRequest,
      predicted: perRequest,
      formula: `1 / n + u (n - 1) / (2 n sent): u users, and n = ${isExact ? '1 + ceil(x)' : 'x + cv^2 / 2 + 3 / 2'} uses, x = (age - service) / (pause + service)`,
      source: renewal,
      assumptions: [
        nothingFailed(config, record),
        assumption(
          'every connection reaches its age several times',
          sent / slots >= 5 * uses,
          `${Math.round(sent / slots)} requests for each of ${slots} users, ${uses.toPrecision(3)} a connection`,
        ),
        assumption(
          'the age is not within a hair of a whole number of cycles',
          !isExact || (cycles % 1 > 0.05 && cycles % 1 < 0.95) || cycles > 20,
          uncertain,
        ),
        notLostToIdling(config, record, idle, slots),
      ],
    },
  };
}

/** A pause this near to the limit can end on either side of it: timers, programs and the network are late by some of it. */
const raceMs = 150;

function byPauses({ config, record, sent }: Parts, user: LonelyUser, ending: IdleLimit): Opening {
  const { pause, load } = user;
  const reused = shareWithin(pause, ending.limitMs);
  const users = Math.min(load.users, record.connections?.peakOpen ?? load.users, sent);
  const perRequest = (users + (sent - users) * (1 - reused)) / sent;
  const error = Math.sqrt((reused * (1 - reused)) / sent) / perRequest;
  return {
    perRequest,
    ending,
    theory: {
      ...openedPerRequest,
      predicted: perRequest,
      formula:
        '(u + (sent - u) P(pause > limit)) / sent: the first request of each of u users opens, and each that comes too late',
      source: renewal,
      assumptions: [
        nothingFailed(config, record),
        awayFromLimit(pause, ending),
        enoughDraws(error, `${sent} requests`),
        knownEnd(ending),
      ],
    },
  };
}

function awayFromLimit(pause: Pause, { limitMs, because }: IdleLimit): Assumption {
  const text = `pause and idle limit differ by more than ${raceMs} ms`;
  if (pause.distribution !== 'constant') return assumption('pauses are drawn anew', true, because);
  return assumption(text, Math.abs(pause.valueMs - limitMs) > raceMs, `a pause of ${pause.valueMs} ms; ${because}`);
}

export function knownEnd({ closer, because }: IdleLimit): Assumption {
  return assumption('both sides close idle connections when they say so', closer === null ? null : true, because);
}

/* ---- one connection for all ---- */

/**
 * Of a Poisson load and a pool of one: idle times are exponential whatever the service is, as arrivals have no memory. An arrival finds the
 * connection idle with probability 1 - u, and gone with exp(-rate x limit) of that.
 */
function onlyConnection({ config, record, sent }: Parts, ending: IdleLimit): Opening | null {
  const open = poissonPool(config, record);
  if (open === null || config.strategy.pool.size !== 1) return null;
  const { ratePerSecond, holdingMs } = open;
  const utilisation = (ratePerSecond * holdingMs) / 1000;
  if (utilisation >= 1) return null;
  const perRequest = (1 - utilisation) * Math.exp((-ratePerSecond * ending.limitMs) / 1000);
  const error = Math.sqrt((1 - perRequest) / Math.max(1e-9, perRequest * sent));
  return {
    perRequest,
    ending,
    theory: {
      ...openedPerRequest,
      predicted: perRequest,
      formula:
        '(1 - u) exp(-rate x idle limit), utilisation u = rate x mean time that a request holds the connection (measured)',
      source:
        'M/G/1: idle periods are exponential with the rate of arrivals (Kleinrock, Queueing Systems 1, 1975, 5.9)',
      assumptions: [nothingFailed(config, record), enoughDraws(error, `${sent} requests`), knownEnd(ending)],
    },
  };
}
