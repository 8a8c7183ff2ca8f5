/** One TCP connection of a hop: its age, its requests and who closed it first, told to a tally when it has ended. */
import type { Socket } from 'node:net';
import { createProbes } from '../server/first-closer.ts';
import { nowNs } from '../kernel/clock.ts';
import type { ConnectionTally, HopCloser } from './tally.ts';

const probes = createProbes();
/** The probe speaks as a server: its client is whoever is at the other end. */
const closers = { client: 'peer', server: 'hop', reset: 'reset' } as const;

export class WatchedSocket {
  readonly socket: Socket;
  requests = 0;
  readonly #sinceNs = nowNs();
  #first: HopCloser | null = null;

  /** For a socket that is connected. Listens before anybody else, since what others do makes the order of events unknowable. */
  constructor(socket: Socket, tally: ConnectionTally) {
    this.socket = socket;
    tally.add();
    socket.prependListener('end', () => {
      // Our own FIN would have been noted at 'finish'.
      this.#first ??= this.#isResetUnseen() ? 'reset' : 'peer';
    });
    socket.prependListener('finish', () => {
      this.#first ??= this.#whoIsFirst();
    });
    socket.prependListener('error', () => {
      this.#first ??= 'reset';
    });
    socket.once('close', () => {
      tally.end(this.#first ?? 'hop', (nowNs() - this.#sinceNs) / 1e6, this.requests);
    });
  }

  /** The other side broke it off. */
  get isReset(): boolean {
    return this.#first === 'reset';
  }

  /** Closes at once; what was not written yet is lost. */
  destroy(): void {
    if (this.socket.destroyed) return;
    this.#first ??= this.#whoIsFirst();
    this.socket.destroy();
  }

  /** Closes with a RST. */
  reset(): void {
    if (this.socket.destroyed) return;
    this.#first ??= 'reset';
    this.socket.resetAndDestroy();
  }

  #whoIsFirst(): HopCloser {
    const fd = this.#descriptor();
    return fd < 0 ? 'hop' : closers[probes.firstCloser(fd)];
  }

  /**
   * libuv reports a reset that arrives together with data as an end (uv__stream_io in src/unix/stream.c). Where this side is open the kernel
   * knows better: after a FIN it waits for this side to close.
   */
  #isResetUnseen(): boolean {
    const fd = this.#descriptor();
    return fd >= 0 && !this.socket.writableEnded && probes.firstFin(fd) === null;
  }

  #descriptor(): number {
    const { _handle: handle } = this.socket as Socket & { readonly _handle?: { readonly fd?: number } | null };
    return handle?.fd ?? -1;
  }
}
