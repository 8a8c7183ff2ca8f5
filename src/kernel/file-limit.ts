/** How many descriptors this process may have open (RLIMIT_NOFILE), as the kernel has it. */
import { allocateNative, freeNative } from './memory.ts';
import { requireNative } from './native.ts';

/** asm-generic/resource.h */
const RLIMIT_NOFILE = 7;
/** `struct rlimit` of a 64-bit C library: the soft limit, then the hard one. */
const limitBytes = 16;
/** RLIM_INFINITY: all bits. */
const unlimited = 0xffff_ffff_ffff_ffffn;

/** The soft limit; Infinity for none. Throws where the kernel does not say. */
export function fileLimit(): number {
  const limit = allocateNative(limitBytes);
  const { libc, errno } = requireNative();
  try {
    if (libc.getrlimit(RLIMIT_NOFILE, limit.address) !== 0) throw new Error(`getrlimit: errno ${errno()}`);
    const soft = limit.view.getBigUint64(0, true);
    return soft === unlimited ? Infinity : Number(soft);
  } finally {
    freeNative(limit);
  }
}

/** Sets the soft limit of the whole process and leaves the hard one. Returns 0 or an errno: EINVAL (22) above the hard one. */
export function setFileLimit(soft: number): number {
  const limit = allocateNative(limitBytes);
  const { libc, errno } = requireNative();
  try {
    if (libc.getrlimit(RLIMIT_NOFILE, limit.address) !== 0) return errno();
    limit.view.setBigUint64(0, BigInt(soft), true);
    return libc.setrlimit(RLIMIT_NOFILE, limit.address) === 0 ? 0 : errno();
  } finally {
    freeNative(limit);
  }
}
