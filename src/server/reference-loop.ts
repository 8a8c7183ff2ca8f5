/**
 * The reference server's loop: one epoll instance, one thread, exact deadlines. It blocks in epoll and never returns to Node's event loop
 * until it is stopped; other threads reach it through `wakeFd`. Hot: one clock reading per turn, no allocation per request.
 */
import { nowNs } from '../kernel/clock.ts';
import { closingTag } from '../kernel/closing-sockets.ts';
import { Epoll, EPOLLET, EPOLLIN } from '../kernel/epoll.ts';
import { EventFd } from '../kernel/event-fd.ts';
import { wantExactTimers } from '../kernel/parent-death.ts';
import { Sockets } from '../kernel/sockets.ts';
import { delaySampler } from '../load/delay.ts';
import { Random } from '../load/random.ts';
import { ConnectionLedger, type LedgerCounts } from './connection-ledger.ts';
import type { LiveServerSettings, MeasureSpan } from './messages.ts';
import { effectiveBacklog } from './node-settings.ts';
import { ReferenceConnections, type ReferenceTimeouts } from './reference-connections.ts';
import { defaultBacklog, isExhaustion, isNoneWaiting, openListener } from './reference-listener.ts';
import { liveTlsSettings, openTls, type TlsServerSockets } from './reference-tls.ts';
import { isNoDelay, type ServerOptions } from './running-server.ts';

const listenerTag = 0;
const wakeTag = 1;
const firstTag = 2;
/** Connections accepted before others get their turn. */
const acceptsPerTurn = 64;
/** No backlog is longer: a bound for emptying it. */
const mostBacklog = 65_536;
/** How long accepting pauses when descriptors or memory have run out. */
const acceptPauseNs = 100e6;
/** How often a server that stops looks whether its last sockets have waited long enough. */
const closingCheckNs = 50e6;

/** What the server does where the configuration says nothing: Node's own defaults, without its buffer and its checking interval. */
const defaults = { keepAliveTimeoutMs: 5_000, headersTimeoutMs: 60_000, requestTimeoutMs: 300_000 };

export class ReferenceLoop {
  readonly port: number;
  readonly settings: LiveServerSettings;
  /** Raising this event (kernel/event-fd.ts) makes the loop call `onWake` in its own thread. */
  readonly wakeFd: number;
  readonly #epoll = new Epoll();
  readonly #sockets: Sockets;
  /** Null where the server does not speak TLS. */
  readonly #tls: TlsServerSockets | null;
  readonly #ledger: ConnectionLedger;
  readonly #connections: ReferenceConnections;
  readonly #maxConnections: number;
  /** With so many connections open nothing is accepted. */
  readonly #pauseAbove: number;
  #isPaused = false;
  /** -1 once it is closed. */
  #listener: number;
  #acceptAgainNs = Infinity;
  #stopAtNs = Infinity;
  #isStopping = false;

  /** Binds and listens. Throws a ServerFailure where that is refused, and an Error where FFI is missing. */
  constructor(options: ServerOptions) {
    const { config, host, port, seed, countDuplicates = false } = options;
    this.#ledger = new ConnectionLedger(config, countDuplicates);
    this.#tls = openTls(options, this.#ledger, this.#epoll);
    this.#sockets = this.#tls ?? new Sockets();
    const settings = liveSettings(options);
    const backlog = config.backlog ?? defaultBacklog;
    const listener = openListener(this.#sockets, host, port, backlog);
    const { delay } = config.response;
    const sampleDelayMs = isNoDelay(delay) ? null : delaySampler(delay, new Random(seed));
    const system = { ledger: this.#ledger, sockets: this.#sockets, epoll: this.#epoll };
    this.#connections = new ReferenceConnections(options, timeouts(settings), sampleDelayMs, system);
    this.#maxConnections = config.maxConnections;
    this.#pauseAbove = config.acceptPause?.above ?? Infinity;
    this.#listener = listener.fd;
    this.port = listener.port;
    this.settings = settings;
    this.wakeFd = new EventFd().fd;
    // Edge-triggered, so that it need not be read: each raise is an edge.
    this.#epoll.add(this.wakeFd, (EPOLLIN | EPOLLET) >>> 0, wakeTag);
    this.#epoll.add(this.#listener, EPOLLIN, listenerTag);
  }

  /** Serves until `stop` was called (by `onWake`, in this thread) and every connection has ended. */
  run(onWake: () => void): void {
    wantExactTimers();
    while (!this.#isStopping || this.#listener >= 0 || this.#ledger.open > 0 || this.#isClosing()) {
      const count = this.#epoll.wait(this.#waitNs());
      this.#connections.nowNs = nowNs();
      for (let index = 0; index < count; index++) {
        const tag = this.#epoll.tag(index);
        if (tag >= closingTag) this.#tls?.onClosingEvent(tag - closingTag);
        else if (tag >= firstTag) this.#connections.onEvent(tag - firstTag, this.#epoll.events(index));
        else if (tag === listenerTag) this.#acceptWaiting(acceptsPerTurn);
        else onWake();
      }
      if (this.#connections.hasMore) this.#connections.readMore();
      this.#onTime(this.#connections.nowNs);
    }
    this.#tls?.closeAll();
  }

  /** Stops accepting, lets open connections end for `graceMs`, then ends them. A later call may shorten the grace. */
  stop(graceMs: number): void {
    this.#isStopping = true;
    this.#stopAtNs = Math.min(this.#stopAtNs, nowNs() + graceMs * 1e6);
    if (this.#listener < 0) return;
    this.#emptyBacklog();
  }

  /**
   * What the kernel has completed is a connection to its client: it is counted and served like the others. For want of descriptors the rest
   * is accepted as others end.
   */
  #emptyBacklog(): void {
    if (this.#listener < 0 || this.#acceptWaiting(mostBacklog)) return;
    this.#sockets.close(this.#listener);
    this.#listener = -1;
    this.#isPaused = false;
    this.#acceptAgainNs = Infinity;
  }

  /** What is open, and what still waits to be accepted, as many at a time as there are descriptors. */
  #closeAll(): void {
    for (let rounds = 0; rounds < mostBacklog; rounds++) {
      this.#connections.closeAll();
      const before = this.#ledger.open;
      this.#emptyBacklog();
      if (this.#ledger.open === before) break;
    }
    if (this.#listener < 0) return;
    this.#sockets.close(this.#listener);
    this.#listener = -1;
    this.#acceptAgainNs = Infinity;
  }

  /** It is certain when measure is. */
  measure(span: MeasureSpan): void {
    this.#connections.drain?.schedule(span);
  }

  counts(): LedgerCounts {
    return this.#ledger.counts();
  }

  /** Whether sockets still wait for the other side's FIN; each does so for a limited time. */
  #isClosing(): boolean {
    return this.#tls !== null && this.#tls.closing > 0;
  }

  #waitNs(): number {
    if (this.#connections.hasMore) return 0;
    const closeNs = this.#isStopping && this.#isClosing() ? nowNs() + closingCheckNs : Infinity;
    const { deadlines, drain } = this.#connections;
    const drainNs = drain?.nextNs ?? Infinity;
    const nextNs = Math.min(deadlines.nextNs(), drainNs, this.#stopAtNs, this.#acceptAgainNs, closeNs);
    return nextNs === Infinity ? Infinity : Math.max(0, nextNs - nowNs());
  }

  #onTime(turnNs: number): void {
    const { deadlines } = this.#connections;
    for (let slot = deadlines.due(turnNs); slot >= 0; slot = deadlines.due(turnNs)) this.#connections.onDeadline(slot);
    this.#connections.drain?.onTime(turnNs);
    this.#tls?.expire(turnNs);
    if (turnNs >= this.#acceptAgainNs && this.#isStopping) {
      this.#emptyBacklog();
    } else if (turnNs >= this.#acceptAgainNs) {
      this.#acceptAgainNs = Infinity;
      this.#epoll.add(this.#listener, EPOLLIN, listenerTag);
    }
    if (this.#isPaused && !this.#isStopping && this.#ledger.open < this.#pauseAbove) {
      this.#isPaused = false;
      this.#epoll.add(this.#listener, EPOLLIN, listenerTag);
    }
    if (turnNs >= this.#stopAtNs) {
      this.#stopAtNs = Infinity;
      this.#closeAll();
    }
  }

  /** What is not accepted waits in the backlog. */
  #pauseAccepting(): void {
    this.#isPaused = true;
    this.#ledger.pauseAccepting();
    this.#epoll.remove(this.#listener);
  }

  /** Gives whether some were left for want of descriptors. */
  #acceptWaiting(most: number): boolean {
    if (this.#listener < 0) return false; // Stopped earlier in this turn.
    for (let accepted = 0; accepted < most; accepted++) {
      if (this.#ledger.open >= this.#pauseAbove && !this.#isStopping) {
        this.#pauseAccepting();
        return false;
      }
      const fd = this.#sockets.accept(this.#listener);
      if (fd < 0) {
        if (isNoneWaiting(-fd)) return false;
        this.#ledger.failAccept();
        if (!isExhaustion(-fd)) continue;
        // The connections stay in the backlog; asking again at once would only spin.
        if (this.#acceptAgainNs === Infinity && !this.#isPaused) this.#epoll.remove(this.#listener);
        this.#acceptAgainNs = nowNs() + acceptPauseNs;
        return true;
      }
      if (this.#ledger.open >= this.#maxConnections) {
        this.#sockets.close(fd);
        this.#ledger.turnAway();
      } else {
        this.#connections.accept(fd, firstTag);
      }
    }
    return false;
  }
}

function liveSettings({ config, tls }: ServerOptions): LiveServerSettings {
  return {
    runtime: 'connbench reference server',
    keepAliveTimeoutMs: config.keepAliveTimeoutMs ?? defaults.keepAliveTimeoutMs,
    keepAliveTimeoutBufferMs: 0,
    maxRequestsPerSocket: config.maxRequestsPerSocket,
    headersTimeoutMs: config.headersTimeoutMs ?? defaults.headersTimeoutMs,
    requestTimeoutMs: config.requestTimeoutMs ?? defaults.requestTimeoutMs,
    connectionsCheckingIntervalMs: null,
    maxConnections: config.maxConnections,
    backlog: effectiveBacklog(config.backlog ?? defaultBacklog),
    noDelay: true,
    ...(config.tls === undefined ? {} : { tls: liveTlsSettings(config.tls, tls?.version) }),
  };
}

function timeouts(settings: LiveServerSettings): ReferenceTimeouts {
  return {
    keepAliveNs: (settings.keepAliveTimeoutMs ?? Infinity) * 1e6,
    headersNs: (settings.headersTimeoutMs ?? Infinity) * 1e6,
    requestNs: (settings.requestTimeoutMs ?? Infinity) * 1e6,
  };
}
