/** Pauses against an idle limit, and the server's delays: closed forms against draws, and Little's law against users that come and go. */
import { describe, expect, test } from 'vitest';
import { delaySampler } from '../../src/load/delay.ts';
import { Random } from '../../src/load/random.ts';
import { delayMoments } from '../../src/model/delays.ts';
import { meanIdleMs, meanPauseMs, shareWithin, type Pause } from '../../src/model/pauses.ts';
import type { DelayConfig } from '../../src/scenario/config.ts';

const pauses: readonly Pause[] = [
  { distribution: 'constant', valueMs: 1000 },
  { distribution: 'exponential', meanMs: 1000 },
  { distribution: 'lognormal', medianMs: 800, sigma: 1 },
];

function drawer(pause: Pause, random: Random): () => number {
  switch (pause.distribution) {
    case 'constant':
      return () => pause.valueMs;
    case 'exponential':
      return () => pause.meanMs * random.nextExponential();
    case 'lognormal':
      return () => pause.medianMs * Math.exp(pause.sigma * random.nextNormal());
  }
}

describe.each(pauses)('pauses $distribution', (pause) => {
  test.each([200, 900, 1000, 1100, 5000])('with a limit of %i ms', (limitMs) => {
    const draw = drawer(pause, new Random(11));
    const draws = Array.from({ length: 200_000 }, draw);
    const within = draws.filter((ms) => ms < limitMs).length / draws.length;
    const idle = draws.reduce((sum, ms) => sum + Math.min(ms, limitMs), 0) / draws.length;
    // Standard errors: at most 0.5 / sqrt(200,000) = 0.0011 of the share, about 0.5 % of the mean.
    expect(Math.abs(shareWithin(pause, limitMs) - within)).toBeLessThan(0.005);
    expect(meanIdleMs(pause, limitMs) / idle).toBeGreaterThan(0.98);
    expect(meanIdleMs(pause, limitMs) / idle).toBeLessThan(1.02);
  });

  test('without a limit the connection idles for the whole pause, and with one never longer', () => {
    expect(meanIdleMs(pause, Infinity)).toBe(meanPauseMs(pause));
    expect(shareWithin(pause, Infinity)).toBe(1);
    const limits = [0, 1, 10, 100, 1000, 10_000, 100_000];
    const idle = limits.map((limitMs) => meanIdleMs(pause, limitMs));
    expect(idle).toEqual(idle.toSorted((a, b) => a - b));
    idle.forEach((ms, at) => {
      expect(ms).toBeLessThanOrEqual(Math.min(limits[at]!, meanPauseMs(pause)) + 1e-9);
    });
  });
});

test.each<readonly [Pause, number]>(pauses.flatMap((pause) => [[pause, 700] as const, [pause, 1500] as const]))(
  "Little's law: users with %j and an idle limit of %i ms, simulated",
  (pause, limitMs) => {
    // 50 users for 2,000 s; a request takes 100 ms.
    const serviceMs = 100;
    const untilMs = 2e6;
    let openMs = 0;
    let opened = 0;
    let requests = 0;
    for (let user = 0; user < 50; user++) {
      const draw = drawer(pause, new Random(100 + user));
      let now = 0;
      let isOpen = false;
      while (now < untilMs) {
        if (!isOpen) opened++;
        requests++;
        const pauseMs = draw();
        isOpen = pauseMs < limitMs;
        openMs += serviceMs + Math.min(pauseMs, limitMs);
        now += serviceMs + pauseMs;
      }
    }
    const open = openMs / untilMs;
    const expected = (50 * (serviceMs + meanIdleMs(pause, limitMs))) / (serviceMs + meanPauseMs(pause));
    expect(Math.abs(open / expected - 1)).toBeLessThan(0.02);
    expect(Math.abs(opened / requests - (1 - shareWithin(pause, limitMs)))).toBeLessThan(0.01);
  },
);

const delays: readonly DelayConfig[] = [
  { distribution: 'constant', valueMs: 5 },
  { distribution: 'uniform', minMs: 2, maxMs: 10 },
  { distribution: 'exponential', meanMs: 8 },
  { distribution: 'lognormal', medianMs: 5, sigma: 0.5 },
  {
    distribution: 'percentiles',
    points: [
      { p: 0.1, valueMs: 1 },
      { p: 0.5, valueMs: 4 },
      { p: 0.9, valueMs: 20 },
    ],
  },
];

test.each(delays)('moments of the delay $distribution are those of its draws', (delay) => {
  const draw = delaySampler(delay, new Random(5));
  const draws = Float64Array.from({ length: 200_001 }, draw).toSorted();
  const mean = draws.reduce((sum, ms) => sum + ms, 0) / draws.length;
  const variance = draws.reduce((sum, ms) => sum + (ms - mean) ** 2, 0) / draws.length;
  const { meanMs, medianMs, variance: expected } = delayMoments(delay);
  expect(Math.abs(meanMs / mean - 1)).toBeLessThan(0.01);
  expect(Math.abs(medianMs / draws[100_000]! - 1)).toBeLessThan(0.02);
  expect(Math.abs(expected - variance)).toBeLessThan(0.05 * variance + 1e-9);
});
