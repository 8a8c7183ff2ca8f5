import { describe, expect, it } from 'vitest';
import { plotData } from '../../../src/report/html/plot-data.ts';
import { plotTexts } from '../../../src/report/html/plot-texts.ts';
import type { IntervalRecord, TrialRecord } from '../../../src/results/record.ts';
import { encodeHdr } from '../../../src/stats/hdr-codec.ts';
import { defaultRun, run, variant } from '../../results/fixtures.ts';
import { inputOf } from './fixtures.ts';
import { groupOf, histogramOf, latencies, one, two } from './plot-trials.ts';

/** A run whose trials are all alike but for the last variant, which is the fastest. */
function large(variants: number, blocks: number, overrides: Partial<TrialRecord>): ReturnType<typeof run> {
  const all = Array.from({ length: variants }, (_, at) => variant(`n=${at}`, { n: String(at) }));
  const { header, trials, footer } = run({ variants: [one, two] }, (name) => ({
    p50Ns: name === two.name ? 100_000 : 300_000,
    ...(name === two.name ? {} : { overrides }),
  }));
  const repeated = Array.from({ length: variants * blocks }, (_, index): TrialRecord => {
    const at = index % variants;
    const like = trials[at === variants - 1 ? 1 : 0]!;
    return {
      ...like,
      ...overrides,
      latency: like.latency,
      index,
      block: Math.floor(index / variants),
      variant: `n=${at}`,
    };
  });
  return { header: { ...header, variants: all, blocks }, trials: repeated, footer };
}

describe('groups and variants', () => {
  it('are those of the answer, with the axes that the labels name, and the winner', () => {
    const { groups, variantsLeftOut } = plotData(inputOf(defaultRun())).runs[0]!;
    expect(groups.map(({ name, axes, winner }) => ({ name, axes, winner }))).toEqual([
      { name: 'load=closed', axes: 'strategy', winner: 2 },
      { name: 'load=open', axes: 'strategy', winner: 2 },
    ]);
    expect(groups[0]!.variants.map(({ label }) => label)).toEqual([
      'close',
      'pool-1',
      'pool-8',
      'pool-32',
      'max-requests-100',
    ]);
    expect(variantsLeftOut).toBe(0);
  });

  it('leave invalid trials out, but not a variant that has no others', () => {
    const group = groupOf((name, block) => ({ overrides: { valid: name.endsWith('1') && block > 0 } }), 3, [one, two]);
    expect(group.variants).toEqual([
      { label: '1', trials: 2, valid: true },
      { label: '2', trials: 3, valid: false },
    ]);
    expect(group.percentiles!.lines.map(({ response }) => response.count)).toEqual([40_000, 60_000]);
  });

  it('keep hostile names as they are, without control characters', () => {
    const hostile = '</script><img src=x onerror=alert(1)>"\'&`\u202e\u001b[31m';
    const group = groupOf(() => ({}), 1, [variant('x', { strategy: hostile }), two]);
    expect(group.variants[0]!.label).toBe('</script><img src=x onerror=alert(1)>"\'&`\\u202e\\u001b[31m');
    const [texts] = plotTexts({ runs: [{ groups: [group], variantsLeftOut: 0 }] });
    expect(texts!.percentiles!.tables[0]!.rows[0]![0]).toBe(group.variants[0]!.label);
  });

  it('are bounded on the page, the winners always drawn', () => {
    const data = plotData(inputOf(large(100, 10, {})));
    const { groups, variantsLeftOut } = data.runs[0]!;
    expect(variantsLeftOut).toBe(40);
    expect(groups[0]!.variants).toHaveLength(60);
    expect(groups[0]!.variants[groups[0]!.winner!]!.label).toBe('99');
    expect(JSON.stringify(data).length).toBeLessThan(1e6);
    expect(JSON.stringify(plotTexts(data)).length).toBeLessThan(3e5);
  });

  it('stay below 1 MB with 1,000 trials of many different latencies over many seconds', () => {
    const spread = histogramOf(Array.from({ length: 300 }, (_, at) => [100_000 + at * 10_007, 40]));
    const response = encodeHdr(spread.toSparse());
    const intervals = Array.from({ length: 60 }, (_, at): IntervalRecord => {
      return { startMs: at * 1000, opened: at, started: 0, completed: 0, failed: 0, dropped: 0, response, lag: null };
    });
    const series = intervals.map(({ startMs }): [number, number] => [startMs, startMs / 7]);
    const gauge = { start: 0, peak: 0, end: 0, series };
    const data = plotData(
      inputOf(large(10, 100, { ...latencies(spread), series: { intervals }, fds: { client: gauge, server: gauge } })),
    );
    const size = JSON.stringify(data).length;
    expect(size).toBeGreaterThan(2e5);
    expect(size).toBeLessThan(1e6);
    // 12,000 histograms over 10 variants are 1,200 each, 60 a trial.
    expect(data.runs[0]!.groups[0]!.heatMap!.maps.map(({ trials }) => trials)).toEqual(new Array(10).fill(20));
  });
});
