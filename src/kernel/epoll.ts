/** One epoll instance with a native event array. Hot: no allocation per wait. Struct layouts for x86-64 and arm64. */
import { EINTR, EINVAL, errnoName } from './errno.ts';
import { allocateNative, type NativeBuffer } from './memory.ts';
import { requireNative } from './native.ts';

export const EPOLLIN = 0x001;
export const EPOLLOUT = 0x004;
export const EPOLLERR = 0x008;
export const EPOLLHUP = 0x010;
export const EPOLLRDHUP = 0x2000;
export const EPOLLET = 0x80000000;

const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CTL_MOD = 3;
const EPOLL_CLOEXEC = 0o2000000;

/** `struct epoll_event` is packed on x86-64 (12 bytes, data at 4) and naturally aligned elsewhere (16 bytes, data at 8). */
const eventSize = process.arch === 'x64' ? 12 : 16;
const dataOffset = process.arch === 'x64' ? 4 : 8;

export class Epoll {
  readonly fd: number;
  readonly #libc;
  readonly #errno: () => number;
  readonly #control: NativeBuffer;
  readonly #events: NativeBuffer;
  readonly #timespec: NativeBuffer;
  readonly #most: number;
  #hasPwait2: boolean;

  constructor(mostEvents = 256) {
    const { libc, errno } = requireNative();
    this.#libc = libc;
    this.#errno = errno;
    this.#most = mostEvents;
    this.#control = allocateNative(eventSize);
    this.#events = allocateNative(eventSize * mostEvents);
    this.#timespec = allocateNative(16);
    this.#hasPwait2 = libc.epoll_pwait2 !== null;
    this.fd = libc.epoll_create1(EPOLL_CLOEXEC);
    if (this.fd < 0) throw new Error(`epoll_create1: ${errnoName(errno())}`);
  }

  /** Watches `fd`; `tag` (a 32-bit unsigned number) comes back with its events. Returns 0 or an errno. */
  add(fd: number, events: number, tag: number): number {
    return this.#ctl(EPOLL_CTL_ADD, fd, events, tag);
  }

  modify(fd: number, events: number, tag: number): number {
    return this.#ctl(EPOLL_CTL_MOD, fd, events, tag);
  }

  remove(fd: number): number {
    return this.#ctl(EPOLL_CTL_DEL, fd, 0, 0);
  }

  #ctl(operation: number, fd: number, events: number, tag: number): number {
    const { view, address } = this.#control;
    view.setUint32(0, events, true);
    view.setUint32(dataOffset, tag, true);
    return this.#libc.epoll_ctl(this.fd, operation, fd, address) < 0 ? this.#errno() : 0;
  }

  /**
   * Waits for events for at most `timeoutNs` (0: do not wait; Infinity: until an event). Returns how many came; a signal counts as none.
   * Nanosecond timeouts need epoll_pwait2 (Linux 5.11); before that the wait is rounded up to a whole millisecond.
   */
  wait(timeoutNs: number): number {
    let count: number;
    if (timeoutNs <= 0) {
      count = this.#libc.epoll_wait(this.fd, this.#events.address, this.#most, 0);
    } else if (timeoutNs === Infinity) {
      count = this.#libc.epoll_wait(this.fd, this.#events.address, this.#most, -1);
    } else if (this.#hasPwait2) {
      const seconds = Math.floor(timeoutNs / 1e9);
      this.#timespec.view.setUint32(0, seconds, true);
      this.#timespec.view.setUint32(8, Math.floor(timeoutNs - seconds * 1e9), true);
      count = this.#libc.epoll_pwait2!(this.fd, this.#events.address, this.#most, this.#timespec.address, 0);
    } else {
      const ms = Math.min(Math.ceil(timeoutNs / 1e6), 0x7fffffff);
      count = this.#libc.epoll_wait(this.fd, this.#events.address, this.#most, ms);
    }
    if (count >= 0) return count;
    const errno = this.#errno();
    if (errno === EINTR) return 0;
    if (this.#hasPwait2 && (errno === 38 || errno === EINVAL)) {
      this.#hasPwait2 = false; // ENOSYS: the C library knows the call, the kernel does not.
      return 0;
    }
    throw new Error(`epoll wait: ${errnoName(errno)}`);
  }

  events(index: number): number {
    return this.#events.view.getUint32(index * eventSize, true);
  }

  tag(index: number): number {
    return this.#events.view.getUint32(index * eventSize + dataOffset, true);
  }

  close(): void {
    this.#libc.close(this.fd);
  }
}
