/** Where the rules find that the machine, its limits or its network got in the way. Pure. */
import type { ReconciliationRecord } from '../results/record.ts';
import { Histogram } from '../stats/histogram.ts';
import { kernelDeltas } from './evidence.ts';
import { ms, percent, type Facts } from './facts.ts';
import { fared, isStarved, type StarvedLimits } from './findings-generator.ts';
import { overflow } from './gauges.ts';
import type { Finding, Limits } from './rule.ts';

/** Other programs took every moment that the trial left. */
export function noneIdle({ figures }: Facts, limits: Limits<'otherShare' | 'idleShare'>): Finding {
  const { otherShare = null, idleShare = null } = figures?.machine ?? {};
  if (otherShare === null || idleShare === null) return null;
  if (otherShare < limits.otherShare || idleShare > limits.idleShare) return null;
  return `other programs used ${percent(otherShare)} of the processors, and left ${percent(idleShare)} idle`;
}

export function serverKeptFromRunning(
  { server, figures }: Facts,
  limits: StarvedLimits & Limits<'otherShare'>,
): Finding {
  const otherShare = figures?.machine.otherShare ?? 0;
  if (otherShare < limits.otherShare || !isStarved(server, limits)) return null;
  return `the server ${fared(server)}, while other programs used ${percent(otherShare)} of the processors`;
}

/** By how much the link fell behind. */
export function linkLate({ evidence }: Facts, limits: Limits<'lateP99Ns' | 'rttShare'>): Finding {
  const { link, planned } = evidence;
  const late = link === null ? null : Histogram.fromSparse(link.lateness).quantile(0.99);
  const most = Math.max(limits.lateP99Ns, limits.rttShare * planned.config.network.link.rttMs * 1e6);
  if (late === null || late <= most) return null;
  return `1 % of the packets were delivered ${ms(late)} or more after their time, above ${ms(most)}`;
}

export function othersBusy({ figures }: Facts, limits: Limits<'stealShare' | 'otherShare'>): Finding {
  if (figures === null) return null;
  const { stealShare, otherShare } = figures.machine;
  const found = [];
  if (otherShare !== null && otherShare > limits.otherShare) {
    found.push(`other programs used ${percent(otherShare)} of the processors`);
  }
  if (stealShare !== null && stealShare > limits.stealShare) {
    found.push(`the hypervisor took ${percent(stealShare)} of their time for other machines`);
  }
  return found.length === 0 ? null : found.join(', and ');
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
  return ok === null && !gauge && kernel !== null && kernel > Math.max(client ?? 0, server ?? 0);
}

const sides = ['client', 'server'] as const;
/** "Too many open files": of the process, of the system (errno(3)). */
const outOfFiles: readonly string[] = ['EMFILE', 'ENFILE'];

export function filesRanOut({ load, evidence }: Facts): Finding {
  const { errors = [], warmUpErrors = [] } = load?.report ?? {};
  const refused = [...errors, ...warmUpErrors]
    .filter(({ code }) => outOfFiles.includes(code))
    .reduce((sum, { count }) => sum + count, 0);
  const notAccepted = evidence.server?.acceptErrors ?? 0;
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

export function portsNearLimit({ evidence: { sampler, limits } }: Facts, { share }: Limits<'share'>): Finding {
  const samples = sampler?.samples ?? [];
  if (limits.ephemeralPorts === null) return null;
  // Descriptors that it had before the load are no connections.
  const idleFds = samples[0]?.client.fds ?? 0;
  const held = samples.reduce((most, { client }) => {
    const connections = Math.max(0, (client.fds ?? 0) - idleFds);
    return Math.max(most, (client.timeWait ?? 0) + connections);
  }, 0);
  return held > share * limits.ephemeralPorts
    ? `the client held about ${held} of ${limits.ephemeralPorts} ports`
    : null;
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
