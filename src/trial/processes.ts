/** The real processes of a trial. */
import { startGenerator } from '../generator/child.ts';
import { readKernelCounters } from '../samplers/kernel-counters.ts';
import { startSampler } from '../samplers/sampler.ts';
import { startServer } from '../server/child.ts';
import type { TrialDependencies } from './dependencies.ts';

export const realProcesses: TrialDependencies = {
  startServer,
  startGenerator,
  startSampler,
  readKernelCounters: () => readKernelCounters(),
};
