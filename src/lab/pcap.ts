/**
 * Packets -> a capture file that Wireshark, tshark and tcpdump open: pcap with nanosecond timestamps and raw IP packets
 * (https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html). Pure. Hot: one allocation per chunk, none per packet.
 *
 * Chunks hold whole records, so that the file is well-formed after each of them. Little-endian, which readers tell by the magic number.
 */

const magicNanoseconds = 0xa1b23c4d;
const linkTypeRaw = 101;
const fileHeaderBytes = 24;
const recordHeaderBytes = 16;
const chunkBytes = 256 * 1024;
/** Bytes kept of each packet: all headers, and the first lines of a request or response. */
export const snapBytes = 256;
/** A capture grows no further: what is wanted of it stands at its beginning, and a disk has an end. */
const mostCaptureBytes = 2 ** 30;

/** Times of the packets count from `startNs` of the caller's clock, which was `epochMs` on the wall. */
export interface PcapStart {
  readonly startNs: number;
  readonly epochMs: number;
}

export class PcapChunks {
  readonly #startNs: number;
  readonly #epochSeconds: number;
  readonly #epochNs: number;
  readonly #emit: (chunk: Uint8Array<ArrayBuffer>) => void;
  #chunk = new Uint8Array(chunkBytes);
  #view = new DataView(this.#chunk.buffer);
  #used = 0;
  #bytesLeft: number;
  #notCaptured = 0;

  /** `emit` takes the file's bytes in order, each chunk once and for good; the first begins with the file's header. */
  constructor(start: PcapStart, emit: (chunk: Uint8Array<ArrayBuffer>) => void, mostBytes: number = mostCaptureBytes) {
    this.#startNs = start.startNs;
    this.#epochSeconds = Math.floor(start.epochMs / 1000);
    this.#epochNs = Math.round((start.epochMs - this.#epochSeconds * 1000) * 1e6);
    this.#emit = emit;
    const view = this.#view;
    view.setUint32(0, magicNanoseconds, true);
    view.setUint16(4, 2, true);
    view.setUint16(6, 4, true);
    view.setUint32(16, snapBytes, true);
    view.setUint32(20, linkTypeRaw, true);
    this.#used = fileHeaderBytes;
    this.#bytesLeft = mostBytes - fileHeaderBytes;
  }

  /** Packets that found the capture full. */
  get notCaptured(): number {
    return this.#notCaptured;
  }

  /** Adds the packet of `length` bytes at `start`, seen at `nowNs`; counts it only, and all after it, once the capture is full. */
  add(bytes: Uint8Array, start: number, length: number, nowNs: number): void {
    const kept = Math.min(length, snapBytes);
    this.#bytesLeft -= recordHeaderBytes + kept;
    if (this.#bytesLeft < 0) {
      // Nothing shorter may slip in later: the capture would have a hole.
      this.#bytesLeft = -Infinity;
      this.#notCaptured++;
      return;
    }
    if (this.#used + recordHeaderBytes + kept > chunkBytes) this.#renew();
    const view = this.#view;
    const at = this.#used;
    const ns = Math.floor(this.#epochNs + (nowNs - this.#startNs));
    const seconds = Math.floor(ns / 1e9);
    view.setUint32(at, this.#epochSeconds + seconds, true);
    view.setUint32(at + 4, ns - seconds * 1e9, true);
    view.setUint32(at + 8, kept, true);
    view.setUint32(at + 12, length, true);
    const chunk = this.#chunk;
    const target = at + recordHeaderBytes;
    // Byte by byte: `set` would need a view of the packet, which is an allocation.
    for (let index = 0; index < kept; index++) chunk[target + index] = bytes[start + index]!;
    this.#used = target + kept;
  }

  /** Emits what was added since the last chunk. */
  flush(): void {
    if (this.#used > 0) this.#renew();
  }

  #renew(): void {
    this.#emit(this.#chunk.subarray(0, this.#used));
    this.#chunk = new Uint8Array(chunkBytes);
    this.#view = new DataView(this.#chunk.buffer);
    this.#used = 0;
  }
}
