/** Numbers that requests carry where they may be sent again, so that the server can count what it executed twice. */

/** Lower case, as HTTP/2 needs it. */
export const requestNumberField = 'connbench-request';

/** 4 hexadecimal digits for the worker, 12 for the number within it: `worker` below 2^16, `sequence` below 2^48. */
export function requestNumber(worker: number, sequence: number): string {
  return worker.toString(16).padStart(4, '0') + sequence.toString(16).padStart(12, '0');
}
