/** Names of the errno values that sockets give, as Linux numbers them on x86-64 and arm64 (asm-generic/errno.h). */

const names: ReadonlyMap<number, string> = new Map([
  [1, 'EPERM'],
  [2, 'ENOENT'],
  [4, 'EINTR'],
  [9, 'EBADF'],
  [11, 'EAGAIN'],
  [12, 'ENOMEM'],
  [13, 'EACCES'],
  [22, 'EINVAL'],
  [23, 'ENFILE'],
  [24, 'EMFILE'],
  [32, 'EPIPE'],
  [71, 'EPROTO'],
  [88, 'ENOTSOCK'],
  [92, 'ENOPROTOOPT'],
  [95, 'EOPNOTSUPP'],
  [97, 'EAFNOSUPPORT'],
  [98, 'EADDRINUSE'],
  [99, 'EADDRNOTAVAIL'],
  [100, 'ENETDOWN'],
  [101, 'ENETUNREACH'],
  [103, 'ECONNABORTED'],
  [104, 'ECONNRESET'],
  [105, 'ENOBUFS'],
  [106, 'EISCONN'],
  [107, 'ENOTCONN'],
  [110, 'ETIMEDOUT'],
  [111, 'ECONNREFUSED'],
  [112, 'EHOSTDOWN'],
  [113, 'EHOSTUNREACH'],
  [114, 'EALREADY'],
  [115, 'EINPROGRESS'],
]);

export const EINTR = 4;
export const EAGAIN = 11;
export const EINVAL = 22;
export const EMFILE = 24;
export const EPIPE = 32;
export const EPROTO = 71;
export const ECONNRESET = 104;
export const EINPROGRESS = 115;

/** `ECONNRESET` for 104; `errno 999` where the number has no name here. */
export function errnoName(errno: number): string {
  return names.get(errno) ?? `errno ${errno}`;
}
