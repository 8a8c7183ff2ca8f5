/** One generator worker thread: loads the client, waits for the common start, and runs its share of the load. */
import type { WorkerReport } from '../clients/observations.ts';
import { clientNamed } from '../clients/registry.ts';
import { GO, READY, START_NS, type WorkerTask } from './task.ts';

/** The main thread opens the gate within milliseconds; a minute means that it is gone. */
const gateDeadlineMs = 60_000;

/** The task that piscina runs: one worker's share of a trial. */
export default async function runShare({ gate, ...task }: WorkerTask): Promise<WorkerReport> {
  const flags = new Int32Array(gate);
  Atomics.add(flags, READY, 1);
  if (Atomics.wait(flags, GO, 0, gateDeadlineMs) === 'timed-out') throw new Error('the start never came');
  const startNs = new Float64Array(gate)[START_NS]!;
  return clientNamed(task.config.client).run({ ...task, startNs });
}
