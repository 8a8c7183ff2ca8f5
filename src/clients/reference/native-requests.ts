/** The load's requests in memory that native calls can read; they live as long as the process. Hot: no allocation per request. */
import { allocateNative } from '../../kernel/memory.ts';
import { putNumber, type RequestBytes } from './request-bytes.ts';

export class NativeRequests {
  /** By alternative of the load: where its bytes are, and how many. */
  readonly address: Float64Array;
  readonly length: Float64Array;
  readonly #requests: readonly RequestBytes[];
  readonly #copies: readonly Uint8Array[];

  constructor(requests: readonly RequestBytes[]) {
    const copies = requests.map(({ bytes }) => {
      const copy = allocateNative(bytes.length);
      copy.bytes.set(bytes);
      return copy;
    });
    this.#requests = requests;
    this.#copies = copies.map(({ bytes }) => bytes);
    this.address = Float64Array.from(copies, ({ address }) => address);
    this.length = Float64Array.from(copies, ({ bytes }) => bytes.length);
  }

  /** Numbers the request that is written next; the same memory serves the one after it. */
  putNumber(alternative: number, number: number): void {
    putNumber(this.#copies[alternative]!, this.#requests[alternative]!, number);
  }
}
