/** Mean, median and variance of the server's delay, from its distribution. Times are ms. */
import type { DelayConfig } from '../scenario/config.ts';

interface DelayMoments {
  readonly meanMs: number;
  readonly medianMs: number;
  readonly variance: number;
}

export function delayMoments(delay: DelayConfig): DelayMoments {
  switch (delay.distribution) {
    case 'constant':
      return { meanMs: delay.valueMs, medianMs: delay.valueMs, variance: 0 };
    case 'uniform': {
      const meanMs = (delay.minMs + delay.maxMs) / 2;
      return { meanMs, medianMs: meanMs, variance: (delay.maxMs - delay.minMs) ** 2 / 12 };
    }
    case 'exponential':
      return { meanMs: delay.meanMs, medianMs: delay.meanMs * Math.LN2, variance: delay.meanMs ** 2 };
    case 'lognormal': {
      const meanMs = delay.medianMs * Math.exp(delay.sigma ** 2 / 2);
      return { meanMs, medianMs: delay.medianMs, variance: meanMs ** 2 * Math.expm1(delay.sigma ** 2) };
    }
    case 'percentiles':
      return ofPoints(delay.points);
  }
}

type Point = Extract<DelayConfig, { distribution: 'percentiles' }>['points'][number];

/** Linear between the points; the first and the last value hold outside them. Each piece is a uniform distribution of its weight. */
function ofPoints(points: readonly Point[]): DelayMoments {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined) throw new RangeError('a percentile table needs at least one point');
  const all = [{ p: 0, valueMs: first.valueMs }, ...points, { p: 1, valueMs: last.valueMs }];
  let meanMs = 0;
  let square = 0;
  let medianMs = last.valueMs;
  let isPast = false;
  for (const [at, { p, valueMs: b }] of all.entries()) {
    const before = all[at - 1];
    if (before === undefined) continue;
    const a = before.valueMs;
    const weight = p - before.p;
    meanMs += (weight * (a + b)) / 2;
    square += (weight * (a * a + a * b + b * b)) / 3;
    if (!isPast && p > 0.5) {
      medianMs = a + ((b - a) * (0.5 - before.p)) / weight;
      isPast = true;
    }
  }
  return { meanMs, medianMs, variance: Math.max(0, square - meanMs ** 2) };
}
