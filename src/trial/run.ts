/** Runs the trials of a plan one after another, in the plan's order, and puts each into the result file before the next begins. */
import { basename } from 'node:path';
import type { TrialRecord } from '../results/record.ts';
import type { ResultWriter } from '../results/store.ts';
import { wasInterrupted } from '../results/read-file.ts';
import type { LabCapability } from '../lab/capability.ts';
import type { LiveFigures, TrialDependencies } from './dependencies.ts';
import type { HostLimits, PlannedTrial } from './evidence.ts';
import { capturePath, resolveMode } from './mode.ts';
import { trialRecord } from './record.ts';
import { runTrial } from './run-trial.ts';
import { probeTimeWaitCounting } from './time-wait-probe.ts';

/** How often file descriptors, TIME_WAIT, memory and CPU are sampled. */
const samplerIntervalMs = 100;

export interface RunEvents {
  onTrialStart?(trial: PlannedTrial): void;
  onLive?(trial: PlannedTrial, figures: LiveFigures): void;
  onTrialEnd?(trial: PlannedTrial, record: TrialRecord): void;
}

export interface RunRequest {
  /** Every trial still to be done, in running order. */
  readonly trials: readonly PlannedTrial[];
  /** Trials done before, by the run that is now resumed. */
  readonly alreadyCompleted: number;
  readonly writer: ResultWriter;
  readonly limits: HostLimits;
  /** Whether this machine allows a lab. */
  readonly capability: LabCapability;
  /** An existing directory for the captures of the labs, named after the result file; null: none. */
  readonly pcapDir: string | null;
  readonly signal: AbortSignal;
  readonly events: RunEvents;
  readonly dependencies: TrialDependencies;
}

export interface RunOutcome {
  /** Of this call, the interrupted one included. */
  readonly records: readonly TrialRecord[];
  readonly interrupted: boolean;
}

/**
 * Runs what is left of a plan and writes the footer. An abort ends the trial in progress and then the run; the file can be resumed.
 * Rejects with a `UserError` where the file cannot be written any more, or a lab's settings are refused.
 */
export async function runTrials(request: RunRequest): Promise<RunOutcome> {
  const { trials, writer, signal, events, dependencies, limits, capability, pcapDir } = request;
  const records: TrialRecord[] = [];
  try {
    const timeWaitCounting = await probeTimeWaitCounting(() => dependencies.readKernelCounters());
    for (const planned of trials) {
      if (signal.aborted) break;
      events.onTrialStart?.(planned);
      const onLive = (figures: LiveFigures): void => events.onLive?.(planned, figures);
      const mode = resolveMode(planned.config.network, capability);
      const circumstances = { mode, limits, timeWaitCounting, samplerIntervalMs };
      const pcapPath = pcapDir === null ? null : capturePath(pcapDir, basename(writer.path, '.ndjson'), planned.index);
      const evidence = await runTrial({ planned, circumstances, pcapPath, signal, onLive }, dependencies);
      const record = trialRecord(evidence);
      await writer.append(record);
      records.push(record);
      events.onTrialEnd?.(planned, record);
    }
    const completed = records.filter((record) => !wasInterrupted(record)).length;
    const interrupted = completed < trials.length;
    await writer.finish({
      type: 'footer',
      completedTrials: request.alreadyCompleted + completed,
      interrupted,
      endedAt: new Date().toISOString(),
      reason: interrupted ? 'stopped by the user' : null,
    });
    return { records, interrupted };
  } finally {
    await writer.close();
  }
}
