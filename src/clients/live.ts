/** Memory that a worker thread shares with the generator's main thread while it blocks in its loop: a stop flag and live counts. */

/** Positions in the Int32Array. */
export const STOP = 0;
export const STARTED = 1;
export const COMPLETED = 2;
export const FAILED = 3;
export const DROPPED = 4;
export const OPEN_CONNECTIONS = 5;
/** Event descriptor that wakes the worker, or -1. The main thread owns it, so that it never raises one that is closed. */
export const WAKE_FD = 6;

const length = 16;

/** Counts are modulo 2^32 and for display only: the worker's report has the true ones. */
export type LiveCounts = Int32Array<SharedArrayBuffer>;

export function createLiveCounts(): LiveCounts {
  const live = new Int32Array(new SharedArrayBuffer(length * 4));
  live[WAKE_FD] = -1;
  return live;
}
