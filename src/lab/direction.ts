/**
 * One direction of the link: packets wait in slots until they are due, and each ends in exactly one count. Pure but for the sink that it
 * is given. Hot: no allocation per packet.
 *
 * Due times never decrease in the order of arrival (a packet that overtakes is due at once and does not wait), so those that wait are a
 * ring, first come first served. Memory is bounded by the slots: a packet that finds none is dropped by the queue.
 */
import { recordInto } from '../stats/histogram.ts';
import type { Impairment } from './impairment.ts';

/** Where packets are kept: `slots` of them, each `slotBytes` long. */
export interface PacketSlab {
  readonly bytes: Uint8Array;
  readonly slotBytes: number;
  readonly slots: number;
}

/** Takes a packet of `length` bytes at `start` of the slab. Returns the bytes taken, or a negative errno. */
export interface PacketSink {
  write(start: number, length: number): number;
}

export interface DirectionOptions {
  readonly slab: PacketSlab;
  readonly sink: PacketSink;
  readonly impairment: Impairment;
  /** The time, ns. */
  readonly clock: () => number;
  /** Counts of a histogram: delivery after the due time, ns. */
  readonly lateness: Uint32Array;
}

export class Direction {
  deliveredPackets = 0;
  deliveredBytes = 0;
  droppedByLoss = 0;
  droppedByQueue = 0;
  droppedByMiddlebox = 0;
  droppedByDevice = 0;
  duplicated = 0;
  reordered = 0;
  /** RSTs of the middlebox that go this way. */
  injected = 0;
  /** Packets that wait, without injected ones. */
  inFlight = 0;
  /** When the first packet that waits is due, ns; Infinity: none waits. */
  nextDueNs = Infinity;
  readonly impairment: Impairment;
  readonly #slab: PacketSlab;
  readonly #sink: PacketSink;
  readonly #clock: () => number;
  readonly #lateness: Uint32Array;
  /** Slots that nobody uses: a stack, so that the few in use stay in the cache. */
  readonly #free: Int32Array;
  #freeCount: number;
  /** The ring of those that wait. */
  readonly #slots: Int32Array;
  readonly #lengths: Int32Array;
  readonly #dues: Float64Array;
  readonly #isInjected: Uint8Array;
  #first = 0;
  #waiting = 0;
  #arrivalSlot: number;

  constructor({ slab, sink, impairment, clock, lateness }: DirectionOptions) {
    if (slab.slots < 2) throw new RangeError('a direction needs a slot to wait in and one to arrive in');
    this.impairment = impairment;
    this.#slab = slab;
    this.#sink = sink;
    this.#clock = clock;
    this.#lateness = lateness;
    this.#free = Int32Array.from({ length: slab.slots }, (_, index) => slab.slots - 1 - index);
    this.#freeCount = slab.slots;
    this.#slots = new Int32Array(slab.slots);
    this.#lengths = new Int32Array(slab.slots);
    this.#dues = new Float64Array(slab.slots);
    this.#isInjected = new Uint8Array(slab.slots);
    this.#arrivalSlot = this.#take();
  }

  /** Where in the slab the next packet is to be put. */
  get arrivalStart(): number {
    return this.#arrivalSlot * this.#slab.slotBytes;
  }

  /** Takes the packet of `length` bytes at `arrivalStart`, which arrived at `nowNs`. */
  accept(length: number, nowNs: number): void {
    const { impairment } = this;
    const admission = impairment.admit(nowNs, length, this.#waiting > 0);
    if (admission === 'lost') {
      this.droppedByLoss++;
    } else if (admission === 'queueFull') {
      this.droppedByQueue++;
    } else {
      const { isDoubled, overtakes, dueNs } = impairment;
      if (overtakes) this.reordered++;
      const isAtOnce = overtakes || (this.#waiting === 0 && dueNs <= nowNs);
      if (isDoubled) this.duplicated++;
      // The copy goes last. It is made first, because an original that waits takes its slot along.
      const copy = isDoubled && !isAtOnce ? this.#copyArrival(length) : -1;
      if (isAtOnce) {
        this.#deliver(this.#arrivalSlot, length, dueNs);
        if (isDoubled) this.#deliver(this.#arrivalSlot, length, dueNs);
        return;
      }
      this.#keepArrival(length, dueNs);
      if (copy >= 0) this.#enqueue(copy, length, dueNs, false);
      else if (isDoubled) this.droppedByQueue++;
    }
  }

  /** The middlebox kept the packet. */
  refuse(): void {
    this.droppedByMiddlebox++;
  }

  /** Where to put a packet that the link itself sends this way, then to be given to `inject`; -1 where there is no slot. */
  injectionStart(): number {
    return this.#freeCount === 0 ? -1 : this.#free[this.#freeCount - 1]! * this.#slab.slotBytes;
  }

  /** Sends the packet at `injectionStart` on its way: no chance befalls it and it takes no bandwidth, but it keeps the order. */
  inject(length: number, nowNs: number): void {
    const slot = this.#take();
    const dueNs = this.impairment.inOrder(nowNs + this.impairment.oneWayNs);
    this.injected++;
    if (this.#waiting > 0 || dueNs > nowNs) {
      this.#enqueue(slot, length, dueNs, true);
      return;
    }
    this.#sink.write(slot * this.#slab.slotBytes, length);
    this.#free[this.#freeCount++] = slot;
  }

  /** Delivers up to `most` packets that are due. */
  deliverDue(nowNs: number, most: number): void {
    for (let count = 0; count < most && this.nextDueNs <= nowNs; count++) {
      const first = this.#first;
      const slot = this.#slots[first]!;
      if (this.#isInjected[first] === 1) {
        this.#sink.write(slot * this.#slab.slotBytes, this.#lengths[first]!);
      } else {
        this.inFlight--;
        this.#deliver(slot, this.#lengths[first]!, this.#dues[first]!);
      }
      this.#free[this.#freeCount++] = slot;
      this.#first = first + 1 === this.#slab.slots ? 0 : first + 1;
      this.#waiting--;
      this.nextDueNs = this.#waiting === 0 ? Infinity : this.#dues[this.#first]!;
    }
  }

  #deliver(slot: number, length: number, dueNs: number): void {
    recordInto(this.#lateness, 0, this.#clock() - dueNs);
    if (this.#sink.write(slot * this.#slab.slotBytes, length) < 0) {
      this.droppedByDevice++;
      return;
    }
    this.deliveredPackets++;
    this.deliveredBytes += length;
  }

  #keepArrival(length: number, dueNs: number): void {
    const next = this.#take();
    if (next < 0) {
      this.droppedByQueue++;
      return;
    }
    this.#enqueue(this.#arrivalSlot, length, dueNs, false);
    this.#arrivalSlot = next;
  }

  /** A slot with a copy of the packet that arrived; -1 where only one is left, which the original needs. */
  #copyArrival(length: number): number {
    if (this.#freeCount < 2) return -1;
    const slot = this.#take();
    const start = this.arrivalStart;
    this.#slab.bytes.copyWithin(slot * this.#slab.slotBytes, start, start + length);
    return slot;
  }

  #enqueue(slot: number, length: number, dueNs: number, isInjected: boolean): void {
    const end = this.#first + this.#waiting;
    const at = end >= this.#slab.slots ? end - this.#slab.slots : end;
    this.#slots[at] = slot;
    this.#lengths[at] = length;
    this.#dues[at] = dueNs;
    this.#isInjected[at] = isInjected ? 1 : 0;
    if (this.#waiting === 0) this.nextDueNs = dueNs;
    this.#waiting++;
    if (!isInjected) this.inFlight++;
  }

  #take(): number {
    return this.#freeCount === 0 ? -1 : this.#free[--this.#freeCount]!;
  }
}
