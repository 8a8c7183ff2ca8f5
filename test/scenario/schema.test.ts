import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { bundledServer, briefsOf, problemsOf, scenarioOf } from './read.ts';

/** A scenario whose base has one value at a dotted path. */
function withKnob(path: string, value: unknown): string {
  const base = path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
  return stringify({ name: 'x', base });
}
function messagesOf(path: string, value: unknown): readonly string[] {
  return problemsOf(withKnob(path, value)).map((problem) => `${problem.path}: ${problem.message}`);
}

describe('defaults', () => {
  it('fills every knob of a scenario that has a name only', () => {
    const scenario = scenarioOf('name: bare');
    expect(scenario).toMatchObject({
      name: 'bare',
      question: null,
      look: [],
      baseline: null,
      blocks: 1,
      expectations: [],
    });
    expect(scenario.variants.map(({ name, axes }) => ({ name, axes }))).toEqual([{ name: 'default', axes: {} }]);
    expect(scenario.variants[0]?.trial).toEqual({
      client: 'reference',
      strategy: {
        protocol: 'http/1.1',
        connection: 'keep-alive',
        pool: {
          size: 32,
          scope: 'shared',
          order: 'lifo',
          idleTimeoutMs: 4000,
          maxRequests: Infinity,
          maxLifetimeMs: Infinity,
          prefetch: false,
          queueLimit: Infinity,
          queueTimeoutMs: 30_000,
        },
        honourHint: true,
        closeWith: 'fin',
        tcp: { noDelay: true, keepAliveMs: null, fastOpen: false },
        timeouts: { connectMs: 10_000, responseMs: 30_000 },
      },
      server: {
        kind: 'node',
        keepAliveTimeoutMs: null,
        maxRequestsPerSocket: Infinity,
        headersTimeoutMs: null,
        requestTimeoutMs: null,
        maxConnections: Infinity,
        backlog: null,
        response: { sizeBytes: 1000, framing: 'length', delay: { distribution: 'constant', valueMs: 0 } },
        firstCloser: 'server',
      },
      network: {
        mode: 'auto',
        link: {
          rttMs: 0,
          jitterMs: 0,
          bandwidthBitsPerSecond: Infinity,
          queueBytes: 256_000,
          loss: 0,
          reorder: 0,
          duplicate: 0,
          middlebox: null,
        },
        congestionControl: 'cubic',
        sysctls: { client: {}, server: {} },
      },
      load: {
        model: 'open',
        ratePerSecond: 500,
        arrivals: 'poisson',
        warmUpMs: 2000,
        durationMs: 10_000,
        workers: 1,
        request: { method: 'GET', path: '/' },
      },
    });
  });

  it('gives a configuration that can be pasted back', () => {
    const { variants } = scenarioOf('name: x\nbase: { server: { kind: reference, keepAliveTimeout: 90s } }');
    const again = scenarioOf(stringify({ name: 'x', base: variants[0]?.config }));
    expect(again.variants).toEqual(variants);
  });

  it('fills the closed model with users', () => {
    const { variants } = scenarioOf('name: x\nbase: { load: { model: closed } }');
    expect(variants[0]?.trial.load).toMatchObject({ model: 'closed', users: 50, thinkTimeMs: 0 });
    expect(Object.keys(variants[0]?.config.load ?? {})).not.toContain('rate');
  });
});

describe('values', () => {
  it.each<[path: string, value: unknown, canonical: unknown]>([
    ['strategy.pool.idleTimeout', '1000ms', '1s'],
    ['strategy.pool.idleTimeout', 'never', 'unlimited'],
    ['strategy.pool.size', 'unlimited', 'unlimited'],
    ['strategy.pool.maxLifetime', '24h', '24h'],
    ['strategy.tcp.keepAlive', 'off', 'off'],
    ['strategy.tcp.keepAlive', '75s', '75s'],
    ['strategy.protocol', 'http/1.0', 'http/1.0'],
    ['server.keepAliveTimeout', 'unlimited', 'never'],
    ['server.keepAliveTimeout', 'default', 'default'],
    ['server.backlog', 511, 511],
    ['server.response.size', '1024B', '1KiB'],
    ['server.response.size', '0B', '0B'],
    ['server.response.delay', '0.5s', '500ms'],
    ['load.rate', '30/min', '30/min'],
    ['load.request.path', '/a?b=c', '/a?b=c'],
    ['network.loss', '0.0%', '0%'],
    ['network.rtt', '0ms', '0s'],
  ])('%s: %s is %s', (path, value, canonical) => {
    const config = scenarioOf(withKnob(path, value)).variants[0]?.config;
    const found = path.split('.').reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], config);
    expect(found).toBe(canonical);
  });

  it.each<[name: string, path: string, value: unknown, message: string]>([
    ['a missing unit', 'load.warmUp', 2, '2 needs a unit, for example 2s'],
    [
      'a missing unit where a word may stand',
      'strategy.pool.idleTimeout',
      4,
      '4 needs a unit, for example 4s, or unlimited',
    ],
    [
      'a rate beyond the bound',
      'load.rate',
      '20000000/s',
      'must be at most 10000000/s, not 20000000/s: no one machine sends more than 10 million requests a second',
    ],
    ['a rate of nothing', 'load.rate', '0/s', 'must be at least 0.001/s, not 0/s'],
    [
      'a duration beyond a day',
      'load.duration',
      '25h',
      'must be at most 24h, not 25h: a day is the longest time that connbench counts',
    ],
    ['no duration', 'load.duration', '0s', 'must be at least 10ms, not 0s'],
    [
      'a body beyond the bound',
      'server.response.size',
      '2GB',
      'must be at most 1GB, not 2GB: the server keeps the body in memory',
    ],
    ['a million and one users', 'load.users', 1_000_001, 'must be a whole number from 1 to 1000000, not 1000001'],
    ['half a user', 'load.users', 1.5, 'must be a whole number from 1 to 1000000, not 1.5'],
    ['a quoted number', 'load.users', '5', 'must be a whole number from 1 to 1000000, not "5"'],
    ['an empty pool', 'strategy.pool.size', 0, 'must be a whole number from 1 to 1000000, or unlimited, not 0'],
    [
      'infinity',
      'strategy.pool.size',
      Infinity,
      'must be a whole number from 1 to 1000000, or unlimited, not Infinity',
    ],
    ['a keep-alive timeout of zero', 'server.keepAliveTimeout', '0s', 'must be at least 1ms, not 0s'],
    [
      'a relative path',
      'load.request.path',
      'a',
      'must be a path that starts with / and holds printable ASCII without spaces and #, at most 2000 characters, not "a"',
    ],
    [
      'a path that ends the request line',
      'load.request.path',
      '/a HTTP/1.1\r\nX: y',
      'must be a path that starts with / and holds printable ASCII without spaces and #, at most 2000 characters, not "/a HTTP/1.1\\u{d}\\u{a}X: y"',
    ],
    ['a method of another kind', 'load.request.method', 'PATCH', 'must be GET, HEAD, POST, PUT or DELETE, not "PATCH"'],
    ['yes', 'strategy.honourHint', 'yes', 'must be true or false, not "yes"'],
    ['a list for a map', 'strategy.pool', [1], 'must be a map of keys, not [1]'],
    ['text for a map', 'strategy', 'keep-alive', 'must be a map of keys, not "keep-alive"'],
  ])('refuses %s', (_name, path, value, message) => {
    const model = path === 'load.users' ? `${withKnob(path, value)}    model: closed\n` : withKnob(path, value);
    expect(problemsOf(model).map((problem) => `${problem.path}: ${problem.message}`)).toEqual([
      `base.${path}: ${message}`,
    ]);
  });
});

describe('delay', () => {
  it.each<[name: string, delay: unknown, trial: unknown]>([
    ['a duration', '5ms', { distribution: 'constant', valueMs: 5 }],
    ['constant', { distribution: 'constant', value: '5ms' }, { distribution: 'constant', valueMs: 5 }],
    ['uniform', { distribution: 'uniform', min: '1ms', max: '2ms' }, { distribution: 'uniform', minMs: 1, maxMs: 2 }],
    ['exponential', { distribution: 'exponential', mean: '1ms' }, { distribution: 'exponential', meanMs: 1 }],
    [
      'lognormal',
      { distribution: 'lognormal', median: '1ms', sigma: 0.5 },
      { distribution: 'lognormal', medianMs: 1, sigma: 0.5 },
    ],
    [
      'percentiles, in any order',
      { distribution: 'percentiles', points: { p999: '50ms', p50: '1ms', p99: '20ms', p100: '60ms', p0: '1ms' } },
      {
        distribution: 'percentiles',
        points: [
          { p: 0, valueMs: 1 },
          { p: 0.5, valueMs: 1 },
          { p: 0.99, valueMs: 20 },
          { p: 0.999, valueMs: 50 },
          { p: 1, valueMs: 60 },
        ],
      },
    ],
  ])('%s', (_name, delay, trial) => {
    const text = withKnob('server.response.delay', delay);
    expect(bundledServer(scenarioOf(text).variants[0]!.trial).response.delay).toEqual(trial);
  });

  it.each<[name: string, delay: unknown, messages: readonly string[]]>([
    ['no unit', 5, [': 5 needs a unit, for example 5s, or { distribution: ... }']],
    ['no unit inside', { distribution: 'constant', value: 5 }, ['.value: 5 needs a unit, for example 5s']],
    [
      'no distribution',
      { min: '1ms' },
      [': needs a distribution: constant, uniform, exponential, lognormal, percentiles'],
    ],
    [
      'a missing parameter',
      { distribution: 'uniform', min: '1ms' },
      [': needs max: distribution uniform takes min and max'],
    ],
    [
      'a parameter of another distribution',
      { distribution: 'exponential', mean: '1ms', sigma: 1 },
      ['.sigma: is not a parameter of distribution exponential, which takes mean'],
    ],
    ['min above max', { distribution: 'uniform', min: '2ms', max: '1ms' }, ['.min: min 2ms is above max 1ms']],
    [
      'one percentile',
      { distribution: 'percentiles', points: { p50: '1ms' } },
      ['.points: needs at least two percentiles'],
    ],
    [
      'one percentile in two spellings',
      { distribution: 'percentiles', points: { p50: '1ms', p999: '2ms', 'p99.9': '2ms' } },
      ['.points: names one percentile twice'],
    ],
    [
      'falling percentiles',
      { distribution: 'percentiles', points: { p50: '2ms', p99: '1ms' } },
      ['.points: must not fall from one percentile to a higher one'],
    ],
    [
      'a percentile that is none',
      { distribution: 'percentiles', points: { p50: '1ms', q: '2ms' } },
      ['.points.q: must be a percentile such as p50, p99, p99.9 or p999, not "q"'],
    ],
  ])('refuses %s', (_name, delay, messages) => {
    expect(messagesOf('server.response.delay', delay)).toEqual(
      messages.map((message) => `base.server.response.delay${message}`),
    );
  });
});

describe('rules between knobs', () => {
  it.each([
    [
      'a session pool with an open load',
      'strategy: { pool: { scope: session } }',
      'base.strategy.pool.scope: session does not run with load.model open, which has no users to own the connections; use scope shared, or load.model closed',
    ],
    [
      'a client that closes first on a Node server',
      'server: { firstCloser: client }',
      'base.server.firstCloser: client does not run with server.kind node, which closes by itself; use server.kind reference',
    ],
    [
      'chunks in HTTP/1.0',
      'strategy: { protocol: http/1.0 }, server: { response: { framing: chunked } }',
      'base.server.response.framing: chunked does not exist in HTTP/1.0 (RFC 9112, 6.1); use framing length, or protocol http/1.1',
    ],
    [
      'more workers than connections',
      'load: { workers: 4 }, strategy: { pool: { size: 3 } }',
      'base.load.workers: the pool is split over the workers and each needs a connection: 4 workers, strategy.pool.size 3',
    ],
    [
      'more workers than users',
      'load: { model: closed, workers: 4, users: 3 }',
      'base.load.workers: the users are split over the workers and each needs one: 4 workers, load.users 3',
    ],
    [
      'users in the open model',
      'load: { users: 3 }',
      'base.load.users: is for load.model closed, but the model is open',
    ],
    [
      'a rate in the closed model',
      'load: { model: closed, rate: 5/s }',
      'base.load.rate: is for load.model open, but the model is closed',
    ],
    [
      'prefetch without end',
      'strategy: { pool: { prefetch: true, size: unlimited } }',
      'base.strategy.pool.prefetch: opens the whole pool, so strategy.pool.size needs to be a number',
    ],
  ])('refuses %s', (_name, base, problem) => {
    const text = `name: x\nbase: { ${base} }`;
    expect(problemsOf(text).map(({ path, message }) => `${path}: ${message}`)).toEqual([problem]);
  });

  it.each([
    [
      'a session pool with users, each with a single connection',
      'load: { model: closed, workers: 4 }, strategy: { pool: { scope: session, size: 1 } }',
    ],
    ['a client that closes first on the reference server', 'server: { kind: reference, firstCloser: client }'],
    ['HTTP/1.0 with kept connections', 'strategy: { protocol: http/1.0, connection: keep-alive }'],
    ['as many workers as connections', 'load: { workers: 4 }, strategy: { pool: { size: 4 } }'],
  ])('accepts %s', (_name, base) => {
    expect(briefsOf(`name: x\nbase: { ${base} }`)).toEqual([]);
  });

  it('says nothing about a knob that depends on a wrong one', () => {
    expect(briefsOf('name: x\nbase: { load: { model: closde, users: 5 } }')).toEqual([
      '2:17 base.load.model: must be open or closed, not "closde" [closed]',
    ]);
    expect(briefsOf('name: x\nbase: { load: { modle: closed, users: 5 } }')).toEqual([
      '2:17 base.load.modle: is not a known key; known here: model, rate, arrivals, shape, trace, users, thinkTime, page, warmUp, steady, duration, workers, request, requests, leak [model]',
    ]);
  });
});
