/**
 * What the reference server does with one connection: receive, answer in order, and end it for a reason, with the first closer known.
 *
 * Hot: one event of a connection is a few calls on flat arrays. Input is watched edge-triggered, so a connection costs one epoll_ctl in its
 * life; whoever stops reading early leaves READABLE set and reads on when its turn comes.
 */
import { EAGAIN } from '../kernel/errno.ts';
import { EPOLLERR, EPOLLET, EPOLLHUP, EPOLLIN, EPOLLOUT, EPOLLRDHUP, type Epoll } from '../kernel/epoll.ts';
import { nowNs } from '../kernel/clock.ts';
import { allocateNative } from '../kernel/memory.ts';
import type { Sockets } from '../kernel/sockets.ts';
import { Deadlines } from '../strategy/deadlines.ts';
import type { ConnectionLedger } from './connection-ledger.ts';
import {
  AWAITING_FIN,
  ConnectionSlots,
  DEAD,
  DELAYING,
  FIN_SEEN,
  FREE,
  FRESH,
  IDLE,
  LAST,
  READABLE,
  RECEIVING,
  SENDING,
  SHED,
} from './connection-slots.ts';
import type { FaultyResponse } from './faults.ts';
import type { CloseReason } from './messages.ts';
import { ReferenceDrain } from './reference-drain.ts';
import { ReferenceEnds } from './reference-ends.ts';
import { ReferenceFaults } from './reference-faults.ts';
import { ReferencePolicies } from './reference-policies.ts';
import {
  answerIndex,
  prepareResponses,
  refusalIndex,
  refusalStatus,
  type PreparedResponses,
} from './reference-responses.ts';
import type { ServerOptions } from './running-server.ts';

/** Timeouts in ns; Infinity for never. */
export interface ReferenceTimeouts {
  readonly keepAliveNs: number;
  readonly headersNs: number;
  readonly requestNs: number;
}

const receiveBytes = 65_536;
/** Reads of one connection before others get their turn. */
const readsPerTurn = 16;
const watched = (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET) >>> 0;

export class ReferenceConnections {
  readonly deadlines = new Deadlines();
  readonly slots: ConnectionSlots;
  /** Connections with input left after their share of a turn. */
  readonly #again: number[] = [];
  readonly #ledger: ConnectionLedger;
  readonly #sockets: Sockets;
  readonly #epoll: Epoll;
  readonly #responses: PreparedResponses;
  readonly #timeouts: ReferenceTimeouts;
  readonly #maxRequests: number;
  readonly #ends: ReferenceEnds;
  /** Null where none is configured. */
  readonly #faults: ReferenceFaults | null;
  /** Null where there is none for connections. */
  readonly #policies: ReferencePolicies | null;
  /** Null where the server does not leave. */
  readonly drain: ReferenceDrain | null;
  readonly #readsNumbers: boolean;
  readonly #sampleDelayMs: (() => number) | null;
  readonly #input = allocateNative(receiveBytes);
  /** Octets received and not yet consumed while a request is being handled. */
  #unreadBytes = 0;
  /** The loop's clock reading of this turn. */
  nowNs = nowNs();

  constructor(
    { config, seed, countDuplicates = false }: Pick<ServerOptions, 'config' | 'seed' | 'countDuplicates'>,
    timeouts: ReferenceTimeouts,
    sampleDelayMs: (() => number) | null,
    system: { readonly ledger: ConnectionLedger; readonly sockets: Sockets; readonly epoll: Epoll },
  ) {
    const { ledger, sockets } = system;
    this.slots = new ConnectionSlots(countDuplicates);
    this.#readsNumbers = countDuplicates;
    this.#ledger = ledger;
    this.#sockets = system.sockets;
    this.#epoll = system.epoll;
    const keepAliveMs = timeouts.keepAliveNs / 1e6;
    const responses = prepareResponses(config, keepAliveMs);
    this.#responses = responses;
    this.#faults =
      config.faults === undefined ? null : new ReferenceFaults(config, keepAliveMs, seed, { ledger, responses });
    const { slots, deadlines } = this;
    const hasPolicy = config.shed !== undefined || config.evictIdle !== undefined;
    this.#policies = hasPolicy ? new ReferencePolicies(config, { slots, ledger, sockets }) : null;
    this.#ends = new ReferenceEnds({ slots, deadlines, ledger, sockets }, config.firstCloser === 'client');
    const { drain: book } = ledger;
    const leaves = config.drain !== undefined && book !== null;
    this.drain = leaves ? new ReferenceDrain(config.drain, { slots, ends: this.#ends, book }) : null;
    this.#timeouts = timeouts;
    this.#maxRequests = config.maxRequestsPerSocket;
    this.#sampleDelayMs = sampleDelayMs;
    this.deadlines.grow(this.slots.capacity);
  }

  /** Takes over a connection; its events come with the tag `firstTag` plus its slot. */
  accept(fd: number, firstTag: number): void {
    const idlest = this.#policies?.toEvict() ?? -1;
    if (idlest >= 0) this.#ends.close(idlest, 'evicted');
    const slot = this.slots.take(fd, this.nowNs);
    this.deadlines.grow(this.slots.capacity);
    this.#ledger.accept();
    this.#faults?.clear(slot);
    this.#epoll.add(fd, watched, firstTag + slot);
    this.deadlines.set(slot, this.nowNs + Math.min(this.#timeouts.headersNs, this.#timeouts.requestNs));
  }

  get hasMore(): boolean {
    return this.#again.length > 0;
  }

  /** Reads on where the last turn stopped early. */
  readMore(): void {
    for (const slot of this.#again.splice(0)) this.#onReadable(slot);
  }

  onEvent(slot: number, events: number): void {
    this.#unreadBytes = 0;
    const { phase, flags } = this.slots;
    if ((events & (EPOLLERR | EPOLLHUP)) !== 0) flags[slot]! |= DEAD | READABLE;
    else if ((events & EPOLLRDHUP) !== 0) flags[slot]! |= FIN_SEEN | READABLE;
    else if ((events & EPOLLIN) !== 0) flags[slot]! |= READABLE;
    if (phase[slot] === SENDING && (events & EPOLLOUT) !== 0 && (flags[slot]! & DEAD) === 0) {
      this.#send(slot);
      this.#goOn(slot);
    } else if (this.slots.isReading(slot)) {
      this.#onReadable(slot);
    }
    // The end of a connection that waits for a time or for room would not be read.
    const isBusy = phase[slot] === DELAYING || phase[slot] === SENDING;
    if (isBusy && (flags[slot]! & DEAD) !== 0) this.#ends.dead(slot, this.#sockets.pendingError(this.slots.fd[slot]!));
  }

  onDeadline(slot: number): void {
    this.#unreadBytes = 0;
    switch (this.slots.phase[slot]!) {
      case DELAYING:
        this.#send(slot);
        this.#goOn(slot);
        return;
      case IDLE:
        this.#ends.close(slot, (this.slots.flags[slot]! & SHED) !== 0 ? 'shed' : 'idleTimeout');
        return;
      case FRESH:
      case RECEIVING:
        this.#onSlowRequest(slot);
        return;
      case AWAITING_FIN:
        this.#ends.close(slot, this.slots.lastReason(slot));
        return;
    }
  }

  /** Ends every connection at once. */
  closeAll(): void {
    for (let slot = 0; slot < this.slots.capacity; slot++) {
      const phase = this.slots.phase[slot];
      if (phase === AWAITING_FIN) this.#ends.close(slot, this.slots.lastReason(slot));
      else if (phase !== FREE) this.#ends.close(slot, 'serverStop');
    }
  }

  #onReadable(slot: number): void {
    for (let reads = 0; reads < readsPerTurn; reads++) {
      if ((this.slots.flags[slot]! & READABLE) === 0 || !this.slots.isReading(slot)) return;
      this.#receive(slot);
    }
    if ((this.slots.flags[slot]! & READABLE) !== 0 && this.slots.isReading(slot)) this.#again.push(slot);
  }

  #receive(slot: number): void {
    const { flags } = this.slots;
    const count = this.#sockets.recv(this.slots.fd[slot]!, this.#input.address, receiveBytes);
    if (count > 0) {
      // A short read has emptied the buffer (epoll(7)), but what ended the connection behind it gives no edge of its own.
      if (count < receiveBytes && (flags[slot]! & (FIN_SEEN | DEAD)) === 0) flags[slot]! &= ~READABLE;
      if (this.slots.phase[slot] !== AWAITING_FIN) this.#consume(slot, this.#input.bytes, 0, count);
    } else if (count === 0) {
      flags[slot]! |= FIN_SEEN;
      flags[slot]! &= ~READABLE;
      this.#onFin(slot);
    } else if (count === -EAGAIN) {
      flags[slot]! &= ~READABLE;
    } else {
      this.#ends.dead(slot, -count);
    }
  }

  /** Handles the requests in `bytes[start..end)` one after another, until one cannot be answered at once. */
  #consume(slot: number, bytes: Uint8Array, start: number, end: number): void {
    const parser = this.slots.parser[slot]!;
    const { phase } = this.slots;
    let offset = start;
    while (offset < end) {
      const hadHead = parser.headDone;
      const hadStarted = parser.started;
      offset = parser.feed(bytes, offset, end);
      this.#unreadBytes = end - offset;
      if (parser.error !== 0) {
        this.#refuse(slot, refusalStatus(parser.error), 'error');
        return;
      }
      if (parser.done) {
        this.#answer(slot);
        if (phase[slot] === IDLE) continue;
        // Delayed or stuck in the send buffer: the rest waits its turn. Ended: the rest is of no interest.
        if (offset < end && phase[slot] !== FREE && phase[slot] !== AWAITING_FIN)
          this.slots.pending[slot] = bytes.slice(offset, end);
        return;
      }
      if (parser.started) this.#awaitRest(slot, hadStarted, hadHead, parser.headDone);
    }
  }

  /** Sets the deadline of a request that has begun; most arrive whole and never come here. */
  #awaitRest(slot: number, hadStarted: boolean, hadHead: boolean, headDone: boolean): void {
    const { phase, startedAtNs } = this.slots;
    const { headersNs, requestNs } = this.#timeouts;
    if (!hadStarted && phase[slot] === IDLE) startedAtNs[slot] = this.nowNs;
    phase[slot] = RECEIVING;
    if (hadStarted && hadHead === headDone) return;
    const timeoutNs = headDone ? requestNs : Math.min(headersNs, requestNs);
    this.deadlines.set(slot, startedAtNs[slot]! + timeoutNs);
  }

  #onSlowRequest(slot: number): void {
    const { headDone } = this.slots.parser[slot]!;
    const isHeadersTimeout = !headDone && this.#timeouts.headersNs <= this.#timeouts.requestNs;
    this.#refuse(slot, 408, isHeadersTimeout ? 'headersTimeout' : 'requestTimeout');
  }

  #answer(slot: number): void {
    const parser = this.slots.parser[slot]!;
    const requests = this.slots.requests[slot]! + 1;
    this.slots.requests[slot] = requests;
    this.#ledger.execute();
    const isLast = !parser.keepAlive || requests >= this.#maxRequests;
    if (isLast) this.slots.setLast(slot, parser.keepAlive ? 'maxRequests' : 'connectionClose');
    const answer = answerIndex(parser.versionMinor, parser.isHead, isLast);
    const met = this.#faults === null ? answer : this.#faults.meet(slot, answer);
    this.slots.flags[slot]! &= ~SHED;
    const policies = isLast || met !== answer ? null : this.#policies;
    this.slots.response[slot] = policies === null ? met : policies.answer(slot, answer);
    if (this.#readsNumbers && parser.numberDigits === 16)
      this.#ledger.number(parser.numberWorker, parser.numberSequence);
    this.slots.sentBytes[slot] = 0;
    parser.reset();
    const delayMs = this.#sampleDelayMs === null ? 0 : this.#sampleDelayMs();
    if (delayMs > 0) {
      this.slots.phase[slot] = DELAYING;
      this.deadlines.set(slot, nowNs() + delayMs * 1e6);
    } else {
      this.#send(slot);
    }
  }

  /** Refuses the request under way, which ends the connection. */
  #refuse(slot: number, status: 400 | 408 | 413 | 431, reason: CloseReason): void {
    this.#ledger.refuse();
    this.slots.setLast(slot, reason);
    this.slots.response[slot] = refusalIndex(status);
    this.slots.sentBytes[slot] = 0;
    this.#send(slot);
  }

  /** Sends what is left of the response; what follows it is decided here when it is all out. */
  #send(slot: number): void {
    const { fd, phase, response, sentBytes } = this.slots;
    if (sentBytes[slot] === 0) this.drain?.beforeAnswer(slot, this.#unreadBytes > 0);
    const index = response[slot]!;
    const address = this.#responses.address[index]!;
    const sizeBytes = this.#responses.sizeBytes[index]!;
    const dueBytes = this.#faults === null ? sizeBytes : this.#faults.dueBytes(slot, sizeBytes);
    let sent = sentBytes[slot]!;
    while (sent < dueBytes) {
      const count = this.#sockets.send(fd[slot]!, address + sent, dueBytes - sent);
      if (count === -EAGAIN) {
        sentBytes[slot] = sent;
        phase[slot] = SENDING;
        this.deadlines.cancel(slot);
        return;
      }
      if (count < 0) {
        this.#ends.dead(slot, -count);
        return;
      }
      sent += count;
    }
    if (dueBytes < sizeBytes) {
      sentBytes[slot] = sent;
      phase[slot] = DELAYING;
      this.deadlines.set(slot, this.#faults!.nextByteNs(slot, sent));
      return;
    }
    this.#onSent(slot, this.#faults === null ? null : this.#faults.takeEnd(slot));
  }

  /** What follows a response is said by the response, or by the fault that it met. */
  #onSent(slot: number, faulty: FaultyResponse | null): void {
    const { phase, flags } = this.slots;
    const hasUnread = this.#unreadBytes > 0;
    if (faulty !== null) this.#ends.finishFaulty(slot, faulty, this.nowNs, hasUnread);
    else if ((flags[slot]! & LAST) !== 0) this.#ends.finish(slot, this.nowNs, hasUnread);
    else phase[slot] = IDLE;
    if (phase[slot] !== IDLE) return;
    this.#policies?.noteIdle(slot);
    if (faulty?.end === 'stay-open') return;
    const { keepAliveNs } = this.#timeouts;
    this.deadlines.set(slot, this.nowNs + (this.#policies?.keepAliveNs(slot, keepAliveNs) ?? keepAliveNs));
  }

  /** After a response that was delayed or stuck: the requests that came meanwhile, then the kernel's buffer. */
  #goOn(slot: number): void {
    const { pending, phase } = this.slots;
    const bytes = pending[slot] ?? null;
    if (bytes !== null && phase[slot] === IDLE) {
      pending[slot] = null;
      this.#consume(slot, bytes, 0, bytes.length);
    }
    this.#onReadable(slot);
  }

  #onFin(slot: number): void {
    if (this.slots.phase[slot] === AWAITING_FIN) {
      this.#ends.close(slot, this.slots.lastReason(slot));
    } else if (this.slots.parser[slot]!.started) {
      this.#unreadBytes = 0;
      this.#refuse(slot, 400, 'clientFin');
    } else {
      this.#ends.close(slot, 'clientFin');
    }
  }
}
