/**
 * Reads what `wrk2 --latency` prints. "Recorded Latency" counts from the planned start (corrected): the response time. With
 * `--u_latency` "Uncorrected Latency", from the actual start, stands below it: the service time (wrk2, src/wrk.c).
 */
import { importError } from './import-error.ts';
import type { LatencyRecord } from '../record.ts';
import type { ImportedFigures } from './imported-run.ts';
import {
  distributionLatency,
  isHeading,
  numberedLines,
  readDistribution,
  type NumberedLine,
} from './percentile-text.ts';

export function looksLikeWrk2(text: string): boolean {
  return /^\s*\d+ threads? and \d+ connections?/m.test(text) || text.includes('Latency Distribution (HdrHistogram');
}

/** wrk2 prints the spectrum in ms. */
const unit = 'ms';

/** Throws a UserError with the line that is wrong, or for output without the percentile spectrum. */
export function readWrk2(text: string, file: string): ImportedFigures {
  const lines = numberedLines(text);
  const summary = summaryOf(lines, file);
  const corrected = latencyOf(sectionOf(lines, /Latency Distribution.*Recorded/), file);
  const uncorrected = latencyOf(sectionOf(lines, /Latency Distribution.*Uncorrected/), file);
  if (corrected === undefined && uncorrected === undefined) {
    const hint = 'Run it with --latency, and keep all that it prints. Plain wrk prints too few quantiles to import.';
    throw importError(file, null, 'there is no "Detailed Percentile spectrum" in it', hint);
  }
  const { requests, perSecond, failures, badStatuses } = summary;
  const failed = failures.reduce((sum, { count }) => sum + count, 0);
  const [, threads] = find(lines, /^\s*(\d+) threads?/) ?? [];
  const [, connections] = find(lines, /(\d+) connections?/) ?? [];
  const [, url = null] = find(lines, /^\s*Running .* test @ (\S+)/) ?? [];
  return {
    tool: 'wrk2',
    toolName: 'wrk2',
    startedAt: null,
    measureSeconds: perSecond > 0 ? requests / perSecond : null,
    url,
    load: {
      model: 'open',
      ...(threads === undefined ? {} : { threads: Number(threads) }),
      ...(connections === undefined ? {} : { connections: Number(connections) }),
    },
    requests: { completed: requests, failed, abandoned: null, good: Math.max(0, requests - badStatuses) },
    statuses: badStatuses === 0 ? {} : { 'not 2xx or 3xx': badStatuses },
    failures,
    latency: { response: corrected ?? null, service: uncorrected ?? null },
    missing: {
      'latency.response': corrected === undefined ? 'the output has only the uncorrected latency' : 'no request was timed',
      'latency.service': uncorrected === undefined ? 'wrk2 prints it with --u_latency' : 'no request was timed',
      'throughput.bytesPerSecond': 'wrk2 counts the bytes received only',
    },
    pitfalls: [
      'wrk2 counts the response time from the planned start (corrected for coordinated omission), the service time from the first write after connecting; requests of its calibration, the first ten seconds, are in no latency',
    ],
  };
}

interface Summary {
  readonly requests: number;
  readonly perSecond: number;
  readonly failures: readonly { readonly code: string; readonly count: number }[];
  readonly badStatuses: number;
}

function summaryOf(lines: readonly NumberedLine[], file: string): Summary {
  const [, requests] = find(lines, /^\s*(\d+) requests in /) ?? [];
  const [, perSecond] = find(lines, /^\s*Requests\/sec:\s*(\d+(?:\.\d+)?)\s*$/) ?? [];
  if (requests === undefined || perSecond === undefined) {
    const absent = requests === undefined ? '"... requests in ..."' : '"Requests/sec: ..."';
    throw importError(file, null, `the line ${absent} is missing`, 'Keep all that wrk2 prints, to its last line.');
  }
  const errors = find(lines, /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/);
  const codes = ['CONNECT', 'READ', 'WRITE', 'TIMEOUT'];
  const [, bad = '0'] = find(lines, /Non-2xx or 3xx responses: (\d+)/) ?? [];
  return {
    requests: Number(requests),
    perSecond: Number(perSecond),
    failures: codes.map((code, index) => ({ code, count: Number(errors?.[index + 1] ?? 0) })),
    badStatuses: Number(bad),
  };
}

function find(lines: readonly NumberedLine[], pattern: RegExp): RegExpExecArray | null {
  for (const { text } of lines) {
    const found = pattern.exec(text);
    if (found !== null) return found;
  }
  return null;
}

/** The lines from a title to the next one; null where there is no such title. */
function sectionOf(lines: readonly NumberedLine[], title: RegExp): readonly NumberedLine[] | null {
  const start = lines.findIndex(({ text }) => title.test(text));
  if (start < 0) return null;
  const length = lines.slice(start + 1).findIndex(({ text }) => text.includes('Latency Distribution'));
  return lines.slice(start, length < 0 ? undefined : start + 1 + length);
}

/** Undefined where the section is not there or has no spectrum; null where that is empty. */
function latencyOf(
  section: readonly NumberedLine[] | null,
  file: string,
): LatencyRecord | null | undefined {
  if (!section?.some(({ text }) => isHeading(text))) return undefined;
  const distribution = readDistribution(section, file);
  return distribution === null ? undefined : distributionLatency(distribution, unit, file);
}
