/** Makes the record of the programs on the way from what they and the sampler counted. Pure. */
import { failureStatus, type HopConnections, type HopReport } from '../hops/messages.ts';
import type { HopRecord } from '../results/hop-record.ts';
import { jsonForm } from '../results/json-form.ts';
import type { TrialRecord } from '../results/record.ts';
import type { Gauge } from '../samplers/messages.ts';
import type { HopFailure } from '../scenario/hop-config.ts';
import type { HopEvidence, TrialEvidence } from './evidence.ts';
import { perConnection } from './per-connection.ts';

/** Absent from a trial without programs on the way. */
export function hopRecords(evidence: TrialEvidence): Pick<TrialRecord, 'hops'> {
  if (evidence.planned.config.via === undefined) return {};
  return { hops: evidence.hops.map((hop, index) => hopRecord(hop, index, evidence)) };
}

/** A report with everything, or null. */
function wholeReport({ report }: HopEvidence): HopReport | null {
  return report !== null && 'downstream' in report ? report : null;
}

const nothing = {
  received: null,
  refused: null,
  ignored: null,
  sent: null,
  sentOnReuse: null,
  answered: null,
  abandoned: null,
  retries: null,
} as const;

type Counts = Pick<
  HopRecord,
  'accepted' | 'downstream' | 'upstream' | 'requests' | 'failed' | 'failures' | 'retriesByCause' | 'timeWaitEntered'
>;

function hopRecord(hop: HopEvidence, index: number, evidence: TrialEvidence): HopRecord {
  const { config, settings, report, whyNull } = hop;
  const samples = evidence.sampler?.samples ?? [];
  const of = (field: 'fds' | 'rssBytes' | 'timeWait'): Gauge[] =>
    samples.map(({ hops }) => hops?.[index]?.[field] ?? null);
  return {
    kind: config.kind,
    ...(config.name === undefined ? {} : { name: config.name }),
    host: config.host,
    settings: settings === null ? null : (jsonForm(settings) as HopRecord['settings']),
    missing: whyNull ?? (report === null ? 'the program gave no last report' : null),
    ...countsOf(hop),
    fds: span(of('fds')),
    timeWait: span(of('timeWait')),
    rssPeakBytes: span(of('rssBytes')).peak,
  };
}

function countsOf(hop: HopEvidence): Counts {
  const whole = wholeReport(hop);
  if (whole !== null) return wholeCounts(whole);
  const { report } = hop;
  const none = { downstream: null, upstream: null, failures: null, retriesByCause: null, timeWaitEntered: null };
  if (report === null || 'downstream' in report) return { ...none, accepted: null, requests: nothing, failed: null };
  const { accepted, received, tried, retries, failed } = report;
  return { ...none, accepted, requests: { ...nothing, received, sent: tried, retries }, failed };
}

function wholeCounts({ downstream, upstream, requests }: HopReport): Counts {
  const { failures, retries, ...counts } = requests;
  return {
    accepted: downstream.opened,
    downstream: sideOf(downstream),
    upstream: { ...sideOf(upstream), attempted: upstream.attempted, connectFailed: upstream.connectFailed },
    requests: { ...counts, retries: sum(Object.values(retries)) },
    failed: { 502: withStatus(failures, 502), 504: withStatus(failures, 504) },
    failures: { ...failures },
    retriesByCause: { ...retries },
    timeWaitEntered: downstream.closedBy.hop + upstream.closedBy.hop,
  };
}

function sideOf({
  opened,
  closedBy,
  requestsPerConnection,
  ages,
}: HopConnections): NonNullable<HopRecord['downstream']> {
  return { opened, closedBy, requestsPerConnection: perConnection(requestsPerConnection), ages };
}

function withStatus(failures: Readonly<Record<HopFailure, number>>, status: 502 | 504): number {
  return sum(
    Object.entries(failures).flatMap(([name, count]) => (failureStatus[name as HopFailure] === status ? [count] : [])),
  );
}

function span(values: readonly Gauge[]): HopRecord['fds'] {
  const known = values.filter((value) => value !== null);
  const peak = known.length === 0 ? null : known.reduce((most, value) => Math.max(most, value), 0);
  return { start: known[0] ?? null, peak, end: known.at(-1) ?? null };
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
