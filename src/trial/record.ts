/** Makes the record of a trial from what its processes reported. Pure: no clock, no process, no file. */
import { latencyNames, type LatencyName } from '../clients/observations.ts';
import type { AnyGeneratorReport } from '../generator/messages.ts';
import { censoredRecord } from '../results/censored-record.ts';
import { reportedLatency } from '../results/import/reported-latency.ts';
import { jsonDocument, jsonForm } from '../results/json-form.ts';
import { latencyRecord } from '../results/latency-record.ts';
import {
  latencyRecordNames,
  type ConnectionsRecord,
  type IntervalRecord,
  type LatencyRecord,
  type LatencySet,
  type ReconciliationRecord,
  type TrialRecord,
} from '../results/record.ts';
import type { ServerRecord } from '../results/server-record.ts';
import { longestWarmUpMs } from '../scenario/warm-up.ts';
import type { ServerReport } from '../server/messages.ts';
import { encodeHdr } from '../stats/hdr-codec.ts';
import type { SparseCounts } from '../stats/histogram.ts';
import { mergeSparse } from '../stats/summary.ts';
import { attackerRecords, attackerTotals } from './attackers.ts';
import { completedWithinMeasure, isElsewhere, kernelDeltas, type TrialEvidence } from './evidence.ts';
import type { ReconcileInput } from './comparison.ts';
import { hopRecords } from './hop-record.ts';
import { perConnection } from './per-connection.ts';
import { cpu, fds, memory, timeWait } from './gauges.ts';
import { linkRecord } from './link-record.ts';
import { missingReasons } from './missing-reasons.ts';
import { reconcile } from './reconcile.ts';
import { reconcileOutside } from './reconcile-outside.ts';
import { selfCheck, selfCheckFigures } from './self-check.ts';
import { verdictOn } from './verdict.ts';

/** A trial is valid if nothing failed, every count is reconciled and the generator kept up. */
export function trialRecord(evidence: TrialEvidence): TrialRecord {
  const { planned, generator } = evidence;
  const reconciliation = reconciled(evidence);
  const figures = selfCheckFigures(evidence);
  const verdict = verdictOn(evidence, reconciliation, figures);
  const reasons = verdict.invalidReasons;
  const ofItself = selfCheck(evidence, figures);
  const record: TrialRecord = {
    type: 'trial',
    index: planned.index,
    variant: planned.variant,
    config: jsonDocument(planned.config),
    block: planned.block,
    order: planned.order,
    startedAt: evidence.startedAt,
    measureSeconds: measureSeconds(evidence),
    valid: reasons.length === 0,
    invalidReasons: reasons.map((reason) => ({ ...reason })),
    warnings: verdict.warnings.map((warning) => ({ ...warning })),
    missing: {},
    mode: evidence.mode.name,
    client: {
      name: planned.config.client,
      transport: evidence.transport?.name ?? null,
      transportReason: evidence.transport?.reason ?? null,
      ...(generator?.client ?? {}),
      ...runtimeOf(evidence),
      ...ownFigures(generator),
    },
    requests: requests(evidence),
    errors: generator?.errors ?? [],
    warmUpErrors: generator?.warmUpErrors ?? [],
    statuses: generator?.statuses ?? {},
    throughput: throughput(evidence),
    latency: latencySet(generator, ({ new: fresh, reused }) => mergeSparse([fresh, reused])),
    latencyByConnection: {
      new: latencySet(generator, (split) => split.new),
      reused: latencySet(generator, (split) => split.reused),
    },
    ...ofUnanswered(generator),
    ...ofSteadiness(evidence),
    connections: generator === null ? null : connections(generator),
    fds: fds(evidence),
    timeWait: timeWait(evidence),
    kernel: kernel(evidence),
    cpu: cpu(evidence),
    memory: memory(evidence),
    link: evidence.link === null ? null : linkRecord(evidence.link, sentAlone(evidence)),
    network: evidence.hosts,
    server: serverRecord(evidence),
    ...hopRecords(evidence),
    ...attackerRecords(evidence),
    reconciliation,
    series: { intervals: (generator?.intervals ?? []).map(intervalRecord) },
    ...(ofItself === undefined ? {} : { selfCheck: ofItself }),
    sampler: sampler(evidence),
  };
  return { ...record, missing: missingReasons(evidence, record) };
}

function reconciled(evidence: TrialEvidence): readonly ReconciliationRecord[] {
  const { generator, server, planned, sampler, timeWaitCounting, whyNoReport } = evidence;
  // A server that ended without its report is no witness; one that never reports leaves the others.
  if (generator === null || (server === null && whyNoReport === null)) return [];
  // Without its link a lab has neither the wire nor a network whose counts came to rest.
  if (evidence.mode.name === 'lab' && evidence.link === null) return [];
  // One that never came up is a witness missing in the middle.
  if (evidence.hops.length !== (planned.config.via ?? []).length) return [];
  const attackers = attackerTotals(evidence.attackers ?? null);
  if (attackers === null && planned.config.attackers !== undefined) return [];
  const first = sampler?.samples[0];
  const last = sampler?.samples.at(-1);
  const side = (name: 'client' | 'server'): { start: number; end: number } | null => {
    const start = first?.[name].timeWait ?? null;
    const end = last?.[name].timeWait ?? null;
    return start === null || end === null ? null : { start, end };
  };
  const client = side('client');
  const ofServer = side('server');
  const others = {
    closeWith: planned.config.strategy.closeWith,
    server,
    hops: evidence.hops.map(({ config: { kind, host }, report }) => ({ kind, host, report })),
    ...(attackers === null ? {} : { attackers }),
    lab: labCounts(evidence),
    kernel: kernelDeltas(evidence, 'client'),
    timeWaitCounting,
    timeWaitGauges: client === null || ofServer === null ? null : { client, server: ofServer },
    observedSeconds: first === undefined || last === undefined ? Infinity : (last.atNs - first.atNs) / 1e9,
  };
  if (generator.connections === null) return reconcileOutside({ ...others, generator });
  return reconcile({ ...others, generator });
}

function labCounts(evidence: TrialEvidence): ReconcileInput['lab'] {
  const { link, unsettled } = evidence;
  if (link === null) return null;
  const kernelClient = kernelDeltas(evidence, 'client');
  return { link, kernelClient, kernelServer: kernelDeltas(evidence, 'server'), unsettled };
}

/** Requests whose packets are all that the wire saw; null beside attackers, whose packets nobody tells from those of the load. */
function sentAlone({ generator, planned }: TrialEvidence): number | null {
  return planned.config.attackers === undefined ? (generator?.wholeTrial.sent ?? null) : null;
}

/** What measure really lasted, or what it was meant to where it never began. */
function measureSeconds({ generator, planned }: TrialEvidence): number {
  if (generator === null) return planned.config.load.durationMs / 1000;
  return Math.max(0, (generator.measureEndNs - generator.measureStartNs) / 1e9);
}

function requests({ generator, server }: TrialEvidence): TrialRecord['requests'] {
  if (generator === null) return null;
  return {
    ...generator.measure,
    retried: generator.retried?.measure ?? 0,
    ...(generator.retried?.causes === undefined ? {} : { retryCauses: generator.retried.causes }),
    executedByServer: server?.executed ?? null,
    ...(server?.duplicates === undefined ? {} : { duplicates: server.duplicates }),
    wholeTrial: {
      ...generator.wholeTrial,
      ...(generator.retried === undefined ? {} : { retried: generator.retried.wholeTrial }),
    },
  };
}

function throughput(evidence: TrialEvidence): TrialRecord['throughput'] {
  const { generator, planned } = evidence;
  const seconds = measureSeconds(evidence);
  if (generator === null || seconds === 0) return null;
  const achievedPerSecond = completedWithinMeasure(generator) / seconds;
  const answers = Object.entries(generator.statuses);
  const all = answers.reduce((sum, [, count]) => sum + count, 0);
  const good = answers.filter(([status]) => Number(status) < 400).reduce((sum, [, count]) => sum + count, 0);
  const { bytes } = generator;
  const trialSeconds = (generator.drainedNs - generator.startNs) / 1e9;
  return {
    offeredPerSecond: planned.config.load.model === 'open' ? generator.measure.scheduled / seconds : null,
    achievedPerSecond,
    goodputPerSecond: all === 0 ? 0 : (achievedPerSecond * good) / all,
    bytesPerSecond: bytes === null || trialSeconds <= 0 ? null : (bytes.sent + bytes.received) / trialSeconds,
  };
}

type Split = Readonly<Record<'new' | 'reused', SparseCounts>>;

function latencySet(generator: AnyGeneratorReport | null, pick: (split: Split) => SparseCounts): LatencySet {
  const entries = latencyRecordNames.map((name): [string, LatencyRecord | null] => {
    if (generator === null || !isMeasured(name)) return [name, null];
    return [name, latencyRecord(pick(generator.latency[name]))];
  });
  return Object.fromEntries(entries) as LatencySet;
}

/** Only where the scenario names one. */
function runtimeOf({ planned, generator }: TrialEvidence): Pick<TrialRecord['client'], 'runtime'> {
  const runtime = generator?.runtime;
  return planned.config.clientSetup?.runtime === undefined || runtime === undefined ? {} : { runtime };
}

/** What a program says of its own load: nothing of it was counted here. */
function ownFigures(generator: AnyGeneratorReport | null): Pick<TrialRecord['client'], 'ownFigures'> {
  if (generator?.connections !== null) return {};
  const { response, counts } = generator.outside.figures;
  if (response === null) return { ownFigures: { response: null, counts } };
  const { count, minMs: min, maxMs: max, meanMs: mean } = response;
  const percentiles = new Map(response.percentiles);
  return { ownFigures: { response: reportedLatency({ count, min, max, mean, percentiles }, 'ms'), counts } };
}

/** What is absent, rather than null, where there is nothing of it. */
function ofUnanswered(generator: AnyGeneratorReport | null): Pick<TrialRecord, 'censored' | 'slowest'> {
  if (generator === null) return {};
  const { censored, slowest, latency } = generator;
  const found = censoredRecord(mergeSparse([latency.response.new, latency.response.reused]), censored);
  return { ...(found === null ? {} : { censored: found }), ...(slowest.length === 0 ? {} : { slowest }) };
}

/** Absent where warm-up had a fixed end, or nothing is known of it. */
function ofSteadiness({ generator, planned }: TrialEvidence): Pick<TrialRecord, 'steady'> {
  const reached = generator?.steadyReached;
  if (generator === null || reached === undefined) return {};
  const warmUpMs = (generator.measureStartNs - generator.startNs) / 1e6;
  return { steady: { atMostMs: longestWarmUpMs(planned.config.load), reached, warmUpMs } };
}

function isMeasured(name: string): name is LatencyName {
  return (latencyNames as readonly string[]).includes(name);
}

function connections({
  connections: counted,
  wholeTrial,
  startNs,
  drainedNs,
}: AnyGeneratorReport): ConnectionsRecord | null {
  if (counted === null) return null;
  const seconds = (drainedNs - startNs) / 1e9;
  return {
    attempted: counted.attempted,
    notAttempted: counted.notAttempted,
    opened: counted.opened,
    connectFailed: counted.connectFailed,
    peakOpen: counted.peakOpen,
    reuseRatio: wholeTrial.answered === 0 ? null : 1 - counted.opened / wholeTrial.answered,
    churnPerSecond: seconds > 0 ? counted.opened / seconds : 0,
    requestsPerConnection: perConnection(counted.requestsPerConnection),
    firstCloser: counted.firstCloser,
    teardown: counted.teardown,
    resets: { received: counted.resetsReceived, sent: counted.resetsSent },
    closesByReason: counted.closesByReason,
    ...(counted.foundDead === undefined ? {} : { foundDead: counted.foundDead }),
    ...(counted.leaked === undefined ? {} : { leaked: counted.leaked }),
    tls: counted.tls ?? null,
  };
}

/** In host mode both sides share one namespace, so both show the same figures; a server elsewhere has a kernel of its own. */
function kernel(evidence: TrialEvidence): TrialRecord['kernel'] {
  const client = kernelDeltas(evidence, 'client');
  const server = isElsewhere(evidence.planned.config) ? null : kernelDeltas(evidence, 'server');
  return { client, server, scope: evidence.mode.name === 'lab' ? 'separate' : 'shared' };
}

function serverRecord(evidence: TrialEvidence): ServerRecord {
  const { server, serverSettings, serverAtMeasureEnd, planned } = evidence;
  return {
    kind: planned.config.server.kind,
    settings: serverSettings === null ? null : (jsonForm(serverSettings) as ServerRecord['settings']),
    accepted: server?.accepted ?? null,
    executed: server?.executed ?? null,
    refused: server?.refused ?? null,
    turnedAway: server?.turnedAway ?? null,
    closesByReason: server?.closesByReason ?? null,
    firstCloser: server?.firstCloser ?? null,
    requestsPerConnection: serverPerConnection(server),
    ...(server?.tls === undefined ? {} : { tls: server.tls }),
    ...(server?.faults === undefined ? {} : { faults: server.faults }),
    ...(server?.policies === undefined ? {} : { policies: server.policies }),
    // From the snapshot at the end of measure: it covers the time since the one at its start.
    eventLoopDelay: sampledDelay(serverAtMeasureEnd?.eventLoopDelay ?? null),
  };
}

/** Without a sample its zeros are no figures. */
function sampledDelay(delay: ServerReport['eventLoopDelay']): ServerRecord['eventLoopDelay'] {
  return delay === null || delay.count === 0 ? null : delay;
}

function serverPerConnection(server: ServerReport | null): ServerRecord['requestsPerConnection'] {
  return server === null ? null : perConnection(server.requestsPerConnection);
}

function intervalRecord(interval: AnyGeneratorReport['intervals'][number]): IntervalRecord {
  return { ...interval, response: encoded(interval.response), lag: encoded(interval.lag) };
}

function encoded(sparse: SparseCounts): string | null {
  return sparse.indices.length === 0 ? null : encodeHdr(sparse);
}

function sampler({ sampler: report, samplerIntervalMs }: TrialEvidence): TrialRecord['sampler'] {
  if (report === null) return null;
  return { intervalMs: samplerIntervalMs, costUs: report.costUs, late: report.late };
}
