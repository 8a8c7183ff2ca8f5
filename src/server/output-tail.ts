/** The last 4 KiB of what a program writes, for error messages. */
const mostBytes = 4096;

export class OutputTail {
  #bytes = Buffer.alloc(0);

  add(chunk: Buffer): void {
    const all = chunk.length >= mostBytes ? chunk : Buffer.concat([this.#bytes, chunk]);
    this.#bytes = Buffer.from(all.subarray(Math.max(0, all.length - mostBytes)));
  }

  /** Without white space at both ends. A character that was cut is replaced. */
  text(): string {
    return this.#bytes.toString('utf8').trim();
  }
}
