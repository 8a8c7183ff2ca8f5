/** Rules between knobs: combinations that make no sense, or that this version does not run. */
import type { FilledConfig } from './defaults.ts';
import { delayPoints } from './resolve.ts';
import type { ConfigPatch, DelayMap } from './schema.ts';
import { parseDuration } from './units.ts';

export interface BrokenRule {
  /** Names the rule, so that one fault found in many variants is listed once. */
  readonly rule: string;
  /** The knobs involved, the one to blame first. */
  readonly paths: readonly string[];
  readonly message: string;
}

/** The keys of each load model, and of each distribution of the delay: a map with a key that says what the others mean. */
export const discriminators = [
  {
    path: 'load',
    key: 'model',
    own: { open: ['rate', 'arrivals'], closed: ['users', 'thinkTime'] } as Readonly<Record<string, readonly string[]>>,
  },
  {
    path: 'server.response.delay',
    key: 'distribution',
    own: {
      constant: ['value'],
      uniform: ['min', 'max'],
      exponential: ['mean'],
      lognormal: ['median', 'sigma'],
      percentiles: ['points'],
    } as Readonly<Record<string, readonly string[]>>,
  },
] as const;

/** Every rule that one variant breaks. `patch` is what the file gives, `filled` the same with defaults. */
export function brokenRules(patch: ConfigPatch, filled: FilledConfig): readonly BrokenRule[] {
  return [...loadRules(patch, filled), ...delayRules(patch), ...strategyRules(filled), ...workerRules(filled)];
}

function loadRules(patch: ConfigPatch, filled: FilledConfig): readonly BrokenRule[] {
  const { model } = filled.load;
  const other = model === 'open' ? 'closed' : 'open';
  const given = patch.load ?? {};
  return (discriminators[0].own[other] ?? [])
    .filter((key) => Object.hasOwn(given, key))
    .map((key) => ({
      rule: `load-${key}`,
      paths: [`load.${key}`, 'load.model'],
      message: `is for load.model ${other}, but the model is ${model}`,
    }));
}

function delayRules(patch: ConfigPatch): readonly BrokenRule[] {
  const delay = patch.server?.response?.delay;
  if (delay === undefined || typeof delay === 'string') return [];
  const path = 'server.response.delay';
  const { distribution } = delay;
  const { own } = discriminators[1];
  if (distribution === undefined) {
    const message = `needs a distribution: ${Object.keys(own).join(', ')}`;
    return [{ rule: 'delay-distribution', paths: [path, `${path}.distribution`], message }];
  }
  const wanted = own[distribution] ?? [];
  const foreign = Object.keys(delay).filter((key) => key !== 'distribution' && !wanted.includes(key));
  const missing = wanted.filter((key) => !Object.hasOwn(delay, key));
  return [
    ...foreign.map((key) => ({
      rule: `delay-${key}`,
      paths: [`${path}.${key}`, `${path}.distribution`],
      message: `is not a parameter of distribution ${distribution}, which takes ${wanted.join(' and ')}`,
    })),
    ...missing.map((key) => ({
      rule: `delay-${key}-missing`,
      paths: [path, `${path}.${key}`, `${path}.distribution`],
      message: `needs ${key}: distribution ${distribution} takes ${wanted.join(' and ')}`,
    })),
    ...delayShapeRules(delay, path),
  ];
}

function delayShapeRules(delay: DelayMap, path: string): readonly BrokenRule[] {
  const { min, max, points } = delay;
  if (delay.distribution === 'uniform' && min !== undefined && max !== undefined && ms(min) > ms(max)) {
    const message = `min ${min} is above max ${max}`;
    return [{ rule: 'delay-min-max', paths: [`${path}.min`, `${path}.max`], message }];
  }
  if (delay.distribution !== 'percentiles' || points === undefined) return [];
  if (Object.keys(points).length < 2) {
    return [{ rule: 'delay-points', paths: [`${path}.points`], message: 'needs at least two percentiles' }];
  }
  const sorted = delayPoints(points);
  const falls = sorted.some((point, index) => index > 0 && point.valueMs < sorted[index - 1]!.valueMs);
  const twice = sorted.some((point, index) => index > 0 && point.p === sorted[index - 1]!.p);
  const message = twice ? 'names one percentile twice' : 'must not fall from one percentile to a higher one';
  return falls || twice ? [{ rule: 'delay-points', paths: [`${path}.points`], message }] : [];
}

function ms(text: string): number {
  const parsed = parseDuration(text);
  return parsed.ok ? parsed.value : NaN;
}

function strategyRules({ strategy, server, load }: FilledConfig): readonly BrokenRule[] {
  const broken: BrokenRule[] = [];
  if (strategy.pool.scope === 'session' && load.model === 'open') {
    broken.push({
      rule: 'session-open',
      paths: ['strategy.pool.scope', 'load.model'],
      message:
        'session does not run with load.model open, which has no users to own the connections; use scope shared, or load.model closed',
    });
  }
  if (server.firstCloser === 'client' && server.kind === 'node') {
    broken.push({
      rule: 'first-closer-node',
      paths: ['server.firstCloser', 'server.kind'],
      message: 'client does not run with server.kind node, which closes by itself; use server.kind reference',
    });
  }
  if (strategy.protocol === 'http/1.0' && server.response.framing === 'chunked') {
    broken.push({
      rule: 'http10-chunked',
      paths: ['server.response.framing', 'strategy.protocol'],
      message: 'chunked does not exist in HTTP/1.0 (RFC 9112, 6.1); use framing length, or protocol http/1.1',
    });
  }
  if (strategy.pool.prefetch && strategy.pool.size === 'unlimited') {
    broken.push({
      rule: 'prefetch-unlimited',
      paths: ['strategy.pool.prefetch', 'strategy.pool.size'],
      message: 'opens the whole pool, so strategy.pool.size needs to be a number',
    });
  }
  return broken;
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
