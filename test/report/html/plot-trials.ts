/** Trials whose histograms and series the tests of the plots choose. */
import { expect } from 'vitest';
import { plotData } from '../../../src/report/html/plot-data.ts';
import type { PlotGroup } from '../../../src/report/html/plot-shapes.ts';
import { latencyRecord } from '../../../src/results/latency-record.ts';
import type { LatencySet, TrialRecord } from '../../../src/results/record.ts';
import { Histogram } from '../../../src/stats/histogram.ts';
import { run, variant, type TrialChoice } from '../../results/fixtures.ts';
import { inputOf } from './fixtures.ts';

export const one = variant('pool.size=1', { 'pool.size': '1' });
export const two = variant('pool.size=2', { 'pool.size': '2' });

/** The only group of a run of the variants. */
export function groupOf(choose: (name: string, block: number) => TrialChoice, blocks = 1, variants = [one]): PlotGroup {
  const { runs } = plotData(inputOf(run({ variants, blocks }, choose)));
  expect(runs).toHaveLength(1);
  expect(runs[0]!.groups).toHaveLength(1);
  return runs[0]!.groups[0]!;
}

export function histogramOf(values: readonly (readonly [ns: number, times: number])[]): Histogram {
  const histogram = new Histogram();
  for (const [ns, times] of values) histogram.recordMany(ns, times);
  return histogram;
}

export const nothing = Object.fromEntries(
  ['response', 'service', 'connectionWait', 'connect', 'tls', 'firstByte', 'download', 'lag'].map((name) => [
    name,
    null,
  ]),
) as LatencySet;

export function latencies(histogram: Histogram): Partial<TrialRecord> {
  const response = latencyRecord(histogram.toSparse());
  return { latency: { ...nothing, response, service: response } };
}
