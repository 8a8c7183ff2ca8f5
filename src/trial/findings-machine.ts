/** Where the rules find that the machine, its limits or its network got in the way. Pure. */
import type { ReconciliationRecord } from '../results/record.ts';
import { Histogram } from '../stats/histogram.ts';
import { kernelDeltas } from './evidence.ts';
import { ms, percent, type Facts } from './facts.ts';
import { fared, isStarved, type StarvedLimits } from './findings-generator.ts';
import { overflow } from './gauges.ts';
import { isFull, type FullLimits } from './machine-shares.ts';
import type { Finding, Limits } from './rule.ts';
import type { SelfCheckFigures } from './self-check.ts';
import { shareWithin, timeWithin } from './span.ts';

/** Other programs took nearly every moment that the trial left. */
export function noneIdle({ figures }: Facts, limits: FullLimits): Finding {
  if (figures === null) return null;
  const { otherShare, idleShare } = figures.machine;
  if (!isFull(otherShare, idleShare, figures.processors, limits)) return null;
  return `other programs used ${percent(otherShare ?? 0)} of the processors, and left ${percent(idleShare ?? 0)} idle`;
}

/** The same of some seconds only. */
export function noneIdleAtTimes(
  { figures }: Facts,
  { timeShare, shortestNs, ...limits }: FullLimits & Limits<'timeShare' | 'shortestNs'>,
): Finding {
  if (figures?.machine.otherShare == null) return null;
  const { measure, seconds, processors } = figures;
  const full = seconds.filter(
    ({ startNs, endNs, foreignShare, idleShare }) =>
      endNs - startNs >= shortestNs && isFull(foreignShare, idleShare, processors, limits),
  );
  const share = timeWithin(full, measure) / (measure.endNs - measure.startNs);
  return share < timeShare ? null : `in ${percent(share)} of measure other programs left no processor idle`;
}

/** The generator's lateness is in the tail, and others had the processors at the time. */
export function lateBesideOthers(
  { load, figures }: Facts,
  limits: Limits<'lagP99Ns' | 'responseShare' | 'otherShare' | 'completed' | 'shortestNs'>,
): Finding {
  if (load === null || figures === null || load.report.measure.completed < limits.completed) return null;
  const [late, response] = [load.lag(0.99), load.response(0.99)];
  if (late <= limits.lagP99Ns || late <= limits.responseShare * response) return null;
  const seconds = figures.seconds.filter(({ startNs, endNs }) => endNs - startNs >= limits.shortestNs);
  const others = seconds.reduce((most, { foreignShare }) => Math.max(most, foreignShare ?? 0), 0);
  if (others < limits.otherShare) return null;
  return `1 % of the requests started ${ms(late)} or more after their time, of ${ms(response)} response time, while other programs used up to ${percent(others)} of the processors`;
}

export function stolen({ figures }: Facts, limits: Limits<'stealShare'>): Finding {
  const share = figures?.machine.stealShare ?? 0;
  return share > limits.stealShare ? stolenText(share) : null;
}

const stolenText = (share: number): string =>
  `the hypervisor took ${percent(share)} of the processors’ time for other machines`;

export function serverKeptFromRunning(
  { server, figures }: Facts,
  limits: StarvedLimits & Limits<'otherShare'>,
): Finding {
  const otherShare = figures?.machine.otherShare ?? 0;
  if (otherShare < limits.otherShare || !isStarved(server, limits)) return null;
  return `the server ${fared(server)}, while other programs used ${percent(otherShare)} of the processors`;
}

/** By how much the link fell behind. */
export function linkLate({ evidence }: Facts, limits: Limits<'lateP99Ns' | 'rttShare' | 'atLeast'>): Finding {
  const { link, planned } = evidence;
  if (link === null) return null;
  const lateness = Histogram.fromSparse(link.lateness);
  const packets = lateness.count;
  if (packets < limits.atLeast) return null;
  const isFew = packets < 100 * limits.atLeast;
  // Half a packet more, so that the rank is not at the edge of rounding.
  const late = lateness.quantile(isFew ? 1 - (limits.atLeast - 0.5) / packets : 0.99);
  const most = Math.max(limits.lateP99Ns, limits.rttShare * planned.config.network.link.rttMs * 1e6);
  if (late === null || late <= most) return null;
  const which = isFew ? `${limits.atLeast} of ${packets} packets` : '1 % of the packets';
  return `${which} were delivered ${ms(late)} or more after their time, above ${ms(most)}`;
}

export function othersBusy({ figures }: Facts, limits: FullLimits & Limits<'stealShare'>): Finding {
  if (figures === null) return null;
  const { stealShare, otherShare, idleShare } = figures.machine;
  const found = [];
  if (otherShare !== null && otherShare > limits.otherShare) {
    found.push(`other programs used ${percent(otherShare)} of the processors`);
  }
  if (otherShare === null && isFull(foreignOf(figures), idleShare, figures.processors, limits)) {
    found.push('no processor was idle, and a server that runs already cannot be told from other programs');
  }
  if (stealShare !== null && stealShare > limits.stealShare) found.push(stolenText(stealShare));
  return found.length === 0 ? null : found.join(', and ');
}

function foreignOf({ seconds, measure }: SelfCheckFigures): number | null {
  return shareWithin(seconds, measure, ({ startNs, endNs, foreignShare: share }) =>
    share === null ? null : share * (endNs - startNs),
  );
}

export function clockStepped({ figures }: Facts, { stepMs }: Limits<'stepMs'>): Finding {
  const step = figures?.clockStepMs ?? 0;
  return step > stepMs ? `the wall clock moved by ${step.toFixed(0)} ms against the one that measures` : null;
}

export function timeWaitOverflow({ evidence }: Facts): Finding {
  const skipped = overflow(evidence) ?? 0;
  return skipped > 0 ? `${skipped} connections skipped TIME_WAIT` : null;
}

/** The kernel counted more than both processes did together: someone else used the network. */
export function kernelNoise({ reconciliation }: Facts): Finding {
  const noisy = reconciliation.find(isKernelNoise);
  return noisy === undefined ? null : `${noisy.name}: ${noisy.note ?? ''}`;
}

function isKernelNoise({ ok, kernel, client, server, name }: ReconciliationRecord): boolean {
  const gauge = name.startsWith('timeWait.');
  // Where a program on the way does not tell, nobody knows whose they were.
  const isKnown = client !== null || server !== null;
  return ok === null && !gauge && isKnown && kernel !== null && kernel > Math.max(client ?? 0, server ?? 0);
}

const sides = ['client', 'server'] as const;
/** "Too many open files": of the process, of the system (errno(3)). */
const outOfFiles: readonly string[] = ['EMFILE', 'ENFILE'];

export function filesRanOut({ load, evidence }: Facts): Finding {
  const { errors = [], warmUpErrors = [] } = load?.report ?? {};
  const refused = [...errors, ...warmUpErrors]
    .filter(({ code }) => outOfFiles.includes(code))
    .reduce((sum, { count }) => sum + count, 0);
  // Where the scenario limits the server's descriptors, want of them is what it asks for.
  const isAskedFor = 'nofile' in evidence.planned.config.server;
  const notAccepted = isAskedFor ? 0 : (evidence.server?.acceptErrors ?? 0);
  return [
    ...(refused > 0 ? [`the client could not open ${refused} connections for want of descriptors`] : []),
    ...(notAccepted > 0
      ? [`the server could not accept connections ${notAccepted} times for want of descriptors`]
      : []),
  ];
}

export function filesNearLimit({ evidence: { sampler, limits } }: Facts, { share }: Limits<'share'>): Finding {
  const { openFiles } = limits;
  if (openFiles === null) return null;
  return sides.flatMap((side) => {
    const peak = (sampler?.samples ?? []).reduce((most, sample) => Math.max(most, sample[side].fds ?? 0), 0);
    return peak > share * openFiles ? [`the ${side} had ${peak} of at most ${openFiles} files open`] : [];
  });
}

export function portsNearLimit({ evidence: { sampler, limits, planned } }: Facts, { share }: Limits<'share'>): Finding {
  const samples = sampler?.samples ?? [];
  if (limits.ephemeralPorts === null) return null;
  // Descriptors that it had before the load are no connections.
  const idleFds = samples[0]?.client.fds ?? 0;
  const held = samples.reduce((most, { client }) => {
    const connections = Math.max(0, (client.fds ?? 0) - idleFds);
    return Math.max(most, (client.timeWait ?? 0) + connections);
  }, 0);
  // Each address that connections start from has all of them.
  const ports = limits.ephemeralPorts * (planned.config.strategy.tcp.sourceAddresses ?? 1);
  return held > share * ports ? `the client held about ${held} of ${ports} ports` : null;
}

export function deviceOverflow({ evidence }: Facts): Finding {
  if (evidence.link === null) return null;
  return sides.flatMap((side) => {
    const dropped = kernelDeltas(evidence, side)?.['tx_dropped'] ?? 0;
    return dropped > 0 ? [`${dropped} packets of the ${side} never reached the link`] : [];
  });
}

export function samplerLate(
  { evidence: { sampler } }: Facts,
  { share, atLeast }: Limits<'share' | 'atLeast'>,
): Finding {
  if (sampler === null || sampler.late <= Math.max(atLeast, share * sampler.samples.length)) return null;
  return `${sampler.late} of ${sampler.samples.length} samples were late`;
}
