/**
 * Moves the reference client's bytes with `node:net`, where FFI or Linux is missing. The same engine decides everything; timers have
 * the millisecond of libuv, so lag is larger and the record says which transport ran.
 */
import { connect, type Socket } from 'node:net';
import { nowNs } from '../../kernel/clock.ts';
import type { TcpConfig } from '../../scenario/config.ts';
import { STOP, type LiveCounts } from '../live.ts';
import type { LoopWatch } from '../loop-watch.ts';
import type { Engine } from './engine.ts';
import { putNumber, type RequestBytes } from './request-bytes.ts';
import type { ReferenceTransport } from './transport.ts';

const receiveBytes = 64 * 1024;
/** How often a stop is looked for: this thread's event loop runs, but the flag makes no event. */
const stopCheckMs = 100;
const lingerAtEndMs = 150;
const nothingToRead = -1;
/** Negative answers above this one are positions in `codes`. */
const firstCode = -1000;

export interface NetTransportSetup {
  readonly host: string;
  readonly port: number;
  readonly tcp: TcpConfig;
  /** Local addresses that connections start from in turn, the one at `firstSource` first; none: the system chooses. */
  readonly sources: readonly string[];
  readonly firstSource: number;
  /** By alternative of the load. */
  readonly requests: readonly RequestBytes[];
  readonly live: LiveCounts;
}

export class NetTransport implements ReferenceTransport {
  /** What `LoopWatch` watches. */
  readonly loop = 'event loop';
  readonly #setup: NetTransportSetup;
  readonly #sockets: (Socket | undefined)[] = [];
  /** Sockets that were closed and may still be flushing: they keep the thread until their handle is gone. */
  readonly #closing = new Set<Socket>();
  readonly #buffer = Buffer.alloc(receiveBytes);
  readonly #codes: string[] = [];
  #engine!: Engine;
  #timer: NodeJS.Timeout | undefined;
  #done: (() => void) | undefined;
  #turning = false;
  /** Connections opened so far, and `firstSource`. */
  #turnOfSource: number;
  /** Node tells nothing of its sockets' options. */
  readonly settings = {};

  constructor(setup: NetTransportSetup) {
    this.#setup = setup;
    this.#turnOfSource = setup.firstSource;
  }

  /** Runs the engine until it is finished and has closed everything. `watch` gets its ticks. */
  async run(engine: Engine, watch: LoopWatch): Promise<void> {
    this.#engine = engine;
    engine.begin(this, nowNs());
    const stopCheck = setInterval(() => {
      watch.tick(nowNs());
      if (this.#setup.live[STOP] === 1) this.#turn();
    }, stopCheckMs);
    await new Promise<void>((resolve) => {
      this.#done = resolve;
      this.#turn();
    });
    clearInterval(stopCheck);
    clearTimeout(this.#timer);
    const untilNs = nowNs() + lingerAtEndMs * 1e6;
    while (engine.lingering && nowNs() < untilNs) await new Promise((resolve) => setTimeout(resolve, 5));
    engine.tearDown();
    await Promise.all([...this.#closing].map((socket) => closed(socket)));
  }

  /** Lets the engine act on the time, and plans the next wake-up. */
  #turn(): void {
    if (this.#turning) return;
    this.#turning = true;
    const now = nowNs();
    if (this.#setup.live[STOP] === 1 && !this.#engine.finished) this.#engine.stop(now);
    else this.#engine.turn(now);
    this.#turning = false;
    if (this.#engine.finished) {
      this.#done?.();
      return;
    }
    clearTimeout(this.#timer);
    const waitMs = Math.max(0, Math.ceil((this.#engine.nextWakeNs() - nowNs()) / 1e6));
    this.#timer = setTimeout(
      () => {
        this.#turn();
      },
      Math.min(waitMs, 2 ** 31 - 1),
    );
  }

  clockNs(): number {
    return nowNs();
  }

  open(slot: number): number {
    const { host, port, tcp, sources } = this.#setup;
    const localAddress = sources[this.#turnOfSource++ % sources.length];
    const socket: Socket = connect({
      host,
      port,
      ...(localAddress === undefined ? {} : { localAddress }),
      noDelay: tcp.noDelay,
      keepAlive: tcp.keepAliveMs !== null,
      keepAliveInitialDelay: tcp.keepAliveMs ?? 0,
      allowHalfOpen: true,
      onread: {
        buffer: this.#buffer,
        callback: (count, buffer) => {
          if (this.#sockets[slot] === socket) this.#engine.exchanges.data(slot, buffer, 0, count, nowNs());
          const isRead = this.#sockets[slot] !== socket || this.#engine.exchanges.isOpen(slot);
          this.#turn();
          return isRead;
        },
      },
    });
    this.#sockets[slot] = socket;
    let connected = false;
    socket.on('connect', () => {
      connected = true;
      if (this.#sockets[slot] === socket) this.#engine.exchanges.opened(slot, nowNs());
      this.#turn();
    });
    socket.on('end', () => {
      if (this.#sockets[slot] === socket) {
        this.#engine.exchanges.finSeen(slot);
        this.#engine.exchanges.eof(slot, nowNs());
      }
      this.#turn();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#sockets[slot] !== socket) return;
      const code = error.code ?? error.message;
      if (connected) {
        this.#engine.exchanges.broken(slot, code, nowNs());
      } else {
        this.#sockets[slot] = undefined;
        this.#engine.exchanges.connectFailed(slot, code, nowNs());
      }
      this.#turn();
    });
    return 0;
  }

  /** libuv keeps what the kernel does not take at once, so everything counts as written. */
  send(slot: number, from: number, alternative: number, number: number): number {
    const socket = this.#sockets[slot];
    if (!socket?.writable) return this.#code('EPIPE');
    const request = this.#setup.requests[alternative]!;
    const bytes = number < 0 ? request.bytes : numberedCopy(request, number);
    socket.write(from === 0 ? bytes : bytes.subarray(from));
    return bytes.length - from;
  }

  peek(): number {
    return nothingToRead;
  }

  /** `reference.ts` refuses what needs it. */
  look(): number {
    throw new Error('node:net shows nothing of what the kernel holds');
  }

  #code(code: string): number {
    const known = this.#codes.indexOf(code);
    return firstCode - (known >= 0 ? known : this.#codes.push(code) - 1);
  }

  errorName(result: number): string {
    return this.#codes[firstCode - result] ?? 'UNKNOWN';
  }

  isDead(result: number): boolean {
    return result <= firstCode;
  }

  close(slot: number, reset: boolean): void {
    const socket = this.#sockets[slot];
    this.#sockets[slot] = undefined;
    if (socket === undefined || socket.destroyed) return;
    this.#closing.add(socket);
    socket.once('close', () => this.#closing.delete(socket));
    if (reset) socket.resetAndDestroy();
    else socket.destroy();
  }
}

/** Of its own: libuv may still hold the bytes when the next request is written. */
function numberedCopy(request: RequestBytes, number: number): Uint8Array {
  const copy = request.bytes.slice();
  putNumber(copy, request, number);
  return copy;
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', resolve);
  });
}
