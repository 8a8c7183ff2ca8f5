/** The real processes of a trial. */
import { startAttackers } from '../attackers/child.ts';
import { startGenerator } from '../generator/child.ts';
import { startHop } from '../hops/start-hop.ts';
import { certificatesOfRun } from '../lab/certificates.ts';
import { openLab } from '../lab/lab.ts';
import { readKernelCounters } from '../samplers/kernel-counters.ts';
import { startSampler } from '../samplers/sampler.ts';
import { startAnyServer } from '../server/start-server.ts';
import type { TrialDependencies } from './dependencies.ts';

export const realProcesses: TrialDependencies = {
  openLab,
  certificates: certificatesOfRun(),
  startServer: startAnyServer,
  startHop,
  startAttackers,
  startGenerator,
  startSampler,
  readKernelCounters,
};
