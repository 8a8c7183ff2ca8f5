/** Rules of the load: what its model takes, what does not go together, and what fits the workers. */
import type { BrokenRule } from './broken-rule.ts';
import type { FilledConfig, FilledRequest } from './defaults.ts';
import { discriminators, foreignKeys, rivals } from './discriminators.ts';
import { parameterRules } from './parameter-rules.ts';
import type { ShapeMap } from './load-schema.ts';
import type { ConfigPatch } from './schema.ts';
import { formatDuration, parseDuration, parseRate, parseSize } from './units.ts';

type LoadPatch = NonNullable<ConfigPatch['load']>;

/** A plan of more is not made (`load/arrivals`). */
const mostArrivals = 1e9;
const withBody: readonly string[] = ['POST', 'PUT'];

/** The rules of the load that a variant breaks. `patch` is what the file gives, `filled` the same with defaults. */
export function loadRules(patch: ConfigPatch, filled: FilledConfig): readonly BrokenRule[] {
  const load = patch.load ?? {};
  return [
    ...modelRules(load, filled),
    ...rivalRules('load', load),
    ...shapeRules(load),
    ...traceRules(load),
    ...steadyRules(filled),
    ...thinkTimeRules(load),
    ...pageRules(load, filled),
    ...requestRules(filled),
    ...leakRules(load, filled),
    ...countRules(filled),
    ...workerRules(filled),
  ];
}

function modelRules(load: LoadPatch, filled: FilledConfig): readonly BrokenRule[] {
  const { model } = filled.load;
  return foreignKeys(discriminators.load, model, Object.keys(load)).map(({ key, kinds }) => ({
    rule: `load-${key}`,
    paths: [`load.${key}`, 'load.model'],
    message: `is for load.model ${kinds.join(' and ')}, but the model is ${model}`,
  }));
}

/** The later of two groups of keys is to blame. */
function rivalRules(path: string, map: Readonly<Record<string, unknown>>): readonly BrokenRule[] {
  const keys = Object.keys(map);
  return rivals
    .filter((rival) => rival.path === path)
    .flatMap(({ groups, because }) => {
      const [first, ...others] = groups
        .map((group) => group.filter((key) => keys.includes(key)))
        .filter((group) => group.length > 0);
      return others.flat().map((key) => {
        const rival = `${path}.${first?.[0] ?? ''}`;
        const message = `does not go with ${rival}: ${because}`;
        return { rule: `rivals-${path}.${key}`, paths: [`${path}.${key}`, rival], message };
      });
    });
}

function shapeRules({ shape }: LoadPatch): readonly BrokenRule[] {
  if (shape === undefined || shape === 'steady') return [];
  const path = 'load.shape';
  const { ramp, steps, bursts } = shape;
  const broken = [...rivalRules(path, shape)];
  if (ramp === undefined && steps === undefined && bursts === undefined) {
    broken.push({ rule: 'shape-empty', paths: [path], message: 'needs ramp, steps or bursts; or write shape: steady' });
  }
  if (ramp !== undefined && ramp.to === undefined) {
    const paths = [`${path}.ramp`, path];
    broken.push({ rule: 'ramp-to', paths, message: 'needs to: the rate at the end of measure, such as 1000/s' });
  }
  for (const part of ['on', 'off'] as const) {
    if (bursts === undefined || bursts[part] !== undefined) continue;
    const message = `needs ${part}, such as { on: 200ms, off: 800ms }`;
    broken.push({ rule: `bursts-${part}`, paths: [`${path}.bursts`, path], message });
  }
  return broken;
}

function traceRules({ trace }: LoadPatch): readonly BrokenRule[] {
  if (trace === undefined || typeof trace === 'string' || trace.file !== undefined) return [];
  return [{ rule: 'trace-file', paths: ['load.trace'], message: 'needs file: the path of the arrivals' }];
}

/** Ten minutes of seconds, besides those of measure, are as many as a record should hold. */
const longestSteadyMs = 600_000;
/** The seconds that are needed to tell (`stats/steady`), and the one in which measure is announced. */
const leastSteadyMs = 22_000;

function steadyRules({ load }: FilledConfig): readonly BrokenRule[] {
  const { steady, warmUp } = load;
  if (steady === undefined) return [];
  if ('trace' in load) {
    const message =
      'does not go with load.trace: a trace has no arrivals in warm-up, so nothing shows whether it is steady';
    return [{ rule: 'steady-trace', paths: ['load.steady', 'load.trace'], message }];
  }
  const paths = ['load.steady', 'load.warmUp'];
  const longestMs = ms(warmUp) + ms(steady);
  if (longestMs < leastSteadyMs) {
    const message = `is too short to tell: load.warmUp and load.steady are ${formatDuration(longestMs)} together, and the latency of 20 seconds is compared before measure begins; give it at least ${formatDuration(leastSteadyMs - ms(warmUp))}`;
    return [{ rule: 'steady-short', paths, message }];
  }
  if (longestMs > longestSteadyMs) {
    const message = `is too long: a warm-up that ends when it is steady takes at most ${formatDuration(longestSteadyMs)}, load.warmUp included, not ${formatDuration(longestMs)}`;
    return [{ rule: 'steady-long', paths, message }];
  }
  return [];
}

function thinkTimeRules({ thinkTime }: LoadPatch): readonly BrokenRule[] {
  if (thinkTime === undefined || typeof thinkTime === 'string') return [];
  return parameterRules('think-time', discriminators.thinkTime, thinkTime);
}

function pageRules({ page }: LoadPatch, { load, strategy }: FilledConfig): readonly BrokenRule[] {
  // In the open model it has no place at all.
  if (page === undefined || load.model === 'open') return [];
  const broken: BrokenRule[] = [];
  if (page.assets === undefined) {
    broken.push({ rule: 'page-assets', paths: ['load.page'], message: 'needs assets: how many follow the page' });
  }
  if (strategy.pool.scope !== 'session') {
    const message = `needs strategy.pool.scope session, so that each user has connections of its own; it is ${strategy.pool.scope}`;
    broken.push({ rule: 'page-scope', paths: ['load.page', 'strategy.pool.scope'], message });
  }
  return broken;
}

function leakRules({ leak }: LoadPatch, { load, strategy }: FilledConfig): readonly BrokenRule[] {
  if (leak !== undefined && leak.share === undefined) {
    const message = 'needs share: of how many requests the response is never read, such as { share: 2% }';
    return [{ rule: 'leak-share', paths: ['load.leak'], message }];
  }
  if (load.leak === undefined || strategy.pipelining === 1) return [];
  const message = `does not go with strategy.pipelining ${strategy.pipelining}: what is not read holds up every answer behind it, so that a leak is not one of a connection`;
  return [{ rule: 'leak-pipelining', paths: ['load.leak', 'strategy.pipelining'], message }];
}

function requestRules({ load }: FilledConfig): readonly BrokenRule[] {
  if ('request' in load) return oneRequestRules(load.request, 'load.request');
  return load.requests.flatMap((request, index) => oneRequestRules(request, `load.requests[${index}]`));
}

function oneRequestRules({ method, body, headers }: FilledRequest, path: string): readonly BrokenRule[] {
  const broken: BrokenRule[] = [];
  const bytes = body === undefined ? null : parseSize(body);
  if (bytes?.ok === true && bytes.value > 0 && !withBody.includes(method)) {
    const message = `a body has no meaning in ${method} (RFC 9110, 9.3); use POST or PUT`;
    broken.push({ rule: `${path}.body`, paths: [`${path}.body`, `${path}.method`], message });
  }
  const names = Object.keys(headers ?? {});
  const twice = names.find((name, index) => names.findIndex((other) => same(other, name)) < index);
  if (twice !== undefined) {
    const message = `names the field ${twice} twice; case makes no difference`;
    broken.push({ rule: `${path}.headers`, paths: [`${path}.headers`], message });
  }
  return broken;
}

function same(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}

/** A bound on the arrivals of either part of a trial. */
function countRules({ load }: FilledConfig): readonly BrokenRule[] {
  if (load.model !== 'open' || 'trace' in load) return [];
  const { rate, shape = {}, warmUp, steady = '0s', duration } = load;
  const paths = ['load.rate', 'load.shape', 'load.duration'];
  const expected = expectedArrivals(perSecond(rate), shape, ms(duration));
  // As many as the plan has (`load/arrivals`).
  if (Math.round(expected) < 1) {
    const message = `plans no arrival in load.duration ${duration} (${Number(expected.toPrecision(3))}, rounded): raise the rate, or measure longer`;
    const { steps, bursts } = shape;
    const shapes = steps !== undefined ? ['load.shape.steps'] : bursts !== undefined ? ['load.shape.bursts'] : [];
    return [{ rule: 'no-arrivals', paths: [...shapes, ...paths], message }];
  }
  const rates = [rate, ...(shape.steps ?? []).map((step) => step.rate), shape.ramp?.to ?? rate].map(perSecond);
  const arrivals = (Math.max(...rates) * Math.max(ms(warmUp) + ms(steady), ms(duration))) / 1000;
  if (!(arrivals > mostArrivals)) return [];
  const message = `makes up to ${arrivals} arrivals in load.warmUp or load.duration; at most ${mostArrivals} are planned: lower the rate, or measure for less long`;
  return [{ rule: 'arrivals', paths: [...paths, 'load.warmUp'], message }];
}

/** Over a measure of `lengthMs`; of a shape with missing parts, which breaks rules of its own, those of the steady rate. */
function expectedArrivals(steady: number, { ramp, steps, bursts }: ShapeMap, lengthMs: number): number {
  if (ramp?.to !== undefined) return ((steady + perSecond(ramp.to)) / 2) * (lengthMs / 1000);
  if (steps !== undefined) {
    return arrivalsOfSteps(
      steps.map((step) => ({ perSecond: perSecond(step.rate), forMs: ms(step.for) })),
      lengthMs,
    );
  }
  if (bursts?.on === undefined || bursts.off === undefined) return (steady * lengthMs) / 1000;
  const on = { perSecond: steady, forMs: ms(bursts.on) };
  return arrivalsOfSteps([on, { perSecond: 0, forMs: ms(bursts.off) }], lengthMs);
}

interface Step {
  readonly perSecond: number;
  readonly forMs: number;
}

/** Of steps that repeat until `lengthMs`: those of the whole rounds, and of what is left. */
function arrivalsOfSteps(steps: readonly Step[], lengthMs: number): number {
  const roundMs = steps.reduce((sum, { forMs }) => sum + forMs, 0);
  const rounds = Math.floor(lengthMs / roundMs);
  let leftMs = lengthMs - rounds * roundMs;
  let arrivals = 0;
  for (const { perSecond: rate, forMs } of steps) {
    arrivals += (rate * (rounds * forMs + Math.min(forMs, leftMs))) / 1000;
    leftMs = Math.max(0, leftMs - forMs);
  }
  return arrivals;
}

function perSecond(text: string): number {
  const parsed = parseRate(text);
  return parsed.ok ? parsed.value : NaN;
}

function ms(text: string): number {
  const parsed = parseDuration(text);
  return parsed.ok ? parsed.value : NaN;
}

function workerRules({ strategy, load }: FilledConfig): readonly BrokenRule[] {
  const { workers } = load;
  const { size, scope } = strategy.pool;
  const broken: BrokenRule[] = [];
  if (scope === 'shared' && size !== 'unlimited' && workers > size) {
    broken.push({
      rule: 'workers-pool',
      paths: ['load.workers', 'strategy.pool.size', 'strategy.pool.scope'],
      message: `the pool is split over the workers and each needs a connection: ${workers} workers, strategy.pool.size ${size}`,
    });
  }
  if (load.model === 'closed' && workers > load.users) {
    broken.push({
      rule: 'workers-users',
      paths: ['load.workers', 'load.users', 'load.model'],
      message: `the users are split over the workers and each needs one: ${workers} workers, load.users ${load.users}`,
    });
  }
  return broken;
}
