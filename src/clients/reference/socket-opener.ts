/** Opens the reference client's sockets by the scenario's options for TCP: sets them, binds to the source address whose turn it is, connects. */
import { EINPROGRESS } from '../../kernel/errno.ts';
import { socketAddress, type SocketAddress, type Sockets } from '../../kernel/sockets.ts';
import type { TcpConfig } from '../../scenario/config.ts';

export interface SocketOpenerSetup {
  readonly sockets: Sockets;
  readonly host: string;
  readonly port: number;
  readonly tcp: TcpConfig;
  /** Local addresses that connections start from in turn; none: the system chooses. */
  readonly sources: readonly string[];
  /** Which of them is the first one's. */
  readonly firstSource: number;
}

/** Hot where every request has a connection of its own: no allocation but by the kernel. */
export class SocketOpener {
  readonly #sockets: Sockets;
  readonly #to: SocketAddress;
  readonly #tcp: TcpConfig;
  readonly #sources: readonly SocketAddress[];
  #turn: number;
  /** TCP_USER_TIMEOUT of the first socket as the kernel has it, ms; null where it is the system's own, or no socket was opened. */
  userTimeoutMs: number | null = null;

  constructor({ sockets, host, port, tcp, sources, firstSource }: SocketOpenerSetup) {
    this.#sockets = sockets;
    this.#to = socketAddress(host, port);
    this.#tcp = tcp;
    this.#sources = sources.map((address) => socketAddress(address, 0));
    this.#turn = firstSource;
  }

  /** The descriptor of a socket that is connecting, or a negative errno: then nothing is left of it. */
  open(): number {
    const sockets = this.#sockets;
    const fd = sockets.open();
    if (fd < 0) return fd;
    let result = this.#setOptions(fd);
    if (result >= 0 && this.#sources.length > 0) result = this.#bind(fd);
    if (result >= 0) result = sockets.connect(fd, this.#to);
    if (result >= 0 || result === -EINPROGRESS) return fd;
    sockets.close(fd);
    return result;
  }

  #setOptions(fd: number): number {
    const sockets = this.#sockets;
    const { noDelay, keepAliveMs, fastOpen, userTimeoutMs } = this.#tcp;
    if (noDelay) sockets.setNoDelay(fd, true);
    if (keepAliveMs !== null) sockets.setKeepAlive(fd, keepAliveMs);
    if (fastOpen) sockets.setFastOpenConnect(fd);
    if (userTimeoutMs === undefined) return 0;
    const result = sockets.setUserTimeout(fd, userTimeoutMs);
    if (result >= 0) this.userTimeoutMs ??= sockets.userTimeoutMs(fd);
    return result;
  }

  /** The port is chosen by `connect`: each address has all of them towards the server. */
  #bind(fd: number): number {
    const source = this.#sources[this.#turn % this.#sources.length]!;
    this.#turn++;
    const result = this.#sockets.setBindWithoutPort(fd);
    return result < 0 ? result : this.#sockets.bind(fd, source);
  }
}
