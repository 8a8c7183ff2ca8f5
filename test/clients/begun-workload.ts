/** Workloads that have begun at 1 s of their clock, and what they give. */
import { createWorkload, type Workload, type WorkloadShare } from '../../src/clients/workload.ts';
import type { LoadConfig } from '../../src/scenario/config.ts';

export const ms = 1e6;
export const startNs = 1000 * ms;
export const share = { seed: 3, worker: 0, workers: 1 };

/** One that has begun. */
export function begun(load: LoadConfig, of: WorkloadShare): Workload {
  const workload = createWorkload(load, of);
  workload.begin(startNs);
  return workload;
}

export interface Taken {
  readonly atMs: number;
  readonly user: number;
  readonly inMeasure: number;
}

/** The next request, with its time in ms from the start. */
export function take(workload: Workload): Taken {
  const { nextNs, user, inMeasure } = workload;
  workload.take();
  return { atMs: (nextNs - startNs) / ms, user, inMeasure };
}

export const inMs = (workload: Workload): number => (workload.nextNs - startNs) / ms;
export const at = (timeMs: number): number => startNs + timeMs * ms;
