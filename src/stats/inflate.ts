/** Unpacks zlib data (RFC 1950, RFC 1951) in plain code: small payloads, of which a report reads tens of thousands, and no library's buffers. */

/** Order in which the lengths of the code length code are stored (RFC 1951, 3.2.7). */
const lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const lengthBase = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
];
const lengthExtra = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const distanceBase = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
];
const distanceExtra = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
];
const longestCode = 15;
const endOfBlock = 256;

/** A canonical Huffman code: how many codes have each length, and the symbols in the order of their codes. */
interface Code {
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

/**
 * Unpacks a zlib stream into at most `mostBytes` bytes. Throws a RangeError for data that is damaged, cut off, has something after its
 * end, or would be longer.
 */
export function inflate(data: Uint8Array, mostBytes: number): Uint8Array {
  const header = ((data[0] ?? 0) << 8) | (data[1] ?? 0);
  // Method 8, no dictionary; the header is a multiple of 31 (RFC 1950, 2.2).
  if (data.length < 6 || (header & 0x0f20) !== 0x0800 || header % 31 !== 0) throw new RangeError('not a zlib stream');
  const reader = new Inflater(data, mostBytes);
  const unpacked = reader.unpack();
  if (adler32(unpacked) !== reader.checksum()) throw new RangeError('the checksum of the zlib stream is wrong');
  return unpacked;
}

/** RFC 1950, section 8. */
function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (const byte of bytes) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  return b * 65_536 + a;
}

class Inflater {
  readonly #data: Uint8Array;
  readonly #mostBytes: number;
  #at = 2;
  #bits = 0;
  #bitCount = 0;
  #out: Uint8Array;
  #length = 0;

  constructor(data: Uint8Array, mostBytes: number) {
    this.#data = data;
    this.#mostBytes = mostBytes;
    this.#out = new Uint8Array(Math.min(mostBytes, 4096));
  }

  unpack(): Uint8Array {
    for (let last = false; !last;) {
      last = this.#take(1) === 1;
      const kind = this.#take(2);
      if (kind === 0) this.#stored();
      else if (kind === 1) this.#compressed(fixedLiterals, fixedDistances);
      else if (kind === 2) this.#dynamic();
      else throw new RangeError('a block of the zlib stream is of no known kind');
    }
    return this.#out.subarray(0, this.#length);
  }

  /** The four bytes at the end of the stream, which must be the end of the data. */
  checksum(): number {
    this.#toByte();
    const [a, b, c, d, ...more] = this.#data.subarray(this.#at);
    if (d === undefined || more.length > 0) throw new RangeError('the zlib stream does not end where it should');
    return ((a! << 16) | (b! << 8) | c!) * 256 + d;
  }

  /** Gives back the whole bytes that were read ahead, and drops the rest of the current one. */
  #toByte(): void {
    this.#at -= this.#bitCount >> 3;
    this.#bits = 0;
    this.#bitCount = 0;
  }

  #take(count: number): number {
    while (this.#bitCount < count) {
      if (this.#at >= this.#data.length) throw new RangeError('the zlib stream is cut off');
      this.#bits |= this.#data[this.#at++]! << this.#bitCount;
      this.#bitCount += 8;
    }
    const value = this.#bits & ((1 << count) - 1);
    this.#bits >>>= count;
    this.#bitCount -= count;
    return value;
  }

  /** Bit by bit: codes of one length are consecutive numbers, which follow those of the length before (RFC 1951, 3.2.2). */
  #symbol({ counts, symbols }: Code): number {
    let code = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length <= longestCode; length++) {
      code |= this.#take(1);
      const count = counts[length]!;
      if (code - count < first) return symbols[index + (code - first)]!;
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    throw new RangeError('a code of the zlib stream has no symbol');
  }

  #put(byte: number): void {
    if (this.#length === this.#out.length) this.#grow();
    this.#out[this.#length++] = byte;
  }

  #grow(): void {
    if (this.#length >= this.#mostBytes)
      throw new RangeError(`the zlib stream unpacks to more than ${this.#mostBytes} bytes`);
    const larger = new Uint8Array(Math.min(this.#mostBytes, this.#out.length * 4));
    larger.set(this.#out);
    this.#out = larger;
  }

  #stored(): void {
    this.#toByte();
    const length = this.#take(16);
    if ((length ^ this.#take(16)) !== 0xffff) throw new RangeError('the length of a stored block is wrong');
    for (let left = length; left > 0; left--) this.#put(this.#take(8));
  }

  #dynamic(): void {
    const literals = this.#take(5) + 257;
    const distances = this.#take(5) + 1;
    const stored = this.#take(4) + 4;
    const codeLengths = new Uint8Array(lengthOrder.length);
    for (let index = 0; index < stored; index++) codeLengths[lengthOrder[index]!] = this.#take(3);
    const lengths = this.#lengths(codeOf(codeLengths), literals + distances);
    if (lengths[endOfBlock] === 0) throw new RangeError('a block of the zlib stream has no end');
    this.#compressed(codeOf(lengths.subarray(0, literals)), codeOf(lengths.subarray(literals)));
  }

  #lengths(code: Code, total: number): Uint8Array {
    const lengths = new Uint8Array(total);
    let at = 0;
    while (at < total) {
      const symbol = this.#symbol(code);
      if (symbol < 16) {
        lengths[at++] = symbol;
        continue;
      }
      if (symbol === 16 && at === 0) throw new RangeError('the zlib stream repeats a length before the first one');
      const value = symbol === 16 ? lengths[at - 1]! : 0;
      const times = symbol === 16 ? 3 + this.#take(2) : symbol === 17 ? 3 + this.#take(3) : 11 + this.#take(7);
      if (at + times > total) throw new RangeError('the zlib stream has too many code lengths');
      lengths.fill(value, at, at + times);
      at += times;
    }
    return lengths;
  }

  #compressed(literals: Code, distances: Code): void {
    for (;;) {
      const symbol = this.#symbol(literals);
      if (symbol === endOfBlock) return;
      if (symbol < endOfBlock) this.#put(symbol);
      else this.#copy(symbol - endOfBlock - 1, distances);
    }
  }

  #copy(lengthIndex: number, distances: Code): void {
    const base = lengthBase[lengthIndex];
    if (base === undefined) throw new RangeError('the zlib stream has a length that does not exist');
    const length = base + this.#take(lengthExtra[lengthIndex]!);
    const symbol = this.#symbol(distances);
    const distanceStart = distanceBase[symbol];
    if (distanceStart === undefined) throw new RangeError('the zlib stream has a distance that does not exist');
    const distance = distanceStart + this.#take(distanceExtra[symbol]!);
    if (distance > this.#length) throw new RangeError('the zlib stream refers to before its beginning');
    for (let left = length; left > 0; left--) this.#put(this.#out[this.#length - distance]!);
  }
}

/** The code whose symbols have these lengths. Throws a RangeError where more codes are asked for than there are. */
function codeOf(lengths: Uint8Array): Code {
  const counts = new Uint16Array(longestCode + 1);
  for (const length of lengths) counts[length]!++;
  counts[0] = 0;
  const offsets = new Uint16Array(longestCode + 2);
  let free = 1;
  for (let length = 1; length <= longestCode; length++) {
    free = free * 2 - counts[length]!;
    if (free < 0) throw new RangeError('the zlib stream has too many codes of a length');
    offsets[length + 1] = offsets[length]! + counts[length]!;
  }
  const symbols = new Uint16Array(lengths.length);
  lengths.forEach((length, symbol) => {
    if (length > 0) symbols[offsets[length]!++] = symbol;
  });
  return { counts, symbols };
}

/** The codes of RFC 1951, 3.2.6. */
const fixedLiterals = codeOf(
  Uint8Array.from({ length: 288 }, (_, symbol) => (symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8)),
);
const fixedDistances = codeOf(new Uint8Array(30).fill(5));
