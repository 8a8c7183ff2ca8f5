/**
 * TLS sockets that said close_notify and FIN and wait for the other side's. Who gets a close_notify answers with one: where the socket is
 * gone by then, this host's kernel sends RST, and neither side keeps the TIME_WAIT that is due (RFC 9293 section 3.6, RFC 9112 section 9.8).
 */
import { EPOLLET, EPOLLIN, EPOLLRDHUP, type Epoll } from './epoll.ts';
import { EAGAIN } from './errno.ts';
import type { NativeBuffer } from './memory.ts';
import type { Sockets } from './sockets.ts';

/** Tags of such sockets in an epoll instance: this plus the descriptor. */
export const closingTag = 0x80000000;
/** How long the other side may take. */
const graceNs = 1e9;
const watched = (EPOLLIN | EPOLLRDHUP | EPOLLET) >>> 0;

export class ClosingSockets {
  readonly #sockets: Sockets;
  readonly #epoll: Epoll;
  readonly #scratch: NativeBuffer;
  /** By descriptor, the first to run out first: when it is closed at the latest, ns. */
  readonly #deadlines = new Map<number, number>();

  /** What arrives is read into `scratch` and thrown away. */
  constructor(sockets: Sockets, epoll: Epoll, scratch: NativeBuffer) {
    this.#sockets = sockets;
    this.#epoll = epoll;
    this.#scratch = scratch;
  }

  get count(): number {
    return this.#deadlines.size;
  }

  /** Sends FIN. From now on the events of the descriptor, which epoll knows, come with the tag `closingTag` plus the descriptor. */
  add(fd: number, nowNs: number): void {
    this.#sockets.shutdownWrite(fd);
    this.#epoll.modify(fd, watched, closingTag + fd); // Says again what was there already.
    this.#deadlines.set(fd, nowNs + graceNs);
  }

  onEvent(fd: number): void {
    if (!this.#deadlines.has(fd)) return;
    const { address, bytes } = this.#scratch;
    let count = 1;
    while (count > 0) count = this.#sockets.recv(fd, address, bytes.length);
    if (count !== -EAGAIN) this.#close(fd);
  }

  /** Closes those that have waited long enough. */
  expire(nowNs: number): void {
    for (const [fd, deadlineNs] of this.#deadlines) {
      if (deadlineNs > nowNs) return;
      this.#close(fd);
    }
  }

  closeAll(): void {
    this.expire(Infinity);
  }

  #close(fd: number): void {
    this.#deadlines.delete(fd);
    this.#sockets.close(fd);
  }
}
