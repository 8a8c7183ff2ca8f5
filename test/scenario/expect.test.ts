import { describe, expect, it } from 'vitest';
import { metricPaths, metricUnit } from '../../src/scenario/metrics.ts';
import { briefsOf, scenarioOf } from './read.ts';

const head = `name: x
axes:
  strategy: { close: { strategy: { connection: close } }, keep-alive: {} }
  strategy.pool.size: [1, 8]
`;
function withClaim(claim: string, baseline = ''): string {
  return `${head}${baseline}expect:\n  - ${claim}\n`;
}

describe('claims', () => {
  it('about one variant against another', () => {
    const text = withClaim(
      '{ claim: c, metric: latency.response.p50, of: { strategy: keep-alive, strategy.pool.size: 8 }, against: strategy=close strategy.pool.size=1, ratio: { below: 0.6 } }',
    );
    expect(scenarioOf(text).expectations).toEqual([
      {
        claim: 'c',
        metric: 'latency.response.p50',
        of: { strategy: 'keep-alive', 'strategy.pool.size': '8' },
        ofVariant: 'strategy=keep-alive strategy.pool.size=8',
        against: { strategy: 'close', 'strategy.pool.size': '1' },
        againstVariant: 'strategy=close strategy.pool.size=1',
        ratio: { below: 0.6, above: null },
        value: null,
        shows: [],
      },
    ]);
  });

  it('with the claims of a catalogue that it is evidence for', () => {
    const claim = (shows: string): string =>
      withClaim(
        `{ claim: c, metric: connections.opened, of: strategy=close strategy.pool.size=1, value: { above: 0 }, shows: ${shows} }`,
      );
    expect(scenarioOf(claim('[C6, C9]')).expectations[0]?.shows).toEqual(['C6', 'C9']);
    expect(briefsOf(claim('C6'))).toEqual(['6:107 expect[0].shows: must be a list, not "C6"']);
    expect(briefsOf(claim('[C 6]'))).toEqual([
      '6:115 expect[0].shows[0]: must be letters, digits, ".", "_" and "-", at most 32 of them, not "C 6"',
    ]);
  });

  it('against the partner in the baseline where against is left out', () => {
    const text = withClaim(
      '{ claim: c, metric: connections.opened, of: strategy=keep-alive strategy.pool.size=8, ratio: { below: 0.6 } }',
      'baseline: { strategy: close }\n',
    );
    expect(scenarioOf(text).expectations[0]?.againstVariant).toBe('strategy=close strategy.pool.size=8');
  });

  it.each([
    [
      'a time, in the unit of the record',
      'latency.response.p99',
      '{ below: 20ms, above: 5us }',
      { below: 20_000_000, above: 5000 },
    ],
    ['CPU time', 'cpu.generator.perRequestUs', '{ below: 20us }', { below: 20, above: null }],
    ['a size', 'memory.server.rssPeakBytes', '{ below: 1GiB }', { below: 1_073_741_824, above: null }],
    ['a rate', 'throughput.achievedPerSecond', '{ above: 400/s }', { below: null, above: 400 }],
    ['a count', 'timeWait.server.entered', '{ below: 10 }', { below: 10, above: null }],
    ['a kernel counter', 'kernel.client.ActiveOpens', '{ below: 10 }', { below: 10, above: null }],
    ['a share', 'connections.reuseRatio', '{ above: 0.9 }', { below: null, above: 0.9 }],
  ])('about %s', (_name, metric, value, limits) => {
    const text = withClaim(`{ claim: c, metric: ${metric}, of: strategy=close strategy.pool.size=1, value: ${value} }`);
    expect(scenarioOf(text).expectations[0]?.value).toEqual(limits);
  });

  const one = 'of: strategy=close strategy.pool.size=1';
  it.each([
    [
      'several variants',
      '{ claim: c, metric: fds.client.peak, of: strategy=close, value: { below: 1 } }',
      'expect[0].of: fits 2 variants and should fit one; add strategy.pool.size',
    ],
    [
      'no such variant',
      '{ claim: c, metric: fds.client.peak, of: { strategy: clos }, value: { below: 1 } }',
      'expect[0].of: "clos" is not an alternative of the axis "strategy"; it has close, keep-alive [close]',
    ],
    [
      'a misspelt metric',
      `{ claim: c, metric: fds.client.peek, ${one}, value: { below: 1 } }`,
      'expect[0].metric: is not a metric; metrics are paths into a result, such as latency.response.p50 or connections.opened [fds.client.peak]',
    ],
    [
      'a misspelt metric of TLS',
      `{ claim: c, metric: connections.tls.resume, ${one}, value: { below: 1 } }`,
      'expect[0].metric: is not a metric; metrics are paths into a result, such as latency.response.p50 or connections.opened [connections.tls.resumed]',
    ],
    [
      'a time without unit',
      `{ claim: c, metric: latency.lag.max, ${one}, value: { below: 1 } }`,
      'expect[0].value.below: 1 needs a unit, for example 1s',
    ],
    [
      'a count with unit',
      `{ claim: c, metric: connections.opened, ${one}, value: { below: 1s } }`,
      'expect[0].value.below: must be a plain number: this metric has no unit',
    ],
    [
      'neither ratio nor value',
      `{ claim: c, metric: connections.opened, ${one} }`,
      'expect[0]: claims nothing: give ratio or value, each with below or above',
    ],
    [
      'an empty ratio',
      `{ claim: c, metric: connections.opened, ${one}, against: strategy=close strategy.pool.size=8, ratio: {} }`,
      'expect[0].ratio: needs below, above or both',
    ],
    [
      'a ratio to nothing',
      `{ claim: c, metric: connections.opened, ${one}, ratio: { below: 1 } }`,
      'expect[0].ratio: needs against, or a baseline of the scenario: the variant to divide by',
    ],
    [
      'a ratio to itself',
      `{ claim: c, metric: connections.opened, ${one}, against: strategy=close strategy.pool.size=1, ratio: { below: 1 } }`,
      'expect[0].against: compares strategy=close strategy.pool.size=1 with itself',
    ],
    [
      'a value against another',
      `{ claim: c, metric: connections.opened, ${one}, against: strategy=close strategy.pool.size=8, value: { below: 1 } }`,
      'expect[0].against: is for a ratio; a value is not compared with another variant',
    ],
    [
      'an impossible span',
      `{ claim: c, metric: connections.opened, ${one}, value: { below: 1, above: 2 } }`,
      'expect[0].value: nothing is above the one and below the other: above must be the smaller number',
    ],
  ])('refuses %s', (_name, claim, problem) => {
    expect(briefsOf(withClaim(claim)).map((line) => line.replace(/^\S+ /, ''))).toEqual([problem]);
  });
});

describe('metrics', () => {
  it.each([
    ['latency.response.p50', 'ns'],
    ['latencyByConnection.reused.firstByte.p999', 'ns'],
    ['latency.connect.count', 'count'],
    ['cpu.generator.perRequestUs', 'us'],
    ['connections.opened', 'count'],
    ['timeWait.server.entered', 'count'],
    ['kernel.server.TW', 'count'],
    ['link.packetsPerRequest', 'count'],
    ['link.bytes', 'bytes'],
    ['server.tls.earlyData', 'count'],
    ['server.faults.reset-before', 'count'],
    ['server.faults.reset', null],
    ['errors.ECONNRESET', 'count'],
    ['errors.econnreset', null],
    ['errors', null],
    ['requests.duplicates', 'count'],
    ['requests.wholeTrial.retried', 'count'],
    ['latency.response', null],
    ['kernel.server', null],
    ['constructor', null],
  ])('%s is in %s', (path, unit) => {
    expect(metricUnit(path)).toBe(unit);
  });

  it('names each once', () => {
    expect(new Set(metricPaths).size).toBe(metricPaths.length);
  });
});
