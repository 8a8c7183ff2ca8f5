/** The processes a trial is made of, as the trial sees them. Tests put their own in place of the real ones. */
import type { GeneratorHandle } from '../generator/child.ts';
import type { FromGenerator } from '../generator/messages.ts';
import type { KernelCounters, SamplerReport, SamplerRequest } from '../samplers/messages.ts';
import type { ClientName, ServerConfig } from '../scenario/config.ts';
import type { ServerHandle } from '../server/child.ts';

export type LiveFigures = Omit<Extract<FromGenerator, { type: 'live' }>, 'type'>;
export type StartTimes = Omit<Extract<FromGenerator, { type: 'started' }>, 'type'>;

export type TrialServer = ServerHandle;

export type TrialGenerator = GeneratorHandle;

export interface TrialSampler {
  /** Takes a last sample, ends the thread and gives everything back. */
  stop(): Promise<SamplerReport>;
}

export interface TrialDependencies {
  startServer(config: ServerConfig, options: { seed: number; deadlineMs: number }): Promise<TrialServer>;
  startGenerator(options: { deadlineMs: number; client: ClientName }): Promise<TrialGenerator>;
  /** Resolves after the first sample. */
  startSampler(request: SamplerRequest): Promise<TrialSampler>;
  /** `missing`: why there are none. */
  readKernelCounters(): KernelCounters | { readonly missing: string };
}
