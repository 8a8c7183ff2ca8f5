/** Metrics of programs on the way: what is one, which program it means, and what a file is told where there is no such program. */
import { describe, expect, it } from 'vitest';
import { isCount } from '../../src/scenario/gates.ts';
import { hopIndex, hopMetric, hopPaths } from '../../src/scenario/hop-metrics.ts';
import { metricUnit } from '../../src/scenario/metrics.ts';
import { briefsOf, scenarioOf } from './read.ts';

describe('a path', () => {
  it.each([
    ['hops.1.accepted', { program: '1', figure: 'accepted', unit: 'count' }],
    ['hops.proxy.failed.502', { program: 'proxy', figure: 'failed.502', unit: 'count' }],
    ['hops.b-2.failures.endedOnReuse', { program: 'b-2', figure: 'failures.endedOnReuse', unit: 'count' }],
    ['hops.8.rssPeakBytes', { program: '8', figure: 'rssPeakBytes', unit: 'bytes' }],
  ])('%s', (path, metric) => {
    expect(hopMetric(path)).toEqual(metric);
    expect(metricUnit(path)).toBe(metric.unit);
  });

  it.each([
    'hops.0.accepted',
    'hops.01.accepted',
    'hops.Proxy.accepted',
    'hops.proxy',
    'hops.proxy.',
    'hops.proxy.failed.500',
    'hops.proxy.settings.text',
    'hops.proxy.constructor',
    'hops..accepted',
    'hop.1.accepted',
  ])('%s is none', (path) => {
    expect(hopMetric(path)).toBeNull();
    expect(metricUnit(path)).toBeNull();
  });

  it('names each figure once, and all but memory are counts', () => {
    expect(new Set(hopPaths).size).toBe(hopPaths.length);
    expect(hopPaths.filter((path) => !isCount(`hops.1.${path}`))).toEqual(['rssPeakBytes']);
  });
});

it('a program is found by its name, or by its place from 1', () => {
  const chain = [{}, { name: 'b' }];
  const at = (program: string): number => hopIndex({ program }, chain);
  expect(['1', '2', 'b'].map(at)).toEqual([0, 1, 1]);
  expect(['3', '99', 'c'].map(at)).toEqual([-1, -1, -1]);
});

const file = (via: string, metric: string): string =>
  `name: x
base: { via: ${via} }
axes: { way: { a: {}, b: { via: [] } } }
expect:
  - { claim: c, metric: ${metric}, of: { way: a }, value: { below: 1 } }
`;
const two = '[{ kind: reverse-proxy, name: proxy }, { kind: blind-relay }]';

describe('a claim', () => {
  it.each(['hops.proxy.failed.502', 'hops.1.failed.502', 'hops.2.requests.ignored'])('may be about %s', (metric) => {
    expect(scenarioOf(file(two, metric)).expectations[0]).toMatchObject({ metric, value: { below: 1 } });
  });

  it.each([
    [
      two,
      'hops.prox.failed.502',
      '5:17 expect[0].metric: is of the program "prox", which no variant has on the way (via); there are 1, proxy, 2 [hops.proxy.failed.502]',
    ],
    [
      two,
      'hops.3.accepted',
      '5:17 expect[0].metric: is of the program "3", which no variant has on the way (via); there are 1, proxy, 2',
    ],
    ['[]', 'hops.1.accepted', '5:17 expect[0].metric: is of a program on the way, but no variant has any (via)'],
    [
      two,
      'hops.proxy.upsteam.opened',
      '5:17 expect[0].metric: is not a metric; metrics are paths into a result, such as latency.response.p50 or connections.opened [hops.proxy.upstream.opened]',
    ],
  ])('is refused: via %s, %s', (via, metric, problem) => {
    expect(briefsOf(file(via, metric))).toEqual([problem]);
  });
});

it('a gate is told the same, and is a count where a claim is', () => {
  const gate = (metric: string): string =>
    `name: x\nbase: { via: ${two} }\ngates:\n  - { metric: ${metric}, margin: 0% }\n`;
  expect(scenarioOf(gate('hops.proxy.failed.502')).gates).toEqual([{ metric: 'hops.proxy.failed.502', margin: 0 }]);
  expect(briefsOf(gate('hops.relay.accepted'))).toEqual([
    '4:7 gates[0].metric: is of the program "relay", which no variant has on the way (via); there are 1, proxy, 2',
  ]);
});

describe('a name', () => {
  it('is the trial’s, of every kind', () => {
    const { trial } = scenarioOf(`name: x\nbase: { via: ${two} }`).variants[0]!;
    expect(trial.via!.map(({ kind, name }) => [kind, name])).toEqual([
      ['reverse-proxy', 'proxy'],
      ['blind-relay', undefined],
    ]);
    expect(scenarioOf('name: x\nbase: { via: [{ kind: blind-relay, name: r }] }').variants[0]!.trial.via).toEqual([
      { kind: 'blind-relay', name: 'r', host: 'server' },
    ]);
  });

  it.each([
    [
      '[{ kind: nginx, name: a }, { kind: blind-relay, name: a }]',
      '2:62 base.via[1].name: is the name of an earlier program on the way, too: metrics could not tell them apart',
    ],
    [
      '[{ kind: nginx, name: A.b }]',
      '2:30 base.via[0].name: must be a letter, then letters, digits and dashes, 31 at most, all of them small',
    ],
    [
      '[{ kind: nginx, name: "1" }]',
      '2:30 base.via[0].name: must be a letter, then letters, digits and dashes, 31 at most, all of them small',
    ],
  ])('is refused: %s', (via, problem) => {
    expect(briefsOf(`name: x\nbase: { via: ${via} }`)).toEqual([problem]);
  });
});
