/** The static drawings: places, marks and what leaves an axis. */
import { describe, expect, test } from 'vitest';
import { phaseFigures } from '../../../src/report/html/phase-figures.ts';
import { reuseHistogram } from '../../../src/report/html/reuse-figures.ts';
import { dotPlot, thinned } from '../../../src/report/html/svg-dots.ts';
import { forestPlot, type ForestRow } from '../../../src/report/html/svg-forest.ts';
import { phasePlot } from '../../../src/report/html/svg-phases.ts';
import { reusePlot } from '../../../src/report/html/svg-reuse.ts';
import { lengthScale, ratioScale } from '../../../src/report/html/svg-scale.ts';
import { figuresByVariant } from '../../../src/report/variant-figures.ts';
import type { LatencySet } from '../../../src/results/record.ts';
import { latency, run, variant } from '../../results/fixtures.ts';
import { fullInput } from './fixtures.ts';

const text = { id: 'x', title: 'Title', description: 'Description' };

describe('scales', () => {
  test('a ratio axis is symmetric in its logarithm, with 3 % left free at both ends', () => {
    const { factor, place } = ratioScale([{ low: 0.6, high: 1.7 }], 0.6);
    expect(factor).toBe(2);
    expect(place(1)).toBeCloseTo(50, 10);
    expect(place(2)).toBeCloseTo(97, 10);
    expect(place(0.5)).toBeCloseTo(3, 10);
    // ln(sqrt 2) / ln 2 = 1/2 of the half axis of 47 %.
    expect(place(Math.SQRT2)).toBeCloseTo(73.5, 10);
    expect([place(0), place(Infinity), place(0.0001)]).toEqual([3, 97, 3]);
  });

  test('the axis holds the asked-for share of the ranges, not the farthest one', () => {
    const near = { low: 0.95, high: 1.1 };
    const ranges = [near, near, near, { low: 100, high: 140 }];
    expect(ratioScale(ranges, 0.6).factor).toBe(1.25);
    expect(ratioScale(ranges, 1).factor).toBe(1000);
    expect(ratioScale([], 0.6).factor).toBe(1.25);
  });

  test('a length axis holds what is up to five times the median', () => {
    const { most, width, ticks } = lengthScale([10, 20, 30, 1000]);
    // The middle of four is the third, 30; 1000 is beyond 150, so 30 is the longest that is held; 30 / 5 = 6 rounds up to 10.
    expect(most).toBe(30);
    expect(ticks).toEqual([0, 10, 20, 30]);
    expect(width(30)).toBe(97);
    expect(width(1000)).toBe(97);
    expect(width(15)).toBe(48.5);
  });
});

describe('forest plot', () => {
  const row: ForestRow = {
    name: 'a',
    ratio: 1.1,
    interval: { low: 1.05, high: 1.2 },
    margin: 0.05,
    mark: 'inconclusive',
    verdict: 'inconclusive',
  };

  test('draws band, range and mark at their places', () => {
    const drawn = forestPlot({ ...text, rows: [row], better: 'lower' }).toString();
    // Axis 1/1.25 to 1.25: place(r) = 50 + 47 ln r / ln 1.25. place(1.05) = 60.28, place(1/1.05) = 39.72, place(1.2) = 88.4, place(1.1) = 70.07.
    expect(drawn).toContain('<rect class="band" x="39.72%" y="6" width="20.55%"');
    expect(drawn).toContain('class="range inconclusive" x1="60.28%" x2="88.4%"');
    expect(drawn).toContain('<use href="#mark-inconclusive" class="mark inconclusive" x="70.07%"');
    expect(drawn).toContain('<title>a: 1.100 [1.050, 1.200], inconclusive</title>');
    expect(drawn).toContain('← better');
  });

  test('what is beyond the axis becomes an arrow without a mark', () => {
    const far: ForestRow = {
      ...row,
      ratio: 140,
      interval: { low: 120, high: 160 },
      mark: 'regression',
      verdict: 'regression',
    };
    const drawn = forestPlot({ ...text, rows: [row, row, far], better: 'higher' }).toString();
    expect(drawn.match(/#mark-regression/g)).toBeNull();
    expect(drawn.match(/href="#mark-right" class="arrow regression" x="97%"/g)).toHaveLength(1);
    expect(drawn.match(/#mark-left/g)).toBeNull();
    expect(drawn).toContain('← worse');
  });

  test('a row without a ratio has only its words', () => {
    const drawn = forestPlot({
      ...text,
      rows: [{ ...row, ratio: null, interval: null, verdict: 'no link' }],
      better: 'lower',
    }).toString();
    expect(drawn).toContain('no link');
    expect(drawn).not.toMatch(/class="(range|mark|arrow)/);
  });

  test('has a name and a description', () => {
    const drawn = forestPlot({ ...text, rows: [row], better: 'lower' }).toString();
    expect(drawn).toContain(
      'role="img" aria-labelledby="x-t x-d"><title id="x-t">Title</title><desc id="x-d">Description</desc>',
    );
  });
});

const none: LatencySet = {
  response: null,
  service: null,
  connectionWait: null,
  connect: null,
  tls: null,
  firstByte: null,
  download: null,
  lag: null,
};

describe('phases', () => {
  const of = variant('v=a', { v: 'a' });
  const results = run({ variants: [of] }, () => {
    const three = latency(3_000_000, 3_000_000, 30);
    const one = latency(1_000_000, 1_000_000, 10);
    const fresh = { ...none, service: one, connect: one };
    const reused = { ...none, service: three, connectionWait: one, firstByte: three };
    return { overrides: { latencyByConnection: { new: fresh, reused } } };
  });
  const figures = phaseFigures(figuresByVariant(results));

  test('are means over all requests, also those that skipped the phase', () => {
    const [fresh, reused] = figures;
    expect(figures).toHaveLength(2);
    expect(fresh).toMatchObject({ label: 'a', connection: 'new', requests: 10, share: 0.25 });
    // The histogram's buckets are up to 0.1 % wide: 1 ms and 3 ms within that.
    expect(fresh!.meansNs.connect / 1e6).toBeCloseTo(1, 2);
    // Ten of the thirty requests waited for 1 ms.
    expect(reused!.meansNs.connectionWait / 1e6).toBeCloseTo(1 / 3, 2);
    expect(reused!.totalNs / 1e6).toBeCloseTo(10 / 3, 2);
  });

  test('segments follow each other without a gap', () => {
    const drawn = phasePlot(figures, text).toString();
    const [wait, first] = [
      ...drawn.matchAll(/class="phase (?:connectionWait|firstByte)" x="([\d.]+)%" y="\d+" width="([\d.]+)%"/g),
    ].map((found) => [Number(found[1]), Number(found[2])] as const);
    expect(wait![0]).toBe(0);
    expect(first![0]).toBeCloseTo(wait![1], 1);
    // The longest bar fills the axis of 97 %; a tenth of it is the wait.
    expect(wait![1]).toBeCloseTo(9.7, 0);
    expect(first![0] + first![1]).toBeCloseTo(97, 1);
  });
});

describe('dots', () => {
  test('what leaves the axis becomes an arrow, an invalid trial a cross', () => {
    const point = (ratio: number, valid = true) => ({ place: 0.5, ratio, valid });
    const usual = Array.from({ length: 18 }, () => point(1));
    const drawn = dotPlot(
      [
        {
          label: 'a',
          figure: 'f',
          series: [{ name: 'dot', points: [...usual, point(9), point(0.1), point(1, false)] }],
        },
      ],
      text,
    ).toString();
    expect(drawn).toContain('×1.25');
    expect(drawn.match(/#mark-dot/g)).toHaveLength(18);
    expect(drawn.match(/#mark-up/g)).toHaveLength(1);
    expect(drawn.match(/#mark-down/g)).toHaveLength(1);
    expect(drawn.match(/#mark-cross/g)).toHaveLength(1);
  });

  test('thinning keeps both ends and chooses evenly', () => {
    expect(thinned([1, 2, 3], 5)).toEqual([1, 2, 3]);
    expect(thinned([0, 1, 2, 3, 4, 5, 6, 7, 8], 5)).toEqual([0, 2, 4, 6, 8]);
    expect(
      thinned(
        Array.from({ length: 1000 }, (_, at) => at),
        3,
      ),
    ).toEqual([0, 500, 999]);
  });
});

describe('requests per connection', () => {
  const tally = { '0': 1, '1': 2, '3': 4, '9': 1 };
  const results = run({ variants: [variant('v=a', { v: 'a' })], blocks: 2 }, () => ({}));
  const trials = results.trials.map((trial) => ({
    ...trial,
    connections: { ...trial.connections!, requestsPerConnection: { histogram: tally, mean: null, max: null } },
  }));
  const histogram = reuseHistogram(figuresByVariant({ ...results, trials }));

  test('are added up over trials in bins that double', () => {
    expect(histogram.bins).toEqual([
      { from: 0, to: 0 },
      { from: 1, to: 1 },
      { from: 2, to: 3 },
      { from: 4, to: 7 },
      { from: 8, to: 15 },
    ]);
    // 16 connections with 2 x (0 + 2 + 12 + 9) = 46 requests.
    expect(histogram.rows).toEqual([{ label: 'a', connections: 16, counts: [2, 4, 8, 0, 2], mean: 46 / 16, max: 9 }]);
  });

  test('a bar is as high as its share', () => {
    const drawn = reusePlot(histogram, text).toString();
    // Half of the connections: 20 of 40 px.
    expect(drawn).toContain('height="20.0"><title>2 to 3 requests: 8 connections, 50 %</title>');
    expect(drawn.match(/class="bar"/g)).toHaveLength(4);
  });

  test('nothing without a count', () => {
    expect(reuseHistogram([])).toEqual({ bins: [], rows: [] });
  });
});

test('the fixture has every kind of drawing', () => {
  const rows = figuresByVariant(fullInput().runs[0]!.results);
  expect(phaseFigures(rows).map(({ label, connection }) => `${label} ${connection}`)).toEqual([
    'close new',
    'keep-alive reused',
  ]);
});
