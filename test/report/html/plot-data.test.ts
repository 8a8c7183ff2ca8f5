import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plotTexts } from '../../../src/report/html/plot-texts.ts';
import type { IntervalRecord, TrialRecord } from '../../../src/results/record.ts';
import { encodeHdr } from '../../../src/stats/hdr-codec.ts';
import { latency } from '../../results/fixtures.ts';
import { groupOf, histogramOf, latencies, nothing, one, two } from './plot-trials.ts';

describe('percentile lines', () => {
  it('are the quantiles of the merged histogram and of each trial on one nines axis', () => {
    // 1000 samples: 0.3 ms for 900 of them in the first block, 0.6 ms in the second; the slow 100 take 5 ms. HDR buckets are 256 ns wide
    // at 0.3 ms, 512 ns at 0.6 ms and 4096 ns at 5 ms, so that the upper edges are 300,031, 600,063 and 5,001,215 ns.
    const { percentiles } = groupOf(
      (_name, block) => ({
        overrides: latencies(
          histogramOf([
            [block === 0 ? 300_000 : 600_000, 900],
            [5_000_000, 100],
          ]),
        ),
      }),
      2,
    );
    // Merged: 2000 samples, so ten lie beyond log10(200) = 2.301 nines: floor(119 / 2.301) = 51 points per nine, floor(2.301 x 51) + 1 = 118.
    expect(percentiles!.perNine).toBe(51);
    const { merged, trials, count, quantiles, max } = percentiles!.lines[0]!.response;
    expect(count).toBe(2000);
    expect(merged).toHaveLength(118);
    // 45 % are 0.3 ms: -log10(0.55) x 51 = 13.2. 90 % are fast: point 51 is exactly there. Quantile 0 is the lower edge of its bucket.
    expect(merged[0]).toBe(0.2998);
    expect(new Set(merged.slice(1, 14))).toEqual(new Set([0.3]));
    expect(new Set(merged.slice(14, 52))).toEqual(new Set([0.6001]));
    expect(new Set(merged.slice(52))).toEqual(new Set([5.001]));
    // A trial: log10(100) = 2 nines x 51 = point 102 is the last.
    expect(trials.map((values) => values.length)).toEqual([103, 103]);
    expect(trials[0]!.slice(0, 2)).toEqual([0.2998, 0.3]);
    expect(trials[1]!.slice(50, 53)).toEqual([0.6001, 0.6001, 5.001]);
    // 99.9 % of 2000 has two samples beyond.
    expect(quantiles).toEqual([0.6001, 0.6001, 5.001, null, null]);
    expect(max).toBe(5.001);
  });

  it('rise, hold what the histogram says, and end at the last grid point with ten samples beyond', () => {
    const buckets = fc.array(fc.tuple(fc.integer({ min: 1, max: 3e9 }), fc.integer({ min: 1, max: 5000 })), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(buckets, (values) => {
        const histogram = histogramOf(values);
        const { percentiles } = groupOf(() => ({ overrides: latencies(histogram) }));
        const { count } = histogram;
        if (count <= 10) {
          expect(percentiles).toBeNull();
          return;
        }
        const { perNine, lines } = percentiles!;
        const { merged, trials } = lines[0]!.response;
        const p = (point: number): number => 1 - 10 ** (-point / perNine);
        const expected = merged.map((_, point) => Number((histogram.quantile(p(point))! / 1e6).toPrecision(4)));
        expect(merged).toEqual(expected);
        expect(merged.every((value, at) => at === 0 || value! >= merged[at - 1]!)).toBe(true);
        // Either ten samples still lie beyond the last point but not beyond the next, or the count is a whole number of nines.
        expect(count * (1 - p(merged.length - 1))).toBeGreaterThan(10 - 1e-6);
        expect(count * (1 - p(merged.length))).toBeLessThan(11);
        expect(merged.length).toBeLessThanOrEqual(120);
        expect(trials).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  it('join what another program reported, and say so', () => {
    // Known: p50 1 ms and p90 10 ms of 1000 requests; p99.9 has one sample beyond, too few.
    const reported = { ...latency(1_000_000, 1_000_000), histogram: null, min: null, p99: null, count: 1000 };
    const response = { ...reported, p50: 1_000_000, p90: 10_000_000, p999: 90_000_000, max: 95_000_000, mean: null };
    const { percentiles } = groupOf(() => ({ overrides: { latency: { ...nothing, response } } }));
    const { perNine, lines } = percentiles!;
    // 1000 samples: 2 nines, 59 points per nine. p50 lies at 17.76, so the line begins with point 18 and ends with p90, point 59.
    expect(perNine).toBe(59);
    const { merged, joined, quantiles, max } = lines[0]!.response;
    expect(joined).toBe(true);
    expect(merged.slice(0, 18)).toEqual(new Array(18).fill(null));
    // Point 38: 38 / 59 = 0.64407 nines, (0.64407 - 0.30103) / (1 - 0.30103) = 0.49078 of the decade: 10^0.49078 = 3.0959 ms.
    expect(merged[38]).toBe(3.096);
    expect(merged).toHaveLength(60);
    expect(merged.at(-1)).toBe(10);
    expect(quantiles).toEqual([1, 10, null, null, null]);
    expect(max).toBe(95);
    expect(lines[0]!.service).toMatchObject({
      count: 0,
      merged: [],
      quantiles: [null, null, null, null, null],
      max: null,
    });
    const [texts] = plotTexts({ runs: [{ groups: [{ ...groupOf(() => ({})), percentiles }], variantsLeftOut: 0 }] });
    expect(texts!.percentiles!.notes).toEqual(['Imported figures are a few quantiles, joined here by straight lines.']);
  });

  it('draw at most 20 trials, the first and the last among them, and merge all', () => {
    const { percentiles } = groupOf((_name, block) => ({ p50Ns: 1_000_000 * (block + 1), samples: 100 }), 50);
    const { trials, count } = percentiles!.lines[0]!.response;
    expect(trials).toHaveLength(20);
    expect(count).toBe(5000);
    // Points 1 to 3 are far below 98 % of the samples: the p50 of blocks 0 and 49, the latter in a bucket up to 50,003,967 ns.
    expect([trials[0]![1], trials.at(-1)![1]]).toEqual([1, 50]);
  });
});

describe('panels over time', () => {
  const gauge = (series: TrialRecord['fds']['client']['series']): TrialRecord['fds']['client'] => ({
    start: 0,
    peak: 0,
    end: 0,
    series,
  });

  it('hold the median over trials of the highest sample of each bin; a sample that failed is a gap', () => {
    const series: readonly TrialRecord['fds']['client']['series'][] = [
      [
        [-100, 20],
        [0, 21],
        [100, 30],
        [199, 35],
        [300, null],
        [400, 24],
      ],
      [
        [-100, 20],
        [0, 23],
        [100, 32],
        [205, 39],
        [300, null],
        [400, 26],
      ],
    ];
    const { overTime } = groupOf(
      (_name, block) => ({ overrides: { fds: { client: gauge(series[block]!), server: gauge([]) } } }),
      2,
    );
    const { clientFds, serverFds } = overTime!.panels;
    // Bins of 100 ms. The first trial has two samples in [100, 200), of which 35 is the higher, and none in [200, 300): it keeps 35 there.
    expect(clientFds).toEqual({
      stepMs: 100,
      startsMs: [-100, 0, 100, 200, 300, 400],
      endMs: 500,
      values: [[20, 22, 33.5, 37, null, 25]],
    });
    expect(serverFds).toBeNull();
    expect(overTime!.measureMs).toBe(5000);
  });

  it('end where fewer than half of the trials go on', () => {
    const series = (last: number): TrialRecord['fds']['client']['series'] =>
      Array.from({ length: last }, (_, at) => [at * 100, at] as [number, number]);
    const { overTime } = groupOf(
      (_name, block) => ({ overrides: { fds: { client: gauge(series([3, 3, 5][block]!)), server: gauge([]) } } }),
      3,
    );
    expect(overTime!.panels.clientFds!.values).toEqual([[0, 1, 2, null, null]]);
  });

  const interval = (startMs: number, opened: number): IntervalRecord => {
    return { startMs, opened, started: 0, completed: 0, failed: 0, dropped: 0, response: null, lag: null };
  };

  it('count connections per second, also in a warm-up shorter than one', () => {
    const { overTime, heatMap } = groupOf(() => ({
      overrides: { series: { intervals: [interval(-200, 10), interval(0, 4), interval(1000, 0)] } },
    }));
    // 10 in 0.2 s are 50 per second.
    expect(overTime!.panels.opened).toEqual({
      stepMs: 1000,
      startsMs: [-200, 0, 1000],
      endMs: 2000,
      values: [[50, 4, 0]],
    });
    expect(heatMap).toBeNull();
  });

  it('keep to 120 bins in a trial of hours', () => {
    const intervals = Array.from({ length: 7200 }, (_, second) => interval(second * 1000, second % 2));
    const { overTime } = groupOf(() => ({ overrides: { series: { intervals } } }));
    const { stepMs, values } = overTime!.panels.opened!;
    // 7200 s over 118 bins are 61 s: 100 s, half of whose seconds open one.
    expect(stepMs).toBe(100_000);
    expect(values).toEqual([new Array(72).fill(0.5)]);
  });
});

describe('heat map', () => {
  const interval = (startMs: number, values: readonly (readonly [ns: number, times: number])[]): IntervalRecord => {
    const response = values.length === 0 ? null : encodeHdr(histogramOf(values).toSparse());
    return { startMs, opened: 0, started: 0, completed: 0, failed: 0, dropped: 0, response, lag: null };
  };

  it('counts the requests of all trials by second and by row of latency', () => {
    const first = [
      interval(0, [[1_500_000, 5]]),
      interval(1000, []),
      interval(2000, [
        [1_500_000, 1],
        [15_000_000, 1],
      ]),
    ];
    const second = [interval(0, [[1_500_000, 7]]), interval(1000, [])];
    const { heatMap } = groupOf(
      (_name, block) => ({ overrides: { series: { intervals: block === 0 ? first : second } } }),
      2,
    );
    // One decade at 24 rows: 1.5 ms is in row floor(24 x 0.1761) = 4, 15 ms in row 28. The buckets' upper edges are 1,500,159 and 15,007,743.
    expect(heatMap).toEqual({
      stepMs: 1000,
      startsMs: [0, 1000, 2000],
      endMs: 3000,
      measureMs: 5000,
      perDecade: 24,
      lowestRow: 4,
      rows: 25,
      most: 12,
      maps: [
        {
          trials: 2,
          complete: true,
          columns: [[0, 12], [], [0, 1, ...new Array<number>(23).fill(0), 1]],
          p50: [1.5, null, 1.5],
          p99: [1.5, null, 15.01],
        },
      ],
    });
  });

  it('has one scale for all variants, coarser where the range is wide', () => {
    const { heatMap } = groupOf(
      (name) => ({
        overrides: { series: { intervals: [interval(0, [[name.endsWith('1') ? 2000 : 2_000_000_000, 3]])] } },
      }),
      1,
      [one, two],
    );
    // Six decades from 0.002 ms: 7 rows each make 43, 8 would make 49. The finest that is offered below is 6: rows floor(6 x -2.699) = -17 to 19.
    expect(heatMap).toMatchObject({ perDecade: 6, lowestRow: -17, rows: 37, most: 3 });
    expect(heatMap!.maps.map(({ columns }) => columns)).toEqual([[[0, 3]], [[36, 3]]]);
  });
});
