/** Asks the kernel whether one connection is in TIME_WAIT on this side: a single answer of sock_diag(7), not a dump. */
import { errnoName } from './errno.ts';
import { allocateNative, freeNative, type NativeBuffer } from './memory.ts';
import { requireNative } from './native.ts';
import { tcpStates } from './proc-net.ts';

const AF_INET = 2;
const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const NETLINK_SOCK_DIAG = 4;
const IPPROTO_TCP = 6;
const MSG_DONTWAIT = 0x40;
const SOCK_DIAG_BY_FAMILY = 20;
const NLM_F_REQUEST = 0x001;
const headerBytes = 16;
/** struct inet_diag_req_v2: `u8 family, protocol, ext, pad; u32 states;` and struct inet_diag_sockid. */
const requestBytes = headerBytes + 56;
const identityAt = headerBytes + 8;
/** In a reply: `u8 family, state` of struct inet_diag_msg. */
const stateAt = headerBytes + 1;
/** INET_DIAG_NOCOOKIE, twice. */
const noCookie = 0xffffffff;
const replyBytes = 4096;

/** The two ends of an IPv4 connection, seen from here. */
export interface ConnectionAddresses {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
}

/** One netlink socket in the network namespace of the calling thread; opened when it is first needed. Needs FFI. */
export class TimeWaitLookup {
  readonly #native = requireNative();
  readonly #request: NativeBuffer = allocateNative(requestBytes);
  readonly #reply: NativeBuffer = allocateNative(replyBytes);
  #fd = -1;
  #sequence = 0;

  /** About 5 us. Null where the kernel does not say. */
  holds(connection: ConnectionAddresses): boolean | null {
    const { libc } = this.#native;
    if (this.#fd < 0) this.#fd = libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (this.#fd < 0) return null;
    this.#write(connection);
    if (libc.send(this.#fd, this.#request.address, requestBytes, 0) < 0) return null;
    // The kernel has answered when send returns.
    const received = libc.recv(this.#fd, this.#reply.address, replyBytes, MSG_DONTWAIT);
    const { view } = this.#reply;
    if (received <= headerBytes || view.getUint32(8, true) !== this.#sequence) return null;
    if (view.getUint16(4, true) === SOCK_DIAG_BY_FAMILY) return view.getUint8(stateAt) === tcpStates.timeWait;
    return errnoName(-view.getInt32(headerBytes, true)) === 'ENOENT' ? false : null;
  }

  #write({ localAddress, localPort, remoteAddress, remotePort }: ConnectionAddresses): void {
    const { view } = this.#request;
    this.#sequence = (this.#sequence + 1) >>> 0;
    view.setUint32(0, requestBytes, true);
    view.setUint16(4, SOCK_DIAG_BY_FAMILY, true);
    view.setUint16(6, NLM_F_REQUEST, true);
    view.setUint32(8, this.#sequence, true);
    view.setUint8(headerBytes, AF_INET);
    view.setUint8(headerBytes + 1, IPPROTO_TCP);
    view.setUint32(headerBytes + 4, noCookie, true); // every state
    view.setUint16(identityAt, localPort, false);
    view.setUint16(identityAt + 2, remotePort, false);
    this.#writeAddress(identityAt + 4, localAddress);
    this.#writeAddress(identityAt + 20, remoteAddress);
    view.setUint32(identityAt + 40, noCookie, true);
    view.setUint32(identityAt + 44, noCookie, true);
  }

  #writeAddress(at: number, address: string): void {
    address.split('.').forEach((octet, index) => {
      this.#request.bytes[at + index] = Number(octet);
    });
  }

  close(): void {
    if (this.#fd >= 0) this.#native.libc.close(this.#fd);
    freeNative(this.#request);
    freeNative(this.#reply);
  }
}
