/**
 * Numbered things, each with the time when it is due, in the order of these times. Hot: typed arrays, no allocation per call, 16 bytes a
 * thing.
 *
 * Things that come in the order in which they are due, as users with a constant think time do, wait in a ring: both ends cost the same
 * however many wait. Only those that would have to overtake the last one of the ring go to a binary heap.
 */

const none = -1;

export class DueQueue {
  /** When the next thing is due; Infinity where nothing waits. */
  nextNs = Infinity;
  /** The next thing, or -1. Of things due at the same time the ring's comes first. */
  next = none;
  /** Things that wait. */
  size = 0;

  readonly #dueNs: Float64Array;
  readonly #ring: Int32Array;
  #ringHead = 0;
  #inRing = 0;
  #ringLastNs = -Infinity;
  readonly #heap: Int32Array;
  #inHeap = 0;

  /** For things 0..capacity-1. */
  constructor(capacity: number) {
    this.#dueNs = new Float64Array(capacity);
    this.#ring = new Int32Array(capacity);
    this.#heap = new Int32Array(capacity);
  }

  /** Adds a thing that does not wait already. */
  push(thing: number, dueNs: number): void {
    this.#dueNs[thing] = dueNs;
    this.size++;
    if (this.#inRing === 0 || dueNs >= this.#ringLastNs) {
      const tail = this.#ringHead + this.#inRing;
      this.#ring[tail < this.#ring.length ? tail : tail - this.#ring.length] = thing;
      this.#inRing++;
      this.#ringLastNs = dueNs;
    } else {
      this.#heap[this.#inHeap] = thing;
      this.#inHeap++;
      this.#siftUp(this.#inHeap - 1);
    }
    if (dueNs < this.nextNs) {
      this.nextNs = dueNs;
      this.next = thing;
    }
  }

  /** Takes the next thing out and gives it; -1 where nothing waits. */
  pop(): number {
    const thing = this.next;
    if (thing === none) return none;
    this.size--;
    if (this.#inRing > 0 && this.#ring[this.#ringHead] === thing) {
      this.#ringHead = this.#ringHead + 1 === this.#ring.length ? 0 : this.#ringHead + 1;
      this.#inRing--;
    } else {
      this.#inHeap--;
      if (this.#inHeap > 0) {
        this.#heap[0] = this.#heap[this.#inHeap]!;
        this.#siftDown();
      }
    }
    this.#findNext();
    return thing;
  }

  #findNext(): void {
    let next = none;
    let nextNs = Infinity;
    if (this.#inHeap > 0) {
      next = this.#heap[0]!;
      nextNs = this.#dueNs[next]!;
    }
    if (this.#inRing > 0) {
      const first = this.#ring[this.#ringHead]!;
      if (this.#dueNs[first]! <= nextNs) {
        next = first;
        nextNs = this.#dueNs[first]!;
      }
    }
    this.next = next;
    this.nextNs = nextNs;
  }

  #siftUp(from: number): void {
    const heap = this.#heap;
    const dueNs = this.#dueNs;
    const thing = heap[from]!;
    const key = dueNs[thing]!;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const other = heap[parent]!;
      if (dueNs[other]! <= key) break;
      heap[at] = other;
      at = parent;
    }
    heap[at] = thing;
  }

  #siftDown(): void {
    const heap = this.#heap;
    const dueNs = this.#dueNs;
    const size = this.#inHeap;
    const thing = heap[0]!;
    const key = dueNs[thing]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && dueNs[heap[child + 1]!]! < dueNs[heap[child]!]!) child++;
      const other = heap[child]!;
      if (dueNs[other]! >= key) break;
      heap[at] = other;
      at = child;
    }
    heap[at] = thing;
  }
}
