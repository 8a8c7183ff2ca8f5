/** Trials of which some requests had no answer in time. */
import { censoredRecord } from '../../src/results/censored-record.ts';
import type { TrialRecord } from '../../src/results/record.ts';
import type { SlowRequestRecord } from '../../src/results/slowest-record.ts';
import { decodeHdr } from '../../src/stats/hdr-codec.ts';
import { Histogram } from '../../src/stats/histogram.ts';

/** What such a trial has beside its latencies: `count` requests were given up after `ageNs`. */
export function censoredPart(trial: TrialRecord, count: number, ageNs: number): Partial<TrialRecord> {
  const ages = new Histogram();
  ages.recordMany(ageNs, count);
  const text = trial.latency.response?.histogram ?? null;
  const answered = text === null ? { indices: [], counts: [] } : decodeHdr(text);
  return { censored: censoredRecord(answered, ages.toSparse())! };
}

/** The same trial with requests that were given up and are lost. */
export function withCensored(trial: TrialRecord, count: number, ageNs: number): TrialRecord {
  const requests = trial.requests!;
  return {
    ...trial,
    ...censoredPart(trial, count, ageNs),
    slowest: [slowRequest({ responseNs: ageNs, status: null, code: 'RESPONSE_TIMEOUT' })],
    requests: { ...requests, scheduled: requests.scheduled + count, failed: requests.failed + count },
  };
}

export function slowRequest(change: Partial<SlowRequestRecord> = {}): SlowRequestRecord {
  const { responseNs = 5e6 } = change;
  return {
    dueMs: 1234.5,
    user: null,
    responseNs,
    phasesNs: { lag: 0, connectionWait: 0, connect: 0, firstByte: responseNs, download: 0 },
    status: 200,
    code: null,
    connection: { origin: 'reused', fate: 'kept', use: 12, ageMs: 812, idleMs: 3.2 },
    ...change,
  };
}
