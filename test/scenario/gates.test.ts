/** The scenario's gates, and how metrics and margins of gates are written. */
import { describe, expect, it } from 'vitest';
import { parseGate } from '../../src/compare/gates.ts';
import { isCount } from '../../src/scenario/gates.ts';
import { latencyQuantile, metricPaths, metricUnit } from '../../src/scenario/metrics.ts';
import { planTrials } from '../../src/scenario/plan.ts';
import { briefsOf, scenarioOf } from './read.ts';

const gates = (text: string): string => `name: x\ngates:\n${text}\n`;

describe('gates of a scenario', () => {
  it('are read with short names and full paths, in the order of the file', () => {
    const scenario = scenarioOf(
      gates(`  - { metric: p99, margin: 10% }
  - { metric: errors, margin: 0.1% }
  - { metric: throughput, margin: 5% }
  - { metric: connections.openedPerRequest, margin: 0% }`),
    );
    expect(scenario.gates).toEqual([
      { metric: 'latency.response.p99', margin: 0.1 },
      { metric: 'requests.lossRate', margin: 0.001 },
      { metric: 'throughput.achievedPerSecond', margin: 0.05 },
      { metric: 'connections.openedPerRequest', margin: 0 },
    ]);
    expect(planTrials(scenario, { seed: 1 }).gates).toBe(scenario.gates);
  });

  it.each(['', 'gates:\n', 'gates: []\n'])('may be none: %j', (text) => {
    expect(scenarioOf(`name: x\n${text}`).gates).toEqual([]);
  });

  it('are all checked, each problem at its place', () => {
    const text = gates(`  - { metric: p99, margin: 10 }
  - { metric: p9x, margin: 10% }
  - { metric: fds.client.peek, margin: 10% }
  - { metric: p50, margin: 5% }
  - { metric: latency.response.p50, margin: 6% }
  - { metric: p90, margin: 0% }
  - { metric: p75, margn: 5% }
  - { metric: p75, margin: 150% }
  - p99`);
    expect(briefsOf(text)).toEqual([
      '3:20 gates[0].margin: 10 needs a unit, for example 10%',
      '4:7 gates[1].metric: is not a metric; metrics are paths into a result, such as latency.response.p50 or connections.opened',
      '5:7 gates[2].metric: is not a metric; metrics are paths into a result, such as latency.response.p50 or connections.opened [fds.client.peak]',
      '7:7 gates[4].metric: has a gate already',
      '8:20 gates[5].margin: must be more than 0%: only counts can stay the same to the last digit, and this metric is none',
      '9:5 gates[6].margin: is missing',
      '9:20 gates[6].margn: is not a known key; known here: metric, margin [margin]',
      '10:20 gates[7].margin: "150%" is more than 100%',
      '11:5 gates[8]: must be a map of keys, not "p99"',
    ]);
  });

  it('must be a list', () => {
    expect(briefsOf('name: x\ngates: { metric: p99, margin: 10% }\n')).toEqual([
      '2:8 gates: must be a list, not {metric: p99, margin: 10%}',
    ]);
  });
});

describe('a gate of the command line', () => {
  it.each([
    ['p99:10%', 'latency.response.p99', 0.1],
    ['p9999:25%', 'latency.response.p9999', 0.25],
    ['errors:0%', 'requests.lossRate', 0],
    ['throughput:5%', 'throughput.achievedPerSecond', 0.05],
    ['latencyByConnection.new.service.p75:2.5%', 'latencyByConnection.new.service.p75', 0.025],
    ['kernel.client.ActiveOpens:0%', 'kernel.client.ActiveOpens', 0],
  ])('%s', (text, metric, margin) => {
    expect(parseGate(text)).toEqual({ ok: true, value: { metric, margin } });
  });

  it.each([
    ['p99', '"p99" is not a gate; write for example p99:10%'],
    [':10%', '":10%" is not a gate; write for example p99:10%'],
    ['p99:10', 'the margin of latency.response.p99: "10" needs a unit, for example 10%'],
    ['p99:-1%', 'the margin of latency.response.p99: "-1%" is negative; a percentage is zero or more'],
    [
      '__proto__:10%',
      '"__proto__" is not a metric; metrics are paths into a result, such as latency.response.p50 or connections.opened',
    ],
    [
      'conections.opened:1%',
      '"conections.opened" is not a metric; metrics are paths into a result, such as latency.response.p50 or connections.opened (did you mean "connections.opened"?)',
    ],
  ])('refuses %s', (text, message) => {
    expect(parseGate(text)).toEqual({ ok: false, message });
  });
});

describe('quantiles of a latency', () => {
  // The digits are those behind the point of a share of one.
  it.each([
    ['latency.response.p75', 'latency.response', 0.75],
    ['latency.response.p05', 'latency.response', 0.05],
    ['latency.service.p9999', 'latency.service', 0.9999],
    ['latencyByConnection.reused.firstByte.p999', 'latencyByConnection.reused.firstByte', 0.999],
  ])('%s', (path, series, p) => {
    expect(latencyQuantile(path)).toEqual({ series, p });
    expect(metricUnit(path)).toBe('ns');
  });

  it.each([
    'latency.response.p5',
    'latency.response.p100',
    'latency.response.p00',
    'latency.response.p990',
    'latency.queue.p50',
    'cpu.server.p50',
    'p50',
    'latency.response.p9999999',
  ])('not %s', (path) => {
    expect(latencyQuantile(path)).toBeNull();
  });
});

it('counts, and what follows from counts alone, can be gated at 0 %', () => {
  const counts = metricPaths.filter(isCount);
  expect(counts).toEqual(
    expect.arrayContaining([
      'connections.opened',
      'requests.lossRate',
      'link.packetsPerRequest',
      'connections.reuseRatio',
    ]),
  );
  expect(counts.filter((path) => /^(latency.*(p\d+|min|max|mean)|cpu|memory|throughput)/.test(path))).toEqual([]);
});
