import { describe, expect, it } from 'vitest';
import { briefsOf, scenarioOf } from './read.ts';

const text = `name: x
base: { load: { rate: 9/s } }
axes:
  strategy.pool.size: [1, 2]
  load: { open: {}, closed: { load: { model: closed, users: 7 } } }
blocks: 2
`;

describe('--set', () => {
  it('lays values over base, before the axes', () => {
    const { variants } = scenarioOf(text, [
      'load.rate=20/s',
      'base.strategy.honourHint=false',
      'server={ kind: reference }',
    ]);
    expect(variants.map(({ trial }) => trial)).toMatchObject([
      { load: { ratePerSecond: 20 }, strategy: { honourHint: false }, server: { kind: 'reference' } },
      { load: { users: 7 }, strategy: { honourHint: false } },
      { load: { ratePerSecond: 20 } },
      { load: { users: 7 } },
    ]);
  });

  it('sets blocks and baseline', () => {
    const scenario = scenarioOf(text, ['blocks=5', 'baseline={ load: open }']);
    expect(scenario.blocks).toBe(5);
    expect(scenario.baseline).toEqual({ load: 'open' });
    expect(scenario.document).toMatchObject({ blocks: 5, baseline: { load: 'open' } });
  });

  it('lets the last of two settings win', () => {
    expect(scenarioOf('name: x', ['blocks=5', 'blocks=6']).blocks).toBe(6);
  });

  it('turns an open load into a closed one', () => {
    const { variants } = scenarioOf('name: x\nbase: { load: { rate: 9/s } }', ['load.model=closed', 'load.users=4']);
    expect(variants[0]?.trial.load).toMatchObject({ model: 'closed', users: 4 });
  });

  it.each([
    [
      'a knob that an axis sets',
      'strategy.pool.size=4',
      'strategy.pool.size: is set by the axis "strategy.pool.size" in its variants, so setting it here would not show',
    ],
    [
      'a map around a knob that an axis sets',
      'strategy.pool={size: 4, order: fifo}',
      'strategy.pool.size: is set by the axis "strategy.pool.size" in its variants, so setting it here would not show',
    ],
    [
      'a knob that one alternative sets',
      'load.users=4',
      'load.users: is set by the axis "load" in its variants, so setting it here would not show',
    ],
    ['an unknown path', 'load.rat=5/s', ': "load.rat" is not the path of a knob [load.rate]'],
    [
      'a key without its way',
      'idleTimeout=5s',
      ': "idleTimeout" is not the path of a knob [strategy.pool.idleTimeout]',
    ],
    ['a misspelt top key', 'block=5', ': "block" is not the path of a knob [blocks]'],
    ['a value without unit', 'load.warmUp=5', 'load.warmUp: 5 needs a unit, for example 5s'],
    ['no value', 'load.warmUp=', 'load.warmUp: needs a value'],
    ['no =', 'load.warmUp', ': must be path=value, for example load.rate=500/s'],
    ['bad YAML', 'load.warmUp="5s', 'load.warmUp: YAML: Missing closing "quote'],
    ['bad blocks', 'blocks=0', 'blocks: must be a whole number from 1 to 1000, not 0'],
    ['a polluting path', '__proto__.x=1', ': "__proto__.x" is not the path of a knob'],
  ])('refuses %s', (_name, setting, problem) => {
    expect(briefsOf(text, [setting])).toEqual([`0:0 ${problem}`]);
  });

  it('reports problems of rules at the setting', () => {
    expect(briefsOf('name: x', ['load.workers=40'])).toEqual([
      '0:0 load.workers: the pool is split over the workers and each needs a connection: 40 workers, strategy.pool.size 32',
    ]);
  });
});
