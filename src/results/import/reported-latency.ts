/** Latency records from the figures that another program reports, without a histogram. */
import type { LatencyRecord } from '../record.ts';

const nsPer = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 } as const;
export type TimeUnit = keyof typeof nsPer;
export const timeUnits = Object.keys(nsPer) as readonly TimeUnit[];

/** Whole ns; null stays null. */
export function inNs(value: number | null, unit: TimeUnit): number | null {
  return value === null ? null : Math.round(value * nsPer[unit]);
}

export interface ReportedFigures {
  readonly count: number;
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  /** Percentile, such as 99.9 -> value. */
  readonly percentiles: ReadonlyMap<number, number>;
}

/** Null without a sample. */
export function reportedLatency(figures: ReportedFigures, unit: TimeUnit): LatencyRecord | null {
  if (figures.count === 0) return null;
  const at = (percentile: number): number | null => inNs(figures.percentiles.get(percentile) ?? null, unit);
  const quantiles = [...figures.percentiles]
    .filter(([percentile]) => percentile > 0 && percentile < 100)
    .toSorted(([a], [b]) => a - b)
    .map(([percentile, value]) => [quantileName(percentile), inNs(value, unit)!] as const);
  return {
    unit: 'ns',
    count: figures.count,
    min: inNs(figures.min, unit),
    p50: at(50),
    p90: at(90),
    p99: at(99),
    p999: at(99.9),
    max: inNs(figures.max, unit),
    mean: inNs(figures.mean, unit),
    histogram: null,
    quantiles: Object.fromEntries(quantiles),
  };
}

/** Digits behind the point of a share of one, at least two: 50 -> `p50`, 97.5 -> `p975`, 0.1 -> `p001`. */
function quantileName(percentile: number): string {
  const digits = (percentile / 100).toFixed(7).slice(2).replace(/0+$/, '');
  return `p${digits.padEnd(2, '0')}`;
}

/** Reasons for the figures that a record at `path` has not. */
export function missingFigures(latency: LatencyRecord | null, path: string, reason: string): Record<string, string> {
  if (latency === null) return {};
  const names = ['min', 'p50', 'p90', 'p99', 'p999', 'max', 'mean'] as const;
  const absent = names.filter((name) => latency[name] === null);
  return Object.fromEntries([
    ...absent.map((name) => [`${path}.${name}`, reason] as const),
    ...(latency.histogram === null ? [[`${path}.histogram`, `${reason}, and no histogram`] as const] : []),
  ]);
}
