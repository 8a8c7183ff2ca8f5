import { describe, expect, it } from 'vitest';
import { plotData } from '../../../src/report/html/plot-data.ts';
import type { PlotText } from '../../../src/report/html/plot-shapes.ts';
import { plotTexts } from '../../../src/report/html/plot-texts.ts';
import type { TrialRecord } from '../../../src/results/record.ts';
import { defaultRun, run } from '../../results/fixtures.ts';
import { inputOf } from './fixtures.ts';
import { nothing, one, two } from './plot-trials.ts';

describe('texts', () => {
  const expectRectangular = ({ tables }: PlotText): void => {
    expect(tables.length).toBeGreaterThan(0);
    for (const { columns, rows } of tables) expect(rows.every((row) => row.length === columns.length)).toBe(true);
  };

  it('have a table per plot and group', () => {
    const [texts] = plotTexts(plotData(inputOf(defaultRun({ blocks: 2 }))));
    const { percentiles, 'over-time': overTime, 'heat-map': heatMap } = texts!;
    for (const text of [percentiles, overTime, heatMap]) expectRectangular(text!);
    expect(percentiles!.tables.map(({ caption }) => caption)).toEqual([
      'Response and service time by percentile, all trials of a variant together, load=closed',
      'Response and service time by percentile, all trials of a variant together, load=open',
    ]);
    // 2 x 20,000 samples: four lie beyond 99.99 %. Of the slow 800, 400 took 1.84 ms and 400 took 1 % more, 1.86 ms: 99 % is the last of the former.
    expect(percentiles!.tables[0]!.rows[0]).toEqual([
      'close',
      'response',
      '40,000',
      '0.719',
      '0.719',
      '1.84',
      '1.86',
      null,
      '1.86',
    ]);
    expect(heatMap!.tables[0]!.rows[0]!.slice(0, 3)).toEqual(['close', '0', '40,000']);
  });

  it('say what was left out', () => {
    const text = plotTexts(plotData(inputOf(run({ variants: [one, two], blocks: 30 }, () => ({})))))[0]!;
    expect(text.percentiles!.notes).toEqual([
      'At most 20 trials of each variant are drawn, evenly chosen over the run; the bold lines hold all.',
    ]);
    expect(text['heat-map']!.notes).toEqual([]);
  });

  it('are null for a run without anything to draw', () => {
    const empty: Partial<TrialRecord> = { latency: nothing, series: { intervals: [] } };
    const series = { entered: null, teardown: null, peak: null, end: null, series: [] };
    const timeWait = { client: series, server: series, method: null, overflow: null };
    const input = inputOf(run({ variants: [one] }, () => ({ overrides: { ...empty, timeWait } })));
    expect(plotTexts(plotData(input))).toEqual([{ percentiles: null, 'over-time': null, 'heat-map': null }]);
  });
});
