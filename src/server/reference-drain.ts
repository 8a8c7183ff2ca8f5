/** How the reference server leaves: what it does with its connections while its successor accepts the new ones. */
import type { DrainConfig } from '../scenario/drain.ts';
import {
  AWAITING_FIN,
  DELAYING,
  FREE,
  IDLE,
  LAST,
  OLD,
  SENDING,
  SHED,
  type ConnectionSlots,
} from './connection-slots.ts';
import type { DrainBook } from './drain-book.ts';
import type { MeasureSpan } from './messages.ts';
import type { ReferenceEnds } from './reference-ends.ts';
import { answerCount } from './reference-responses.ts';

interface DrainSystem {
  readonly slots: ConnectionSlots;
  readonly ends: ReferenceEnds;
  readonly book: DrainBook;
}

/** The successor is the same loop, which goes on listening: a connection that is accepted after the drain began is its own. */
export class ReferenceDrain {
  readonly #config: DrainConfig;
  readonly #system: DrainSystem;
  readonly #saysClose: boolean;
  #beginNs = Infinity;
  #deadlineNs = Infinity;

  constructor(config: DrainConfig, system: DrainSystem) {
    this.#config = config;
    this.#system = system;
    this.#saysClose = config.style === 'close-idle' || config.style === 'connection-close';
  }

  /** Begins it in time. */
  schedule(span: MeasureSpan): void {
    this.#system.book.expect(span);
    this.#beginNs = span.measureStartNs + this.#config.atMs * 1e6;
  }

  /** When `onTime` has something to do next; Infinity for never. */
  get nextNs(): number {
    return Math.min(this.#beginNs, this.#deadlineNs);
  }

  onTime(nowNs: number): void {
    if (nowNs >= this.#beginNs) this.#begin(nowNs);
    if (nowNs >= this.#deadlineNs) this.#closeOld();
  }

  /**
   * Makes the answer that is sent now the last of its connection. One behind which further requests wait is left as it is, and so is one that
   * a fault has changed.
   */
  beforeAnswer(slot: number, hasUnread: boolean): void {
    const { slots } = this.#system;
    const state = slots.flags[slot]!;
    if (!this.#saysClose || (state & (OLD | LAST)) !== OLD || hasUnread || slots.pending[slot] !== null) return;
    const index = slots.response[slot]!;
    const isFaulty = index >= answerCount && (state & SHED) === 0;
    if (isFaulty) return;
    slots.response[slot] = index + 1;
    slots.setLast(slot, 'drainAnswered');
  }

  #begin(nowNs: number): void {
    this.#beginNs = Infinity;
    const { slots, ends, book } = this.#system;
    const { style, deadlineMs } = this.#config;
    const old: number[] = [];
    for (let slot = 0; slot < slots.capacity; slot++) {
      if (slots.phase[slot] === FREE) continue;
      slots.flags[slot]! |= OLD;
      old.push(slot);
    }
    book.begin(old.length, nowNs);
    this.#deadlineNs = style === 'close-all' ? nowNs : nowNs + deadlineMs * 1e6;
    if (style !== 'close' && style !== 'close-idle') return;
    // As Node has it: whether a request waits unread in the kernel is not looked at, and new connections are no idle ones.
    for (const slot of old) if (slots.phase[slot] === IDLE) ends.close(slot, 'drainIdle');
  }

  #closeOld(): void {
    this.#deadlineNs = Infinity;
    const { slots, ends } = this.#system;
    for (let slot = 0; slot < slots.capacity; slot++) {
      const phase = slots.phase[slot];
      if (phase === FREE || (slots.flags[slot]! & OLD) === 0) continue;
      const isBusy = phase === DELAYING || phase === SENDING || slots.parser[slot]!.headDone;
      if (phase === AWAITING_FIN) ends.close(slot, slots.lastReason(slot));
      else ends.close(slot, isBusy ? 'drainAborted' : 'drainIdle');
    }
  }
}
