/** Gates: outcomes, Holm's correction, and what keeps one from being judged. */
import { describe, expect, test } from 'vitest';
import { compareRuns } from '../../src/compare/compare.ts';
import { compare, fileOf, metricOf, refusal, runOf } from './runs.ts';

const outcomes = (document: ReturnType<typeof compare>): unknown => document.gates.map(({ outcome }) => outcome);

describe('outcomes', () => {
  test('a regression beyond the margin fails, with the figures', () => {
    const document = compare([runOf(() => ({ p50Ns: 1200 }))], { gates: ['p50:5%', 'p99:10%'] });
    expect(document.gates).toEqual([
      {
        pair: 's=b against s=a',
        metric: 'latency.response.p50',
        margin: 0.05,
        outcome: 'failed',
        // Two tests share 5 %.
        reason: "latency.response.p50 is 1.20 times the base's (97.5 % interval 1.20): worse by more than 5 %.",
      },
      {
        pair: 's=b against s=a',
        metric: 'latency.response.p99',
        margin: 0.1,
        outcome: 'passed',
        reason: "latency.response.p99 is 1.00 times the base's (97.5 % interval 1.00): not worse by more than 10 %.",
      },
    ]);
    const p50 = metricOf(document, 'latency.response.p50');
    // The smaller of two p-values counts twice: 2 x 2/256. The other is 1.
    expect(p50).toMatchObject({ gating: true, alpha: 0.025, p: 0.0078125, pHolm: 0.015625, margin: 0.05 });
    expect(metricOf(document, 'latency.response.p99').pHolm).toBe(1);
    expect(metricOf(document, 'latency.service.p50')).toMatchObject({ gating: false, alpha: 0.05, pHolm: null });
  });

  test('a margin of its own decides', () => {
    expect(outcomes(compare([runOf(() => ({ p50Ns: 1200 }))], { gates: ['p50:25%'] }))).toEqual(['passed']);
  });

  test('what is certainly not worse passes, though it is open whether it is better', () => {
    const ratios = [0.9, 0.91, 0.93, 0.94, 0.96, 0.98, 1, 1.01];
    const document = compare([runOf((block) => ({ p50Ns: 1000 * ratios[block]! }))], { gates: ['p50:5%'] });
    expect(metricOf(document, 'latency.response.p50').verdict).toBe('inconclusive');
    expect(outcomes(document)).toEqual(['passed']);
  });

  test('an interval across the margin is inconclusive', () => {
    const ratios = [0.98, 0.99, 1, 1.01, 1.06, 1.09, 1.1, 1.12];
    const document = compare([runOf((block) => ({ p50Ns: 1000 * ratios[block]! }))], { gates: ['p50:5%'] });
    expect(outcomes(document)).toEqual(['inconclusive']);
    expect(document.gates[0]?.reason).toMatch(
      /: it is open whether that is worse by more than 5 % \(the interval reaches/,
    );
  });

  test('less throughput is worse', () => {
    // Fixtures take 5 s: 20,000 and 16,000 requests.
    const document = compare([runOf(() => ({ samples: 16_000 }))], { gates: ['throughput:5%'] });
    expect(metricOf(document, 'throughput.achievedPerSecond').verdict).toBe('regression');
    expect(outcomes(document)).toEqual(['failed']);
  });

  test('a thin tail is inconclusive, with what it would take', () => {
    const document = compare([runOf(() => ({ p99Ns: 1000 }))], { gates: ['p999:10%'] });
    expect(document.gates[0]).toMatchObject({ outcome: 'inconclusive' });
    expect(document.gates[0]?.reason).toBe(
      'latency.response.p999 is not judged: a verdict needs 100,000 requests in every trial, for 100 beyond the quantile; one has 20 beyond it.',
    );
  });
});

describe('the error rate', () => {
  const gates = [
    'p50:5%',
    'p75:5%',
    'p90:5%',
    'throughput:5%',
    'cpu.generator.perRequestUs:5%',
    'cpu.server.perRequestUs:5%',
  ];

  test('is shared by the gates that are tested: six of them just do with eight blocks', () => {
    const change = { p50Ns: 1200, samples: 15_000, clientCpuUs: 20, serverCpuUs: 30 };
    const document = compare([runOf(() => change)], { gates: [...gates, 'errors:0.1%', 'fds.client.peak:0%'] });
    // 0.05 / 6 = 0.0083 is still more than 2/256; counts that never vary take no part.
    expect(metricOf(document, 'latency.response.p50').alpha).toBeCloseTo(0.05 / 6, 12);
    expect(outcomes(document)).toEqual([...Array<string>(6).fill('failed'), 'passed', 'passed']);
    expect(document.warnings).toEqual([]);
  });

  test('seven gates need nine blocks, which is said once', () => {
    const document = compare([runOf(() => ({ p50Ns: 1200 }))], { gates: [...gates, 'latency.service.p50:5%'] });
    expect(outcomes(document)).toEqual(Array(7).fill('inconclusive'));
    expect(document.gates[0]?.reason).toBe(
      "latency.response.p50 is 1.20 times the base's: it is open whether that is worse by more than 5 % (an interval for 7 gates together needs 9 blocks, there are 8).",
    );
    expect(document.warnings).toEqual([
      '7 gates at an error rate of 5 % in all cannot be decided with 8 blocks: it takes --blocks 9, or fewer gates or variants.',
    ]);
  });

  test('one metric has one gate', () => {
    expect(refusal(() => compare([runOf(() => ({}))], { gates: ['p50:5%', 'latency.response.p50:6%'] }))).toBe(
      'GATE_TWICE: two gates are on the same metric',
    );
  });
});

describe('a margin of 0 %', () => {
  const gate = ['connections.opened:0%'];

  test('allows no change of a count that never varies', () => {
    expect(outcomes(compare([runOf(() => ({}), 2)], { gates: gate }))).toEqual(['passed']);
    const worse = compare([runOf(() => ({ opened: 9 }), 2)], { gates: gate });
    expect(worse.gates[0]).toMatchObject({ outcome: 'failed', reason: 'connections.opened is 9 against 8: worse.' });
    expect(outcomes(compare([runOf(() => ({ opened: 7 }), 2)], { gates: gate }))).toEqual(['passed']);
  });

  test('of one that varies it fails on any change that is certain', () => {
    const slightly = compare([runOf((block) => ({ opened: 1001 + block }), 8, { opened: 1000 })], { gates: gate });
    expect(metricOf(slightly, 'connections.opened')).toMatchObject({
      kind: 'statistical',
      margin: 0,
      verdict: 'regression',
    });
    expect(outcomes(slightly)).toEqual(['failed']);
    const noise = compare([runOf((block) => ({ opened: block % 2 === 0 ? 999 : 1001 }), 8, { opened: 1000 })], {
      gates: gate,
    });
    expect(outcomes(noise)).toEqual(['inconclusive']);
  });

  test.each([
    ['latency.response.p50', 0],
    ['connections.opened', -0.1],
    ['connections.opened', Infinity],
  ])('%s cannot have %d', (metric, margin) => {
    const files = [{ path: null, results: runOf(() => ({})) }];
    const options = { baseline: null, force: false, gates: [{ metric, margin }] };
    expect(() => compareRuns(files, options)).toThrow(`${metric} cannot be gated with a margin of ${margin}`);
  });
});

test('gates hold on every pair', () => {
  const files = [fileOf('a', {}), fileOf('b', { p50Ns: 1300 }), fileOf('c', {})];
  const document = compare(files, { gates: ['p50:5%'] });
  expect(document.gates.map(({ pair, outcome }) => [pair, outcome])).toEqual([
    ['s=a, b against a', 'failed'],
    ['s=a, c against a', 'passed'],
  ]);
});
