/** One latency histogram as a result file keeps it: its figures and its full content. */
import { encodeHdr } from '../stats/hdr-codec.ts';
import { Histogram, type SparseCounts } from '../stats/histogram.ts';
import type { LatencyRecord } from './record.ts';

/** Null for an empty histogram: it has no figures. Throws a RangeError for a malformed sparse form. */
export function latencyRecord(sparse: SparseCounts): LatencyRecord | null {
  const histogram = Histogram.fromSparse(sparse);
  const { count, min, max, mean } = histogram;
  if (min === null || max === null || mean === null) return null;
  const quantile = (p: number): number => histogram.quantile(p) ?? max;
  return {
    unit: 'ns',
    count,
    min,
    p50: quantile(0.5),
    p90: quantile(0.9),
    p99: quantile(0.99),
    p999: quantile(0.999),
    max,
    mean,
    histogram: encodeHdr(sparse),
  };
}
