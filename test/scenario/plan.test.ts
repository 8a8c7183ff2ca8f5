import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { permutation, planTrials } from '../../src/scenario/plan.ts';
import { UserError } from '../../src/scenario/user-error.ts';
import { scenarioOf } from './read.ts';

const scenario = scenarioOf(`name: x
question: q
base: { load: { warmUp: 1s, duration: 4s } }
axes:
  strategy.connection: [close, keep-alive]
  strategy.pool.size: [1, 8, 32]
baseline: { strategy.connection: close }
blocks: 3
expect:
  - { claim: a, metric: connections.opened, of: strategy.connection=close strategy.pool.size=1, value: { above: 1 } }
  - { claim: b, metric: connections.opened, of: strategy.connection=keep-alive strategy.pool.size=1, ratio: { below: 1 } }
`);

function errorOf(action: () => unknown): UserError {
  try {
    action();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('no error');
}

describe('permutation', () => {
  it('holds every position once, and depends on the seed alone', () => {
    fc.assert(
      fc.property(fc.nat(60), fc.nat(), (length, seed) => {
        const order = permutation(length, seed);
        expect([...order].sort((left, right) => left - right)).toEqual(Array.from({ length }, (_, index) => index));
        expect(permutation(length, seed)).toEqual(order);
      }),
    );
  });

  it('takes every order of three about equally often', () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 6000; seed++) {
      const order = permutation(3, seed).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // 1000 expected; the standard deviation is 29, and the seeds are fixed.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});

describe('plan', () => {
  it('passes over all variants in every block', () => {
    const plan = planTrials(scenario, { seed: 7 });
    expect(plan.trials.map(({ index, block, order }) => [index, block, order])).toEqual(
      Array.from({ length: 18 }, (_, index) => [index, Math.floor(index / 6), index % 6]),
    );
    const names = scenario.variants.map(({ name }) => name).sort();
    for (const block of [0, 1, 2]) {
      const inBlock = plan.trials.filter((trial) => trial.block === block).map(({ variant }) => variant);
      expect(inBlock.sort()).toEqual(names);
    }
    expect(new Set(plan.trials.map(({ seed }) => seed)).size).toBe(18);
  });

  it('counts on the longest warm-up', () => {
    const waits = scenarioOf('name: x\nbase: { load: { warmUp: 1s, steady: 40s, duration: 4s } }\n');
    expect(planTrials(waits, { seed: 7 }).estimatedSeconds).toBeCloseTo(45.7, 9);
  });

  it('carries what a run has to say about itself', () => {
    const plan = planTrials(scenario, { seed: 7 });
    expect(plan).toMatchObject({
      scenario: 'x',
      question: 'q',
      seed: 7,
      blocks: 3,
      baseline: { 'strategy.connection': 'close' },
    });
    // 18 trials of 1 s warm-up, 4 s measure and 0.7 s around them.
    expect(plan.estimatedSeconds).toBeCloseTo(18 * 5.7, 9);
    expect(plan.expectations).toHaveLength(2);
  });

  it('is the same for the same seed and another for another', () => {
    expect(planTrials(scenario, { seed: 7 })).toEqual(planTrials(scenario, { seed: 7 }));
    const orders = [7, 8].map((seed) => planTrials(scenario, { seed }).trials.map(({ variant }) => variant));
    expect(orders[0]).not.toEqual(orders[1]);
  });

  it('orders the blocks differently', () => {
    const { trials } = planTrials(scenario, { seed: 7, blocks: 20 });
    const orders = Array.from({ length: 20 }, (_, block) =>
      trials
        .filter((trial) => trial.block === block)
        .map(({ variant }) => variant)
        .join(),
    );
    expect(new Set(orders).size).toBeGreaterThan(10);
  });

  it('runs the union of the selections, and keeps the seeds of their trials', () => {
    const only = ['strategy.pool.size=8', 'strategy.connection=keep-alive strategy.pool.size=1'];
    const plan = planTrials(scenario, { seed: 7, only });
    expect(plan.variants.map(({ name }) => name)).toEqual([
      'strategy.connection=close strategy.pool.size=8',
      'strategy.connection=keep-alive strategy.pool.size=1',
      'strategy.connection=keep-alive strategy.pool.size=8',
    ]);
    const seedOf = (trials: typeof plan.trials): number | undefined =>
      trials.find(({ block, variant }) => block === 1 && variant === plan.variants[0]?.name)?.seed;
    expect(seedOf(plan.trials)).toBe(seedOf(planTrials(scenario, { seed: 7 }).trials));
    expect(seedOf(plan.trials)).toBeTypeOf('number');
  });

  it('leaves out the baseline and the claims that are not selected', () => {
    const plan = planTrials(scenario, { seed: 7, only: ['strategy.connection=keep-alive'] });
    expect(plan.baseline).toBeNull();
    expect(plan.expectations).toEqual([]);
  });

  it('names the variants there are where the selection names none', () => {
    const error = errorOf(() => planTrials(scenario, { seed: 7, only: ['strategy.connection=closed'] }));
    expect(error.code).toBe('UNKNOWN_VARIANT');
    expect(error.message).toBe(
      '--only: "closed" is not an alternative of the axis "strategy.connection"; it has close, keep-alive',
    );
    expect(error.hint).toMatch(
      /^did you mean close\? the variants are: strategy.connection=close strategy.pool.size=1, /,
    );
  });

  it.each([
    ['no blocks', { seed: 1, blocks: 0 }, 'BAD_BLOCKS'],
    ['half a block', { seed: 1, blocks: 1.5 }, 'BAD_BLOCKS'],
    ['a negative seed', { seed: -1 }, 'BAD_SEED'],
    ['no number for a seed', { seed: NaN }, 'BAD_SEED'],
  ])('refuses %s', (_name, options, code) => {
    expect(errorOf(() => planTrials(scenario, options)).code).toBe(code);
  });
});
