import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { counterpart, select, selectOne } from '../../src/scenario/selection.ts';
import { bundledServer, briefsOf, problemsOf, scenarioOf } from './read.ts';

const grid = `name: x
axes:
  strategy: { close: { strategy: { connection: close } }, keep-alive: {} }
  server.keepAliveTimeout: [3s, 8s]
`;

describe('cross product', () => {
  it('names every cell in the order of the axes, the last axis fastest', () => {
    expect(scenarioOf(grid).variants.map(({ name }) => name)).toEqual([
      'strategy=close server.keepAliveTimeout=3s',
      'strategy=close server.keepAliveTimeout=8s',
      'strategy=keep-alive server.keepAliveTimeout=3s',
      'strategy=keep-alive server.keepAliveTimeout=8s',
    ]);
  });

  it('lays each alternative over the base', () => {
    const { variants } = scenarioOf(`${grid}base: { strategy: { pool: { size: 5 } } }`);
    const seen = variants.map(
      ({ axes, trial }) => [axes, trial.strategy, bundledServer(trial).keepAliveTimeoutMs] as const,
    );
    expect(seen[1]).toMatchObject([
      { strategy: 'close', 'server.keepAliveTimeout': '8s' },
      { connection: 'close', pool: { size: 5 } },
      8000,
    ]);
    expect(seen[2]).toMatchObject([{ strategy: 'keep-alive' }, { connection: 'keep-alive', pool: { size: 5 } }, 3000]);
  });

  it('has the same order when it is read back from JSON, where whole numbers come first', () => {
    const text = 'name: x\naxes: { size: { all: {}, 32: {}, 8: { strategy: { pool: { size: 8 } } } } }';
    const scenario = scenarioOf(text);
    expect(scenario.variants.map(({ name }) => name)).toEqual(['size=8', 'size=32', 'size=all']);
    expect(scenarioOf(JSON.stringify(scenario.document)).variants).toEqual(scenario.variants);
  });

  it('has as many variants as the product of the axes, all with names of their own', () => {
    const paths = [
      'strategy.pool.size',
      'strategy.pool.maxRequests',
      'server.maxConnections',
      'strategy.pool.queueLimit',
    ];
    const lists = fc.array(fc.uniqueArray(fc.integer({ min: 1, max: 999 }), { minLength: 1, maxLength: 5 }), {
      maxLength: paths.length,
    });
    fc.assert(
      fc.property(lists, (axes) => {
        const text = stringify({
          name: 'x',
          axes: Object.fromEntries(axes.map((list, index) => [paths[index] ?? '', list] as const)),
        });
        const { variants } = scenarioOf(text);
        const expected = axes.reduce((product, list) => product * list.length, 1);
        expect(new Set(variants.map(({ name }) => name)).size).toBe(expected);
        expect(variants).toHaveLength(expected);
      }),
      { numRuns: 50 },
    );
  });
});

describe('a patch that changes the kind of a map', () => {
  it('leaves out the parameters of the other load model', () => {
    const text =
      'name: x\nbase: { load: { rate: 9/s, arrivals: constant } }\naxes: { load: { a: {}, b: { load: { model: closed } } } }';
    expect(scenarioOf(text).variants.map(({ trial }) => trial.load)).toMatchObject([
      { model: 'open', ratePerSecond: 9, arrivals: 'constant' },
      { model: 'closed', users: 50 },
    ]);
  });

  it('lets base hold the parameters of both models where an axis picks one', () => {
    const text = 'name: x\nbase: { load: { rate: 9/s, users: 3 } }\naxes: { load.model: [open, closed] }';
    const scenario = scenarioOf(text);
    expect(scenario.variants.map(({ trial }) => trial.load)).toMatchObject([{ ratePerSecond: 9 }, { users: 3 }]);
    expect(scenarioOf(stringify(scenario.document)).variants).toEqual(scenario.variants);
  });

  it('replaces the parameters of a delay', () => {
    const text = `name: x
base: { server: { response: { delay: { distribution: uniform, min: 1ms, max: 2ms } } } }
axes:
  delay:
    wider: { server: { response: { delay: { max: 9ms } } } }
    other: { server: { response: { delay: { distribution: exponential, mean: 3ms } } } }
    none: { server: { response: { delay: 0ms } } }
`;
    expect(scenarioOf(text).variants.map(({ trial }) => bundledServer(trial).response.delay)).toEqual([
      { distribution: 'uniform', minMs: 1, maxMs: 9 },
      { distribution: 'exponential', meanMs: 3 },
      { distribution: 'constant', valueMs: 0 },
    ]);
  });

  it.each([
    ['the model first', '{ model: { open: {}, closed: { load: { model: closed } } }, load.rate: [5/s, 6/s] }'],
    ['the rate first', '{ load.rate: [5/s, 6/s], model: { open: {}, closed: { load: { model: closed } } } }'],
  ])('does not hide the contradiction of two axes, %s', (_name, axes) => {
    const problems = problemsOf(`name: x\naxes: ${axes}`);
    expect(problems.map(({ path, message }) => [path, message.replace(/ \(in .*/, '')])).toEqual([
      ['load.rate', 'is for load.model open, but the model is closed'],
      ['load.rate', 'is for load.model open, but the model is closed'],
    ]);
  });
});

describe('axes that cannot be', () => {
  it.each([
    [
      'a path set by two axes',
      '{ strategy.pool.size: [1], s: { a: { strategy: { pool: { size: 2 } } } } }',
      'axes.s: sets strategy.pool.size, which the axis "strategy.pool.size" sets too',
    ],
    [
      'a path inside another axis',
      '{ server.response.delay: [1ms], s: { a: { server: { response: { delay: { max: 1ms } } } } } }',
      'axes.s: sets server.response.delay.max, which the axis "server.response.delay" sets too',
    ],
    ['no alternatives in a list', '{ strategy.pool.size: [] }', 'axes.strategy.pool.size: has no alternatives'],
    ['no alternatives in a map', '{ s: {} }', 'axes.s: has no alternatives'],
    [
      'a single value',
      '{ strategy.pool.size: 5 }',
      'axes.strategy.pool.size: must be a list of values for the knob at this dotted path, or a map of named patches',
    ],
    [
      'maps in a list',
      '{ strategy.pool: [{ size: 1 }] }',
      'axes.strategy.pool[0]: must be a single value; for more, name the axis and give a map of patches',
    ],
    [
      'one value in two spellings',
      '{ strategy.pool.idleTimeout: [1s, 1000ms] }',
      'axes.strategy.pool.idleTimeout[1]: "1000ms" is in the list already, as "1s"',
    ],
    [
      'a value without its unit',
      '{ strategy.pool.idleTimeout: [1] }',
      'axes.strategy.pool.idleTimeout[0]: 1 needs a unit, for example 1s, or unlimited',
    ],
    ['a patch that is none', '{ s: { a: close } }', 'axes.s.a: must be a map of keys to lay over base, or {}'],
    [
      'a name with a line break',
      '{ s: { "a\\nb": {} } }',
      'axes.s."a\\u{a}b": the name of an alternative may not contain control or invisible characters',
    ],
    [
      'a name that turns text around',
      '{ "\\u202e": { a: {} } }',
      'axes."\\u{202e}": the name of an axis may not contain control or invisible characters',
    ],
    ['a name with =', '{ "a=b": { a: {} } }', 'axes."a=b": the name of an axis may not contain ='],
    [
      'a name of 81 characters',
      `{ ${'a'.repeat(81)}: { a: {} } }`,
      `axes."${'a'.repeat(60)}...": the name of an axis may have at most 80 characters`,
    ],
    ['__proto__', '{ __proto__: { a: {} } }', 'axes.__proto__: the name of an axis may not be __proto__'],
  ])('%s', (_name, axes, problem) => {
    expect(problemsOf(`name: x\naxes: ${axes}`).map(({ path, message }) => `${path}: ${message}`)).toEqual([problem]);
  });
});

describe('baseline', () => {
  it.each([
    ['one axis', '{ strategy: close }', { strategy: 'close' }],
    [
      'all axes',
      '{ strategy: close, server.keepAliveTimeout: 3s }',
      { strategy: 'close', 'server.keepAliveTimeout': '3s' },
    ],
    [
      'the name of a variant',
      'strategy=close server.keepAliveTimeout=3s',
      { strategy: 'close', 'server.keepAliveTimeout': '3s' },
    ],
    ['a filter', 'strategy=close', { strategy: 'close' }],
  ])('by %s', (_name, baseline, axes) => {
    expect(scenarioOf(`${grid}baseline: ${baseline}`).baseline).toEqual(axes);
  });

  it.each([
    [
      'an unknown axis',
      '{ stratgy: close }',
      '"stratgy" is not an axis; the axes are strategy, server.keepAliveTimeout [strategy]',
    ],
    [
      'an unknown alternative',
      '{ strategy: closed }',
      '"closed" is not an alternative of the axis "strategy"; it has close, keep-alive [close]',
    ],
    ['no name', 'fast', '"fast" is neither the name of a variant nor a filter such as axis=alternative'],
    ['a list', '[close]', 'must be the name of a variant, or a map from axis to alternative'],
  ])('refuses %s', (_name, baseline, problem) => {
    expect(briefsOf(`${grid}baseline: ${baseline}`)).toEqual([expect.stringMatching(/^5:\d+ baseline: /)]);
    expect(briefsOf(`${grid}baseline: ${baseline}`)[0]).toContain(problem);
  });

  it('gives every variant a partner that differs in the axes of the baseline only', () => {
    const { variants } = scenarioOf(grid);
    const partners = variants.map((variant) => counterpart(variants, variant, { strategy: 'close' })?.name);
    expect(partners).toEqual([variants[0]?.name, variants[1]?.name, variants[0]?.name, variants[1]?.name]);
  });
});

describe('selection', () => {
  const { variants } = scenarioOf(grid);
  it.each([
    ['a name', 'strategy=close server.keepAliveTimeout=8s', [1]],
    ['a filter by one axis', 'server.keepAliveTimeout=3s', [0, 2]],
    ['a filter by both axes in another order', 'server.keepAliveTimeout=8s strategy=keep-alive', [3]],
  ])('by %s', (_name, selector, positions) => {
    const found = select(variants, selector);
    expect(found.ok && found.items).toEqual(positions.map((position) => variants[position]));
  });

  it('asks for the axes that tell several variants apart', () => {
    expect(selectOne(variants, { strategy: 'close' })).toEqual({
      ok: false,
      message: 'fits 2 variants and should fit one; add server.keepAliveTimeout',
    });
  });

  it('finds the only variant of a scenario without axes', () => {
    const alone = scenarioOf('name: x').variants;
    expect(select(alone, 'default')).toMatchObject({ ok: true, items: [{ name: 'default' }] });
    expect(select(alone, 'a=b')).toMatchObject({ ok: false, message: '"a" is not an axis; the scenario has no axes' });
  });
});
