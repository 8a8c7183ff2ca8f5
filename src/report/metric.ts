/** Reads one figure of a trial by its dotted path, such as `latency.response.p50`. */
import { reasonMissing } from '../results/missing.ts';
import type { TrialRecord } from '../results/record.ts';

export type MetricReading =
  | { readonly kind: 'value'; readonly value: number }
  /** The figure does not exist in this trial. */
  | { readonly kind: 'missing'; readonly reason: string }
  /** The path names no figure of a trial record. */
  | { readonly kind: 'unknown' };

export function readMetric(trial: TrialRecord, path: string): MetricReading {
  let value: unknown = trial;
  for (const key of path.split('.')) {
    if (value === null) break;
    if (typeof value !== 'object' || !Object.hasOwn(value, key)) return { kind: 'unknown' };
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  if (value === null) return { kind: 'missing', reason: reasonMissing(trial, path) ?? 'not recorded' };
  return typeof value === 'number' ? { kind: 'value', value } : { kind: 'unknown' };
}
