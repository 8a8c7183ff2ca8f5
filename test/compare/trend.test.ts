/** From a history to its change points. */
import { describe, expect, test } from 'vitest';
import { trendOf, type TrendOptions } from '../../src/compare/trend.ts';
import type { HistoryEntry } from '../../src/results/history.ts';
import { UserError } from '../../src/scenario/user-error.ts';
import { control, entry, host, nights } from '../results/history-fixture.ts';

const usual: TrendOptions = { scenario: null, metrics: [], variant: null, control: null, recent: 7 };
const p99 = 'latency.response.p99';

function trend(entries: readonly HistoryEntry[], options: Partial<TrendOptions> = {}) {
  return trendOf(entries, { ...usual, ...options });
}

/** `+0.113` is 12 % more from night `at` on. */
function step(at: number, shift = Math.log(1.12), metric = p99) {
  return (night: number, of: string): number => (of === metric && night >= at ? shift : 0);
}

function refusal(work: () => unknown): UserError {
  try {
    work();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('not refused');
}

describe('a planted change', () => {
  test('of 12 % is found in its run, with its figures', () => {
    const exact = Array.from({ length: 60 }, (_, at) =>
      entry(at, { ratio: (_name, metric) => (metric === p99 && at >= 54 ? 0.56 : 0.5) }),
    );
    const { scenarios, worse } = trend(exact);
    const [scenario] = scenarios;
    expect(worse).toBe(true);
    expect(scenario!.series.map(({ metric, changes }) => [metric, changes.length])).toEqual([
      ['latency.response.p50', 0],
      [p99, 1],
      ['throughput.achievedPerSecond', 0],
    ]);
    const [change] = scenario!.series[1]!.changes;
    // 0.56 / 0.5 = 1.12; nothing varies, so that p is 0.
    expect(change).toMatchObject({ point: 54, pointsBefore: 54, pointsAfter: 6, worse: true, recent: true, p: 0 });
    expect(change!.before).toBeCloseTo(0.5, 12);
    expect(change!.after).toBeCloseTo(0.56, 12);
    expect(change!.magnitude).toBeCloseTo(0.12, 12);
    expect(scenario!.runs[scenario!.series[1]!.points[54]!.run]!.label).toBe('c000054');
  });

  test('is found in noise', () => {
    const { scenarios } = trend(nights(60, step(54)), { metrics: ['p99'] });
    expect(scenarios[0]!.series[0]!.changes.map(({ point }) => point)).toEqual([54]);
  });

  test.each([
    [p99, 1.12, true],
    [p99, 0.85, false],
    ['throughput.achievedPerSecond', 1.12, false],
    ['throughput.achievedPerSecond', 0.85, true],
  ])('of %s by the factor %d is worse: %s', (metric, factor, worse) => {
    const document = trend(nights(60, step(54, Math.log(factor), metric)));
    const changes = document.scenarios[0]!.series.flatMap((series) => series.changes);
    expect(changes.map((change) => change.worse)).toEqual([worse]);
    expect(document.worse).toBe(worse);
  });

  test.each([
    [52, 7, false],
    [53, 7, true],
    [56, 7, true],
    [56, 4, true],
    [56, 3, false],
    [20, 40, true],
    [20, 39, false],
  ])('at 60 - %d within the last %d runs fails: %s', (at, recent, worse) => {
    const document = trend(nights(60, step(at)), { recent });
    expect(document.scenarios[0]!.series[1]!.changes.map(({ point }) => point)).toEqual([at]);
    expect(document.worse).toBe(worse);
  });

  test('is told when it has lasted four runs', () => {
    const all = nights(60, step(54));
    expect([55, 56, 57, 58].map((count) => trend(all.slice(0, count)).worse)).toEqual([false, false, false, true]);
  });

  test('of the machine cancels', () => {
    const faster = nights(60).map((one, at) => ({
      ...one,
      variants: one.variants.map((variant) => ({
        ...variant,
        figures: Object.fromEntries(
          Object.entries(variant.figures).map(([name, figure]) => [
            name,
            { ...figure, median: figure.median * (at >= 50 ? 2 : 1) },
          ]),
        ),
      })),
    }));
    expect(trend(faster).worse).toBe(false);
  });

  test('does not depend on the unit of the ratio', () => {
    const all = nights(60, step(30));
    const scaled = all.map((one) => ({
      ...one,
      variants: one.variants.map((variant) => ({
        ...variant,
        figures: Object.fromEntries(
          Object.entries(variant.figures).map(([name, figure]) => {
            const { ratio } = figure;
            return [name, { ...figure, ratio: ratio && { ...ratio, estimate: ratio.estimate * 1000 } }];
          }),
        ),
      })),
    }));
    const points = (entries: readonly HistoryEntry[]) =>
      trend(entries).scenarios[0]!.series.map(({ changes }) => changes.map(({ point }) => point));
    expect(points(all)).toEqual([[], [30], []]);
    expect(points(scaled)).toEqual(points(all));
  });
});

describe('what else changed in the same run', () => {
  test('the control, where every variant changed against it', () => {
    const variants = ['pool=1', 'pool=8', control];
    const both = trend(nights(60, step(40), { deviation: 0.01, variants }), { metrics: ['p99'] });
    const flags = both.scenarios[0]!.series.map(({ changes }) => changes.map((change) => change.allAgainstControl));
    expect(flags).toEqual([[true], [true]]);
    const one = (at: number, metric: string, name: string): number => (name === 'pool=8' ? step(40)(at, metric) : 0);
    const single = trend(nights(60, one, { deviation: 0.01, variants }), { metrics: ['p99'] });
    expect(
      single.scenarios[0]!.series.flatMap(({ changes }) => changes.map((change) => change.allAgainstControl)),
    ).toEqual([false]);
    // With one variant nothing tells which of the two changed.
    const alone = trend(nights(60, step(40)), { metrics: ['p99'] });
    expect(alone.scenarios[0]!.series[0]!.changes[0]!.allAgainstControl).toBe(false);
  });

  test('the machine', () => {
    const moved = nights(60, step(40), { deviation: 0.01 }).map((one, at) =>
      at < 40 ? one : { ...one, host: { ...host, kernel: '6.19.1', virtualisation: 'kvm' } },
    );
    const [change] = trend(moved, { metrics: ['p99'] }).scenarios[0]!.series[0]!.changes;
    expect(change!.hostChanges).toEqual(['kernel: 6.18.0 to 6.19.1', 'virtualisation: unknown to kvm']);
  });
});

describe('the series', () => {
  test('are in the order of time, whatever the order of the file', () => {
    const all = nights(20, step(10));
    const shuffled = [...all.slice(10), ...all.slice(0, 10).reverse()];
    expect(trend(shuffled)).toEqual(trend(all));
  });

  test('leave out runs without the figure', () => {
    const gappy = Array.from({ length: 30 }, (_, at) =>
      entry(at, { ratio: () => (at % 3 === 0 ? null : at >= 15 ? 0.6 : 0.5) }),
    );
    const [series] = trend(gappy).scenarios[0]!.series;
    expect(series!.points.slice(0, 3).map(({ run }) => run)).toEqual([1, 2, 4]);
    // Of the runs 16, 17, 19 ... 29 with 0.6, run 16 is the first: ten points (1, 2, 4 ... 14) are before it.
    expect(series!.changes.map(({ point }) => [point, series!.points[point]!.run])).toEqual([[10, 16]]);
  });

  test.each([
    [0 + 1, 7],
    [4, 4],
    [7, 1],
    [8, 0],
    [60, 0],
  ])('of %d runs need %d more', (count, needed) => {
    expect(trend(nights(count)).scenarios[0]!.series.map(({ runsNeeded }) => runsNeeded)).toEqual([
      needed,
      needed,
      needed,
    ]);
  });

  test('are of the newest settings', () => {
    const old = nights(20, step(10, 1)).map((one) => ({ ...one, configHash: 'b'.repeat(64) }));
    const now = nights(40).slice(20);
    const { scenarios } = trend([...old, ...now]);
    expect(scenarios.map(({ configHash, runs, otherRuns }) => [configHash, runs.length, otherRuns])).toEqual([
      ['a'.repeat(64), 20, 20],
    ]);
    expect(scenarios[0]!.series.flatMap(({ changes }) => changes)).toEqual([]);
  });

  test('are those of every scenario, or of one', () => {
    const other = nights(10).map((one) => ({ ...one, runId: `${one.runId}x`, scenario: 'reuse' }));
    const both = [...nights(10), ...other];
    expect(trend(both).scenarios.map(({ scenario }) => scenario)).toEqual(['pool-size', 'reuse']);
    expect(trend(both, { scenario: 'reuse' }).scenarios.map(({ runs }) => runs.length)).toEqual([10]);
  });

  test('are of the metrics asked for, also by their short names', () => {
    const metrics = ['p99', 'throughput', 'latency.response.p99'];
    expect(
      trend(nights(8), { metrics }).scenarios[0]!.series.map(({ metric, unit, better }) => [metric, unit, better]),
    ).toEqual([
      [p99, 'ns', 'lower'],
      ['throughput.achievedPerSecond', 'perSecond', 'higher'],
    ]);
  });

  test('are of the variants asked for', () => {
    const all = nights(8, undefined, { variants: ['pool=1', 'pool=8', control] });
    expect(trend(all, { variant: 'pool=8', metrics: ['p99'] }).scenarios[0]!.series.map((one) => one.variant)).toEqual([
      'pool=8',
    ]);
  });
});

describe('another control', () => {
  const all = Array.from({ length: 8 }, (_, at) =>
    entry(at, { ratio: (name) => (name === 'pool=1' ? 4 : 0.5), variants: ['pool=1', 'pool=8', control] }),
  );

  test('gives the ratio of the medians', () => {
    const { series } = trend(all, { control: 'pool=8', metrics: ['p99'] }).scenarios[0]!;
    expect(series.map(({ variant, control: against, points }) => [variant, against, points[0]])).toEqual([
      ['pool=1', 'pool=8', { run: 0, ratio: 8, interval: null }],
      [control, 'pool=8', { run: 0, ratio: 2, interval: null }],
    ]);
  });

  test('is not needed where it is the recorded one', () => {
    expect(trend(all, { control })).toEqual(trend(all));
  });

  test('is needed where none is recorded', () => {
    const bare = all.map((one) => ({
      ...one,
      variants: one.variants.map((variant) => ({ ...variant, control: null })),
    }));
    const { code, hint } = refusal(() => trend(bare));
    expect([code, hint]).toEqual(['TREND_NO_CONTROL', 'Name a variant that never changes: --control "pool=1".']);
    expect(trend(bare, { control: 'pool=1', metrics: ['p99'] }).scenarios[0]!.series[0]).toMatchObject({
      variant: 'pool=8',
      points: all.map((_, run) => ({ run, ratio: 0.125, interval: null })),
    });
  });
});

describe('refuses', () => {
  const all = nights(8);
  test.each([
    ['an empty history', [], {}, 'HISTORY_EMPTY', 'the history has no run yet'],
    [
      'a scenario',
      all,
      { scenario: 'pool-sice' },
      'UNKNOWN_SCENARIO',
      'the history has no scenario "pool-sice" (did you mean "pool-size"?)',
    ],
    [
      'a metric',
      all,
      { metrics: ['latency.response.p98x'] },
      'UNKNOWN_METRIC',
      '(did you mean "latency.response.p99"?)',
    ],
    [
      'a metric that was not kept',
      all,
      { metrics: ['p75'] },
      'UNKNOWN_METRIC',
      'the history does not hold latency.response.p75',
    ],
    [
      'a variant',
      all,
      { variant: 'pool=9' },
      'UNKNOWN_VARIANT',
      '--variant: "9" is not an alternative of the axis "pool"',
    ],
    [
      'a control',
      all,
      { control: 'pol=8' },
      'UNKNOWN_VARIANT',
      '--control: "pol" is not an axis; the axes are pool (did you mean "pool"?)',
    ],
    ['a control against itself', all, { variant: control }, 'TREND_NO_CONTROL', 'leaves no variant with a control'],
  ] as const)('%s', (_, entries, options, code, message) => {
    const error = refusal(() => trend(entries, options));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
  });
});
