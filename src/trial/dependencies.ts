/** The processes a trial is made of, as the trial sees them. Tests put their own in place of the real ones. */
import type { GeneratorHandle, StartGeneratorOptions } from '../generator/child.ts';
import type { FromGenerator } from '../generator/messages.ts';
import type { KernelCounters, SamplerReport, SamplerRequest } from '../samplers/messages.ts';
import type { AttackersHandle, StartAttackersOptions } from '../attackers/child.ts';
import type { HopHandle, StartHopOptions } from '../hops/hop-handle.ts';
import type { ServerConfig } from '../scenario/config.ts';
import type { HopConfig } from '../scenario/hop-config.ts';
import type { CertificateKind, Certificates } from '../lab/certificates.ts';
import type { Lab, LabOptions } from '../lab/lab.ts';
import type { StartServerOptions } from '../server/child.ts';
import type { TrialServer } from '../server/server-handle.ts';

export type LiveFigures = Omit<Extract<FromGenerator, { type: 'live' }>, 'type'>;
export type StartTimes = Omit<Extract<FromGenerator, { type: 'started' }>, 'type'>;

export type TrialGenerator = GeneratorHandle;

export interface TrialSampler {
  /** Takes a sample now, besides those of its schedule. */
  sample(): Promise<void>;
  /** Takes a last sample, ends the thread and gives everything back. */
  stop(): Promise<SamplerReport>;
}

export interface TrialDependencies {
  /** Rejects with a UserError where the machine refuses a setting, with a LabError where something broke. */
  openLab(options: LabOptions): Promise<Lab>;
  /** Those of the run, for a trial over TLS. */
  certificates(kind: CertificateKind): Promise<Certificates>;
  startServer(config: ServerConfig, options: StartServerOptions): Promise<TrialServer>;
  /** A program on the way. */
  startHop(config: HopConfig, options: StartHopOptions): Promise<HopHandle>;
  /** The process of the attackers, which waits for its order. */
  startAttackers(options: StartAttackersOptions): Promise<AttackersHandle>;
  startGenerator(options: StartGeneratorOptions): Promise<TrialGenerator>;
  /** Resolves after the first sample. */
  startSampler(request: SamplerRequest): Promise<TrialSampler>;
  /** Of this namespace, or that of a process. `missing`: why there are none. */
  readKernelCounters(pid?: number): KernelCounters | { readonly missing: string };
}
