/** The requests in flight or waiting, by number, in typed columns. Hot: take and free allocate nothing once warmed up. */

export class RequestTable {
  intendedNs = new Float64Array(256);
  startNs = new Float64Array(256);
  /** When a connection was assigned, or its opening began. */
  assignedNs = new Float64Array(256);
  /** When writing it began; behind others on its connection, when it joined them. */
  sentNs = new Float64Array(256);
  inMeasure = new Uint8Array(256);
  /** The closed-model user it belongs to; 0 in the open model. */
  user = new Int32Array(256);
  /** Which of the load's requests it is. */
  alternative = new Uint16Array(256);
  /** 1 where nobody will read its response. */
  leaks = new Uint8Array(256);
  /** What it is numbered by within its worker; -1 where requests are not. */
  number = new Float64Array(256);
  /** 1 while it is at its second try. */
  isAgain = new Uint8Array(256);
  /** The request behind it on its connection, or in the list of those that go again; -1: none. Of pipelining and retries only. */
  behind = new Int32Array(256).fill(-1);
  /** Requests in front of it on its connection that had no answer either when it failed. */
  ahead = new Uint16Array(256);
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
    const leaks = new Uint8Array(capacity);
    leaks.set(this.leaks);
    this.leaks = leaks;
    this.number = wider(this.number);
    const isAgain = new Uint8Array(capacity);
    isAgain.set(this.isAgain);
    this.isAgain = isAgain;
    const behind = new Int32Array(capacity).fill(-1);
    behind.set(this.behind);
    this.behind = behind;
    const ahead = new Uint16Array(capacity);
    ahead.set(this.ahead);
    this.ahead = ahead;
    const next = new Int32Array(capacity);
    next.set(this.#next);
    this.#next = next;
  }
}
