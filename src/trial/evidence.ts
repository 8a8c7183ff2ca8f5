/** What one trial left behind: the reports of its processes and what went wrong, as far as it got. The record is made from this. */
import type { GeneratorReport } from '../generator/messages.ts';
import type { InvalidReason } from '../results/warnings.ts';
import type { KernelCounters, SamplerReport } from '../samplers/messages.ts';
import type { TrialConfig } from '../scenario/config.ts';
import type { LiveServerSettings, ServerReport } from '../server/messages.ts';
import type { TimeWaitCounting } from './comparison.ts';

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

export interface TrialEvidence {
  readonly planned: PlannedTrial;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly limits: HostLimits;
  readonly timeWaitCounting: TimeWaitCounting;
  readonly samplerIntervalMs: number;
  transport: { readonly name: 'epoll' | 'net'; readonly reason: string | null } | null;
  serverSettings: LiveServerSettings | null;
  /** CLOCK_MONOTONIC ns, as the generator announced it; null where it never started. */
  measureStartNs: number | null;
  measureEndNs: number | null;
  generator: GeneratorReport | null;
  /** Near the start and the end of measure. */
  serverAtMeasureStart: ServerReport | null;
  serverAtMeasureEnd: ServerReport | null;
  /** After its orderly stop; null where it died before. */
  server: ServerReport | null;
  sampler: SamplerReport | null;
  /** Why there is no sampler report. */
  samplerMissing: string;
  kernelBefore: KernelCounters | null;
  kernelAfter: KernelCounters | null;
  /** Why there are no kernel counters. */
  kernelMissing: string;
  readonly failures: InvalidReason[];
}

export function emptyEvidence(
  planned: PlannedTrial,
  startedAt: string,
  circumstances: Pick<TrialEvidence, 'limits' | 'timeWaitCounting' | 'samplerIntervalMs'>,
): TrialEvidence {
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
    sampler: null,
    samplerMissing: 'the trial ended before it started',
    kernelBefore: null,
    kernelAfter: null,
    kernelMissing: 'the trial ended before they were read',
    failures: [],
  };
}

/** Growth of every kernel counter over the trial; null where they could not be read. */
export function kernelDeltas({ kernelBefore, kernelAfter }: TrialEvidence): Readonly<Record<string, number>> | null {
  if (kernelBefore === null || kernelAfter === null) return null;
  const deltas = Object.entries(kernelAfter.counters).flatMap(([name, after]) => {
    const before = kernelBefore.counters[name];
    return before === undefined ? [] : [[name, after - before] as const];
  });
  return Object.fromEntries(deltas);
}

/** Requests that ended within measure, whenever they began: what the pair of client and server got done in that time. */
export function completedWithinMeasure(generator: GeneratorReport): number {
  const measureMs = (generator.measureEndNs - generator.measureStartNs) / 1e6;
  return generator.intervals
    .filter(({ startMs }) => startMs >= 0 && startMs < measureMs)
    .reduce((sum, { completed }) => sum + completed, 0);
}
