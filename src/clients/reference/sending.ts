/** How the reference client writes requests: as much as the transport takes, and the rest when it takes more. Hot: no allocation per request. */
import type { Recorder } from '../recorder.ts';
import { NO_REQUEST, SENDING, type ConnectionTable } from './connections.ts';
import type { RequestTable } from './requests.ts';
import type { ReferenceTransport } from './transport.ts';

/** What is known of a request that a transport sends. */
export interface RequestTraits {
  /** Head and body. */
  readonly bytes: number;
  /** Its response has no body, whatever its head says (RFC 9112 section 6.3). */
  readonly isHead: boolean;
  /** Sending it twice means the same as sending it once (RFC 9110 section 9.2.2). */
  readonly isIdempotent: boolean;
}

export class RequestWriter {
  readonly #connections: ConnectionTable;
  readonly #table: RequestTable;
  /** By alternative of the load. */
  readonly #requests: readonly RequestTraits[];
  readonly #recorder: Recorder;
  /** Others may follow a request on its connection before it is answered. */
  readonly #isPipelining: boolean;
  transport!: ReferenceTransport;

  constructor(
    connections: ConnectionTable,
    table: RequestTable,
    requests: readonly RequestTraits[],
    recorder: Recorder,
    isPipelining: boolean,
  ) {
    this.#connections = connections;
    this.#table = table;
    this.#requests = requests;
    this.#recorder = recorder;
    this.#isPipelining = isPipelining;
  }

  /** The connection carries this request from now on, and nothing of it is written. */
  begin(slot: number, request: number): void {
    const connections = this.#connections;
    connections.request[slot] = request;
    connections.writing[slot] = request;
    connections.state[slot] = SENDING;
    connections.sentBytes[slot] = 0;
    connections.lendParser(slot).begin(this.#traits(request).isHead);
  }

  /** The answer that comes next is that of another request, which is on the connection already. */
  expect(slot: number, request: number): void {
    this.#connections.request[slot] = request;
    this.#connections.state[slot] = SENDING;
    this.#connections.parser(slot).begin(this.#traits(request).isHead);
  }

  /** `request` is the last on the connection now. Gives whether it is its turn to be written. */
  follow(slot: number, request: number): boolean {
    if (this.isWriting(slot)) return false;
    this.#connections.writing[slot] = request;
    this.#connections.sentBytes[slot] = 0;
    return true;
  }

  /** Writes what the transport takes. 0 or more, or a negative answer of the transport. */
  write(slot: number): number {
    const connections = this.#connections;
    for (;;) {
      const request = connections.writing[slot]!;
      const alternative = this.#table.alternative[request]!;
      const number = this.#table.number[request]!;
      const result = this.transport.send(slot, connections.sentBytes[slot]!, alternative, number);
      if (result < 0) return result;
      this.#recorder.bytesSent += result;
      connections.sentBytes[slot]! += result;
      if (connections.sentBytes[slot] !== this.#requests[alternative]!.bytes) return result;
      this.#recorder.sent++;
      if (!this.#isPipelining || this.#table.behind[request] === NO_REQUEST) return result;
      connections.writing[slot] = this.#table.behind[request]!;
      connections.sentBytes[slot] = 0;
    }
  }

  /** Whether a request on the connection is not written to its end. */
  isWriting(slot: number): boolean {
    return this.#connections.sentBytes[slot]! < this.#traits(this.#connections.writing[slot]!).bytes;
  }

  /** Whether the request whose answer comes next is not written to its end. */
  isUnsent(slot: number): boolean {
    return this.#connections.writing[slot] === this.#connections.request[slot] && this.isWriting(slot);
  }

  #traits(request: number): RequestTraits {
    return this.#requests[this.#table.alternative[request]!]!;
  }
}
