/**
 * Response times second by second as histogram logs (`.hlog`, format version 1.3), which HdrHistogram's log tools read: a file per run,
 * each variant under a tag of its own.
 */
import type { TrialRecord } from '../results/record.ts';
import { Histogram } from '../stats/histogram.ts';
import { fileNameParts } from './file-names.ts';
import { printable } from './printable.ts';
import type { OutputFile, ReportInput } from './report-input.ts';
import { decoded } from './response-histograms.ts';
import { runNames } from './run-names.ts';
import type { RunResults } from './variant-figures.ts';

const nsPerMs = 1e6;
/** Length of an interval, ms. */
const intervalMs = 1000;

/** A line of the log before its times are made relative. */
interface LoggedInterval {
  readonly tag: string;
  /** Since the epoch. */
  readonly startMs: number;
  readonly lengthMs: number;
  readonly maxNs: number;
  /** Base64 HDR V2. */
  readonly histogram: string;
}

export function renderHlog(input: ReportInput): readonly OutputFile[] {
  const names = runNames(input);
  const files = fileNameParts(names);
  return input.runs.map(({ results }, index) => ({
    name: `${files[index]!}.hlog`,
    content: renderLog(results, names[index]!),
  }));
}

function renderLog({ header, trials }: RunResults, name: string): string {
  const tags = tagsOf(header.variants.map((variant) => variant.name));
  const intervals = trials.flatMap((trial) => intervalsOf(trial, tags)).toSorted((a, b) => a.startMs - b.startMs);
  const startMs = Math.min(Date.parse(header.startedAt), ...trials.map(({ startedAt }) => Date.parse(startedAt)));
  const iso = new Date(startMs).toISOString();
  return [
    `#[connbench ${printable(name, 120)}: response time in ns, maximum in ms]`,
    '#[A tag per variant; trials whose figures must not be used have the tag invalid-VARIANT.]',
    '#[Requests stand in the second in which they ended, from the start of measure to the end of the trial.]',
    '#[Where requests of the warm-up ended in these seconds, too, the trial is one interval: that of the requests of measure.]',
    ...unansweredNote(trials),
    '#[Histogram log format version 1.3]',
    `#[StartTime: ${seconds(startMs)} (seconds since epoch), ${iso}]`,
    `#[BaseTime: ${seconds(startMs)} (seconds since epoch)]`,
    '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
    ...intervals.map((interval) => lineOf(interval, startMs)),
    '',
  ].join('\n');
}

/** Nobody knows in which second they would have ended. */
function unansweredNote(trials: readonly TrialRecord[]): readonly string[] {
  const count = trials.reduce((sum, { censored }) => sum + (censored?.count ?? 0), 0);
  return count === 0
    ? []
    : [
        `#[${count} requests had no answer in time and are in no interval: the true tail is longer than that of the log.]`,
      ];
}

function lineOf(interval: LoggedInterval, baseMs: number): string {
  const fields = [seconds(interval.startMs - baseMs), seconds(interval.lengthMs), millis(interval.maxNs)];
  return `Tag=${interval.tag},${fields.join(',')},${interval.histogram}`;
}

interface Tags {
  readonly valid: string;
  readonly invalid: string;
}

/** By name of the variant. A tag ends at a comma, a space or a line's end, so it is made as names of files are. */
function tagsOf(variants: readonly string[]): ReadonlyMap<string, Tags> {
  const tags = fileNameParts([...variants, ...variants.map((variant) => `invalid-${variant}`)]);
  return new Map(
    variants.map((variant, index) => [variant, { valid: tags[index]!, invalid: tags[variants.length + index]! }]),
  );
}

/** Only the requests of measure: those that the record's own figures count. */
function intervalsOf(trial: TrialRecord, tags: ReadonlyMap<string, Tags>): readonly LoggedInterval[] {
  const tag = tags.get(trial.variant)?.[trial.valid ? 'valid' : 'invalid'] ?? 'unnamed';
  const trialMs = Date.parse(trial.startedAt);
  const { intervals } = trial.series;
  // The record has the time at which the trial began; its first interval is taken to begin then.
  const firstMs = intervals[0]?.startMs ?? 0;
  const bySecond = intervals.flatMap(({ startMs, response }, index) => {
    if (response === null || startMs < 0) return [];
    const values = Histogram.fromSparse(decoded(trial, response));
    const nextMs = intervals[index + 1]?.startMs ?? Infinity;
    const lengthMs = Math.min(intervalMs, nextMs - startMs);
    const line = { tag, startMs: trialMs + startMs - firstMs, lengthMs, maxNs: values.max ?? 0, histogram: response };
    return [{ line, count: values.count }];
  });
  const { response } = trial.latency;
  const ended = bySecond.reduce((sum, { count }) => sum + count, 0);
  if (ended === (response?.count ?? 0)) return bySecond.map(({ line }) => line);
  const histogram = response?.histogram ?? null;
  if (histogram === null) return [];
  const maxNs = Histogram.fromSparse(decoded(trial, histogram)).max ?? 0;
  return [{ tag, startMs: trialMs - firstMs, lengthMs: (trial.measureSeconds ?? 0) * 1000, maxNs, histogram }];
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

function millis(ns: number): string {
  return (ns / nsPerMs).toFixed(3);
}
