/**
 * Moves the reference client's bytes with non-blocking sockets and epoll, in a loop that never returns to libuv while the trial runs.
 * Hot: one clock reading per event, one shared receive buffer, edge-triggered events, no allocation per request.
 */
import { nowNs } from '../../kernel/clock.ts';
import { ClosingSockets, closingTag } from '../../kernel/closing-sockets.ts';
import { Epoll, EPOLLERR, EPOLLET, EPOLLHUP, EPOLLIN, EPOLLOUT, EPOLLRDHUP } from '../../kernel/epoll.ts';
import { EAGAIN, errnoName } from '../../kernel/errno.ts';
import { clearEvent } from '../../kernel/event-fd.ts';
import { allocateNative } from '../../kernel/memory.ts';
import { wantExactTimers } from '../../kernel/parent-death.ts';
import { Sockets } from '../../kernel/sockets.ts';
import { recordBytes, TLS_AGAIN, TLS_BROKEN, TLS_ENDED } from '../../kernel/openssl-stream.ts';
import type { TlsConfig } from '../../scenario/config.ts';
import { STOP, WAKE_FD, type LiveCounts } from '../live.ts';
import type { LoopWatch } from '../loop-watch.ts';
import type { ClientFacts } from '../observations.ts';
import { wider } from './columns.ts';
import type { Engine } from './engine.ts';
import type { HandshakeCounts } from './ledger.ts';
import { NativeRequests } from './native-requests.ts';
import { SocketOpener, type SocketOpenerSetup } from './socket-opener.ts';
import type { RequestBytes } from './request-bytes.ts';
import { TlsConnections } from './tls-connections.ts';
import { WakeLateness } from './wake-lateness.ts';
import { LOOK_NOTIFIED, type ReferenceTransport } from './transport.ts';

const receiveBytes = 64 * 1024;
const watched = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
/** Events after which no other may come. */
const ending = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
const wakeTag = 0xffffffff;
/** A negative answer of TLS, whose name is in `TlsConnections.code`: no errno. */
const tlsFailure = -0x10000;

/** How long connections may wait for the server's announced FIN once every request is settled. */
const lingerAtEndNs = 150e6;
/** How long sockets that said close_notify may wait for the server's FIN then. */
const closingAtEndNs = 1e9;

export interface EpollTransportSetup extends Omit<SocketOpenerSetup, 'sockets'> {
  /** By alternative of the load. */
  readonly requests: readonly RequestBytes[];
  readonly live: LiveCounts;
  /** Absent: connections are not encrypted. */
  readonly tls?: EpollTlsSetup;
}

export interface EpollTlsSetup {
  readonly config: TlsConfig;
  readonly caPem: string;
  /** By alternative of the load: whether it may be sent as early data. */
  readonly isSafe: readonly boolean[];
  readonly counts: HandshakeCounts;
}

export class EpollTransport implements ReferenceTransport {
  /** What `LoopWatch` watches. */
  readonly loop = 'own';
  readonly #sockets = new Sockets();
  readonly #epoll = new Epoll();
  readonly #wakeFd: number;
  readonly #opener: SocketOpener;
  readonly #live: LiveCounts;
  #watch!: LoopWatch;
  readonly #lateness = new WakeLateness();
  readonly #requests: NativeRequests;
  readonly #buffer = allocateNative(receiveBytes);
  #fds = new Int32Array(16).fill(-1);
  #connecting = new Uint8Array(16);
  /** Number of the wait during which the connection was opened. */
  #openedIn = new Float64Array(16);
  /** Number of waits so far. */
  #waits = 0;
  readonly #tls: TlsConnections | null;
  readonly #closing: ClosingSockets;
  /** The request that the connection was opened for, or -1. */
  #alternative = new Int32Array(16);
  /** The number of the request that was written last. */
  #number = new Float64Array(16);
  /** 1 once the peer's FIN has arrived; of TLS connections only. */
  #fin = new Uint8Array(16);
  /** 1 where the last look found bytes that nobody has read. */
  #unread = new Uint8Array(16);

  constructor(setup: EpollTransportSetup) {
    this.#opener = new SocketOpener({ ...setup, sockets: this.#sockets });
    this.#live = setup.live;
    this.#requests = new NativeRequests(setup.requests);
    this.#tls = setup.tls === undefined ? null : this.#createTls(setup.host, setup.tls);
    this.#closing = new ClosingSockets(this.#sockets, this.#epoll, this.#buffer);
    this.#wakeFd = Atomics.load(this.#live, WAKE_FD);
    if (this.#wakeFd >= 0) this.#epoll.add(this.#wakeFd, EPOLLIN, wakeTag);
  }

  #createTls(host: string, { config, caPem, isSafe, counts }: EpollTlsSetup): TlsConnections {
    const requests = isSafe.map((safe, index) => {
      return { address: this.#requests.address[index]!, length: this.#requests.length[index]!, isSafe: safe };
    });
    return new TlsConnections({ tls: config, host, caPem, requests, counts });
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
    const closedByNs = nowNs() + closingAtEndNs;
    for (let now = nowNs(); this.#closing.count > 0 && now < closedByNs; now = nowNs()) this.#wait(engine, closedByNs);
    this.#closing.closeAll();
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
    if (this.#closing.count > 0) this.#closing.expire(now);
    for (let index = 0; index < count; index++) {
      const tag = this.#epoll.tag(index);
      if (tag === wakeTag) clearEvent(this.#wakeFd, this.#buffer);
      else if (tag >= closingTag) this.#closing.onEvent(tag - closingTag);
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
      if (this.#tls === null) engine.exchanges.opened(slot, nowNs());
      else if (!this.#beginTls(engine, slot, this.#tls) && (events & ending) === 0) return;
    } else if (this.#tls?.isShaking(slot) === true) {
      if (!this.#shake(engine, slot, this.#tls) && (events & ending) === 0) return;
    } else if ((events & EPOLLOUT) !== 0 && engine.exchanges.isOpen(slot)) {
      if (this.#tls === null) engine.exchanges.writable(slot, nowNs());
      else this.#writeTls(engine, slot, this.#tls);
    }
    if (this.#isNew(slot)) return;
    // A reset says RDHUP too, together with HUP: then no FIN came.
    if ((events & (EPOLLRDHUP | EPOLLHUP)) === EPOLLRDHUP && engine.exchanges.isOpen(slot)) {
      this.#fin[slot] = 1;
      engine.exchanges.finSeen(slot);
    }
    if ((events & (EPOLLIN | ending)) === 0) return;
    if (this.#tls === null) this.#read(engine, slot, events);
    else if (this.#tls.isOpen(slot)) this.#readTls(engine, slot, events, this.#tls);
  }

  /** TCP is established. Gives whether there is something to read by now. */
  #beginTls(engine: Engine, slot: number, tls: TlsConnections): boolean {
    engine.exchanges.connected(slot, nowNs());
    if (!tls.begin(slot, this.#fds[slot]!, this.#alternative[slot]!)) return this.#shake(engine, slot, tls);
    engine.exchanges.opened(slot, nowNs());
    return false;
  }

  /** Goes on with the handshake. Gives whether it is complete and there is something to read. */
  #shake(engine: Engine, slot: number, tls: TlsConnections): boolean {
    const isEarly = tls.isEarly(slot);
    const result = tls.shake(slot);
    if (result === TLS_AGAIN) return false;
    if (result < 0) {
      engine.exchanges.handshakeFailed(slot, tls.code, nowNs());
      return false;
    }
    if (isEarly) this.#writeTls(engine, slot, tls);
    else engine.exchanges.opened(slot, nowNs());
    return tls.isPartial(slot);
  }

  /** The connection takes bytes: those of refused early data first. */
  #writeTls(engine: Engine, slot: number, tls: TlsConnections): void {
    if (tls.mustRepeat(slot)) this.#requests.putNumber(this.#alternative[slot]!, this.#number[slot]!);
    if (tls.repeat(slot)) engine.exchanges.writable(slot, nowNs());
    else engine.exchanges.broken(slot, tls.code, nowNs());
  }

  /** Reads until nothing is left, in OpenSSL or in the socket. */
  #readTls(engine: Engine, slot: number, events: number, tls: TlsConnections): void {
    const isEnding = (events & ending) !== 0;
    let bytes = 0;
    while (engine.exchanges.isOpen(slot) && !this.#isNew(slot)) {
      const result = tls.read(slot, this.#buffer.address, receiveBytes);
      const now = nowNs();
      if (result > 0) {
        bytes += result + recordBytes;
        const isLast = !isEnding && tls.isEmptied(slot, bytes);
        engine.exchanges.data(slot, this.#buffer.bytes, 0, result, now);
        engine.startDue(now);
        if (isLast) return;
      } else {
        if (result !== TLS_AGAIN) this.#endTls(engine, slot, result, now);
        engine.startDue(now);
        return;
      }
    }
  }

  /** No more data: by close_notify, by FIN, or because the connection died. */
  #endTls(engine: Engine, slot: number, result: number, now: number): void {
    if (result === TLS_BROKEN) {
      engine.exchanges.broken(slot, this.#tls!.code, now);
    } else if (result === TLS_ENDED) {
      this.#fin[slot] = 1;
      engine.exchanges.eof(slot, now, true);
    } else {
      const peeked = this.peek(slot);
      if (peeked === 0) engine.exchanges.eof(slot, now);
      else if (this.isDead(peeked)) engine.exchanges.broken(slot, errnoName(-peeked), now);
      else engine.exchanges.notified(slot, now);
    }
  }

  /** Whether the slot was given to another connection since the wait returned: the events at hand are those of the one before. */
  #isNew(slot: number): boolean {
    return this.#openedIn[slot] === this.#waits;
  }

  /** Reads until nothing is left. Edge-triggered: a short read means that, unless the FIN is still to be taken. */
  #read(engine: Engine, slot: number, events: number): void {
    const { exchanges } = engine;
    const moreAfterShort = (events & ending) !== 0;
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

  /** Options of the sockets as the kernel has them, where the scenario asked for others than the system's own. */
  get settings(): ClientFacts['settings'] {
    const { userTimeoutMs } = this.#opener;
    return userTimeoutMs === null ? {} : { 'tcp.userTimeoutMs': userTimeoutMs };
  }

  open(slot: number, alternative: number): number {
    if (slot >= this.#fds.length) this.#grow(slot + 1);
    const fd = this.#opener.open();
    if (fd < 0) return fd;
    this.#fds[slot] = fd;
    this.#connecting[slot] = 1;
    this.#alternative[slot] = alternative;
    this.#fin[slot] = 0;
    this.#unread[slot] = 0;
    this.#openedIn[slot] = this.#waits;
    const failed = this.#epoll.add(fd, watched, slot);
    if (failed === 0) return 0;
    this.#release(slot, true);
    return -failed;
  }

  send(slot: number, from: number, alternative: number, number: number): number {
    if (number >= 0) {
      this.#number[slot] = number;
      this.#requests.putNumber(alternative, number);
    }
    const address = this.#requests.address[alternative]! + from;
    const length = this.#requests.length[alternative]! - from;
    if (this.#tls !== null) {
      const taken = this.#tls.write(slot, address, length);
      return taken >= 0 ? taken : tlsFailure;
    }
    const result = this.#sockets.send(this.#fds[slot]!, address, length);
    return result === -EAGAIN ? 0 : result;
  }

  peek(slot: number): number {
    const result = this.#sockets.peek(this.#fds[slot]!);
    if (result === 0) this.#fin[slot] = 1;
    this.#unread[slot] = result > 0 ? 1 : 0;
    return result;
  }

  look(slot: number): number {
    const found = this.peek(slot);
    return found > 0 && this.#tls?.isOpen(slot) === true ? this.#lookTls(slot, this.#tls) : found;
  }

  /** Something waits: what of it is no data is taken in, and what is behind it looked at. */
  #lookTls(slot: number, tls: TlsConnections): number {
    const result = tls.read(slot, this.#buffer.address, receiveBytes);
    if (result > 0) return 1;
    if (result === TLS_BROKEN) return tlsFailure;
    const behind = this.peek(slot);
    if (behind === 0 || this.isDead(behind)) return behind;
    return result === TLS_AGAIN ? -EAGAIN : LOOK_NOTIFIED;
  }

  errorName(result: number): string {
    return result === tlsFailure ? this.#tls!.code : errnoName(-result);
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
    // After the server's FIN nobody listens: close_notify would be answered by RST, which takes the server's TIME_WAIT with it.
    const notify = this.#tls !== null && !reset && this.#fin[slot] === 0;
    // In one segment with the FIN: a server that closes at close_notify would else be the first to close, now and then.
    if (notify) this.#sockets.holdForFin(fd);
    const isNotified = this.#tls?.end(slot, notify) === true;
    if (isNotified && this.#unread[slot] === 0) this.#closing.add(fd, nowNs());
    else if (reset) this.#sockets.reset(fd);
    else this.#sockets.close(fd);
  }

  #grow(atLeast: number): void {
    const capacity = Math.max(atLeast, this.#fds.length * 2);
    this.#fds = wider(this.#fds, new Int32Array(capacity).fill(-1));
    this.#connecting = wider(this.#connecting, new Uint8Array(capacity));
    this.#openedIn = wider(this.#openedIn, new Float64Array(capacity));
    this.#number = wider(this.#number, new Float64Array(capacity));
    this.#alternative = wider(this.#alternative, new Int32Array(capacity));
    this.#fin = wider(this.#fin, new Uint8Array(capacity));
    this.#unread = wider(this.#unread, new Uint8Array(capacity));
  }
}
