/** Draws delays from a distribution of the scenario. */
import type { DelayConfig } from '../scenario/config.ts';
import type { Random } from './random.ts';

type Point = Extract<DelayConfig, { distribution: 'percentiles' }>['points'][number];

/** A function that draws one delay in ms per call. Throws a RangeError for a percentile table without points. */
export function delaySampler(config: DelayConfig, random: Random): () => number {
  switch (config.distribution) {
    case 'constant':
      return () => config.valueMs;
    case 'uniform':
      return () => config.minMs + random.nextUnit() * (config.maxMs - config.minMs);
    case 'exponential':
      return () => config.meanMs * random.nextExponential();
    case 'lognormal':
      return () => config.medianMs * Math.exp(config.sigma * random.nextNormal());
    case 'percentiles': {
      const { points } = config;
      if (points.length === 0) throw new RangeError('a percentile table needs at least one point');
      return () => valueAt(points, random.nextUnit());
    }
  }
}

/**
 * Inverse distribution function: linear between the points; the first and the last value hold outside them. Of points that share
 * their `p` the last counts from there on.
 */
function valueAt(points: readonly Point[], p: number): number {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle]!.p <= p) low = middle + 1;
    else high = middle;
  }
  const before = points[low - 1];
  const after = points[low];
  if (before === undefined) return points[0]!.valueMs;
  if (after === undefined) return before.valueMs;
  return before.valueMs + ((after.valueMs - before.valueMs) * (p - before.p)) / (after.p - before.p);
}
