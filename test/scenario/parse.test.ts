import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { parseScenario } from '../../src/scenario/parse.ts';
import { configSchema } from '../../src/scenario/schema.ts';
import { brief, briefsOf, problemsOf, scenarioOf } from './read.ts';

describe('problems are listed together, each at its place', () => {
  it('keys, values, axes, baseline and claims of one file', () => {
    const text = `nmae: x
question: 5
load: { rate: 5/s }
base:
  stratgy: {}
  strategy:
    idleTimeout: 4s
    pool: { idle_timeout: 4s, order: lfio, size: 0 }
axes:
  network.rt: [0ms]
  strategy.pool.maxRequests: [1, 10, 1]
  close: { on: { strategy: { connecton: close } }, off: {} }
blocks: 0
expect:
  - { claim: a, metric: latency.respnse.p50, of: x, value: { below: 1ms } }
  - { metrc: a }
`;
    expect(briefsOf(text)).toEqual([
      '1:1 name: is missing',
      '1:1 nmae: is not a known key; known here: name, question, look, description, base, axes, baseline, blocks, expect, gates, explain [name]',
      '2:1 question: must be text',
      '3:1 load: is not a known key; known here: name, question, look, description, base, axes, baseline, blocks, expect, gates, explain [base.load]',
      '5:3 base.stratgy: is not a known key; known here: client, strategy, via, server, network, load, attackers [strategy]',
      '7:5 base.strategy.idleTimeout: is not a known key; known here: protocol, connection, pool, honourHint, retry, closeWith, pipelining, tls, tcp, timeouts [strategy.pool.idleTimeout]',
      '8:13 base.strategy.pool.idle_timeout: is not a known key; known here: size, scope, order, idleTimeout, maxRequests, maxLifetime, maxLifetimeJitter, validate, prefetch, queueLimit, queueTimeout [idleTimeout]',
      '8:31 base.strategy.pool.order: must be lifo, fifo or random, not "lfio" [lifo]',
      '8:44 base.strategy.pool.size: must be a whole number from 1 to 1000000, or unlimited, not 0',
      '10:3 axes.network.rt: lists values, but is not the path of a knob [network.rtt]',
      '11:38 axes.strategy.pool.maxRequests[2]: "1" is in the list already, as "1"',
      '12:30 axes.close.on.strategy.connecton: is not a known key; known here: protocol, connection, pool, honourHint, retry, closeWith, pipelining, tls, tcp, timeouts [connection]',
      '13:1 blocks: must be a whole number from 1 to 1000, not 0',
      '15:17 expect[0].metric: is not a metric; metrics are paths into a result, such as latency.response.p50 or connections.opened [latency.response.p50]',
      '16:5 expect[1].claim: is missing',
      '16:5 expect[1].metric: is missing',
      '16:5 expect[1].of: is missing',
      '16:7 expect[1].metrc: is not a known key; known here: claim, metric, of, against, ratio, value, shows [metric]',
    ]);
  });

  it('a hundred problems of a file of a hundred problems', () => {
    const patches = Array.from({ length: 100 }, (_, index) => `    a${index}: { load: { warmUp: ${index} } }`);
    const problems = problemsOf(`name: x\naxes:\n  many:\n${patches.join('\n')}\n`);
    expect(problems.map(brief)).toEqual(
      patches.map((patch, index) => {
        const column = patch.indexOf('warmUp') + 1;
        return `${index + 4}:${column} axes.many.a${index}.load.warmUp: ${index} needs a unit, for example ${index}s`;
      }),
    );
  });

  it('keys that mean something to JavaScript are unknown keys like others', () => {
    const keys = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
    for (const key of keys) {
      expect(briefsOf(`name: x\nbase:\n  ${key}: { polluted: 1 }`)).toEqual([
        `3:3 base.${key}: is not a known key; known here: client, strategy, via, server, network, load, attackers`,
      ]);
    }
    expect(briefsOf('name: x\n__proto__: 1')).toHaveLength(1);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('keys given twice', () => {
    expect(briefsOf('name: x\nbase:\n  load: { rate: 5/s, rate: 6/s }\nname: y')).toEqual([
      '3:22 base.load.rate: is given twice; the first is on line 3',
      '4:1 name: is given twice; the first is on line 1',
    ]);
  });

  it('values of another shape than a map at the top', () => {
    expect(briefsOf('- a')).toEqual(['1:1 : must be a map of keys; name: is the first']);
    expect(briefsOf('name: x\nbase: 5\naxes: 6\nexpect: 7')).toEqual([
      '2:7 base: must be a map of keys',
      '3:7 axes: must be a map from axis to alternatives',
      '4:9 expect: must be a list, not 7',
    ]);
  });

  it('takes empty base, axes and expect for none', () => {
    expect(scenarioOf('name: x\nbase:\naxes:\nexpect:\n').variants).toHaveLength(1);
  });

  it.each([
    ['a path out of the results folder', '../../etc/passwd'],
    ['an escape sequence', '"\\e[31mred"'],
    ['65 letters', 'x'.repeat(65)],
    ['nothing', '""'],
  ])('refuses a name made of %s', (_name, name) => {
    expect(problemsOf(`name: ${name}`).map(({ path }) => path)).toEqual(['name']);
  });

  it('shows no control characters of the file in its messages', () => {
    const text = 'name: x\nbase: { "\\e]0;a\\a": 1, client: "\\e[31m", load: { rate: "\\u202e5/s" } }';
    const messages = problemsOf(text).map(brief).join('');
    expect(messages).toContain('\\u{1b}');
    expect(messages).toMatch(/^[\x20-\x7e]*$/);
  });
});

describe('problems of variants', () => {
  it('is found at the alternative that makes it, and listed once with the variants it was found in', () => {
    const text = `name: x
axes:
  size: { small: { strategy: { pool: { size: 2 } } }, large: {} }
  load: { open: {}, many: { load: { workers: 8 } } }
  scope:
    shared: {}
    session: { strategy: { pool: { scope: session } } }
`;
    expect(briefsOf(text)).toEqual([
      '4:37 load.workers: the pool is split over the workers and each needs a connection: 8 workers, strategy.pool.size 2 (in size=small load=many scope=shared)',
      '7:36 strategy.pool.scope: session does not run with load.model open, which has no users to own the connections; use scope shared, or load.model closed (in size=small load=open scope=session, size=small load=many scope=session, size=large load=open scope=session and 1 more)',
    ]);
  });

  it('is found at the axis when base holds the other knob', () => {
    const text = 'name: x\nbase: { load: { workers: 4 } }\naxes:\n  strategy.pool.size: [2, 8]';
    expect(briefsOf(text)).toEqual([
      '4:24 strategy.pool.size: load.workers the pool is split over the workers and each needs a connection: 4 workers, strategy.pool.size 2 (in strategy.pool.size=2)',
    ]);
  });

  it('is listed beside problems of other kinds', () => {
    expect(briefsOf('name: x\nbase: { load: { users: 5, warmUp: 1 } }\naxes: { "a b": [1] }')).toEqual([
      '2:17 base.load.users: is for load.model closed, but the model is open',
      '2:27 base.load.warmUp: 1 needs a unit, for example 1s',
      '3:9 axes."a b": the name of an axis may not contain spaces; use -',
    ]);
  });
});

describe('YAML', () => {
  it.each([
    ['an open bracket', 'name: x\nbase: { load: { rate: 5\nblocks: 1\n', [3]],
    ['a tab', 'name: x\nbase:\n\tload: {}\n', [3]],
    ['an open quote', 'name: "x\n', [2]],
    ['an unknown tag', 'name: !secret x\n', [1]],
  ])('says where %s is', (_name, text, lines) => {
    const problems = problemsOf(text).filter(({ message }) => message.startsWith('YAML: '));
    expect([...new Set(problems.map(({ line }) => line))]).toEqual(lines);
  });

  it('lists problems before a syntax error, and none that the error may have made', () => {
    const problems = problemsOf('nam: x\nblocks: 0\nbase: "\nblocks: 1');
    expect(problems.map(({ path, line }) => `${path} ${line}`)).toEqual(['nam 1', 'blocks 2', 'base 3', ' 4']);
  });

  it.each([
    ['no text', '', 'is empty'],
    ['comments only', '# nothing\n', 'is empty'],
    ['two documents', 'name: x\n---\nname: y\n', 'holds more than one YAML document; a scenario is one'],
    ['YAML 1.1', '%YAML 1.1\n---\nname: x\n', 'YAML 1.1 is not read; leave the %YAML line out or write 1.2'],
    ['a NUL byte', 'name: x\0y', 'contains a NUL byte, so this is not a text file'],
    ['an alias to nothing', 'name: *x', 'the alias "*x" points at no anchor before it'],
    ['a map as a key', '? {a: 1}\n: x\n', 'has a key that is not a plain word'],
  ])('refuses %s', (_name, text, message) => {
    expect(problemsOf(text).map((problem) => problem.message)).toContain(message);
  });

  it('reads aliases', () => {
    const text = 'name: x\naxes:\n  s: { a: &patch { strategy: { pool: { size: 3 } } }, b: *patch }';
    expect(scenarioOf(text).variants.map(({ trial }) => trial.strategy.pool.size)).toEqual([3, 3]);
  });
});

/** YAML-shaped values made of known and unknown keys, right and wrong values, at any place. */
const keys = fc.oneof(
  fc.constantFrom('name', 'base', 'axes', 'expect', 'baseline', 'blocks', 'question', 'look'),
  fc.constantFrom(...Object.keys(configSchema.shape), 'pool', 'size', 'delay', 'response', 'model', 'rate', 'users'),
  fc.constantFrom('network.rtt', 'strategy.pool.size', 'load.model', '__proto__', 'distribution', 'points', 'metric'),
  fc.string({ maxLength: 6, unit: 'binary' }),
);
const leaves = fc.oneof(
  fc.constantFrom('4s', '1kB', '500/s', 'open', 'closed', 'uniform', 'close', 'session', 'unlimited', 'a=b', ''),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.string({ maxLength: 8, unit: 'binary' }),
);
const trees = fc.letrec((tie) => ({
  node: fc.oneof(
    { maxDepth: 7, withCrossShrink: true },
    leaves,
    fc.dictionary(keys, tie('node'), { maxKeys: 5 }),
    fc.array(tie('node'), { maxLength: 4 }),
  ),
})).node;

/** A scenario or problems, and problems that can be shown: anything else fails the property. */
function endsWell(text: string, set: readonly string[] = []): void {
  const parsed = parseScenario(text, { file: 'x', set });
  if (parsed.ok) {
    expect(parsed.scenario.variants.length).toBeGreaterThan(0);
    return;
  }
  expect(parsed.problems.length).toBeGreaterThan(0);
  for (const problem of parsed.problems) {
    expect(problem.message).not.toMatch(/[\p{Cc}\p{Cf}]|Invalid input|undefined/u);
    expect(problem.message).not.toBe('');
  }
}

describe('whatever the input, a scenario or problems', () => {
  it('for values of any shape', () => {
    fc.assert(
      fc.property(fc.dictionary(keys, trees, { maxKeys: 6 }), (tree) => {
        endsWell(stringify({ name: 'x', ...tree }));
      }),
      { numRuns: 400 },
    );
  });

  it('for a base, axes and claims of any shape', () => {
    const parts = fc.record({
      base: trees,
      axes: fc.dictionary(keys, trees),
      expect: fc.array(trees),
      baseline: trees,
    });
    fc.assert(
      fc.property(parts, (tree) => {
        endsWell(stringify({ name: 'x', ...tree }));
      }),
      { numRuns: 400 },
    );
  });

  it('for any text, and any settings', () => {
    const yamlish = fc.string({
      unit: fc.constantFrom(...Array.from('nae: x{}[],&*!|>-?\'"\n\t#%.=1sk')),
      maxLength: 200,
    });
    fc.assert(
      fc.property(
        fc.oneof(yamlish, fc.string({ unit: 'binary' })),
        fc.array(yamlish, { maxLength: 2 }),
        (text, set) => {
          endsWell(text, set);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('for a sound file with a piece cut out', () => {
    const sound = stringify({
      name: 'x',
      base: { strategy: { pool: { size: 8 } }, load: { model: 'closed', users: 8 } },
      axes: { 'strategy.connection': ['close', 'keep-alive'], load: { slow: { load: { thinkTime: '1s' } }, fast: {} } },
      baseline: { load: 'fast' },
      expect: [
        {
          claim: 'c',
          metric: 'connections.opened',
          of: { load: 'fast', 'strategy.connection': 'close' },
          value: { above: 1 },
        },
      ],
    });
    expect(briefsOf(sound)).toEqual([]);
    fc.assert(
      fc.property(fc.nat(sound.length), fc.nat(20), (at, length) => {
        endsWell(sound.slice(0, at) + sound.slice(at + length));
      }),
      { numRuns: 400 },
    );
  });
});
