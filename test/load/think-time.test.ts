/** Think times: means within their standard error, the same plan for a user whoever asks, and a start in the middle of things. */
import { describe, expect, it } from 'vitest';
import { ThinkTimes, type ThinkTimeConfig } from '../../src/load/think-time.ts';

const count = 50_000;
const exponential: ThinkTimeConfig = {
  constantNs: 0,
  drawn: { distribution: 'exponential', meanMs: 20 },
  seed: 5,
};
const lognormal: ThinkTimeConfig = {
  constantNs: 0,
  drawn: { distribution: 'lognormal', medianMs: 20, sigma: 0.5 },
  seed: 5,
};
const ms = (values: readonly number[]): readonly number[] => values.map((value) => value / 1e6);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const pauses = (config: ThinkTimeConfig): readonly number[] => {
  const think = new ThinkTimes(config);
  return ms(Array.from({ length: count }, (_, draw) => think.drawNs(draw % 500, Math.floor(draw / 500))));
};
const firsts = (config: ThinkTimeConfig): readonly number[] => {
  const think = new ThinkTimes(config);
  return ms(Array.from({ length: count }, (_, user) => think.firstNs(user)));
};
/** Share of the values up to a limit. */
const upTo = (values: readonly number[], limit: number): number =>
  values.filter((value) => value <= limit).length / values.length;
/** Four standard errors of a share. */
const around = (share: number): number => 4 * Math.sqrt((share * (1 - share)) / count);

describe('ThinkTimes', () => {
  it('constant: always the same, and the first starts are spread over one', () => {
    const config = { constantNs: 20e6, seed: 5 };
    expect(new Set(pauses(config))).toEqual(new Set([20]));
    const starts = firsts(config);
    expect(Math.max(...starts)).toBeLessThan(20);
    // Uniform over 20 ms: standard deviation 20 / sqrt(12).
    expect(Math.abs(mean(starts) - 10)).toBeLessThan((4 * 20) / Math.sqrt(12 * count));
    expect(new ThinkTimes({ constantNs: 0, seed: 5 }).firstNs(3)).toBe(0);
  });

  it('exponential: mean and shape', () => {
    const drawn = pauses(exponential);
    // The standard deviation is the mean.
    expect(Math.abs(mean(drawn) - 20)).toBeLessThan((4 * 20) / Math.sqrt(count));
    const below = 1 - Math.exp(-0.5);
    expect(Math.abs(upTo(drawn, 10) - below)).toBeLessThan(around(below));
  });

  it('exponential: what is left of a pause is as long as a whole one', () => {
    const starts = firsts(exponential);
    expect(Math.abs(mean(starts) - 20)).toBeLessThan((4 * 20) / Math.sqrt(count));
    const below = 1 - Math.exp(-0.5);
    expect(Math.abs(upTo(starts, 10) - below)).toBeLessThan(around(below));
  });

  it('lognormal: mean, median and one sigma above it', () => {
    const drawn = pauses(lognormal);
    // Mean e^(sigma^2 / 2) of the median, standard deviation mean x sqrt(e^(sigma^2) - 1).
    const mean20 = 20 * Math.exp(0.125);
    const deviation = mean20 * Math.sqrt(Math.exp(0.25) - 1);
    expect(Math.abs(mean(drawn) - mean20)).toBeLessThan((4 * deviation) / Math.sqrt(count));
    expect(Math.abs(upTo(drawn, 20) - 0.5)).toBeLessThan(around(0.5));
    expect(Math.abs(upTo(drawn, 20 * Math.exp(0.5)) - 0.841_345)).toBeLessThan(around(0.841_345));
  });

  it('lognormal: what is left of a pause has the mean of the equilibrium', () => {
    const starts = firsts(lognormal);
    // E[X^2] / (2 E[X]) = median x e^(3 sigma^2 / 2) / 2; second moment E[X^3] / (3 E[X]) = median^2 x e^(4 sigma^2) / 3.
    const expected = (20 * Math.exp(0.375)) / 2;
    const variance = (400 * Math.exp(1)) / 3 - expected ** 2;
    expect(Math.abs(mean(starts) - expected)).toBeLessThan(4 * Math.sqrt(variance / count));
  });

  it('a pause depends on the seed, the user and its number, and is in whole ns', () => {
    const of = (seed: number, user: number, index: number): number =>
      new ThinkTimes({ ...exponential, seed }).drawNs(user, index);
    expect(of(5, 3, 2)).toBe(of(5, 3, 2));
    expect(new Set([of(5, 3, 2), of(6, 3, 2), of(5, 4, 2), of(5, 3, 3)]).size).toBe(4);
    expect(Number.isInteger(of(5, 3, 2))).toBe(true);
  });

  it('a pause that outlasts everything is still a number', () => {
    const think = new ThinkTimes({
      constantNs: 0,
      drawn: { distribution: 'lognormal', medianMs: 8e7, sigma: 300 },
      seed: 1,
    });
    for (let user = 0; user < 50; user++) {
      expect(think.drawNs(user, 0)).toBeLessThanOrEqual(2 ** 52);
      expect(think.firstNs(user)).toBeLessThanOrEqual(2 ** 52);
    }
  });

  it.each<[string, Partial<ThinkTimeConfig>, string]>([
    ['an endless one', { constantNs: Infinity }, 'a think time of Infinity ns'],
    ['a negative mean', { drawn: { distribution: 'exponential', meanMs: -1 } }, 'think time of -1 ms'],
    ['no sigma', { drawn: { distribution: 'lognormal', medianMs: 1, sigma: NaN } }, 'with sigma NaN'],
  ])('refuses %s', (_name, wrong, message) => {
    expect(() => new ThinkTimes({ constantNs: 0, seed: 1, ...wrong })).toThrow(message);
  });
});
