/** The mix of requests: shares, the same choice for the same place in the plan, and a load without one. */
import { describe, expect, it } from 'vitest';
import { requestAlternatives, RequestMix } from '../../src/load/request-mix.ts';
import type { WeightedRequestConfig } from '../../src/scenario/config.ts';
import { openLoad } from '../clients/trial-config.ts';

const get = (weight: number): WeightedRequestConfig => ({ weight, method: 'GET', path: `/${weight}` });
const mixOf = (...weights: readonly number[]): RequestMix =>
  new RequestMix(openLoad({ requests: weights.map(get) }), 9);
const count = 100_000;

function shares(mix: RequestMix, address: (draw: number) => readonly [number, number]): readonly number[] {
  const drawn = new Array<number>(mix.count).fill(0);
  for (let draw = 0; draw < count; draw++) drawn[mix.draw(...address(draw))]!++;
  return drawn.map((times) => times / count);
}

describe('RequestMix', () => {
  it('a load without a mix has one alternative', () => {
    const load = openLoad();
    expect(requestAlternatives(load)).toEqual([load.request]);
    const mix = new RequestMix(load, 9);
    expect([mix.count, mix.draw(0, 0), mix.draw(5, 1e9)]).toEqual([1, 0, 0]);
  });

  it.each([
    ['of the open model', (draw: number) => [0, draw] as const],
    ['of a user', (draw: number) => [123_456, draw] as const],
    ['first of many users', (draw: number) => [draw, 0] as const],
  ])('draws with the weights: requests %s', (_name, address) => {
    const weights = [3, 1, 0.5, 5.5];
    shares(mixOf(...weights), address).forEach((share, alternative) => {
      const expected = weights[alternative]! / 10;
      // Four standard errors of a share.
      expect(Math.abs(share - expected)).toBeLessThan(4 * Math.sqrt((expected * (1 - expected)) / count));
    });
  });

  it('finds every alternative of a long mix', () => {
    const mix = mixOf(...Array.from({ length: 100 }, () => 1));
    expect(
      shares(mix, (draw) => [0, draw]).every((share) => Math.abs(share - 0.01) < 4 * Math.sqrt(0.0099 / count)),
    ).toBe(true);
  });

  it('depends on the seed and on the place in the plan only', () => {
    const plan = (seed: number): readonly number[] => {
      const mix = new RequestMix(openLoad({ requests: [get(1), get(2), get(3)] }), seed);
      return Array.from({ length: 200 }, (_, index) => mix.draw(4, index));
    };
    expect(plan(1)).toEqual(plan(1));
    expect(plan(1)).not.toEqual(plan(2));
  });

  it.each([
    ['nothing', []],
    ['a weight of 0', [1, 0]],
    ['a negative weight', [2, -1]],
    ['no number', [NaN]],
    ['too much', [Infinity]],
  ])('refuses %s', (_name, weights) => {
    expect(() => mixOf(...weights)).toThrow('cannot draw requests');
  });
});
