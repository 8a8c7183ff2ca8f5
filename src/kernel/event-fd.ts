/** A kernel counter that one thread waits for in epoll and any thread of the process can raise (eventfd(2)). */
import { errnoName } from './errno.ts';
import { allocateNative, type NativeBuffer } from './memory.ts';
import { requireNative } from './native.ts';

const EFD_NONBLOCK = 0o4000;
const EFD_CLOEXEC = 0o2000000;

export class EventFd {
  readonly fd: number;
  readonly #scratch = allocateNative(8);

  constructor() {
    const { libc, errno } = requireNative();
    this.fd = libc.eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (this.fd < 0) throw new Error(`eventfd: ${errnoName(errno())}`);
  }

  /** Takes the event, so that the descriptor is no longer readable. */
  clear(): void {
    clearEvent(this.fd, this.#scratch);
  }

  close(): void {
    requireNative().libc.close(this.fd);
  }
}

/** Takes the event of a descriptor that another thread owns; `scratch` has room for 8 bytes. */
export function clearEvent(fd: number, scratch: NativeBuffer): void {
  requireNative().libc.read(fd, scratch.address, 8);
}

/** Wakes the thread that waits for the event descriptor `fd` of this process, which must still be open. */
export function raiseEvent(fd: number): void {
  const one = allocateNative(8);
  one.bytes[0] = 1;
  const { libc } = requireNative();
  libc.write(fd, one.address, 8);
  libc.free(one.address);
}
