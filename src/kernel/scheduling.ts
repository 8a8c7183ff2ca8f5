/** How soon the kernel lets this thread run again once it has been woken. */
import { allocateNative, freeNative } from './memory.ts';
import { requireNative } from './native.ts';

const PR_SET_TIMERSLACK = 29;
/** sched_setattr(2). */
const setAttribute = process.arch === 'arm64' ? 274 : 314;
const SCHED_OTHER = 0;
const SCHED_FIFO = 1;
/** Programs that the thread starts do not inherit what was asked for. */
const SCHED_FLAG_RESET_ON_FORK = 1;
/** Size of `struct sched_attr` in its first version; offsets below are within it. */
const attributeBytes = 48;
/** The shorter the slice that a thread asks for, the earlier its deadline (EEVDF, Linux 6.12). 100 us is the least the kernel takes. */
const sliceNs = 100_000;

/**
 * Asks for exact timeouts and for the processor as soon as the thread is ready: real-time priority where the machine grants it (root, or
 * CAP_SYS_NICE), which any ordinary thread gives way to, else the shortest slice. Returns whether it is real-time. Meant for a thread that
 * sleeps most of the time: another real-time thread is all that it gives way to.
 */
export function wantPromptWakeUps(): boolean {
  const { libc } = requireNative();
  libc.prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  if (schedule(SCHED_FIFO, 1, 0)) return true;
  schedule(SCHED_OTHER, 0, sliceNs);
  return false;
}

function schedule(policy: number, priority: number, slice: number): boolean {
  const attribute = allocateNative(attributeBytes);
  const { view } = attribute;
  view.setUint32(0, attributeBytes, true);
  view.setUint32(4, policy, true);
  view.setUint32(8, SCHED_FLAG_RESET_ON_FORK, true);
  view.setUint32(20, priority, true);
  view.setUint32(24, slice, true);
  const result = requireNative().libc.syscall(setAttribute, 0, attribute.address, 0);
  freeNative(attribute);
  return result === 0;
}
