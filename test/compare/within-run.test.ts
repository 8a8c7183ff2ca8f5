/** What one run says about its own quantiles: asked twice, computed once. */
import { expect, test } from 'vitest';
import { WithinRunReader } from '../../src/compare/within-run.ts';
import { runOf } from './runs.ts';

test('a trial that is asked about for each pair is drawn from once', () => {
  const [trial] = runOf(() => ({}), 1).trials;
  const [first] = trial!.series.intervals;
  const intervals = Array.from({ length: 6 }, (_, second) => ({ ...first!, startMs: second * 500 }));
  const reader = new WithinRunReader(2, 42);
  const asked = { ...trial!, series: { intervals } };
  const p50 = reader.bootstrap(asked, 'latency.response.p50');
  expect(p50).toEqual({ low: 1000, high: 1000 });
  // The very interval, not an equal one.
  expect(reader.bootstrap(asked, 'latency.response.p50')).toBe(p50);
  expect(reader.bootstrap(asked, 'latency.response.p99')).toEqual({ low: 2000, high: 2000 });
  expect(reader.bootstrap(trial!, 'latency.response.p50')).toBeNull();
  expect(reader.bootstrap(asked, 'throughput.achievedPerSecond')).toBeNull();
});
