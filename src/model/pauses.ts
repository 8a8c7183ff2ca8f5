/** How long a connection idles between two requests of a user, where it is closed after an idle limit: the moments of min(pause, limit). */
import type { ClosedLoadConfig, RandomThinkTime } from '../scenario/config.ts';
import { normalCdf } from '../stats/distributions.ts';

export type Pause = RandomThinkTime | { readonly distribution: 'constant'; readonly valueMs: number };

export function pauseOf({ thinkTime, thinkTimeMs }: ClosedLoadConfig): Pause {
  return thinkTime ?? { distribution: 'constant', valueMs: thinkTimeMs };
}

export function meanPauseMs(pause: Pause): number {
  switch (pause.distribution) {
    case 'constant':
      return pause.valueMs;
    case 'exponential':
      return pause.meanMs;
    case 'lognormal':
      return pause.medianMs * Math.exp(pause.sigma ** 2 / 2);
  }
}

/** Probability that a pause is shorter than the limit: that the connection is still there. */
export function shareWithin(pause: Pause, limitMs: number): number {
  if (limitMs === Infinity) return 1;
  switch (pause.distribution) {
    case 'constant':
      return pause.valueMs < limitMs ? 1 : 0;
    case 'exponential':
      return pause.meanMs === 0 ? 1 : 1 - Math.exp(-limitMs / pause.meanMs);
    case 'lognormal':
      return lognormalCdf(pause, limitMs, 0);
  }
}

/** Mean time that the connection idles in a pause: E[min(pause, limit)], the integral of P(pause > t) up to the limit. */
export function meanIdleMs(pause: Pause, limitMs: number): number {
  if (limitMs === Infinity) return meanPauseMs(pause);
  switch (pause.distribution) {
    case 'constant':
      return Math.min(pause.valueMs, limitMs);
    case 'exponential':
      return pause.meanMs * shareWithin(pause, limitMs);
    case 'lognormal':
      return (
        meanPauseMs(pause) * lognormalCdf(pause, limitMs, pause.sigma) + limitMs * (1 - lognormalCdf(pause, limitMs, 0))
      );
  }
}

type Lognormal = Extract<RandomThinkTime, { distribution: 'lognormal' }>;

/** P(pause < limit), with the logarithm's mean raised by `shift` standard deviations. */
function lognormalCdf({ medianMs, sigma }: Lognormal, limitMs: number, shift: number): number {
  if (medianMs === 0) return 1;
  if (sigma === 0) return medianMs < limitMs ? 1 : 0;
  return limitMs <= 0 ? 0 : normalCdf(Math.log(limitMs / medianMs) / sigma - shift);
}
