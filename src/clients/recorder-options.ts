/** How the recorder of any client is set up for a task. */
import type { ClientTask } from './client.ts';
import type { WorkerMeasureStart } from './measure-start.ts';
import { wantsPhaseCheck } from './phase-check.ts';
import type { RecorderOptions, WarmUpOptions } from './recorder.ts';

export function recorderOptions({
  config: { load, strategy },
  worker,
  workers,
  measureStart,
}: ClientTask): RecorderOptions {
  return {
    checkPhases: wantsPhaseCheck(process.env),
    tls: strategy.tls !== undefined,
    leaks: load.leak !== undefined,
    // Users are dealt out to the workers in turn.
    userNumber: (user) => (load.model === 'closed' ? user * workers + worker : null),
    ...(measureStart === undefined ? {} : { warmUp: warmUpOptions(measureStart) }),
  };
}

function warmUpOptions({ intervalNs, port }: WorkerMeasureStart): WarmUpOptions {
  return {
    intervalNs,
    tell: (response) => {
      port.postMessage(response);
    },
  };
}
