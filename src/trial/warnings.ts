/** The fixed rules by which a trial is warned about or declared invalid. Pure. */
import type { FailureCount } from '../clients/observations.ts';
import type { GeneratorReport } from '../generator/messages.ts';
import type { ReconciliationRecord } from '../results/record.ts';
import { warning, type InvalidReason, type Warning, type WarningCode } from '../results/warnings.ts';
import { Histogram } from '../stats/histogram.ts';
import { mergeSparse } from '../stats/summary.ts';
import { completedWithinMeasure, kernelDeltas, type TrialEvidence } from './evidence.ts';
import { overflow as overflows } from './gauges.ts';

/** Every threshold, in one place. */
const thresholds = {
  /** Fewer answers leave the 99.9th percentile to a single request. */
  fewSamples: 1000,
  /** Share of the offered requests that must end in time. */
  rateReached: 0.97,
  /** Lateness of the generator: shown from this p99 on if it is also this share of the response time's p99 ... */
  lagP99Ns: 1e6,
  lagShare: 0.1,
  /** ... and the trial is invalid if half of all requests were late by that much, for that share of their response time. */
  limitedLagP50Ns: 1e6,
  limitedLagShare: 0.5,
  /** Share of its worker threads' time that the generator may spend on CPU before it is what limits a closed load. */
  generatorBusy: 0.95,
  fdShare: 0.8,
  portShare: 0.8,
  /** Share of samples that may be late. */
  samplesLate: 0.05,
  /** Delivery after the due time, p99: a link that is late by more, and by this share of its round trip, did not have the delay asked for. */
  linkLateP99Ns: 1e6,
  linkLateShare: 0.05,
  /** A server's hint counts whole seconds and clients subtract one: below this nothing is left. */
  shortKeepAliveMs: 2000,
} as const;

/** Why the figures of the trial must not be used: none, if it is valid. */
export function invalidReasons(
  evidence: TrialEvidence,
  reconciliation: readonly ReconciliationRecord[],
): readonly InvalidReason[] {
  const reasons = [...evidence.failures];
  const { generator } = evidence;
  if (generator !== null) {
    const { attempted, notAttempted, opened } = generator.connections;
    const wanted = attempted + notAttempted;
    if (wanted > 0 && opened === 0) {
      const message = `none of ${wanted} connects succeeded: ${topFailures([...generator.errors, ...generator.warmUpErrors])}`;
      reasons.push({ code: 'server-unreachable', message });
    }
    if (generator.measure.completed === 0) {
      const message = `no request of measure completed, of ${generator.measure.scheduled} scheduled`;
      reasons.push({ code: 'nothing-completed', message });
    }
    const limited = generatorLimited(evidence, generator);
    if (limited !== null) reasons.push({ code: 'generator-limited', message: limited });
  }
  const late = linkLate(evidence);
  if (late !== null) reasons.push({ code: 'link-late', message: late });
  for (const { ok, name, note } of reconciliation) {
    if (ok !== false) continue;
    const conserved = name.startsWith('requests.');
    reasons.push({ code: conserved ? 'not-conserved' : 'not-reconciled', message: `${name}: ${note ?? ''}` });
  }
  return reasons;
}

/** By how much the link fell behind; null where it kept up. */
function linkLate({ link, planned }: TrialEvidence): string | null {
  const late = link === null ? null : Histogram.fromSparse(link.lateness).quantile(0.99);
  const most = Math.max(thresholds.linkLateP99Ns, thresholds.linkLateShare * planned.config.network.link.rttMs * 1e6);
  if (late === null || late <= most) return null;
  return `1 % of the packets were delivered ${ms(late)} or more after their time, above ${ms(most)}`;
}

/** Why the generator, not the strategy, set the figures; null where it did not. */
function generatorLimited({ planned }: TrialEvidence, generator: GeneratorReport): string | null {
  if (planned.config.load.model === 'open') {
    const lag = quantileNs(generator, 'lag', 0.5);
    const response = quantileNs(generator, 'response', 0.5);
    if (lag > thresholds.limitedLagP50Ns && lag > thresholds.limitedLagShare * response) {
      return `half of the requests started ${ms(lag)} or more after their time, of ${ms(response)} response time`;
    }
    return null;
  }
  const busy = (generator.cpu.userUs + generator.cpu.systemUs) * 1000;
  const available = (generator.measureEndNs - generator.measureStartNs) * generator.workers;
  if (busy <= thresholds.generatorBusy * available) return null;
  return `the generator was busy for ${percent(busy / available)} of measure with ${generator.workers} worker(s)`;
}

/** What the reader has to know before the figures, each with what to do about it. */
export function trialWarnings(
  evidence: TrialEvidence,
  reconciliation: readonly ReconciliationRecord[],
): readonly Warning[] {
  const found = [...environmentWarnings(evidence, reconciliation)];
  if (evidence.generator !== null) found.push(...loadWarnings(evidence, evidence.generator));
  return found.map(([code, message]) => warning(code, message));
}

type Found = readonly [WarningCode, string];

function* loadWarnings(evidence: TrialEvidence, generator: GeneratorReport): Generator<Found> {
  const { measure, errors, warmUpErrors } = generator;
  if (measure.failed > 0) {
    yield ['errors', `${measure.failed} of ${measure.scheduled} requests failed: ${topFailures(errors)}`];
  } else if (warmUpErrors.length > 0) {
    yield ['errors', `requests failed in warm-up: ${topFailures(warmUpErrors)}`];
  }
  if (measure.dropped > 0) yield ['drops', `${measure.dropped} requests were refused by the queue limit`];
  if (measure.abandoned > 0) yield ['abandoned', `${measure.abandoned} requests were never finished`];
  if (measure.completed > 0 && measure.completed < thresholds.fewSamples) {
    yield ['few-samples', `${measure.completed} requests completed: too few for the 99.9th percentile`];
  }
  if (evidence.planned.config.load.model === 'open') yield* paceWarnings(generator);
}

function* paceWarnings(generator: GeneratorReport): Generator<Found> {
  const { scheduled, completed } = generator.measure;
  const lag = quantileNs(generator, 'lag', 0.99);
  if (lag > thresholds.lagP99Ns && lag > thresholds.lagShare * quantileNs(generator, 'response', 0.99)) {
    yield ['lag', `1 % of the requests started ${ms(lag)} or more after their time`];
  }
  const seconds = (generator.measureEndNs - generator.measureStartNs) / 1e9;
  if (completed === 0 || seconds <= 0) return;
  // Requests that began in time and were under way when measure ended are not late.
  const underWay = (scheduled / seconds) * (quantileNs(generator, 'service', 0.5) / 1e9);
  const inTime = completedWithinMeasure(generator);
  if (inTime + underWay < thresholds.rateReached * scheduled) {
    yield ['rate-not-reached', `${scheduled} requests were due in ${seconds.toFixed(1)} s, ${inTime} ended in it`];
  }
}

function* environmentWarnings(
  evidence: TrialEvidence,
  reconciliation: readonly ReconciliationRecord[],
): Generator<Found> {
  const { transport, server, sampler, planned, serverSettings } = evidence;
  const noisy = reconciliation.find(isKernelNoise);
  if (noisy !== undefined) yield ['kernel-noise', `${noisy.name}: ${noisy.note ?? ''}`];
  if (transport?.name === 'net') yield ['no-ffi', transport.reason ?? 'the client ran on node:net'];
  if (evidence.mode.fallback !== null) yield ['host-mode', evidence.mode.fallback];
  const overflow = overflows(evidence) ?? 0;
  if (overflow > 0) yield ['tw-overflow', `${overflow} connections skipped TIME_WAIT`];
  if (server !== null && server.turnedAway > 0) {
    yield ['turned-away', `the server turned ${server.turnedAway} connections away`];
  }
  yield* limitWarnings(evidence);
  yield* labWarnings(evidence);
  if (sampler !== null && sampler.late > Math.max(1, thresholds.samplesLate * sampler.samples.length)) {
    yield ['sampler-late', `${sampler.late} of ${sampler.samples.length} samples were late`];
  }
  const { connection, honourHint } = planned.config.strategy;
  const timeoutMs = serverSettings?.keepAliveTimeoutMs ?? 0;
  if (connection === 'keep-alive' && honourHint && timeoutMs > 0 && timeoutMs < thresholds.shortKeepAliveMs) {
    yield ['short-keepalive-hint', `the server closes idle connections after ${timeoutMs} ms`];
  }
}

/** The kernel counted more than both processes did together: someone else used the network. */
function isKernelNoise({ ok, kernel, client, server, name }: ReconciliationRecord): boolean {
  const gauge = name.startsWith('timeWait.');
  return ok === null && !gauge && kernel !== null && kernel > Math.max(client ?? 0, server ?? 0);
}

function* limitWarnings({ sampler, limits }: TrialEvidence): Generator<Found> {
  const samples = sampler?.samples ?? [];
  for (const side of ['client', 'server'] as const) {
    const peak = samples.reduce((most, sample) => Math.max(most, sample[side].fds ?? 0), 0);
    if (limits.openFiles !== null && peak > thresholds.fdShare * limits.openFiles) {
      yield ['fd-near-limit', `the ${side} had ${peak} of at most ${limits.openFiles} files open`];
    }
  }
  if (limits.ephemeralPorts === null) return;
  // Descriptors that it had before the load are no connections.
  const idleFds = samples[0]?.client.fds ?? 0;
  const held = samples.reduce((most, { client }) => {
    const connections = Math.max(0, (client.fds ?? 0) - idleFds);
    return Math.max(most, (client.timeWait ?? 0) + connections);
  }, 0);
  if (held > thresholds.portShare * limits.ephemeralPorts) {
    yield ['ports-near-limit', `the client held about ${held} of ${limits.ephemeralPorts} ports`];
  }
}

function* labWarnings(evidence: TrialEvidence): Generator<Found> {
  if (evidence.link === null) return;
  for (const side of ['client', 'server'] as const) {
    const dropped = kernelDeltas(evidence, side)?.['tx_dropped'] ?? 0;
    if (dropped > 0) yield ['device-overflow', `${dropped} packets of the ${side} never reached the link`];
  }
  const { notCaptured } = evidence.link;
  if (notCaptured > 0) yield ['capture-full', `${notCaptured} packets are not in the capture`];
}

/** The three most frequent failures, in words. */
function topFailures(errors: readonly FailureCount[]): string {
  const byCode = new Map<string, number>();
  for (const { phase, code, count } of errors) {
    const key = `${code} in ${phase}`;
    byCode.set(key, (byCode.get(key) ?? 0) + count);
  }
  const sorted = [...byCode].toSorted(([, a], [, b]) => b - a).slice(0, 3);
  return sorted.length === 0 ? 'no request says why' : sorted.map(([key, count]) => `${count} x ${key}`).join(', ');
}

function quantileNs(generator: GeneratorReport, name: 'lag' | 'response' | 'service', p: number): number {
  const { new: fresh, reused } = generator.latency[name];
  return Histogram.fromSparse(mergeSparse([fresh, reused])).quantile(p) ?? 0;
}

const ms = (ns: number): string => `${(ns / 1e6).toFixed(1)} ms`;
const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
