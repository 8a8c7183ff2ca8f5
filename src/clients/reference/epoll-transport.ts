/**
 * Moves the reference client's bytes with non-blocking sockets and epoll, in a loop that never returns to libuv while the trial runs.
 * Hot: one clock reading per event, one shared receive buffer, edge-triggered events, no allocation per request.
 */
import { nowNs } from '../../kernel/clock.ts';
import { Epoll, EPOLLERR, EPOLLET, EPOLLHUP, EPOLLIN, EPOLLOUT, EPOLLRDHUP } from '../../kernel/epoll.ts';
import { EAGAIN, EINPROGRESS, errnoName } from '../../kernel/errno.ts';
import { clearEvent } from '../../kernel/event-fd.ts';
import { allocateNative } from '../../kernel/memory.ts';
import { wantExactTimers } from '../../kernel/parent-death.ts';
import { socketAddress, Sockets, type SocketAddress } from '../../kernel/sockets.ts';
import type { TcpConfig } from '../../scenario/config.ts';
import { STOP, WAKE_FD, type LiveCounts } from '../live.ts';
import type { LoopWatch } from '../loop-watch.ts';
import type { Engine } from './engine.ts';
import { WakeLateness } from './wake-lateness.ts';
import type { ReferenceTransport } from './transport.ts';

const receiveBytes = 64 * 1024;
const watched = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
const wakeTag = 0xffffffff;

/** How long connections may wait for the server's announced FIN once every request is settled. */
const lingerAtEndNs = 150e6;

export interface EpollTransportSetup {
  readonly host: string;
  readonly port: number;
  readonly tcp: TcpConfig;
  /** By alternative of the load. */
  readonly requests: readonly Uint8Array[];
  readonly live: LiveCounts;
}

export class EpollTransport implements ReferenceTransport {
  /** What `LoopWatch` watches. */
  readonly loop = 'own';
  readonly #sockets = new Sockets();
  readonly #epoll = new Epoll();
  readonly #wakeFd: number;
  readonly #to: SocketAddress;
  readonly #tcp: TcpConfig;
  readonly #live: LiveCounts;
  #watch!: LoopWatch;
  readonly #lateness = new WakeLateness();
  // By alternative of the load: where the bytes of its request are, and how many.
  readonly #address: Float64Array;
  readonly #length: Float64Array;
  readonly #buffer = allocateNative(receiveBytes);
  #fds = new Int32Array(16).fill(-1);
  #connecting = new Uint8Array(16);
  /** Number of the wait during which the connection was opened. */
  #openedIn = new Float64Array(16);
  /** Number of waits so far. */
  #waits = 0;

  constructor(setup: EpollTransportSetup) {
    this.#to = socketAddress(setup.host, setup.port);
    this.#tcp = setup.tcp;
    this.#live = setup.live;
    this.#length = Float64Array.from(setup.requests, ({ length }) => length);
    this.#address = Float64Array.from(setup.requests, nativeCopy);
    this.#wakeFd = Atomics.load(this.#live, WAKE_FD);
    if (this.#wakeFd >= 0) this.#epoll.add(this.#wakeFd, EPOLLIN, wakeTag);
  }

  /** Runs the engine until it is finished and has closed everything. Blocks this thread. `watch` is told of every wait. */
  run(engine: Engine, watch: LoopWatch): void {
    this.#watch = watch;
    wantExactTimers();
    engine.begin(this, nowNs());
    for (;;) {
      const now = nowNs();
      if (this.#live[STOP] === 1) engine.stop(now);
      else engine.turn(now);
      if (engine.finished) break;
      this.#wait(engine, engine.nextWakeNs());
    }
    const untilNs = nowNs() + lingerAtEndNs;
    for (let now = nowNs(); engine.lingering && now < untilNs; now = nowNs()) {
      engine.turn(now);
      this.#wait(engine, Math.min(engine.nextWakeNs(), untilNs));
    }
    engine.tearDown();
    this.#epoll.close();
  }

  /**
   * The clock is read again before the wait: what the turn took must not make the next one late. It may end a little before `untilNs`;
   * then the loop comes round again, which takes a microsecond or two.
   */
  #wait(engine: Engine, untilNs: number): void {
    const now = nowNs();
    const timeoutNs = untilNs - now - this.#lateness.earlyNs;
    const count = this.#epoll.wait(timeoutNs);
    const afterNs = nowNs();
    if (count === 0 && timeoutNs > 0) this.#lateness.woken(afterNs - now - timeoutNs);
    this.#watch.waited(now, afterNs);
    this.#waits++;
    for (let index = 0; index < count; index++) {
      const tag = this.#epoll.tag(index);
      if (tag === wakeTag) clearEvent(this.#wakeFd, this.#buffer);
      else this.#handle(engine, tag, this.#epoll.events(index));
    }
  }

  #handle(engine: Engine, slot: number, events: number): void {
    if (this.#isNew(slot)) return;
    const { exchanges } = engine;
    if (this.#connecting[slot] === 1) {
      if ((events & (EPOLLERR | EPOLLHUP)) !== 0) {
        const error = this.#sockets.pendingError(this.#fds[slot]!);
        this.#release(slot, false);
        exchanges.connectFailed(slot, errnoName(error), nowNs());
        return;
      }
      if ((events & EPOLLOUT) === 0) return;
      this.#connecting[slot] = 0;
      exchanges.opened(slot, nowNs());
    } else if ((events & EPOLLOUT) !== 0 && exchanges.isOpen(slot)) {
      exchanges.writable(slot, nowNs());
    }
    if (this.#isNew(slot)) return;
    // A reset says RDHUP too, together with HUP: then no FIN came.
    if ((events & (EPOLLRDHUP | EPOLLHUP)) === EPOLLRDHUP && exchanges.isOpen(slot)) exchanges.finSeen(slot);
    if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) !== 0) this.#read(engine, slot, events);
  }

  /** Whether the slot was given to another connection since the wait returned: the events at hand are those of the one before. */
  #isNew(slot: number): boolean {
    return this.#openedIn[slot] === this.#waits;
  }

  /** Reads until nothing is left. Edge-triggered: a short read means that, unless the FIN is still to be taken. */
  #read(engine: Engine, slot: number, events: number): void {
    const { exchanges } = engine;
    const moreAfterShort = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) !== 0;
    while (exchanges.isOpen(slot) && !this.#isNew(slot)) {
      const result = this.#sockets.recv(this.#fds[slot]!, this.#buffer.address, receiveBytes);
      const now = nowNs();
      if (result > 0) {
        exchanges.data(slot, this.#buffer.bytes, 0, result, now);
        engine.startDue(now);
        if (result < receiveBytes && !moreAfterShort) return;
      } else {
        if (result === 0) exchanges.eof(slot, now);
        else if (result !== -EAGAIN) exchanges.broken(slot, errnoName(-result), now);
        engine.startDue(now);
        return;
      }
    }
  }

  clockNs(): number {
    return nowNs();
  }

  open(slot: number): number {
    if (slot >= this.#fds.length) this.#grow(slot + 1);
    const fd = this.#sockets.open();
    if (fd < 0) return fd;
    if (this.#tcp.noDelay) this.#sockets.setNoDelay(fd, true);
    if (this.#tcp.keepAliveMs !== null) this.#sockets.setKeepAlive(fd, this.#tcp.keepAliveMs);
    if (this.#tcp.fastOpen) this.#sockets.setFastOpenConnect(fd);
    const result = this.#sockets.connect(fd, this.#to);
    if (result < 0 && result !== -EINPROGRESS) {
      this.#sockets.close(fd);
      return result;
    }
    this.#fds[slot] = fd;
    this.#connecting[slot] = 1;
    this.#openedIn[slot] = this.#waits;
    const failed = this.#epoll.add(fd, watched, slot);
    if (failed === 0) return 0;
    this.#release(slot, true);
    return -failed;
  }

  send(slot: number, from: number, alternative: number): number {
    const address = this.#address[alternative]! + from;
    const result = this.#sockets.send(this.#fds[slot]!, address, this.#length[alternative]! - from);
    return result === -EAGAIN ? 0 : result;
  }

  peek(slot: number): number {
    return this.#sockets.peek(this.#fds[slot]!);
  }

  errorName(result: number): string {
    return errnoName(-result);
  }

  isDead(result: number): boolean {
    return result < 0 && result !== -EAGAIN;
  }

  close(slot: number, reset: boolean): void {
    this.#release(slot, reset);
  }

  #release(slot: number, reset: boolean): void {
    const fd = this.#fds[slot]!;
    this.#fds[slot] = -1;
    this.#connecting[slot] = 0;
    if (reset) this.#sockets.reset(fd);
    else this.#sockets.close(fd);
  }

  #grow(atLeast: number): void {
    const capacity = Math.max(atLeast, this.#fds.length * 2);
    const fds = new Int32Array(capacity).fill(-1);
    fds.set(this.#fds);
    this.#fds = fds;
    const connecting = new Uint8Array(capacity);
    connecting.set(this.#connecting);
    this.#connecting = connecting;
    const openedIn = new Float64Array(capacity);
    openedIn.set(this.#openedIn);
    this.#openedIn = openedIn;
  }
}

/** Address of a copy that native calls can read; it lives as long as the process. */
function nativeCopy(bytes: Uint8Array): number {
  const copy = allocateNative(bytes.length);
  copy.bytes.set(bytes);
  return copy.address;
}
