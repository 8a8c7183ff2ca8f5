/** The requests in flight or waiting, by number, in typed columns. Hot: take and free allocate nothing once warmed up. */

export class RequestTable {
  intendedNs = new Float64Array(256);
  startNs = new Float64Array(256);
  /** When a connection was assigned, or its opening began. */
  assignedNs = new Float64Array(256);
  /** When writing it began. */
  sentNs = new Float64Array(256);
  inMeasure = new Uint8Array(256);
  /** The closed-model user it belongs to; 0 in the open model. */
  user = new Int32Array(256);
  /** Which of the load's requests it is. */
  alternative = new Uint16Array(256);
  #next = new Int32Array(256);
  #freeHead = -1;
  #allocated = 0;
  inFlight = 0;

  take(): number {
    let request = this.#freeHead;
    if (request >= 0) {
      this.#freeHead = this.#next[request]!;
    } else {
      if (this.#allocated === this.user.length) this.#grow();
      request = this.#allocated++;
    }
    this.inFlight++;
    return request;
  }

  free(request: number): void {
    this.#next[request] = this.#freeHead;
    this.#freeHead = request;
    this.inFlight--;
  }

  #grow(): void {
    const capacity = this.user.length * 2;
    const wider = (old: Float64Array): Float64Array<ArrayBuffer> => {
      const column = new Float64Array(capacity);
      column.set(old);
      return column;
    };
    this.intendedNs = wider(this.intendedNs);
    this.startNs = wider(this.startNs);
    this.assignedNs = wider(this.assignedNs);
    this.sentNs = wider(this.sentNs);
    const inMeasure = new Uint8Array(capacity);
    inMeasure.set(this.inMeasure);
    this.inMeasure = inMeasure;
    const user = new Int32Array(capacity);
    user.set(this.user);
    this.user = user;
    const alternative = new Uint16Array(capacity);
    alternative.set(this.alternative);
    this.alternative = alternative;
    const next = new Int32Array(capacity);
    next.set(this.#next);
    this.#next = next;
  }
}
