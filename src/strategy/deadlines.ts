/**
 * Deadlines of numbered things (connections, requests) in a binary heap that postpones lazily. Hot: no allocation per call.
 *
 * Nearly every deadline is moved later or cancelled long before it is due, once per request. So moving later only notes the wish;
 * the heap is put right when the old time comes up. `nextNs` is therefore a lower bound: a wake-up may find nothing due.
 */

const absent = -1;

export class Deadlines {
  /** The deadline asked for, by id; Infinity for none. */
  #wantedNs: Float64Array;
  /** The deadline the heap is ordered by, by id: never later than the wanted one. */
  #keyNs: Float64Array;
  #position: Int32Array;
  #heap: Int32Array;
  #size = 0;

  constructor(capacity = 16) {
    this.#wantedNs = new Float64Array(capacity).fill(Infinity);
    this.#keyNs = new Float64Array(capacity);
    this.#position = new Int32Array(capacity).fill(absent);
    this.#heap = new Int32Array(capacity);
  }

  /** Makes room for ids below `capacity`. */
  grow(capacity: number): void {
    const old = this.#wantedNs.length;
    if (capacity <= old) return;
    const wanted = new Float64Array(capacity).fill(Infinity);
    wanted.set(this.#wantedNs);
    this.#wantedNs = wanted;
    const key = new Float64Array(capacity);
    key.set(this.#keyNs);
    this.#keyNs = key;
    const position = new Int32Array(capacity).fill(absent);
    position.set(this.#position);
    this.#position = position;
    const heap = new Int32Array(capacity);
    heap.set(this.#heap);
    this.#heap = heap;
  }

  /** Sets or moves the deadline of `id`; Infinity cancels it. */
  set(id: number, atNs: number): void {
    this.#wantedNs[id] = atNs;
    const position = this.#position[id]!;
    if (position === absent) {
      if (atNs === Infinity) return;
      this.#keyNs[id] = atNs;
      this.#heap[this.#size] = id;
      this.#position[id] = this.#size;
      this.#size++;
      this.#siftUp(this.#size - 1);
    } else if (atNs < this.#keyNs[id]!) {
      this.#keyNs[id] = atNs;
      this.#siftUp(position);
    }
  }

  cancel(id: number): void {
    this.#wantedNs[id] = Infinity;
  }

  /** A time before which nothing is due; Infinity where nothing is set. */
  nextNs(): number {
    return this.#size === 0 ? Infinity : this.#keyNs[this.#heap[0]!]!;
  }

  /** Removes and returns one id whose deadline is at or before `nowNs`, or -1. */
  due(nowNs: number): number {
    while (this.#size > 0) {
      const id = this.#heap[0]!;
      if (this.#keyNs[id]! > nowNs) return -1;
      const wanted = this.#wantedNs[id]!;
      if (wanted <= nowNs) {
        this.#removeTop();
        this.#wantedNs[id] = Infinity;
        return id;
      }
      if (wanted === Infinity) {
        this.#removeTop();
      } else {
        this.#keyNs[id] = wanted;
        this.#siftDown(0);
      }
    }
    return -1;
  }

  #removeTop(): void {
    this.#position[this.#heap[0]!] = absent;
    this.#size--;
    if (this.#size === 0) return;
    const last = this.#heap[this.#size]!;
    this.#heap[0] = last;
    this.#position[last] = 0;
    this.#siftDown(0);
  }

  #siftUp(from: number): void {
    const id = this.#heap[from]!;
    const key = this.#keyNs[id]!;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const other = this.#heap[parent]!;
      if (this.#keyNs[other]! <= key) break;
      this.#heap[at] = other;
      this.#position[other] = at;
      at = parent;
    }
    this.#heap[at] = id;
    this.#position[id] = at;
  }

  #siftDown(from: number): void {
    const id = this.#heap[from]!;
    const key = this.#keyNs[id]!;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#size) break;
      const right = child + 1;
      if (right < this.#size && this.#keyNs[this.#heap[right]!]! < this.#keyNs[this.#heap[child]!]!) child = right;
      const other = this.#heap[child]!;
      if (this.#keyNs[other]! >= key) break;
      this.#heap[at] = other;
      this.#position[other] = at;
      at = child;
    }
    this.#heap[at] = id;
    this.#position[id] = at;
  }
}
