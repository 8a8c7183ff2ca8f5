/**
 * Reads a percentile distribution as HdrHistogram prints it (`.hgrm`, and inside wrk2's output), and rebuilds the histogram.
 *
 * Every row says how many values are at most its value. Those between two rows are put at the upper row's value, so the quantiles that
 * are printed are exact to the digits printed and this project's buckets (0.1 %), and those in between are at most one row too high.
 */
import { latencyRecord } from '../latency-record.ts';
import type { LatencyRecord } from '../record.ts';
import { indexOf } from '../../stats/histogram.ts';
import { importError } from './import-error.ts';
import { inNs, type TimeUnit } from './reported-latency.ts';

/** Line of the file, from 1, and its text. */
export interface NumberedLine {
  readonly number: number;
  readonly text: string;
}

interface Row {
  readonly line: number;
  readonly value: number;
  readonly percentile: number;
  readonly totalCount: number;
}

export interface Distribution {
  /** From its heading; null where that does not say. */
  readonly unit: TimeUnit | null;
  readonly rows: readonly Row[];
  /** In the unit of the rows; null without the footer. */
  readonly mean: number | null;
}

const heading = /^\s*"?Value(?:\s*[([](ns|us|ms|s)[)\]])?"?\s+Percentile\s+TotalCount/i;
const hint = 'Export the distribution again, whole, as HdrHistogram prints it.';

export function numberedLines(text: string): readonly NumberedLine[] {
  return text.split(/\r?\n/).map((line, index) => ({ number: index + 1, text: line }));
}

export function isHeading(text: string): boolean {
  return heading.test(text);
}

/** The first distribution in the lines; null where none begins. Throws a UserError with the line that is wrong. */
export function readDistribution(lines: readonly NumberedLine[], file: string): Distribution | null {
  const start = lines.findIndex(({ text }) => isHeading(text));
  if (start < 0) return null;
  const unit = (heading.exec(lines[start]!.text)?.[1]?.toLowerCase() ?? null) as TimeUnit | null;
  const rows: Row[] = [];
  let mean: number | null = null;
  let total: { readonly line: number; readonly count: number } | null = null;
  for (const { number, text } of lines.slice(start + 1)) {
    if (/^\s*(#\[|#)/.test(text)) {
      mean ??= numberAfter(/\[Mean\s*=\s*(\S+?),/, text);
      const count = numberAfter(/Total\s*count\s*=\s*(\S+?)\]/i, text);
      if (count !== null) total = { line: number, count };
      if (text.includes('[Buckets')) break;
    } else if (text.trim() !== '') {
      if (total !== null || !/^\s*[\d.+-]|^\s*nan/i.test(text)) break;
      rows.push(readRow(number, text, rows.at(-1), file));
    }
  }
  assertWhole(rows, total, lines[start]!.number, file);
  return { unit, rows, mean };
}

function numberAfter(pattern: RegExp, text: string): number | null {
  const found = pattern.exec(text)?.[1];
  const value = found === undefined ? NaN : Number(found);
  return Number.isFinite(value) ? value : null;
}

function readRow(line: number, text: string, before: Row | undefined, file: string): Row {
  const [value = NaN, percentile = NaN, totalCount = NaN] = text.trim().split(/[\s,]+/).map(Number);
  const row = { line, value, percentile, totalCount };
  const wrong = (problem: string): Error => importError(file, line, problem, hint);
  if (!(Number.isFinite(value) && value >= 0)) throw wrong('the value is not a time');
  if (!(percentile >= 0 && percentile <= 1)) throw wrong('the percentile is not between 0 and 1');
  if (!Number.isSafeInteger(totalCount) || totalCount < 0) throw wrong('the total count is not a whole number');
  if (before !== undefined && (value < before.value || totalCount < before.totalCount)) {
    throw wrong('values and counts must not go down');
  }
  return row;
}

function assertWhole(
  rows: readonly Row[],
  total: { readonly line: number; readonly count: number } | null,
  headingLine: number,
  file: string,
): void {
  const last = rows.at(-1);
  if (last === undefined) throw importError(file, headingLine, 'no rows follow this heading', hint);
  if (last.percentile < 1) throw importError(file, last.line, 'the distribution ends before 100 %: it is cut off', hint);
  if (total !== null && total.count !== last.totalCount) {
    const problem = `the total count is ${total.count}, but the rows count ${last.totalCount}`;
    throw importError(file, total.line, problem, hint);
  }
}

/** Most values in one bucket of a histogram. */
const mostCount = 2 ** 32 - 1;

/** The record of a distribution; null where it has no value. Its mean is the one printed. Throws a UserError for more values than a histogram holds. */
export function distributionLatency({ rows, mean }: Distribution, unit: TimeUnit, file: string): LatencyRecord | null {
  const counts = new Map<number, number>();
  let before = 0;
  for (const { line, value, totalCount } of rows) {
    const index = indexOf(inNs(value, unit)!);
    const sum = (counts.get(index) ?? 0) + totalCount - before;
    if (sum > mostCount) throw importError(file, line, `more than ${mostCount} values in one bucket`, hint);
    if (sum > 0) counts.set(index, sum);
    before = totalCount;
  }
  const sorted = [...counts].toSorted(([a], [b]) => a - b);
  const record = latencyRecord({ indices: sorted.map(([index]) => index), counts: sorted.map(([, count]) => count) });
  return record === null || mean === null ? record : { ...record, mean: inNs(mean, unit) };
}
