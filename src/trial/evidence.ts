/** What one trial left behind: the reports of its processes and what went wrong, as far as it got. The record is made from this. */
import type { AttackerReport } from '../attackers/messages.ts';
import type { AnyGeneratorReport } from '../generator/messages.ts';
import type { KnownHopReport } from '../hops/hop-handle.ts';
import type { LiveHopSettings } from '../hops/messages.ts';
import type { LinkReport } from '../lab/messages.ts';
import type { InvalidReason } from '../results/warnings.ts';
import type { KernelCounters, SamplerReport } from '../samplers/messages.ts';
import type { TrialConfig } from '../scenario/config.ts';
import type { HopConfig } from '../scenario/hop-config.ts';
import { isLoopback } from '../scenario/server-url.ts';
import type { LiveServerSettings, ServerReport } from '../server/messages.ts';
import type { TimeWaitCounting } from './comparison.ts';
import type { HostSettings } from './host-settings.ts';
import type { TrialMode } from './mode.ts';
import type { OpenSockets } from './settle.ts';

/** A trial as the plan has it. */
export interface PlannedTrial {
  /** Place in the whole run, from 0. */
  readonly index: number;
  readonly block: number;
  /** Place within the block, from 0. */
  readonly order: number;
  readonly variant: string;
  readonly config: TrialConfig;
  readonly seed: number;
}

/** Limits of this machine that a trial can run into; null where unknown. */
export interface HostLimits {
  /** Soft limit of open files of a child process. */
  readonly openFiles: number | null;
  /** Number of ports the kernel takes client ports from. */
  readonly ephemeralPorts: number | null;
}

/** Counters of each side's namespace; the same twice in host mode, where both sides share one. */
export interface KernelReading {
  readonly client: KernelCounters;
  readonly server: KernelCounters;
}

/** One program on the way. */
export interface HopEvidence {
  readonly config: HopConfig;
  readonly settings: LiveHopSettings | null;
  /** After its orderly stop; null where it died before, or counts nothing. */
  report: KnownHopReport | null;
  /** Why counts are missing even of one that did not die; null where none is. */
  whyNull: string | null;
}

export interface TrialEvidence {
  readonly planned: PlannedTrial;
  readonly mode: TrialMode;
  /** ISO 8601. */
  readonly startedAt: string;
  limits: HostLimits;
  readonly timeWaitCounting: TimeWaitCounting;
  readonly samplerIntervalMs: number;
  transport: { readonly name: 'epoll' | 'net'; readonly reason: string | null } | null;
  serverSettings: LiveServerSettings | null;
  /** CLOCK_MONOTONIC ns, as the generator announced it; null where it never started. */
  measureStartNs: number | null;
  measureEndNs: number | null;
  generator: AnyGeneratorReport | null;
  /** Near the start and the end of measure. */
  serverAtMeasureStart: ServerReport | null;
  serverAtMeasureEnd: ServerReport | null;
  /** After its orderly stop; null where it died before, or is none that reports. */
  server: ServerReport | null;
  /** Why there is no report even of a server that did not die; null where there is one. */
  whyNoReport: string | null;
  /** The programs on the way that came up, from the client to the server. */
  readonly hops: HopEvidence[];
  /** One per group of attackers, after their orderly stop; null or absent where there are none, or they died. */
  attackers?: readonly AttackerReport[] | null;
  sampler: SamplerReport | null;
  /** Why there is no sampler report. */
  samplerMissing: string;
  kernelBefore: KernelReading | null;
  kernelAfter: KernelReading | null;
  /** Why there are no kernel counters. */
  kernelMissing: string;
  /** What the hosts of the lab are set to; null in host mode. */
  hosts: { readonly client: HostSettings; readonly server: HostSettings } | null;
  /** The link's last report; null in host mode, and where the lab died. */
  link: LinkReport | null;
  /** Sockets left at the end of a lab that were waited for in vain; null where nobody looked. */
  unsettled: OpenSockets | null;
  readonly failures: InvalidReason[];
}

/** What a trial finds and does not change. */
export type Circumstances = Pick<TrialEvidence, 'mode' | 'limits' | 'timeWaitCounting' | 'samplerIntervalMs'>;

export function emptyEvidence(planned: PlannedTrial, startedAt: string, circumstances: Circumstances): TrialEvidence {
  return {
    planned,
    startedAt,
    ...circumstances,
    transport: null,
    serverSettings: null,
    measureStartNs: null,
    measureEndNs: null,
    generator: null,
    serverAtMeasureStart: null,
    serverAtMeasureEnd: null,
    server: null,
    whyNoReport: null,
    hops: [],
    sampler: null,
    samplerMissing: 'the trial ended before it started',
    kernelBefore: null,
    kernelAfter: null,
    kernelMissing: 'the trial ended before they were read',
    hosts: null,
    link: null,
    unsettled: null,
    failures: [],
  };
}

/** Growth of every kernel counter over the trial on one side; null where they could not be read. */
export function kernelDeltas(
  { kernelBefore, kernelAfter }: TrialEvidence,
  side: 'client' | 'server',
): Readonly<Record<string, number>> | null {
  if (kernelBefore === null || kernelAfter === null) return null;
  const deltas = Object.entries(kernelAfter[side].counters).flatMap(([name, after]) => {
    const before = kernelBefore[side].counters[name];
    return before === undefined ? [] : [[name, after - before] as const];
  });
  return Object.fromEntries(deltas);
}

/**
 * Requests that ended within measure, whenever they began: what the pair of client and server got done in that time. A program knows of no
 * others in its measured run.
 */
export function completedWithinMeasure(generator: AnyGeneratorReport): number {
  if (generator.connections === null) return generator.measure.completed;
  const measureMs = (generator.measureEndNs - generator.measureStartNs) / 1e6;
  return generator.intervals
    .filter(({ startMs }) => startMs >= 0 && startMs < measureMs)
    .reduce((sum, { completed }) => sum + completed, 0);
}

/** Whether the server runs on another machine, of which nothing can be seen from here. */
export function isElsewhere({ server }: TrialConfig): boolean {
  return server.kind === 'external' && !isLoopback(server.host);
}
