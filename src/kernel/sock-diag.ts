/**
 * Counts TCP sockets by state and side over NETLINK_SOCK_DIAG (sock_diag(7)): what `ss` asks, without starting a program.
 *
 * Layouts are those of linux/netlink.h and linux/inet_diag.h: the same on x86-64 and arm64, little endian but for the ports.
 */
import { nowNs } from './clock.ts';
import { EINTR, EINVAL, errnoName } from './errno.ts';
import { allocateNative, freeNative, type NativeBuffer } from './memory.ts';
import { loadNative, type Native } from './native.ts';
import { PortTally, tcpStates, type TcpState } from './proc-net.ts';

const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const NETLINK_SOCK_DIAG = 4;
const IPPROTO_TCP = 6;
const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;
const EPROTO = 71;
const ENOBUFS = 105;

const SOCK_DIAG_BY_FAMILY = 20;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLM_F_REQUEST = 0x001;
const NLM_F_DUMP_INTR = 0x010;
const NLM_F_DUMP = 0x300;
const nlmsgHeaderBytes = 16;

const requestBytes = nlmsgHeaderBytes + 56; // and struct inet_diag_req_v2
const INET_DIAG_REQ_BYTECODE = 1;
const INET_DIAG_BC_JMP = 1;
const INET_DIAG_BC_S_GE = 2;
const INET_DIAG_BC_S_LE = 3;
const INET_DIAG_BC_D_GE = 4;
const INET_DIAG_BC_D_LE = 5;

/** In a reply, after the header: `u8 family, state, timer, retrans; be16 sport, dport; ...` (struct inet_diag_msg, 72 bytes). */
const stateOffset = nlmsgHeaderBytes + 1;
const sourcePortOffset = nlmsgHeaderBytes + 4;
const destinationPortOffset = nlmsgHeaderBytes + 6;
const diagMessageBytes = 72;

/** The kernel fills at most 32 KiB a message, and offers no more to a larger buffer. */
const receiveBytes = 1 << 16;
const mostAttempts = 3;

interface SocketCount {
  readonly tally: PortTally;
  /** The kernel passed over sockets of other ports, so `other` of the tally is unknown, not 0. */
  readonly filtered: boolean;
  /** Wall time of the count. */
  readonly costNs: number;
}

/** TIME_WAIT sockets by the side that holds them. */
export interface TimeWaitCount {
  readonly client: number;
  readonly server: number;
  /** TIME_WAIT sockets of other ports; absent where the kernel passed over them. */
  readonly otherTimeWait?: number;
  readonly costNs: number;
}

export interface Failure {
  readonly ok: false;
  readonly reason: string;
}
export type SocketCountResult = { readonly ok: true; readonly value: SocketCount } | Failure;

/** How a dump ended: 0 for whole, a positive errno, or `interrupted` by a change of the table. */
type DumpEnd = number | 'interrupted';

/**
 * The filter program for "local port is `port`, or remote port is `port`" in the kernel's socket bytecode, as the attribute that carries it.
 * An operation is `u8 code, u8 yes, u16 no`: both are jumps in bytes from its own start; the port sits in `no` of a second, empty operation.
 * Reaching the very end accepts a socket, jumping past it refuses. The kernel takes only programs where each `no` lands on the chain of `yes`.
 */
export function portFilterAttribute(port: number): Uint8Array {
  const attribute = new DataView(new ArrayBuffer(4 + 36));
  attribute.setUint16(0, attribute.byteLength, true);
  attribute.setUint16(2, INET_DIAG_REQ_BYTECODE, true);
  let at = 4;
  const put = (code: number, yes: number, no: number): void => {
    attribute.setUint8(at, code);
    attribute.setUint8(at + 1, yes);
    attribute.setUint16(at + 2, no, true);
    at += 4;
  };
  put(INET_DIAG_BC_S_GE, 8, 20); // 0: else to 20
  put(0, 0, port);
  put(INET_DIAG_BC_S_LE, 8, 12); // 8: else to 20
  put(0, 0, port);
  put(INET_DIAG_BC_JMP, 4, 20); // 16: to 36, accept
  put(INET_DIAG_BC_D_GE, 8, 20); // 20: else to 40, refuse
  put(0, 0, port);
  put(INET_DIAG_BC_D_LE, 8, 12); // 28: to 36, accept; else to 40, refuse
  put(0, 0, port);
  return new Uint8Array(attribute.buffer);
}

/** One netlink socket and its buffers, for as many counts as wanted in the network namespace of the calling thread. */
export class SockDiag {
  readonly #native: Native;
  readonly #request: NativeBuffer;
  readonly #reply: NativeBuffer;
  #fd: number;
  #sequence = 0;
  #filterRefused = false;
  #closed = false;

  private constructor(native: Native, fd: number) {
    this.#native = native;
    this.#fd = fd;
    this.#request = allocateNative(requestBytes + 64);
    this.#reply = allocateNative(receiveBytes);
  }

  /** Opens the socket. Not ok where FFI or netlink sockets are not to be had. */
  static open(): { readonly ok: true; readonly diag: SockDiag } | Failure {
    const loaded = loadNative();
    if (!loaded.ok) return loaded;
    const fd = openSocket(loaded.native);
    if (fd < 0) return { ok: false, reason: `no netlink socket: ${errnoName(-fd)}` };
    return { ok: true, diag: new SockDiag(loaded.native, fd) };
  }

  /**
   * Counts the sockets in `states`, IPv4 and IPv6, by side of `port`. With `filter` the kernel is asked to pass over other ports; where
   * it does not know how, all are read. A dump that was interrupted or overflowed is done again. Not ok with a reason where it fails.
   */
  count(port: number, states: readonly TcpState[], filter = true): SocketCountResult {
    const startNs = nowNs();
    const mask = states.reduce((bits, state) => bits | (1 << tcpStates[state]), 0);
    let end: DumpEnd = 0;
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      const filtered = filter && !this.#filterRefused;
      const tally = new PortTally(port);
      end = this.#dump(AF_INET, mask, filtered, tally);
      if (end === 0) end = this.#dump(AF_INET6, mask, filtered, tally);
      if (end === 0) return { ok: true, value: { tally, filtered, costNs: nowNs() - startNs } };
      this.#reopen();
      if (end === EINVAL && filtered) this.#filterRefused = true;
      else if (end !== 'interrupted' && end !== ENOBUFS) break;
    }
    const why = typeof end === 'number' ? errnoName(end) : 'the socket table kept changing';
    return { ok: false, reason: `sock_diag: ${why}` };
  }

  /** `count` for TIME_WAIT alone. */
  timeWait(port: number, filter = true): { readonly ok: true; readonly value: TimeWaitCount } | Failure {
    const result = this.count(port, ['timeWait'], filter);
    if (!result.ok) return result;
    const { tally, filtered, costNs } = result.value;
    const { client, server, other } = tally.in('timeWait');
    return { ok: true, value: { client, server, costNs, ...(filtered ? {} : { otherTimeWait: other }) } };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#fd >= 0) this.#native.libc.close(this.#fd);
    freeNative(this.#request);
    freeNative(this.#reply);
  }

  /** What is left of a broken dump would be read as the next one's. */
  #reopen(): void {
    if (this.#fd >= 0) this.#native.libc.close(this.#fd);
    this.#fd = openSocket(this.#native);
  }

  #dump(family: number, stateMask: number, filtered: boolean, tally: PortTally): DumpEnd {
    const length = this.#writeRequest(family, stateMask, filtered ? portFilterAttribute(tally.port) : new Uint8Array());
    const { libc } = this.#native;
    if (libc.send(this.#fd, this.#request.address, length, 0) < 0) return this.#native.errno();
    let interrupted = false;
    for (;;) {
      // The kernel makes the next part before it hands over this one, so there is always something to read until the end.
      const received = libc.recv(this.#fd, this.#reply.address, receiveBytes, MSG_DONTWAIT | MSG_TRUNC);
      if (received < 0) {
        if (this.#native.errno() === EINTR) continue;
        return this.#native.errno();
      }
      if (received > receiveBytes) return ENOBUFS;
      if (received === 0) return EPROTO;
      const part = readReplies(this.#reply.view, received, this.#sequence, tally);
      interrupted ||= part.interrupted;
      if (part.end !== null) return part.end === 0 && interrupted ? 'interrupted' : part.end;
    }
  }

  #writeRequest(family: number, stateMask: number, attribute: Uint8Array): number {
    const { view, bytes } = this.#request;
    const length = requestBytes + attribute.length;
    this.#sequence = (this.#sequence + 1) >>> 0;
    bytes.fill(0);
    view.setUint32(0, length, true);
    view.setUint16(4, SOCK_DIAG_BY_FAMILY, true);
    view.setUint16(6, NLM_F_REQUEST | NLM_F_DUMP, true);
    view.setUint32(8, this.#sequence, true);
    view.setUint8(nlmsgHeaderBytes, family);
    view.setUint8(nlmsgHeaderBytes + 1, IPPROTO_TCP);
    view.setUint32(nlmsgHeaderBytes + 4, stateMask, true);
    bytes.set(attribute, requestBytes);
    return length;
  }
}

/** The descriptor, or a negative errno. */
function openSocket(native: Native): number {
  const fd = native.libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  return fd < 0 ? -native.errno() : fd;
}

/**
 * Walks the messages in the first `length` bytes of `view` and counts the sockets of dump `sequence`; others are passed over.
 * `end` is null while more parts follow, 0 at the end of the dump, or the errno (positive) it ended with.
 */
export function readReplies(
  view: DataView,
  length: number,
  sequence: number,
  tally: PortTally,
): { readonly end: number | null; readonly interrupted: boolean } {
  let interrupted = false;
  let at = 0;
  while (at + nlmsgHeaderBytes <= length) {
    const messageBytes = view.getUint32(at, true);
    if (messageBytes < nlmsgHeaderBytes || at + messageBytes > length) return { end: EPROTO, interrupted };
    if (view.getUint32(at + 8, true) === sequence) {
      const type = view.getUint16(at + 4, true);
      if ((view.getUint16(at + 6, true) & NLM_F_DUMP_INTR) !== 0) interrupted = true;
      if (type === NLMSG_DONE || type === NLMSG_ERROR) {
        // Both carry a negative errno or 0; NLMSG_DONE of older kernels may carry nothing.
        const status = messageBytes >= nlmsgHeaderBytes + 4 ? view.getInt32(at + nlmsgHeaderBytes, true) : 0;
        return { end: Math.abs(status), interrupted };
      }
      if (type === SOCK_DIAG_BY_FAMILY && messageBytes >= nlmsgHeaderBytes + diagMessageBytes) {
        const localPort = view.getUint16(at + sourcePortOffset, false);
        const remotePort = view.getUint16(at + destinationPortOffset, false);
        tally.add(localPort, remotePort, view.getUint8(at + stateOffset));
      }
    }
    at += (messageBytes + 3) & ~3;
  }
  return { end: null, interrupted };
}
