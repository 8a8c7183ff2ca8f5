/** How the reference client writes requests: as much as the transport takes, and the rest when it takes more. Hot: no allocation per request. */
import type { Recorder } from '../recorder.ts';
import { SENDING, type ConnectionTable } from './connections.ts';
import type { RequestTable } from './requests.ts';
import type { ReferenceTransport } from './transport.ts';

/** What is known of a request that a transport sends. */
export interface RequestTraits {
  /** Head and body. */
  readonly bytes: number;
  /** Its response has no body, whatever its head says (RFC 9112 section 6.3). */
  readonly isHead: boolean;
}

export class RequestWriter {
  readonly #connections: ConnectionTable;
  readonly #table: RequestTable;
  /** By alternative of the load. */
  readonly #requests: readonly RequestTraits[];
  readonly #recorder: Recorder;
  transport!: ReferenceTransport;

  constructor(
    connections: ConnectionTable,
    table: RequestTable,
    requests: readonly RequestTraits[],
    recorder: Recorder,
  ) {
    this.#connections = connections;
    this.#table = table;
    this.#requests = requests;
    this.#recorder = recorder;
  }

  /** The connection carries this request from now on, and nothing of it is written. */
  begin(slot: number, request: number): void {
    const connections = this.#connections;
    connections.request[slot] = request;
    connections.state[slot] = SENDING;
    connections.sentBytes[slot] = 0;
    connections.lendParser(slot).begin(this.#traits(request).isHead);
  }

  /** Writes what the transport takes. 0 or more, or a negative answer of the transport. */
  write(slot: number): number {
    const connections = this.#connections;
    const alternative = this.#table.alternative[connections.request[slot]!]!;
    const result = this.transport.send(slot, connections.sentBytes[slot]!, alternative);
    if (result < 0) return result;
    this.#recorder.bytesSent += result;
    connections.sentBytes[slot]! += result;
    if (connections.sentBytes[slot] === this.#requests[alternative]!.bytes) this.#recorder.sent++;
    return result;
  }

  /** Whether the request that the connection carries is not written to its end. */
  isUnsent(slot: number): boolean {
    return this.#connections.sentBytes[slot]! < this.#traits(this.#connections.request[slot]!).bytes;
  }

  #traits(request: number): RequestTraits {
    return this.#requests[this.#table.alternative[request]!]!;
  }
}
