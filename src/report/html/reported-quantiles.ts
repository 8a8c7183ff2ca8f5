/** Percentile curves of imported runs, which have a few quantiles instead of a histogram: their points are joined by straight lines. */
import type { LatencyRecord } from '../../results/record.ts';
import { latencyQuantile } from '../../scenario/metrics.ts';

export interface ReportedQuantile {
  readonly p: number;
  readonly valueNs: number;
}

/** Ascending, the minimum as quantile 0. Values that fall where they should rise are left out. */
export function reportedQuantiles(record: LatencyRecord): readonly ReportedQuantile[] {
  const { p50, p90, p99, p999, quantiles = {} } = record;
  const named = Object.entries({ p50, p90, p99, p999, ...quantiles }).flatMap(([name, valueNs]): ReportedQuantile[] => {
    const asked = latencyQuantile(`latency.response.${name}`);
    return asked === null || valueNs === null ? [] : [{ p: asked.p, valueNs }];
  });
  const least = record.min === null ? [] : [{ p: 0, valueNs: record.min }];
  const rising: ReportedQuantile[] = [];
  for (const next of [...least, ...named].toSorted((a, b) => a.p - b.p)) {
    const last = rising.at(-1);
    if (last === undefined || (next.p > last.p && next.valueNs >= last.valueNs)) rising.push(next);
  }
  return rising;
}

function nines(p: number): number {
  return -Math.log10(1 - p);
}

/** Straight lines between the points on a nines axis with logarithmic latencies; null outside of them. ns. */
export function joinedLine(
  points: readonly ReportedQuantile[],
  quantiles: readonly number[],
): readonly (number | null)[] {
  return quantiles.map((p) => {
    const after = points.findIndex((point) => point.p >= p - 1e-12);
    const right = points[after];
    if (right === undefined) return null;
    const left = points[after - 1];
    if (Math.abs(right.p - p) <= 1e-12) return right.valueNs;
    if (left === undefined) return null;
    const share = (nines(p) - nines(left.p)) / (nines(right.p) - nines(left.p));
    if (left.valueNs <= 0) return left.valueNs + share * (right.valueNs - left.valueNs);
    return left.valueNs * (right.valueNs / left.valueNs) ** share;
  });
}
