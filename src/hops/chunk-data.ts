/** Takes the data out of a chunked body that a parser of `http/` has accepted, for recipients that know no chunks (HTTP/1.0). */
export class ChunkData {
  #line = '';
  #remainingBytes = 0;
  #phase: 'line' | 'data' | 'after' | 'over' = 'line';

  /** The data in the next octets of the body; the trailer section is left out. */
  feed(octets: Buffer): readonly Buffer[] {
    const data: Buffer[] = [];
    let offset = 0;
    while (offset < octets.length && this.#phase !== 'over') {
      if (this.#phase === 'data') {
        const take = Math.min(this.#remainingBytes, octets.length - offset);
        data.push(octets.subarray(offset, offset + take));
        this.#remainingBytes -= take;
        offset += take;
        if (this.#remainingBytes === 0) this.#phase = 'after';
      } else {
        this.#octet(String.fromCharCode(octets[offset]!));
        offset++;
      }
    }
    return data;
  }

  /** One octet of a line with a size, or of the CRLF after data. */
  #octet(letter: string): void {
    if (letter !== '\n') {
      if (this.#phase === 'line') this.#line += letter;
      return;
    }
    if (this.#phase === 'line') {
      this.#remainingBytes = parseInt(this.#line, 16);
      this.#line = '';
      this.#phase = this.#remainingBytes === 0 ? 'over' : 'data';
    } else {
      this.#phase = 'line';
    }
  }
}
