/** Gates: outcomes, Holm's correction, and what keeps one from being judged. */
import { describe, expect, test } from 'vitest';
import { compareRuns } from '../../src/compare/compare.ts';
import { plannedTooFewBlocks } from '../../src/compare/gate-blocks.ts';
import type { TrialChoice } from '../results/fixtures.ts';
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

  test('is shared by the gates that chance has a part in: six of them just do with eight blocks', () => {
    const change = { p50Ns: 1200, samples: 15_000, clientCpuUs: 20, serverCpuUs: 30 };
    const document = compare([runOf(() => change)], { gates: [...gates, 'connections.opened:0%'] });
    // 0.05 / 6 = 0.0083 is still more than 2/256; a count of connections that never varies takes no part.
    expect(metricOf(document, 'latency.response.p50').alpha).toBeCloseTo(0.05 / 6, 12);
    expect(outcomes(document)).toEqual([...Array<string>(6).fill('failed'), 'passed']);
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

  test.each([0, 1])('is shared before the figures are looked at: %i failed requests make no difference', (failed) => {
    const results = runOf((block) => ({ p50Ns: 1500, failed: block === 3 ? failed : 0 }), 6);
    const document = compare([results], { gates: ['p50:5%', 'errors:0.1%'] });
    // 2.5 % each, and 2/2^6 is 3.1 %.
    expect(metricOf(document, 'latency.response.p50').alpha).toBe(0.025);
    expect(outcomes(document)).toEqual(['inconclusive', 'inconclusive']);
    expect(document.warnings).toEqual([
      '2 gates at an error rate of 5 % in all cannot be decided with 6 blocks: it takes --blocks 7, or fewer gates or variants.',
    ]);
  });

  test('is not used up by two trials: lost requests fail no gate by chance', () => {
    // 30 of 20,030 in both blocks are 0.15 %, beyond the margin.
    const lost = (blocks: number) => compare([runOf(() => ({ failed: 30 }), blocks)], { gates: ['errors:0.1%'] });
    expect(outcomes(lost(2))).toEqual(['inconclusive']);
    expect(outcomes(lost(6))).toEqual(['failed']);
  });

  test('what it takes is known before a run', () => {
    const planned = (blocks: number, gates: readonly string[]): unknown => {
      const { header } = runOf(() => ({}), blocks);
      const read = gates.map((metric) => ({ metric, margin: 0.05 }));
      return plannedTooFewBlocks({ ...header, gates: read });
    };
    const two = ['latency.response.p50', 'requests.lossRate'];
    expect(planned(6, [...two, 'connections.opened'])).toBe(
      '2 gates at an error rate of 5 % in all cannot be decided with 6 blocks: it takes --blocks 7, or fewer gates or variants.',
    );
    expect(planned(7, two)).toBeNull();
    expect(planned(1, ['connections.opened'])).toBeNull();
    expect(planned(1, [])).toBeNull();
    const { header } = fileOf('a', {}).results;
    expect(plannedTooFewBlocks({ ...header, gates: [{ metric: two[0]!, margin: 0.05 }] })).toBeNull();
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
    expect(refusal(() => compareRuns(files, options))).toBe(
      `BAD_GATE: ${metric} cannot be gated with a margin of ${margin}`,
    );
  });

  test('nor can what is no metric be gated', () => {
    const options = { baseline: null, force: false, gates: [{ metric: 'latency.p50', margin: 0.1 }] };
    expect(refusal(() => compareRuns([{ path: null, results: runOf(() => ({})) }], options))).toBe(
      'BAD_GATE: a gate is on "latency.p50", which is no metric',
    );
  });
});

describe('requests lost in a few blocks', () => {
  test('keep a gate on them from passing', () => {
    // 20,000 of 40,000 in one of twelve blocks: 50 % / 12 = 4.17 %, while the middle of the blocks is 0.
    const document = compare([runOf((block) => ({ failed: block === 4 ? 20_000 : 0 }), 12)], {
      gates: ['errors:0.1%'],
    });
    expect(metricOf(document, 'requests.lossRate')).toMatchObject({ verdict: 'inconclusive' });
    expect(document.gates[0]).toMatchObject({
      outcome: 'inconclusive',
      reason:
        'requests.lossRate is 4.17 % against 0 %: it is open whether that is worse by more than 0.1 points (the mean is worse by more than 0.1 points, but it is that of a few blocks).',
    });
  });

  test('but not where they are within its margin', () => {
    // 100 of 20,100 in one of twelve: 0.0415 %.
    const document = compare([runOf((block) => ({ failed: block === 4 ? 100 : 0 }), 12)], { gates: ['errors:0.1%'] });
    expect(document.gates[0]).toMatchObject({
      outcome: 'passed',
      reason: 'requests.lossRate is 0.0415 % against 0 %: not worse by more than 0.1 points.',
    });
  });
});

describe('blocks that a side lost to failures of its own', () => {
  const failure = (...codes: string[]): TrialChoice => ({
    overrides: { valid: false, invalidReasons: codes.map((code) => ({ code, message: 'x' })) },
  });
  const lost = (first: TrialChoice, second: TrialChoice, head: TrialChoice = {}) => {
    const results = runOf((block) => (block < 2 ? second : head), 8);
    const trials = results.trials.map((trial) =>
      trial.variant === 's=a' && trial.block < 2 ? { ...trial, ...first.overrides } : trial,
    );
    return compare([{ ...results, trials }], { gates: ['p50:5%', 'connections.opened:0%'] });
  };

  test.each(['server-died', 'server-unreachable', 'nothing-completed'])(
    'the new side alone: no gate passes (%s)',
    (code) => {
      const document = lost({}, failure('not-reconciled', code));
      expect(document.pairs[0]!.excluded.map(({ block, blame }) => [block, blame])).toEqual([
        [0, 'other'],
        [1, 'other'],
      ]);
      expect(document.pairs[0]!.warnings).toContain(
        'The new side lost 2 blocks to failures of its own, and the base did not: the figures are of the others, and no gate passes.',
      );
      expect(outcomes(document)).toEqual(['inconclusive', 'inconclusive']);
      expect(document.gates[1]?.reason).toBe(
        'connections.opened is 8 on both sides: it is open whether that is worse (the new side lost 2 blocks to failures of its own, which no figure shows).',
      );
    },
  );

  test('a gate that fails without them stays failed', () => {
    expect(lost({}, failure('server-died'), { p50Ns: 1500 }).gates[0]?.outcome).toBe('failed');
  });

  test.each<[string, TrialChoice, TrialChoice, unknown]>([
    ['both', failure('server-died'), failure('nothing-completed'), 'both'],
    ['the base', failure('server-died'), {}, 'base'],
    ['nobody: what measures it', {}, failure('generator-limited'), null],
    ['nobody: the end of the generator', {}, failure('generator-died', 'nothing-completed'), null],
    ['nobody: the end of the lab', {}, failure('lab-died', 'server-died'), null],
  ])('gates pass where it was %s', (_, first, second, blame) => {
    const document = lost(first, second);
    expect(document.pairs[0]!.excluded.map((one) => one.blame)).toEqual([blame, blame]);
    expect(document.pairs[0]!.warnings).toEqual([]);
    expect(outcomes(document)).toEqual(['passed', 'passed']);
  });

  test('trials that are not paired, too', () => {
    const head = fileOf('b', {});
    const trials = head.results.trials.map((trial) =>
      trial.block === 2 ? { ...trial, ...failure('server-died').overrides } : trial,
    );
    const document = compare([fileOf('a', {}), { ...head, results: { ...head.results, trials } }], {
      gates: ['p50:5%'],
    });
    expect(document.pairs[0]!.excluded[0]).toMatchObject({ block: 2, blame: 'other' });
    expect(document.gates[0]?.reason).toContain('the new side lost 1 trial to failures of its own');
  });
});

test('of two runs a gate says what its error rate rests on', () => {
  const document = compare([fileOf('a', {}), fileOf('b', { p50Ns: 1300 })], { gates: ['p50:5%', 'p99:10%'] });
  expect(document.gates.map(({ reason }) => reason)).toEqual([
    "latency.response.p50 is 1.30 times the base's (97.5 % interval 1.30): worse by more than 5 %, if nothing else changed between the runs.",
    "latency.response.p99 is 1.00 times the base's (97.5 % interval 1.00): not worse by more than 10 %, if nothing else changed between the runs.",
  ]);
});

test('gates hold on every pair', () => {
  const files = [fileOf('a', {}), fileOf('b', { p50Ns: 1300 }), fileOf('c', {})];
  const document = compare(files, { gates: ['p50:5%'] });
  expect(document.gates.map(({ pair, outcome }) => [pair, outcome])).toEqual([
    ['s=a, b against a', 'failed'],
    ['s=a, c against a', 'passed'],
  ]);
});
