/** Ties a child process to its parent, so that killing the controller leaves no orphan. */
import { loadNative } from './native.ts';

const PR_SET_PDEATHSIG = 1;
const PR_SET_TIMERSLACK = 29;
const SIGKILL = 9;

/**
 * Makes this process die with its parent: by PR_SET_PDEATHSIG where FFI works, and in any case when the IPC channel closes.
 * Call first thing in a child's main thread.
 */
export function dieWithParent(): void {
  const parent = process.ppid;
  const loaded = loadNative();
  if (loaded.ok) loaded.native.libc.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  process.on('disconnect', () => process.exit(1));
  // The parent may have died before the signal was asked for: then this process already has another one.
  if (process.ppid !== parent || !process.connected) process.exit(1);
}

/** Asks the kernel to wake this thread as near to its timeouts as it can: 1 ns of timer slack instead of 50 us. */
export function wantExactTimers(): void {
  const loaded = loadNative();
  if (loaded.ok) loaded.native.libc.prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
}
