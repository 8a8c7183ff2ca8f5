/**
 * Whose FIN was first, from the state in which the kernel has a connection (RFC 9293, 3.3.2). Three looks: before and after our own
 * shutdown(2), and before close(2). Where FFI is missing it is the order in which the program sees them.
 */
import { errnoName } from '../../kernel/errno.ts';
import { loadNative } from '../../kernel/native.ts';
import { tcpStates } from '../../kernel/proc-net.ts';
import { Sockets } from '../../kernel/sockets.ts';
import { TimeWaitLookup, type ConnectionAddresses } from '../../kernel/time-wait-lookup.ts';
import type { NodeConnection } from './node-connection.ts';

/** How a connection ends that is about to be closed: by whose FIN, by RST from the other side, or by our own. */
export type EndSeen = 'client' | 'server' | 'resetByServer' | 'resetByUs';

/** What libuv says of a connection that the other side reset (read(2), write(2)). */
export const resetCodes: readonly string[] = ['ECONNRESET', 'EPIPE'];

export class FirstFin {
  readonly #kernel: Sockets | null;
  readonly #timeWait: TimeWaitLookup | null;

  constructor() {
    const isNative = loadNative().ok;
    this.#kernel = isNative ? new Sockets() : null;
    this.#timeWait = isNative ? new TimeWaitLookup() : null;
  }

  /** Soon before shutdown(2). Gives what `afterShutdown` needs; null where it is decided. */
  beforeShutdown(connection: NodeConnection): ConnectionAddresses | null {
    const { fd, socket } = connection;
    if (this.#kernel === null || fd < 0) {
      connection.ending ??= connection.endSeen ? 'server' : 'client';
      return null;
    }
    if (isServerFirst(this.#kernel.tcpState(fd))) connection.ending ??= 'server';
    const { localAddress, localPort, remoteAddress, remotePort } = socket;
    if (connection.ending !== null || localAddress === undefined || localPort === undefined) return null;
    if (remoteAddress === undefined || remotePort === undefined) return null;
    return { localAddress, localPort, remoteAddress, remotePort };
  }

  /** In the very step in which shutdown(2) was called. */
  afterShutdown(connection: NodeConnection, addresses: ConnectionAddresses): void {
    const { fd } = connection;
    if (this.#kernel === null || fd < 0) return;
    const state = this.#kernel.tcpState(fd);
    if (isServerFirst(state)) connection.ending ??= 'server';
    // Both FINs are through already. Who holds TIME_WAIT was first.
    else if (state === tcpStates.close)
      connection.ending ??= this.#timeWait?.holds(addresses) === false ? 'server' : 'client';
    else connection.ending ??= 'client';
  }

  /** Right before close(2) of a socket on which no system call has failed. Clears an error that is left on it. */
  beforeClose({ fd, endSeen, ending }: NodeConnection): EndSeen {
    const kernel = this.#kernel;
    if (kernel === null || fd < 0) return endSeen ? 'server' : 'client';
    const state = kernel.tcpState(fd);
    if (isServerFirst(state)) return 'server';
    if (state === tcpStates.close) {
      if (resetCodes.includes(errnoName(kernel.pendingError(fd)))) return 'resetByServer';
      return ending === 'server' ? 'server' : 'client';
    }
    // Closing with unread bytes makes the kernel send RST (RFC 2525 section 2.17).
    return kernel.peek(fd) > 0 ? 'resetByUs' : 'client';
  }

  close(): void {
    this.#timeWait?.close();
  }
}

/** CLOSE_WAIT and LAST_ACK: the other side's FIN was here before ours went out. */
function isServerFirst(state: number): boolean {
  return state === tcpStates.closeWait || state === tcpStates.lastAck;
}
