/** How one metric of a pair is judged: by test, exactly, or not at all. */
import { describe, expect, test } from 'vitest';
import { latencyRecord } from '../../src/results/latency-record.ts';
import { Histogram } from '../../src/stats/histogram.ts';
import type { TrialRecord } from '../../src/results/record.ts';
import { latency, trial, type TrialChoice } from '../results/fixtures.ts';
import { compare, metricOf, runOf, two } from './runs.ts';

describe('a latency over blocks', () => {
  test('20 % more in every block is a regression', () => {
    const p50 = metricOf(compare([runOf(() => ({ p50Ns: 1200 }))]), 'latency.response.p50');
    expect(p50).toMatchObject({
      unit: 'ns',
      better: 'lower',
      kind: 'statistical',
      gating: false,
      n: 8,
      ratio: 1.2,
      // Every Walsh average is 1.2.
      interval: { low: 1.2, high: 1.2 },
      alpha: 0.05,
      // All of 2^8 signs one way, two-sided: 2/256.
      p: 0.0078125,
      pHolm: null,
      margin: 0.05,
      smallestDetectable: 0,
      verdict: 'regression',
      warn: false,
      reason: null,
    });
    expect(p50.base).toEqual({
      value: 1000,
      perTrial: [0, 1, 2, 3, 4, 5, 6, 7].map((block) => ({ block, index: 2 * block, value: 1000 })),
    });
    expect(p50.other.perTrial[7]).toEqual({ block: 7, index: 15, value: 1200 });
  });

  test('20 % less is an improvement, nothing a change that does not matter', () => {
    const verdictAt = (p50Ns: number): unknown =>
      metricOf(compare([runOf(() => ({ p50Ns }))]), 'latency.response.p50').verdict;
    expect([800, 1000, 1040].map(verdictAt)).toEqual(['improvement', 'equivalent', 'equivalent']);
  });

  test('an interval across the margin is open, and says what would narrow it', () => {
    // Ratios 0.98 to 1.12: half of the blocks near 1.0, half beyond 1.05.
    const ratios = [0.98, 0.99, 1, 1.01, 1.06, 1.09, 1.1, 1.12];
    const p50 = metricOf(compare([runOf((block) => ({ p50Ns: 1000 * ratios[block]! }))]), 'latency.response.p50');
    expect(p50).toMatchObject({ verdict: 'inconclusive', warn: false });
    expect(p50.reason).toBe('the interval reaches across the margin: more blocks would narrow it');
    expect(p50.smallestDetectable).toBeGreaterThan(0.05);
  });

  test('p99 has a margin of 10 %, and needs 10,000 requests in every trial', () => {
    const p99 = (samples: number): unknown =>
      metricOf(compare([runOf(() => ({ p99Ns: 1900, samples }))]), 'latency.response.p99');
    expect(p99(10_000)).toMatchObject({ kind: 'statistical', margin: 0.1, verdict: 'equivalent' });
    // ceil(0.99 x 9,999) = 9,900 leaves 99.
    expect(p99(9_999)).toMatchObject({
      kind: 'descriptive',
      verdict: null,
      reason: 'a verdict needs 10,000 requests in every trial, for 100 beyond the quantile; one has 99 beyond it',
    });
  });

  test('any quantile can be asked for, in its place', () => {
    const document = compare([runOf(() => ({ p50Ns: 1300 }))], {
      metrics: ['latency.response.p75', 'latency.response.p9999', 'latencyByConnection.reused.service.p05'],
    });
    // 98 % of the samples are at p50Ns, so p75 is there.
    expect(metricOf(document, 'latency.response.p75')).toMatchObject({ ratio: 1.3, verdict: 'regression' });
    const names = document.pairs[0]!.metrics.map(({ metric }) => metric);
    expect(names.slice(0, 5)).toEqual([
      'requests.lossRate',
      'latency.response.p50',
      'latency.response.p75',
      'latency.response.p99',
      'latency.response.p999',
    ]);
    expect(names[5]).toBe('latency.response.p9999');
    expect(names.at(-1)).toBe('latencyByConnection.reused.service.p05');
  });

  test('fewer than six blocks give no verdict', () => {
    const p50 = metricOf(compare([runOf(() => ({ p50Ns: 1200 }), 5)]), 'latency.response.p50');
    expect(p50).toMatchObject({
      kind: 'statistical',
      ratio: 1.2,
      interval: null,
      verdict: 'inconclusive',
      reason: 'an interval needs 6 blocks, there are 5',
    });
  });

  test('the spread inside the runs stands beside it', () => {
    // Ten intervals of 100 requests each at 990 ns and 1010 ns in turn: the run's p50 is 990 ns (half of the requests), so the squares
    // sum to 5 x 20^2 = 2000, and the standard error is sqrt(2000 / (10 x 9)) / 990 = 0.004762. The ten stand exactly opposed: the mean
    // is 1000, every product of neighbours -100, so lag 1 is -900 / 1000.
    const of = (valueNs: number): string => {
      const histogram = new Histogram();
      histogram.recordMany(valueNs, 100);
      return latencyRecord(histogram.toSparse())!.histogram!;
    };
    const intervals = Array.from({ length: 12 }, (_, second) => ({
      // The first is of the warm-up, the last of the drain.
      startMs: (second - 1) * 500,
      started: 100,
      completed: 100,
      failed: 0,
      dropped: 0,
      opened: 0,
      response: of(second === 0 || second === 11 ? 2000 : second % 2 === 1 ? 990 : 1010),
      lag: null,
    }));
    const results = runOf(() => ({ p50Ns: 990 }), 8, { p50Ns: 990, overrides: { series: { intervals } } });
    const { withinRun } = metricOf(compare([results]), 'latency.response.p50');
    expect(withinRun?.standardError).toBeCloseTo(Math.sqrt(2000 / 90) / 990, 10);
    expect(withinRun?.lag1).toBeCloseTo(-0.9, 10);
  });
});

describe('counts that never vary', () => {
  const opened = (count: number, base = 8, blocks = 2): unknown =>
    metricOf(compare([runOf(() => ({ opened: count }), blocks, { opened: base })]), 'connections.openedPerRequest');

  test('are compared as they are, from two trials a side on', () => {
    expect(opened(8)).toMatchObject({
      kind: 'exact',
      ratio: 1,
      interval: null,
      p: null,
      smallestDetectable: 0,
      verdict: 'equivalent',
      warn: false,
      reason: null,
    });
    expect(opened(9)).toMatchObject({ kind: 'exact', ratio: 1.125, verdict: 'regression' });
    expect(opened(4)).toMatchObject({ kind: 'exact', ratio: 0.5, verdict: 'improvement' });
  });

  test('a difference within the margin is told, and is none that matters', () => {
    // 100 and 104 connections for 22,000 requests.
    expect(opened(104, 100)).toMatchObject({
      kind: 'exact',
      ratio: 1.04,
      verdict: 'equivalent',
      warn: true,
      reason: '+0.000182 in every trial, within the margin of 5 %',
    });
  });

  test.each([
    ['requests.lossRate', { failed: 30 }, 'regression'],
    ['requests.failed', { failed: 30 }, 'regression'],
    ['connections.resets.received', { failed: 30 }, 'regression'],
    ['fds.client.peak', { clientFds: 50 }, 'regression'],
    ['timeWait.client.peak', { clientTimeWait: 9 }, 'regression'],
    ['kernel.client.ActiveOpens', { opened: 9 }, 'regression'],
  ])('what chance has a part in takes as many blocks as a test: %s', (metric, change, verdict) => {
    // 2/2^5 is more than 5 %, 2/2^6 is less.
    const of = (blocks: number): unknown =>
      metricOf(compare([runOf(() => change, blocks)], { metrics: [metric] }), metric);
    expect(of(2)).toMatchObject({ kind: 'statistical', verdict: 'inconclusive' });
    expect(of(5)).toMatchObject({
      kind: 'statistical',
      verdict: 'inconclusive',
      reason: expect.stringContaining('an interval needs 6 blocks, there are 5') as string,
    });
    expect(of(6)).toMatchObject({ kind: 'exact', verdict });
  });

  test('one trial a side does not show that they never vary', () => {
    expect(opened(9, 8, 1)).toMatchObject({ kind: 'descriptive', verdict: null, ratio: 1.125 });
  });

  test('from zero to anything is a change without a ratio', () => {
    const entered = metricOf(compare([runOf(() => ({ serverTimeWait: 3 }), 6)]), 'timeWait.server.entered');
    expect(entered).toMatchObject({ kind: 'exact', ratio: null, verdict: 'regression' });
  });

  test('more reuse is better', () => {
    // 1 - 2200/22000 = 0.9 and 1 - 4400/22000 = 0.8.
    const reuse = metricOf(compare([runOf(() => ({ opened: 4400 }), 2, { opened: 2200 })]), 'connections.reuseRatio');
    expect(reuse).toMatchObject({ kind: 'exact', better: 'higher', verdict: 'regression' });
    expect(reuse.ratio).toBeCloseTo(0.8 / 0.9, 12);
  });

  test('where they do vary they are tested, zeros as differences', () => {
    // 10 more or 12 more in every block, the base now 0, now 1: the differences are 10 and 11, all above a margin of 5 % of 0.5.
    const results = runOf((block) => ({ clientTimeWait: 10 + (block % 2) * 2 }), 8);
    const trials = results.trials.map((trial) =>
      trial.variant === 's=a' && trial.block % 2 === 1
        ? { ...trial, timeWait: { ...trial.timeWait, client: { ...trial.timeWait.client, entered: 1 } } }
        : trial,
    );
    const entered = metricOf(compare([{ ...results, trials }]), 'timeWait.client.entered');
    expect(entered).toMatchObject({
      kind: 'statistical',
      ratio: null,
      interval: null,
      p: 0.0078125,
      verdict: 'regression',
      reason: 'difference +10.5 (+10 to +11)',
    });
  });
});

describe('lost requests', () => {
  test('come first, and withhold the verdicts on latencies that they may have come from', () => {
    // 100 of 20,100 requests: 0.4975 %, more than a tenth of the 1 % beyond p99, less than a tenth of the 50 % beyond p50.
    const [pair] = compare([runOf(() => ({ failed: 100, p99Ns: 1500 }))]).pairs;
    expect(pair!.metrics[0]).toMatchObject({
      metric: 'requests.lossRate',
      kind: 'exact',
      ratio: null,
      verdict: 'regression',
      margin: 0.001,
    });
    expect(metricOf(pair!, 'latency.response.p99')).toMatchObject({
      kind: 'descriptive',
      verdict: null,
      ratio: 0.75,
      reason: 'withheld: 0.498 % of the requests were lost against 0 %, and the latency is that of the others',
    });
    expect(metricOf(pair!, 'latency.response.p50')).toMatchObject({ kind: 'statistical', verdict: 'equivalent' });
    expect(pair!.warnings).toEqual([
      'The sides lost different shares of their requests: verdicts on latency are withheld, since they would be about the survivors.',
    ]);
  });

  test('are held against the requests of a latency that is of few', () => {
    // 700 connects against 400, 300 of 20,300 requests lost: up to 300 of the 700 that there should have been, 42.9 %.
    const connects = (count: number, failed: number): TrialChoice => {
      const overrides = (of: TrialRecord): Partial<TrialRecord> => ({
        latency: { ...of.latency, connect: latency(1000, 2000, count) },
      });
      return { failed, overrides: overrides(trial({ index: 0, block: 0, order: 0, variant: 's=a' }, two[0]!, {})) };
    };
    const document = compare([runOf(() => connects(400, 300), 8, connects(700, 0))]);
    expect(metricOf(document, 'latency.connect.p50')).toMatchObject({
      kind: 'descriptive',
      reason: 'withheld: 42.9 % of the requests were lost against 0 %, and the latency is that of the others',
    });
    // 1.48 % of all is less than a tenth of the half beyond the median.
    expect(metricOf(document, 'latency.response.p50').kind).toBe('statistical');
    const none = compare([runOf(() => connects(400, 0), 8, connects(700, 0))]);
    expect(metricOf(none, 'latency.connect.p50')).toMatchObject({ kind: 'statistical', verdict: 'equivalent' });
  });

  test('are compared as rates, not as ratios', () => {
    // 2 or 4 of 20,000 requests: twice as many, and nothing that matters.
    const losses = metricOf(
      compare([runOf((block) => ({ failed: 4 + (block % 2) }), 8, { failed: 2 })]),
      'requests.lossRate',
    );
    expect(losses).toMatchObject({ kind: 'statistical', ratio: null, verdict: 'equivalent', warn: true });
    expect(losses.reason).toMatch(/^difference \+0\.01\d* points \(\+0\.01\d* points to \+0\.01\d* points\)$/);
  });
});

describe('figures that are missing', () => {
  test('nowhere to be found: left out, unless asked for', () => {
    const document = compare([runOf(() => ({}))], { metrics: ['link.flows'] });
    const names = document.pairs[0]!.metrics.map(({ metric }) => metric);
    expect(names).not.toContain('link.packetsPerRequest');
    expect(metricOf(document, 'link.flows')).toMatchObject({
      kind: 'descriptive',
      n: 0,
      base: { value: null, perTrial: [] },
      reason: 'host mode has no link of its own',
    });
  });

  test('on one side: the other is shown without a verdict', () => {
    const cpu = metricOf(compare([runOf(() => ({ serverCpuUs: null }))]), 'cpu.server.perRequestUs');
    expect(cpu).toMatchObject({
      kind: 'descriptive',
      n: 0,
      ratio: null,
      base: { value: 21.4 },
      other: { value: null },
      reason: 'the server died before it could report',
    });
  });

  test('in a block: that block is left out on both sides', () => {
    const fds = metricOf(compare([runOf((block) => (block === 3 ? { clientFds: null } : {}))]), 'fds.client.peak');
    expect(fds).toMatchObject({ kind: 'exact', n: 7, reason: 'missing in 1 block: needs Linux' });
    expect(fds.base.perTrial.map(({ block }) => block)).toEqual([0, 1, 2, 4, 5, 6, 7]);
  });

  test('a histogram that is damaged', () => {
    const results = runOf(() => ({}));
    const trials = results.trials.map((trial) => ({
      ...trial,
      latency: { ...trial.latency, response: { ...trial.latency.response!, histogram: 'HISTFAAA' } },
    }));
    const p75 = metricOf(
      compare([{ ...results, trials }], { metrics: ['latency.response.p75'] }),
      'latency.response.p75',
    );
    expect(p75.kind).toBe('descriptive');
    expect(p75.reason).toMatch(/^its histogram cannot be read: /);
  });

  test('the memory of few connections is not told from that of the program', () => {
    const memory = 'memory.server.rssPerConnectionBytes';
    const few = compare([runOf(() => ({}))], { metrics: [memory] });
    expect(metricOf(few, memory).reason).toBe(
      "8 connections at most were open: with fewer than 100 a program's own growth hides theirs",
    );
  });
});

describe('one trial a side', () => {
  test('is described, with what the runs themselves say', () => {
    const document = compare([runOf(() => ({ p50Ns: 1200 }), 1)], { gates: ['p50:5%'] });
    expect(metricOf(document, 'latency.response.p50')).toMatchObject({
      kind: 'descriptive',
      ratio: 1.2,
      interval: null,
      verdict: null,
      reason: 'one trial on each side: no verdict',
    });
    expect(document.gates[0]).toMatchObject({
      outcome: 'inconclusive',
      reason: 'latency.response.p50 is not judged: one trial on each side: no verdict.',
    });
    expect(document.pairs[0]!.warnings[0]).toMatch(/^One trial on each side: figures, not a verdict/);
  });

  test('six equal intervals leave no room within the run', () => {
    const intervals = (of: ReturnType<typeof runOf>) =>
      of.trials.map((trial) => {
        const [first] = trial.series.intervals;
        const six = Array.from({ length: 6 }, (_, second) => ({ ...first!, startMs: second * 500 }));
        return { ...trial, series: { intervals: six } };
      });
    const results = runOf(() => ({ p50Ns: 1200 }), 1);
    const p50 = metricOf(compare([{ ...results, trials: intervals(results) }]), 'latency.response.p50');
    expect(p50.reason).toBe(
      'one trial on each side: no verdict; within-run uncertainty only: 0.0012 ms against 0.001 ms',
    );
  });
});
