/** One generator worker thread: loads the client, prepares its share of the load, waits for the common start, and runs it. */
import type { WorkerReport } from '../clients/observations.ts';
import { clientNamed } from '../clients/registry.ts';
import { GO, READY, START_NS, type WorkerTask } from './task.ts';

/** The main thread opens the gate when the last worker is ready, which takes a minute for the largest plans; an hour means that it is gone. */
const gateDeadlineMs = 3_600_000;

/** The task that piscina runs: one worker's share of a trial. Whatever is wrong with it is thrown before the worker is ready. */
export default async function runShare({ gate, ...task }: WorkerTask): Promise<WorkerReport> {
  const prepared = await clientNamed(task.config.client).prepare(task);
  const flags = new Int32Array(gate);
  Atomics.add(flags, READY, 1);
  if (Atomics.wait(flags, GO, 0, gateDeadlineMs) === 'timed-out') throw new Error('the start never came');
  return prepared.run(new Float64Array(gate)[START_NS]!);
}
