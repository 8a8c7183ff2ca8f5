/** What the generator's main thread hands to a worker thread, and the memory by which both agree on the start. */
import type { ClientTask } from '../clients/client.ts';

/** Int32 positions in the gate. */
export const READY = 0;
export const GO = 1;
/** Float64 position of the start, CLOCK_MONOTONIC ns. */
export const START_NS = 1;

/** 8 bytes of flags, then the start time. */
export const gateBytes = 16;

export interface WorkerTask extends ClientTask {
  readonly gate: SharedArrayBuffer;
}
