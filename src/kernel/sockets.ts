/** TCP sockets by file descriptor. Every call returns a count or a descriptor at or above 0, or a negative errno; nothing throws. */
import { allocateNative } from './memory.ts';
import { requireNative } from './native.ts';

const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_IP = 0;
const IP_BIND_ADDRESS_NO_PORT = 24;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_ERROR = 4;
const SO_KEEPALIVE = 9;
const SO_LINGER = 13;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const TCP_CORK = 3;
const TCP_KEEPIDLE = 4;
const TCP_KEEPINTVL = 5;
const TCP_INFO = 11;
const TCP_USER_TIMEOUT = 18;
const TCP_FASTOPEN = 23;
const TCP_FASTOPEN_CONNECT = 30;
const MSG_PEEK = 0x2;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const SHUT_WR = 1;

/** A `struct sockaddr_in` in native memory, ready for `connect` and `bind`. */
export interface SocketAddress {
  readonly address: number;
  readonly length: number;
}

/** Parses a dotted IPv4 address. Throws a RangeError on anything else. */
export function socketAddress(host: string, port: number): SocketAddress {
  const octets = host.split('.').map(Number);
  if (octets.length !== 4 || octets.some((octet) => !Number.isInteger(octet) || octet < 0 || octet > 255)) {
    throw new RangeError(`not an IPv4 address: ${host}`);
  }
  const buffer = allocateNative(16);
  buffer.view.setUint16(0, AF_INET, true);
  buffer.view.setUint16(2, port, false);
  octets.forEach((octet, index) => {
    buffer.bytes[4 + index] = octet;
  });
  return { address: buffer.address, length: 16 };
}

/** The socket calls of one thread, with the scratch memory they need. */
export class Sockets {
  readonly #libc;
  readonly #errno: () => number;
  readonly #scratch = allocateNative(32);

  constructor() {
    const { libc, errno } = requireNative();
    this.#libc = libc;
    this.#errno = errno;
  }

  #result(value: number): number {
    return value < 0 ? -this.#errno() : value;
  }

  /** A non-blocking, close-on-exec TCP socket. */
  open(): number {
    return this.#result(this.#libc.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  }

  /** 0 when connected at once, -EINPROGRESS when under way. */
  connect(fd: number, to: SocketAddress): number {
    return this.#result(this.#libc.connect(fd, to.address, to.length));
  }

  bind(fd: number, to: SocketAddress): number {
    return this.#result(this.#libc.bind(fd, to.address, to.length));
  }

  listen(fd: number, backlog: number): number {
    return this.#result(this.#libc.listen(fd, backlog));
  }

  accept(fd: number): number {
    return this.#result(this.#libc.accept4(fd, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC));
  }

  /** The local port, or a negative errno. */
  localPort(fd: number): number {
    const { address, view } = this.#scratch;
    view.setUint32(16, 16, true);
    const result = this.#libc.getsockname(fd, address, address + 16);
    return result < 0 ? -this.#errno() : view.getUint16(2, false);
  }

  send(fd: number, address: number, length: number): number {
    return this.#result(this.#libc.send(fd, address, length, MSG_NOSIGNAL));
  }

  recv(fd: number, address: number, length: number): number {
    return this.#result(this.#libc.recv(fd, address, length, 0));
  }

  /** Whether the peer's FIN (0), data (1) or nothing (-EAGAIN) waits to be read; another negative errno for a dead connection. */
  peek(fd: number): number {
    return this.#result(this.#libc.recv(fd, this.#scratch.address, 1, MSG_PEEK | MSG_DONTWAIT));
  }

  /** Sends our FIN and keeps reading. */
  shutdownWrite(fd: number): number {
    return this.#result(this.#libc.shutdown(fd, SHUT_WR));
  }

  close(fd: number): number {
    return this.#result(this.#libc.close(fd));
  }

  /** Closes with RST: nothing lingers, no TIME_WAIT (SO_LINGER with a zero timeout, socket(7)). */
  reset(fd: number): number {
    const { address, view } = this.#scratch;
    view.setInt32(0, 1, true);
    view.setInt32(4, 0, true);
    this.#libc.setsockopt(fd, SOL_SOCKET, SO_LINGER, address, 8);
    return this.close(fd);
  }

  /** The pending error of a socket as an errno (0: none), which reading clears. */
  pendingError(fd: number): number {
    return this.#getInt(fd, SOL_SOCKET, SO_ERROR);
  }

  /** The kernel's state of a connection (`TCP_CLOSE_WAIT` is 8; include/net/tcp_states.h), or a negative errno. */
  tcpState(fd: number): number {
    const { address, view } = this.#scratch;
    view.setUint32(16, 1, true);
    const result = this.#libc.getsockopt(fd, IPPROTO_TCP, TCP_INFO, address, address + 16);
    return result < 0 ? -this.#errno() : view.getUint8(0); // tcpi_state is the first byte of struct tcp_info.
  }

  setNoDelay(fd: number, on: boolean): number {
    return this.#setInt(fd, IPPROTO_TCP, TCP_NODELAY, on ? 1 : 0);
  }

  /** What is sent from now on waits for the FIN, or for a full segment, and goes with it (tcp(7), TCP_CORK). */
  holdForFin(fd: number): number {
    return this.#setInt(fd, IPPROTO_TCP, TCP_CORK, 1);
  }

  setReuseAddress(fd: number): number {
    return this.#setInt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  }

  /** TCP keepalive probes after `idleMs` without traffic, then every `idleMs`. The kernel counts whole seconds, at least one. */
  setKeepAlive(fd: number, idleMs: number): number {
    const seconds = Math.max(1, Math.round(idleMs / 1000));
    const on = this.#setInt(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    if (on < 0) return on;
    const idle = this.#setInt(fd, IPPROTO_TCP, TCP_KEEPIDLE, seconds);
    return idle < 0 ? idle : this.#setInt(fd, IPPROTO_TCP, TCP_KEEPINTVL, seconds);
  }

  /** TCP_USER_TIMEOUT: a connection ends with ETIMEDOUT when sent data stays unacknowledged for so long (RFC 5482, tcp(7)). */
  setUserTimeout(fd: number, timeoutMs: number): number {
    return this.#setInt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, timeoutMs);
  }

  /** As the kernel has it, ms (0: its own retransmission limit), or a negative errno. */
  userTimeoutMs(fd: number): number {
    const { address, view } = this.#scratch;
    view.setUint32(16, 4, true);
    const result = this.#libc.getsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, address, address + 16);
    return result < 0 ? -this.#errno() : view.getInt32(0, true);
  }

  /** A later `bind` to port 0 takes an address only, and `connect` a port that is free towards its peer (ip(7), IP_BIND_ADDRESS_NO_PORT). */
  setBindWithoutPort(fd: number): number {
    return this.#setInt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1);
  }

  /** Lets the first request travel in the SYN where the server gave a cookie before (RFC 7413). Set before `connect`. */
  setFastOpenConnect(fd: number): number {
    return this.#setInt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1);
  }

  /** Accepts data in the SYN on a listening socket, for at most `queue` pending connections. */
  setFastOpenListen(fd: number, queue: number): number {
    return this.#setInt(fd, IPPROTO_TCP, TCP_FASTOPEN, queue);
  }

  #setInt(fd: number, level: number, name: number, value: number): number {
    const { address, view } = this.#scratch;
    view.setInt32(0, value, true);
    return this.#result(this.#libc.setsockopt(fd, level, name, address, 4));
  }

  #getInt(fd: number, level: number, name: number): number {
    const { address, view } = this.#scratch;
    view.setUint32(16, 4, true);
    const result = this.#libc.getsockopt(fd, level, name, address, address + 16);
    return result < 0 ? this.#errno() : view.getInt32(0, true);
  }
}
