/** The load of a filled configuration, in the text of the file -> the numbers that a trial runs on. */
import type {
  ArrivalShape,
  ClosedLoadConfig,
  LeakConfig,
  LoadConfig,
  OpenLoadConfig,
  RandomThinkTime,
  RequestConfig,
  TraceConfig,
  WeightedRequestConfig,
} from './config.ts';
import type { FilledAlternative, FilledClosedLoad, FilledLoad, FilledOpenLoad, FilledRequest } from './defaults.ts';
import type { ShapeMap, ThinkTimeMap } from './load-schema.ts';
import { durationMs, given, must } from './quantities.ts';
import { parsePercent, parseRate, parseSize } from './units.ts';

/** `trace` is what was read of the load's trace; null where it has none. Throws on a load that breaks a rule, which is a bug. */
export function resolveLoad(load: FilledLoad, trace: TraceConfig | null): LoadConfig {
  return load.model === 'open' ? resolveOpen(load, trace) : resolveClosed(load);
}

type Times = Pick<LoadConfig, 'warmUpMs' | 'steadyMs' | 'durationMs' | 'workers' | 'request' | 'requests' | 'leak'>;

function resolveTimes(load: FilledLoad): Times {
  const times = {
    warmUpMs: durationMs(load.warmUp),
    ...(load.steady === undefined ? {} : { steadyMs: durationMs(load.steady) }),
    durationMs: durationMs(load.duration),
    workers: load.workers,
    ...(load.leak === undefined ? {} : { leak: resolveLeak(load.leak) }),
  };
  if ('request' in load) return { ...times, request: resolveRequest(load.request) };
  const requests = load.requests.map(resolveAlternative);
  return { ...times, request: resolveRequest(given(load.requests[0])), requests };
}

function resolveLeak({ share, collect }: NonNullable<FilledLoad['leak']>): LeakConfig {
  const ofShare = must(parsePercent(share));
  if (collect === 'never' || collect === 'natural') return { share: ofShare, collect };
  return { share: ofShare, collect: 'forced', everyMs: durationMs(collect) };
}

function resolveRequest({ method, path, body, headers }: FilledRequest): RequestConfig {
  const bodyBytes = body === undefined ? 0 : must(parseSize(body));
  return {
    method,
    path,
    ...(bodyBytes === 0 ? {} : { bodyBytes }),
    ...(headers === undefined || Object.keys(headers).length === 0 ? {} : { headers }),
  };
}

function resolveAlternative({ weight, ...request }: FilledAlternative): WeightedRequestConfig {
  return { weight, ...resolveRequest(request) };
}

function resolveOpen(load: FilledOpenLoad, trace: TraceConfig | null): OpenLoadConfig {
  const times = resolveTimes(load);
  if ('trace' in load) {
    const read = given(trace ?? undefined);
    // What stands for the rate of a trace is its mean.
    const ratePerSecond = (read.arrivals * 1000) / times.durationMs;
    return { model: 'open', ratePerSecond, arrivals: 'constant', trace: read, ...times };
  }
  const { rate, arrivals, shape } = load;
  const resolved = shape === undefined ? {} : { shape: resolveShape(shape) };
  return { model: 'open', ratePerSecond: must(parseRate(rate)), arrivals, ...resolved, ...times };
}

function resolveShape({ ramp, steps, bursts }: ShapeMap): ArrivalShape {
  if (ramp !== undefined) return { kind: 'ramp', toPerSecond: must(parseRate(given(ramp.to))) };
  if (steps !== undefined) {
    return {
      kind: 'steps',
      steps: steps.map((step) => ({ ratePerSecond: must(parseRate(step.rate)), forMs: durationMs(step.for) })),
    };
  }
  const { on, off } = given(bursts);
  return { kind: 'bursts', onMs: durationMs(given(on)), offMs: durationMs(given(off)) };
}

function resolveClosed(load: FilledClosedLoad): ClosedLoadConfig {
  const { users, thinkTime, page } = load;
  const sessions = page === undefined ? {} : { page };
  const rest = { ...sessions, ...resolveTimes(load) };
  if (typeof thinkTime === 'string') return { model: 'closed', users, thinkTimeMs: durationMs(thinkTime), ...rest };
  const drawn = resolveThinkTime(thinkTime);
  return { model: 'closed', users, thinkTimeMs: meanMs(drawn), thinkTime: drawn, ...rest };
}

function resolveThinkTime({ distribution, mean, median, sigma }: ThinkTimeMap): RandomThinkTime {
  switch (given(distribution)) {
    case 'exponential':
      return { distribution: 'exponential', meanMs: durationMs(given(mean)) };
    case 'lognormal':
      return { distribution: 'lognormal', medianMs: durationMs(given(median)), sigma: given(sigma) };
  }
}

function meanMs(think: RandomThinkTime): number {
  return think.distribution === 'exponential' ? think.meanMs : think.medianMs * Math.exp(think.sigma ** 2 / 2);
}
