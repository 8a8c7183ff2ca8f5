/** The part `load` of a scenario: what it may say, what it becomes, and what does not go together. */
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { LoadConfig } from '../../src/scenario/config.ts';
import { briefsOf, scenarioOf } from './read.ts';

const text = (load: string): string => `name: x\nbase:\n  load: ${load}\n`;
const session = '  strategy: { pool: { scope: session, size: 4 } }\n';
const loadOf = (load: string, more = ''): LoadConfig => scenarioOf(text(load) + more).variants[0]!.trial.load;

describe('shapes', () => {
  it('steady is what there is without a shape', () => {
    expect(loadOf('{ shape: steady }')).toEqual(loadOf('{}'));
    expect(loadOf('{}')).not.toHaveProperty('shape');
  });

  it.each<[string, unknown]>([
    ['{ ramp: { to: 1000/s } }', { kind: 'ramp', toPerSecond: 1000 }],
    [
      '{ steps: [{ rate: 60/min, for: 1s }, { rate: 0/s, for: 500us000 }] }'.replace('500us000', '500ms'),
      {
        kind: 'steps',
        steps: [
          { ratePerSecond: 1, forMs: 1000 },
          { ratePerSecond: 0, forMs: 500 },
        ],
      },
    ],
    ['{ bursts: { on: 200ms, off: 0.8s } }', { kind: 'bursts', onMs: 200, offMs: 800 }],
  ])('%s', (shape, expected) => {
    expect(loadOf(`{ rate: 500/s, shape: ${shape} }`)).toMatchObject({ ratePerSecond: 500, shape: expected });
  });

  it('an axis takes another shape, or a part of one', () => {
    const { variants } = scenarioOf(`${text('{ shape: { ramp: { to: 9/s } } }')}axes:
  shape: { ramp: {}, bursts: { load: { shape: { bursts: { on: 1s, off: 2s } } } }, steady: { load: { shape: steady } } }
`);
    expect(variants.map(({ trial: { load } }) => ('shape' in load ? load.shape.kind : 'none'))).toEqual([
      'ramp',
      'bursts',
      'none',
    ]);
    const parts = scenarioOf(
      `${text('{ shape: { bursts: { on: 1s, off: 2s } } }')}axes: { load.shape.bursts.on: [10ms, 20ms] }\n`,
    );
    expect(parts.variants.map(({ trial: { load } }) => ('shape' in load ? load.shape : null))).toEqual([
      { kind: 'bursts', onMs: 10, offMs: 2000 },
      { kind: 'bursts', onMs: 20, offMs: 2000 },
    ]);
  });

  it.each([
    [
      '{ shape: saw }',
      [
        'base.load.shape: must be steady, or a map with ramp, steps or bursts, such as { ramp: { to: 1000/s } }, not "saw"',
      ],
    ],
    ['{ shape: {} }', ['base.load.shape: needs ramp, steps or bursts; or write shape: steady']],
    ['{ shape: { ramp: {} } }', ['base.load.shape.ramp: needs to: the rate at the end of measure, such as 1000/s']],
    ['{ shape: { bursts: { on: 1s } } }', ['base.load.shape.bursts: needs off, such as { on: 200ms, off: 800ms }']],
    ['{ shape: { steps: [] } }', ['base.load.shape.steps: needs at least one step, such as { rate: 100/s, for: 1s }']],
    ['{ shape: { steps: [{ rate: 1/s }] } }', ['base.load.shape.steps[0].for: is missing']],
    [
      '{ shape: { steps: [{ rate: 0/s, for: 1s }] } }',
      ['base.load.shape.steps: plans no arrival in load.duration 10s (0, rounded): raise the rate, or measure longer'],
    ],
    ['{ shape: { steps: 5 } }', ['base.load.shape.steps: must be a list, not 5']],
    ['{ shape: { ramp: { to: 9 } } }', ['base.load.shape.ramp.to: 9 needs a unit, for example 9/s']],
    [
      '{ shape: { ramp: { to: 9/s }, bursts: { on: 1s, off: 1s } } }',
      ['base.load.shape.bursts: does not go with load.shape.ramp: a rate has one shape'],
    ],
    [
      '{ shape: { burst: { on: 1s, off: 1s } } }',
      ['base.load.shape.burst: is not a known key; known here: ramp, steps, bursts [bursts]'],
    ],
    ['{ model: closed, shape: steady }', ['base.load.shape: is for load.model open, but the model is closed']],
    [
      '{ rate: 0.1/s, duration: 4900ms }',
      ['base.load.rate: plans no arrival in load.duration 4900ms (0.49, rounded): raise the rate, or measure longer'],
    ],
    // The first step with arrivals would begin after the end.
    [
      '{ shape: { steps: [{ rate: 0/s, for: 5s }, { rate: 100/s, for: 1s }] }, duration: 5s }',
      ['base.load.shape.steps: plans no arrival in load.duration 5s (0, rounded): raise the rate, or measure longer'],
    ],
    // Two rounds of 10 ms at 5/s are 0.1 arrivals, and the third is cut at 2 of its 10 ms.
    [
      '{ rate: 5/s, shape: { bursts: { on: 10ms, off: 1s } }, duration: 2022ms }',
      [
        'base.load.shape.bursts: plans no arrival in load.duration 2022ms (0.11, rounded): raise the rate, or measure longer',
      ],
    ],
    ['{ rate: 0.1/s, duration: 5s }', []],
    ['{ rate: 0.1/s, shape: { ramp: { to: 0.5/s } }, duration: 1700ms }', []],
    [
      '{ rate: 1000000/s, duration: 1h }',
      [
        'base.load.rate: makes up to 3600000000 arrivals in load.warmUp or load.duration; at most 1000000000 are planned: lower the rate, or measure for less long',
      ],
    ],
  ])('%s', (load, problems) => {
    expect(briefsOf(text(load)).map((line) => line.replace(/^\S+ /, ''))).toEqual(problems);
  });
});

describe('a warm-up that ends when it is steady', () => {
  it('is one that says so; off is what there is without the key', () => {
    expect(loadOf('{ warmUp: 3s, steady: 40s }')).toMatchObject({ warmUpMs: 3000, steadyMs: 40_000 });
    expect(loadOf('{ model: closed, steady: 1m }')).toMatchObject({ steadyMs: 60_000 });
    expect(loadOf('{ steady: off }')).toEqual(loadOf('{}'));
    expect(loadOf('{}')).not.toHaveProperty('steadyMs');
  });

  it('goes with every shape: warm-up is at one rate, or in bursts', () => {
    for (const shape of [
      '{ ramp: { to: 9/s } }',
      '{ steps: [{ rate: 1/s, for: 1s }] }',
      '{ bursts: { on: 1s, off: 2s } }',
    ]) {
      expect(loadOf(`{ steady: 30s, shape: ${shape} }`)).toMatchObject({ steadyMs: 30_000 });
    }
  });

  it('an axis turns it off', () => {
    const { variants } = scenarioOf(`${text('{ steady: 30s }')}axes: { load.steady: [30s, off] }\n`);
    expect(variants.map(({ trial: { load } }) => load.steadyMs)).toEqual([30_000, undefined]);
  });

  it.each([
    ['{ steady: 30 }', 'base.load.steady: 30 needs a unit, for example 30s, or off'],
    [
      '{ steady: 11m }',
      'base.load.steady: must be at most 10m, not 11m: what is not steady after ten minutes will not become it',
    ],
    [
      '{ warmUp: 5m, steady: 6m }',
      'base.load.steady: is too long: a warm-up that ends when it is steady takes at most 10m, load.warmUp included, not 11m',
    ],
    [
      '{ steady: 19999ms }',
      'base.load.steady: is too short to tell: load.warmUp and load.steady are 21999ms together, and the latency of 20 seconds is compared before measure begins; give it at least 20s',
    ],
    [
      '{ rate: 10000000/s, warmUp: 2s, steady: 99s, duration: 1s }',
      'base.load.rate: makes up to 1010000000 arrivals in load.warmUp or load.duration; at most 1000000000 are planned: lower the rate, or measure for less long',
    ],
  ])('%s', (load, problem) => {
    expect(briefsOf(text(load)).map((line) => line.replace(/^\S+ /, ''))).toEqual([problem]);
  });
});

describe('think times', () => {
  it.each<[string, unknown]>([
    ['1s', { thinkTimeMs: 1000 }],
    [
      '{ distribution: exponential, mean: 2s }',
      { thinkTimeMs: 2000, thinkTime: { distribution: 'exponential', meanMs: 2000 } },
    ],
    [
      '{ distribution: lognormal, median: 1s, sigma: 0.5 }',
      // The mean of a lognormal is e^(sigma^2 / 2) medians.
      { thinkTimeMs: 1000 * Math.exp(0.125), thinkTime: { distribution: 'lognormal', medianMs: 1000, sigma: 0.5 } },
    ],
  ])('%s', (thinkTime, expected) => {
    expect(loadOf(`{ model: closed, thinkTime: ${thinkTime} }`)).toMatchObject(expected as object);
  });

  it('another distribution takes the place of the parameters of the first', () => {
    const { variants } =
      scenarioOf(`${text('{ model: closed, thinkTime: { distribution: lognormal, median: 1s, sigma: 1 } }')}axes:
  think: { long: {}, even: { load: { thinkTime: { distribution: exponential, mean: 3s } } }, none: { load: { thinkTime: 0s } } }
`);
    expect(variants.map(({ config }) => ('thinkTime' in config.load ? config.load.thinkTime : null))).toEqual([
      { distribution: 'lognormal', median: '1s', sigma: 1 },
      { distribution: 'exponential', mean: '3s' },
      '0s',
    ]);
  });

  it.each([
    ['5', '5 needs a unit, for example 5s, or { distribution: ... }'],
    ['{ mean: 1s }', 'needs a distribution: exponential, lognormal'],
    ['{ distribution: exponential }', 'needs mean: distribution exponential takes mean'],
    ['{ distribution: lognormal, median: 1s, sigma: 9 }', 'must be a number from 0 to 5, not 9'],
    [
      '{ distribution: exponential, mean: 1s, sigma: 1 }',
      'is not a parameter of distribution exponential, which takes mean',
    ],
  ])('%s', (thinkTime, problem) => {
    const problems = briefsOf(text(`{ model: closed, thinkTime: ${thinkTime} }`));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });
});

describe('sessions', () => {
  it('a page has assets', () => {
    expect(loadOf('{ model: closed, page: { assets: 10 } }', session)).toMatchObject({ page: { assets: 10 } });
    expect(loadOf('{ model: closed }', session)).not.toHaveProperty('page');
  });

  it.each([
    [
      '{ model: closed, page: { assets: 3 } }',
      '',
      'base.load.page: needs strategy.pool.scope session, so that each user has connections of its own; it is shared',
    ],
    ['{ model: closed, page: {} }', session, 'base.load.page: needs assets: how many follow the page'],
    [
      '{ model: closed, page: { assets: 0 } }',
      session,
      'base.load.page.assets: must be a whole number from 1 to 1000, not 0',
    ],
    ['{ page: { assets: 3 } }', '', 'base.load.page: is for load.model closed, but the model is open'],
  ])('%s', (load, more, problem) => {
    expect(briefsOf(text(load) + more).map((line) => line.replace(/^\S+ /, ''))).toContain(problem);
  });
});

describe('requests', () => {
  it('a request has a body and fields', () => {
    expect(
      loadOf('{ request: { method: POST, body: 2kB, headers: { Accept: text/html, X-Retry: "3" } } }').request,
    ).toEqual({
      method: 'POST',
      path: '/',
      bodyBytes: 2000,
      headers: { Accept: 'text/html', 'X-Retry': '3' },
    });
    expect(loadOf('{ request: { body: 0B, headers: {} } }').request).toEqual({ method: 'GET', path: '/' });
  });

  it('a mix stands in place of the request, whose defaults each of it has', () => {
    const load = loadOf('{ requests: [{ weight: 3, path: /a }, { method: POST, path: /b, body: 1kB }] }');
    expect(load.requests).toEqual([
      { weight: 3, method: 'GET', path: '/a' },
      { weight: 1, method: 'POST', path: '/b', bodyBytes: 1000 },
    ]);
    expect(load.request).toEqual({ method: 'GET', path: '/a' });
    expect(loadOf('{}')).not.toHaveProperty('requests');
  });

  it('an axis replaces a request by a mix, and a mix by a request', () => {
    const axes =
      'axes: { asks: { one: { load: { request: { path: /z } } }, mix: { load: { requests: [{ path: /y }] } } } }\n';
    for (const base of ['{ request: { path: /b } }', '{ requests: [{ path: /c }] }']) {
      const { variants } = scenarioOf(text(base) + axes);
      expect(variants.map(({ trial: { load } }) => [load.request.path, load.requests?.length])).toEqual([['/z', undefined], ['/y', 1]]); // prettier-ignore
    }
  });

  it('takes hostile names of fields as names', () => {
    expect(briefsOf('name: x\nbase: { load: { request: { headers: { __proto__: a } } } }')).toEqual([
      '2:39 base.load.request.headers.__proto__: is not a possible key',
    ]);
    expect(briefsOf('name: x\nbase: { load: { requests: [{ headers: { __proto__: a } }] } }')).toHaveLength(1);
  });

  it.each([
    [
      '{ request: { body: 1kB } }',
      'base.load.request.body: a body has no meaning in GET (RFC 9110, 9.3); use POST or PUT',
    ],
    [
      '{ requests: [{ path: /a }, { method: HEAD, body: 1kB }] }',
      'base.load.requests[1].body: a body has no meaning in HEAD (RFC 9110, 9.3); use POST or PUT',
    ],
    [
      '{ request: { headers: { Content-Length: 5 } } }',
      'base.load.request.headers.Content-Length: must be the name of a header field, other than those of framing and connection, which the client sends itself (load.request.body, strategy.connection), not "Content-Length"',
    ],
    [
      '{ request: { headers: { "X y": 5 } } }',
      'base.load.request.headers."X y": must be the name of a header field, other than those of framing and connection, which the client sends itself (load.request.body, strategy.connection), not "X y"',
    ],
    [
      '{ request: { headers: { X: "a\\r\\nB: c" } } }',
      'base.load.request.headers.X: must be one line of at most 4000 printable ASCII characters, without spaces around them, not "a\\u{d}\\u{a}B: c"',
    ],
    [
      '{ request: { headers: { X: a, x: b } } }',
      'base.load.request.headers: names the field x twice; case makes no difference',
    ],
    [
      '{ requests: [{ path: /a }, { path: /b, headers: { Accept: a, accept: b } }] }',
      'base.load.requests[1].headers: names the field accept twice; case makes no difference',
    ],
    ['{ request: { headers: { X: [1] } } }', 'base.load.request.headers.X: must be text, not [1]'],
    // YAML has made another text of it by then: 1.
    [
      '{ request: { headers: { X: 1.0 } } }',
      'base.load.request.headers.X: must be text, not 1: put it in quotes, as it is to be sent',
    ],
    [
      '{ request: { headers: { X: True } } }',
      'base.load.request.headers.X: must be text, not true: put it in quotes, as it is to be sent',
    ],
    ['{ requests: [] }', 'base.load.requests: needs at least one request, such as { weight: 3, path: /a }'],
    ['{ requests: [{ weight: 0 }] }', 'base.load.requests[0].weight: must be a number from 0.001 to 1000000, not 0'],
    ['{ requests: { path: /a } }', 'base.load.requests: must be a list, not {path: /a}'],
    [
      '{ requests: [{ path: /a }], request: { path: /b } }',
      'base.load.request: does not go with load.requests: both say what requests ask',
    ],
  ])('%s', (load, problem) => {
    expect(briefsOf(text(load)).map((line) => line.replace(/^\S+ /, ''))).toEqual([problem]);
  });
});

describe('all of it', () => {
  it.each([
    ['{ shape: { bursts: { on: 1s, off: 2s } }, requests: [{ method: PUT, body: 16KiB, headers: { a: b } }] }', ''],
    ['{ shape: { steps: [{ rate: 1/s, for: 1s }] } }', ''],
    ['{ steady: 45s }', ''],
    ['{ model: closed, thinkTime: { distribution: lognormal, median: 1s, sigma: 0.5 }, page: { assets: 3 } }', session],
  ])('can be pasted back: %s', (load, more) => {
    const { variants, document } = scenarioOf(text(load) + more);
    const again = scenarioOf(stringify({ name: 'x', base: variants[0]!.config }));
    expect(again.variants).toEqual(variants);
    expect(scenarioOf(stringify(document)).variants).toEqual(variants);
  });

  it('the keys of the other model stay in the document where an axis picks the model', () => {
    const { document } = scenarioOf(
      `${text('{ page: { assets: 2 }, requests: [{ path: /a }] }').trimEnd()}\n${session}axes: { m: { a: { load: { model: closed } } } }\n`,
    );
    expect(document['base']).toMatchObject({ load: { page: { assets: 2 }, requests: [{ path: '/a', weight: 1 }] } });
  });
});
